"""Answers as lines to read or as JSONL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def json_line(fields: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    """The fields of the input and those of the answer.

    A field that both have is kept as ``input_<name>``: gold labels, most often.

    Example:
        >>> json_line({"text": "fine", "label": 1}, {"label": "positive"})
        '{"text": "fine", "input_label": 1, "label": "positive"}'
    """
    kept = {f"input_{k}" if k in answer else k: v for k, v in fields.items()}
    return json.dumps({**kept, **answer}, ensure_ascii=False, allow_nan=False)


def printable(line: str) -> str:
    """A line without what would steer a terminal or end the line."""
    return "".join(c if c.isprintable() else " " for c in line)
