from __future__ import annotations

import pytest

from qbert_lightning.datamodules.glue_layouts import GLUE_LAYOUTS, GlueLayout


@pytest.mark.parametrize("layout", GLUE_LAYOUTS.values(), ids=list(GLUE_LAYOUTS))
def test_columns_and_labels_fit(layout: GlueLayout) -> None:
    assert len(layout.columns) == len(layout.hub_columns) + 1
    assert len({type(column) for column in layout.columns}) == 1
    if layout.tokens is not None:
        assert layout.labels is not None
        assert len(layout.tokens) == len(layout.labels)


def test_regression_is_sts_b_alone() -> None:
    without = [name for name, layout in GLUE_LAYOUTS.items() if layout.labels is None]
    assert without == ["stsb"]
