"""Parameters in one vector, against where they were put by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.flat_parameters import FlatParameters

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def test_split_names_the_parts(problem: Problem) -> None:
    layout = FlatParameters(problem.blocks)
    parts = layout.split(torch.arange(float(layout.size)))
    assert {name: part.numel() for name, part in parts.items()} == {
        "0": 16,
        "2": 20,
        "4": 10,
    }
    assert float(parts["2"][0]) == 16.0


def test_pieces_are_views_in_the_shapes_of_the_parameters(problem: Problem) -> None:
    layout = FlatParameters(problem.blocks)
    vector = torch.cat([each.detach().flatten() for each in layout.parameters])
    pieces = layout.pieces(vector)
    for piece, parameter in zip(pieces, layout.parameters, strict=True):
        assert torch.equal(piece, parameter)
    pieces[0].zero_()
    assert float(vector[: pieces[0].numel()].abs().max()) == 0.0


def test_bad_blocks_are_refused(problem: Problem) -> None:
    with pytest.raises(QbertError, match="no parameters"):
        FlatParameters({"0": []})
    shared = {"0": problem.blocks["0"], "again": problem.blocks["0"][:1]}
    with pytest.raises(QbertError, match="0 and again share"):
        FlatParameters(shared)
