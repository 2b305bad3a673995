"""Smooth spectral densities."""

from __future__ import annotations

import math

import pytest

from qbert_lightning.report.layer_spectra import LayerSpectrum
from qbert_lightning.report.spectral_density import (
    density_curve,
    extent,
    linear_scale,
    signed_logarithm,
)
from tests.report.spectra_folders import layer

LAYER = LayerSpectrum.from_dict(layer(20.0, False, 0))


def point(*nodes: float) -> LayerSpectrum:
    weights = [1 / len(nodes)] * len(nodes)
    density = {"nodes": list(nodes), "weights": weights}
    return LayerSpectrum.from_dict({"num_parameters": 1000, "density": density})


def test_is_the_sum_of_all_kernels() -> None:
    low, high = extent([LAYER])
    curve = density_curve(LAYER, low, high)
    width = 0.01 * (high - low)
    for x, value in zip(curve.positions, curve.values, strict=True):
        pairs = zip(LAYER.nodes, LAYER.weights, strict=True)
        share = sum(w * math.exp(-(((x - node) / width) ** 2) / 2) for node, w in pairs)
        least = 0.1 / LAYER.num_parameters
        assert value == pytest.approx(math.log10(max(share, least)), abs=1e-6)


def test_one_eigenvalue_of_n_is_a_bump_of_height_one_in_n() -> None:
    curve = density_curve(point(*[0.0] * 9, 80.0), -20.0, 140.0)
    assert curve.values[curve.positions.index(80.0)] == pytest.approx(-1)
    assert curve.values[curve.positions.index(0.0)] == pytest.approx(math.log10(0.9))


def test_where_nothing_is_the_curve_is_at_its_least() -> None:
    assert density_curve(point(0.0), -1.0, 100.0).values[-1] == -4
    assert set(density_curve(point(math.nan), -1.0, 1.0).values) == {-4}


def test_nodes_are_placed_on_the_axis_before_they_are_smoothed() -> None:
    curve = density_curve(point(1.0), -1.0, 3.0, lambda x: signed_logarithm(x, 0.1))
    place = max(zip(curve.values, curve.positions, strict=True))[1]
    assert place == pytest.approx(math.asinh(10), abs=0.02)


def test_the_extent_holds_zero_and_everything_known() -> None:
    low, high = extent([LAYER, point(-300.0)])
    assert low < -300
    assert high > max(LAYER.eigenvalues)
    assert extent([]) == (-1.0, 1.0)
    assert extent([point(5.0)])[0] < 0
    assert linear_scale([point(-300.0)]) == pytest.approx(3.15)
