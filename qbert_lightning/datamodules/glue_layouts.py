"""How each GLUE task lies on disk and on the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class GlueLayout:
    """One GLUE task in the layout of the official download and of the hub.

    Attributes:
        title: the task's name and its folder in the official download.
        columns: columns of text, pair (left out for single sentences) and label in
            the download; numbers when the files have no header.
        hub_columns: columns of text and pair on the hub.
        labels: names by class number, in the hub's order; None for regression.
        tokens: what the download's label column holds for each class number; None
            when it holds the label's name.
        tests: name of each reported split with its file in the download; on the hub
            it is ``validation`` or ``validation_<name>``.
    """

    title: str
    columns: tuple[str | int, ...]
    hub_columns: tuple[str, ...]
    labels: tuple[str, ...] | None
    tokens: tuple[str, ...] | None = None
    tests: Mapping[str, str] = field(default_factory=lambda: {"test": "dev.tsv"})


BINARY = ("0", "1")
ENTAILMENT = ("entailment", "not_entailment")

GLUE_LAYOUTS: dict[str, GlueLayout] = {
    "sst2": GlueLayout(
        "SST-2", ("sentence", "label"), ("sentence",), ("negative", "positive"), BINARY
    ),
    "cola": GlueLayout(
        "CoLA", (3, 1), ("sentence",), ("unacceptable", "acceptable"), BINARY
    ),
    "mrpc": GlueLayout(
        "MRPC",
        ("#1 String", "#2 String", "Quality"),
        ("sentence1", "sentence2"),
        ("not_equivalent", "equivalent"),
        BINARY,
    ),
    "stsb": GlueLayout(
        "STS-B",
        ("sentence1", "sentence2", "score"),
        ("sentence1", "sentence2"),
        None,
    ),
    "qqp": GlueLayout(
        "QQP",
        ("question1", "question2", "is_duplicate"),
        ("question1", "question2"),
        ("not_duplicate", "duplicate"),
        BINARY,
    ),
    "mnli": GlueLayout(
        "MNLI",
        ("sentence1", "sentence2", "gold_label"),
        ("premise", "hypothesis"),
        ("entailment", "neutral", "contradiction"),
        tests={"matched": "dev_matched.tsv", "mismatched": "dev_mismatched.tsv"},
    ),
    "qnli": GlueLayout(
        "QNLI",
        ("question", "sentence", "label"),
        ("question", "sentence"),
        ENTAILMENT,
    ),
    "rte": GlueLayout(
        "RTE",
        ("sentence1", "sentence2", "label"),
        ("sentence1", "sentence2"),
        ENTAILMENT,
    ),
}
