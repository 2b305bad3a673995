from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.sensitivity import IndexSensitivity

if TYPE_CHECKING:
    from tests.sensitivity.conftest import Stack


def test_depth_alone_decides(stack: Stack) -> None:
    first = IndexSensitivity().score(stack.problem())
    assert first.importance == {"soft": 2.0, "stiff": 1.0}
    last = IndexSensitivity(most_sensitive="last").score(stack.problem())
    assert last.importance == {"soft": 1.0, "stiff": 2.0}
    assert list(last.importance) == ["soft", "stiff"]
    assert (last.metric, last.samples, last.scores) == ("index", {}, {})


def test_unknown_end() -> None:
    with pytest.raises(QbertError, match="most_sensitive=middle: accepted first, last"):
        IndexSensitivity(most_sensitive="middle")  # type: ignore[arg-type]
