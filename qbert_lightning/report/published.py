"""What papers print about the same tasks: for reference, never among our results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FILE = "published.json"
FLOAT = "float"


@dataclass(frozen=True)
class Published:
    """One printed score.

    Attributes:
        paper: Short name of the paper.
        method: Its method, or `float` for its own float model.
        model: The model it is about.
        reference: Authors, venue and year.
        table: Where the number stands.
        evidence: `primary` if it was read there, `secondary` if quoted elsewhere.
        weight_bits: Bits of the encoder's weights; None for a mixture.
        embedding_bits: Bits of the embeddings, if known.
        activation_bits: Bits of the activations, if known.
        groups: Ranges for each weight matrix, if known.
        size_mb: Size of the whole model in MiB, computed from the bits; None if not
            all of them are known.
        score: A fraction, on the dev set.
        drop: The score of the paper's own float model less this one, if printed.
        note: What else must be known.
    """

    paper: str
    method: str
    model: str
    reference: str
    table: str
    evidence: str
    weight_bits: float | None
    embedding_bits: float | None
    activation_bits: float | None
    groups: int | None
    size_mb: float | None
    score: float
    drop: float | None
    note: str

    @property
    def label(self) -> str:
        """What the result is called wherever it stands beside ours."""
        method = "" if self.method == self.paper else f" {self.method}"
        return f"published, {self.model}: {self.paper}{method}"

    @property
    def source(self) -> str:
        """Paper and table in words, and whether the number was read there."""
        quoted = ", as quoted elsewhere" if self.evidence == "secondary" else ""
        return f"{self.reference}, {self.table}{quoted}"


def published(task: str, metric: str) -> list[Published]:
    """The printed scores of one task by one metric, in the order of the file.

    Args:
        task: Name of the task, such as `sst2`.
        metric: Name of the metric without its split, such as `accuracy`.
    """
    document = _document()
    key = f"{task}/{metric}"
    results = [result for result in document["results"] if key in result["scores"]]
    floats = {
        result["paper"]: result["scores"][key]
        for result in results
        if result["method"] == FLOAT
    }
    return [_published(document["papers"], result, key, floats) for result in results]


@cache
def _document() -> dict[str, Any]:
    text = (files("qbert_lightning.report") / FILE).read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def _published(
    papers: Mapping[str, Any],
    result: Mapping[str, Any],
    key: str,
    floats: Mapping[str, float],
) -> Published:
    paper, score = papers[result["paper"]], result["scores"][key]
    own = floats.get(result["paper"])
    return Published(
        paper=result["paper"],
        method=result["method"],
        model=paper["model"],
        reference=paper["reference"],
        table=paper["table"],
        evidence=paper["evidence"],
        weight_bits=result["weight_bits"],
        embedding_bits=result["embedding_bits"],
        activation_bits=result["activation_bits"],
        groups=result["groups"],
        size_mb=result["size_mb"],
        score=score / 100,
        drop=None
        if own is None or result["method"] == FLOAT
        else round(own - score, 6) / 100,
        note=result.get("note", ""),
    )
