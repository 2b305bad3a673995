"""Benchmark: bytes of packed models of BERT-base's shape, computed and on disk."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.part_sizes import BACKBONE, PartSize, part_sizes
from qbert_lightning.datamodules.synthetic import SyntheticDataModule
from qbert_lightning.errors import QbertError
from qbert_lightning.export import save_packed
from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.methods import PostTraining
from qbert_lightning.models import longest_input, quiet_transformers
from qbert_lightning.plan import QuantPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MIB = 2**20
COLUMNS = ("plan", "part", "computed", "state", "on disk", "float", "float / disk")
SHOWN_TOKENS = 8  # for the ranges of activations, whose values change no size


@dataclass(frozen=True, kw_only=True)
class SizesBenchmark(Benchmark):
    """Packs random models and weighs the files.

    Nothing is trained: a file's size depends on shapes and plan alone. Plans are those
    of runs, so each of ``models`` must be quantized without an analysis of data.

    Attributes:
        models: Name → overrides of a run that make the plan.
        bert: The network's shape, as `transformers` names it; else BERT-base's.
        seed: Of the weights.

    Raises:
        QbertError: For overrides that are no list, or a size that no network has.
    """

    name: ClassVar[str] = "sizes"

    models: Mapping[str, list[str]] = field(default_factory=dict)
    bert: Mapping[str, int] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        for name, overrides in self.models.items():
            if not isinstance(overrides, list):
                raise QbertError(
                    f"bench.models.{name}={overrides}: accepted a list of overrides"
                )
        for name, size in self.bert.items():
            if not isinstance(size, int) or size < 1:
                raise QbertError(f"bench.bert.{name}={size}: accepted 1 or more")

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`."""
        for overrides in self.models.values():
            subject.check(overrides)
        found, bits = {}, {}
        for name, overrides in self.models.items():
            say(f"  {name}")
            model, ids = self._random_model()
            plan = subject.plan(overrides, model)
            bits[name] = plan.weight_bits()
            found[name] = _weighed(model, plan, ids, folder / "packed")
        return Outcome(
            title="Packed models of random weights, in bytes",
            columns=COLUMNS,
            rows=tuple(_row(name, each) for name in found for each in found[name]),
            notes=(
                "computed: codes at their widths, ranges, and what stays in float32; "
                "state: counters and ranges of activations; the file's header is "
                "names, places and digests",
                f"{BACKBONE}: what the papers count; tokenizer, configuration and plan "
                "are files of their own",
            ),
            measurements=tuple(
                {"plan": name, **asdict(each)} for name in found for each in found[name]
            ),
            facts={
                "settings": {"bert": dict(self.bert), "seed": self.seed},
                "bits": bits,
                "mib": {
                    name: {each.part: each.on_disk / MIB for each in parts}
                    for name, parts in found.items()
                },
            },
        )

    def _random_model(self) -> tuple[PreTrainedModel, Tensor]:
        """A network, and token ids ``[1, tokens]`` to show it."""
        from transformers import BertConfig, BertForSequenceClassification

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            try:
                with quiet_transformers():
                    model = BertForSequenceClassification(BertConfig(**self.bert))
            except ValueError as error:
                raise QbertError(f"bench.bert: {error}") from error
            shown = min(SHOWN_TOKENS, longest_input(model.config))
            return model.eval(), torch.randint(model.config.vocab_size, (1, shown))


def _weighed(
    model: PreTrainedModel, plan: QuantPlan, ids: Tensor, folder: Path
) -> list[PartSize]:
    """The parts of a model packed into a folder, which is removed again."""
    method = PostTraining("none")
    method.prepare(model, plan)
    method.calibrate(model, [{"input_ids": ids}])
    folder.mkdir()
    tokenizer = SyntheticDataModule().own_tokenizer()
    save_packed(model.eval(), plan, tokenizer, folder)
    found = part_sizes(model, plan, folder / MODEL_FILE)
    shutil.rmtree(folder)
    return found


def _row(name: str, size: PartSize) -> tuple[str, ...]:
    return (
        name,
        size.part,
        *(f"{each:,}" for each in (size.computed, size.state, size.on_disk)),
        f"{size.in_float:,}",
        f"{size.in_float / size.on_disk:.2f}" if size.in_float else "",
    )
