"""What the inference benchmark found, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qbert_lightning.benchmarks.inference_peers import UNIT
from qbert_lightning.benchmarks.rounds import Ratio

MIB = 2**20


@dataclass
class Found:
    """What is known of one contestant.

    Attributes:
        who: Its name.
        reason: Why it is not measured, if it is not.
        facts: ``file_bytes``, ``load_seconds`` and ``asked``, of `inference_worker`.
        seconds: Batch size → seconds of an answer, in each round.
    """

    who: str
    reason: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    seconds: dict[int, list[float]] = field(default_factory=dict)

    def ratios(self, unit: Found) -> dict[int, Ratio]:
        """Batch size → latency as a multiple of the unit's."""
        return {
            size: Ratio.of(seconds, unit.seconds[size])
            for size, seconds in self.seconds.items()
        }

    def as_dict(self, unit: Found) -> dict[str, Any]:
        """Everything, as plain values."""
        if self.reason is not None:
            return {"reason": self.reason}
        ratios = {size: each.as_dict() for size, each in self.ratios(unit).items()}
        return {**self.facts, "latency_ratios": ratios}


def unit_of(found: Sequence[Found]) -> Found:
    """The contestant that the others are compared with."""
    return next(each for each in found if each.who == UNIT)


def columns(sizes: Sequence[int]) -> tuple[str, ...]:
    """The table's head."""
    latencies = (f"latency, batch {size}" for size in sizes)
    return ("", *latencies, "resident MiB", "file MiB", "difference", "same answer")


def rows(found: Sequence[Found], sizes: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """A row for each contestant, those that were not measured included."""
    unit = unit_of(found)
    return tuple(_row(each, unit, sizes) for each in found)


def notes(sizes: Sequence[int], tokens: int, calibrated: bool) -> tuple[str, ...]:
    """What a reader of the table must know."""
    lines = [
        f"latency: as a multiple of {UNIT} (eager), median over rounds [least, "
        f"largest]; {tokens} tokens of text in each row, no padding",
        f"resident MiB: growth from before loading to after the answer to batch "
        f"{min(sizes)}, each in a process of its own; files: without tokenizer",
        "difference: largest of a logit; same answer: share of equal argmax; peers "
        "beside the float model, ours beside the fake-quantized model",
        "torch.ao and torchao quantize when they load, so for a while the float model "
        "is there too",
    ]
    if calibrated:
        lines.append("ours: quantized without training, which latency does not know of")
    return tuple(lines)


def _row(found: Found, unit: Found, sizes: Sequence[int]) -> tuple[str, ...]:
    if found.reason is not None:
        return (found.who, found.reason, *[""] * (len(columns(sizes)) - 2))
    ratios = found.ratios(unit)
    asked: list[Mapping[str, Any]] = found.facts["asked"]
    first = min(asked, key=lambda each: each["batch_size"])
    return (
        found.who,
        *("1" if found is unit else str(ratios[size]) for size in sizes),
        f"{first['resident_mib']:.1f}",
        f"{found.facts['file_bytes'] / MIB:.1f}",
        f"{max(each['largest_difference'] for each in asked):.1e}",
        f"{100 * min(each['equal_argmax'] for each in asked):.1f} %",
    )
