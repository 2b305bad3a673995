from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.sensitivity import BlockSpectrum, Problem, Spectra

if TYPE_CHECKING:
    from tests.sensitivity.conftest import Stack


def look(
    spectra: Spectra,
    problem: Problem,
    *,
    devices: Sequence[torch.device] = (),
    finished: Collection[str] = (),
) -> dict[str, BlockSpectrum]:
    found: dict[str, BlockSpectrum] = {}
    spectra.measure(
        problem, devices=devices, finished=finished, found=found.__setitem__
    )
    return found


def test_known_spectra(stack: Stack, subset: Callable[..., list]) -> None:
    spectra = Spectra(top_k=2, tolerance=1e-6, landscape_points=3, density_steps=5)
    found = look(spectra, stack.problem(subset(2.0)))
    stiff = found["stiff"]  # eigenvalues −8, 4, 2 and 200 of the bias
    assert stiff.num_parameters == 4
    assert stiff.eigenvalues == pytest.approx((200.0, -8.0))
    assert stiff.converged
    assert stiff.trace == pytest.approx(198.0)
    assert stiff.trace_error == pytest.approx(0.0, abs=1e-9)
    assert sum(stiff.density["weights"]) == pytest.approx(1.0)
    assert min(stiff.density["nodes"]) == pytest.approx(-8.0)
    assert stiff.landscape is not None
    assert stiff.landscape.axis == (-1.0, 0.0, 1.0)
    # L = ½ · 2 · (−4 (1 + b)² + 2 + 1 + 100 (1 + a)²) + soft's, up to signs of a, b
    middle = stiff.landscape.loss[1][1]
    corners = sum(stiff.landscape.loss[i][j] for i in (0, 2) for j in (0, 2)) / 4
    assert corners - middle == pytest.approx((200.0 - 8.0) / 2)
    assert BlockSpectrum.from_dict(stiff.to_dict()) == stiff


def test_finished_blocks_are_left_out_and_devices_share(
    stack: Stack, subset: Callable[..., list]
) -> None:
    spectra, problem = Spectra(top_k=1, landscape_points=0), stack.problem(subset(1.0))
    alone = look(spectra, problem)
    assert alone["soft"].landscape is None
    assert look(spectra, problem, devices=[torch.device("cpu")] * 2) == alone
    assert list(look(spectra, problem, finished={"soft"})) == ["stiff"]


def test_more_eigenvalues_than_parameters(
    stack: Stack, subset: Callable[..., list]
) -> None:
    message = r"spectra.top_k=4: soft has 3 parameters: accepted 1..3"
    with pytest.raises(QbertError, match=message) as caught:
        look(Spectra(top_k=4), stack.problem(subset(1.0)))
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"top_k": 0}, "spectra.top_k=0: accepted 1 or more"),
        ({"trace_samples": 1}, "spectra.trace_samples=1: accepted 2 or more"),
        ({"landscape_radius": 0.0}, "spectra.landscape_radius=0.0: accepted above 0"),
        ({"top_k": 9, "max_products": 8}, "spectra.top_k=9: accepted up to .*=8"),
    ],
)
def test_values_out_of_range(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(QbertError, match=message):
        Spectra(**arguments)
