"""Which sensitivity metric ranks the blocks as measuring does, over float models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qbert_lightning.report.aggregate import Summary, settings, summarize
from qbert_lightning.report.agreement import GROUPS, Agreement, agreements
from qbert_lightning.report.run import Run

# The parts of the configuration that decide the float model and its analysis.
DECIDES = ("model", "finetune", "sensitivity")
NOT_TOLD = ("_target_",)


@dataclass(frozen=True)
class AgreementRow:
    """Rank correlations of one metric with the measured rise of the loss.

    Attributes:
        task: Name of the task.
        metric: Name of the sensitivity metric.
        detail: What sets it apart from other rows of the same metric; often empty.
        quantity: `score` or `importance`, see `Agreement`.
        bits: The width measured, if any.
        groups: Number of groups measured with, if known.
        num_blocks: Blocks ranked, at most.
        num_models: Float models that the correlations come from.
        spearman: Spearman's ρ over models and seeds.
        kendall: Kendall's τ-b over models and seeds.
    """

    task: str
    metric: str
    detail: str
    quantity: str
    bits: int | None
    groups: object
    num_blocks: int
    num_models: int
    spearman: Summary
    kendall: Summary


def agreement_table(runs: Sequence[Run]) -> list[AgreementRow]:
    """One row for each task, metric and width, as mean and deviation over seeds.

    Args:
        runs: Runs of any status and kind, as `collect_runs` gives them.

    Returns:
        The rows: fewest blocks first, then fewest bits, and the best agreement of a
        width first.
    """
    groups: dict[tuple[object, ...], list[Agreement]] = {}
    for pair in agreements(runs):
        decided = tuple(sorted((k, repr(v)) for k, v in _decided(pair).items()))
        key = (*_label(pair), len(pair.blocks), decided)
        groups.setdefault(key, []).append(pair)
    rows = [_row(pairs, list(groups.values())) for pairs in groups.values()]
    return sorted(rows, key=_order)


def _label(pair: Agreement) -> tuple[object, ...]:
    run = pair.predicting
    groups = pair.measuring.config.get(GROUPS)
    return (run.task, run.sensitivity, pair.quantity, pair.bits, groups)


def _decided(pair: Agreement) -> dict[str, object]:
    return {
        key: value
        for key, value in settings(pair.predicting).items()
        if key.partition(".")[0] in DECIDES
    }


def _row(pairs: Sequence[Agreement], every: Sequence[list[Agreement]]) -> AgreementRow:
    first = pairs[0]
    alike = [
        others[0]
        for others in every
        if _label(others[0]) == _label(first) and others[0].blocks == first.blocks
    ]
    return AgreementRow(
        task=first.predicting.task,
        metric=first.predicting.sensitivity,
        detail=_detail(first, alike),
        quantity=first.quantity,
        bits=first.bits,
        groups=first.measuring.config.get(GROUPS),
        num_blocks=max(len(pair.blocks) for pair in pairs),
        num_models=len({pair.float_model for pair in pairs}),
        spearman=summarize([pair.spearman for pair in pairs]),
        kendall=summarize([pair.kendall for pair in pairs]),
    )


def _detail(pair: Agreement, alike: Sequence[Agreement]) -> str:
    """The settings in which a row differs from those with the same label."""
    others = [_decided(other) for other in alike]
    return ", ".join(
        f"{key.rpartition('.')[2]}={value}"
        for key, value in _decided(pair).items()
        if key.rpartition(".")[2] not in NOT_TOLD
        and len({repr(other.get(key)) for other in others}) > 1
    )


def _order(row: AgreementRow) -> tuple[object, ...]:
    mean = row.spearman.mean
    rank = -mean if mean == mean else 2.0  # what is not a number comes last
    return (row.task, row.num_blocks, row.bits or 0, str(row.groups), rank, row.metric)
