from __future__ import annotations

import json

from qbert_lightning.datamodules import SentenceRow, TaggedRow
from tests.datamodules.in_memory import question


def test_rows_are_plain_json() -> None:
    for row in (
        SentenceRow("a cat", None, 1),
        TaggedRow(("a", "cat"), (0, 1)),
        question(0, "in paris", "paris"),
    ):
        assert json.loads(json.dumps(row)) == json.loads(json.dumps(list(row)))
