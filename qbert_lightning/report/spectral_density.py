"""Spectral densities as smooth curves over many decades."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qbert_lightning.report.layer_spectra import LayerSpectrum

NUM_POINTS = 201
# Standard deviation of the smoothing, as a share of the axis.
SMOOTHING = 0.01
# Beyond so many standard deviations nothing is left of a kernel.
REACH = 8.0
# The least share that is told from nothing: a tenth of one eigenvalue.
LEAST_EIGENVALUES = 0.1
# Eigenvalues up to this share of the largest are drawn on a nearly linear axis.
LINEAR_SHARE = 0.01


@dataclass(frozen=True)
class DensityCurve:
    """The logarithm of a spectral density at equal distances.

    Attributes:
        low: Where the axis begins.
        high: Where it ends.
        values: Decimal logarithm of the share of eigenvalues near each point.
    """

    low: float
    high: float
    values: tuple[float, ...]

    @property
    def positions(self) -> list[float]:
        """Where the values are."""
        step = (self.high - self.low) / (len(self.values) - 1)
        return [self.low + i * step for i in range(len(self.values))]


def density_curve(
    layer: LayerSpectrum,
    low: float,
    high: float,
    place: Callable[[float], float] = float,
) -> DensityCurve:
    """A layer's spectral density, smoothed and on a logarithmic scale.

    The value at ``x`` is ``log₁₀ Σᵢ wᵢ exp(−(x − xᵢ)² / 2σ²)``: the share of all
    eigenvalues within about ``σ``. A single one of ``n`` eigenvalues, away from the
    others, is a bump of height ``1/n``; a tenth of that counts as nothing.

    Args:
        layer: Gives the nodes ``xᵢ`` and weights ``wᵢ``.
        low: Where the axis begins.
        high: Where it ends.
        place: From an eigenvalue to its place on the axis, increasing.

    Returns:
        The curve, of `NUM_POINTS` points.
    """
    pairs = [
        (place(node), weight)
        for node, weight in zip(layer.nodes, layer.weights, strict=True)
        if math.isfinite(node) and math.isfinite(weight)
    ]
    pairs.sort()
    nodes, weights = [node for node, _ in pairs], [weight for _, weight in pairs]
    width = SMOOTHING * (high - low)
    least = LEAST_EIGENVALUES / layer.num_parameters
    step = (high - low) / (NUM_POINTS - 1)
    shares = (_share(nodes, weights, low + i * step, width) for i in range(NUM_POINTS))
    return DensityCurve(low, high, tuple(math.log10(max(x, least)) for x in shares))


def _share(
    nodes: Sequence[float], weights: Sequence[float], place: float, width: float
) -> float:
    start = bisect.bisect_left(nodes, place - REACH * width)
    stop = bisect.bisect_right(nodes, place + REACH * width)
    return math.fsum(
        weights[i] * math.exp(-(((place - nodes[i]) / width) ** 2) / 2)
        for i in range(start, stop)
    )


def extent(layers: Sequence[LayerSpectrum]) -> tuple[float, float]:
    """An interval with zero and all that is known of the layers' spectra, and room.

    Returns:
        Its ends; never equal.
    """
    values = [0.0]
    for layer in layers:
        values += filter(math.isfinite, (*layer.nodes, *layer.eigenvalues))
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def linear_scale(layers: Sequence[LayerSpectrum]) -> float:
    """Where a signed logarithmic axis for the layers stops being linear."""
    low, high = extent(layers)
    return LINEAR_SHARE * max(-low, high)


def shared_ends(layers: Sequence[LayerSpectrum]) -> tuple[float, float]:
    """Ends of a signed logarithmic axis on which all the layers have room."""
    scale = linear_scale(layers)
    low, high = (signed_logarithm(end, scale) for end in extent(layers))
    room = 0.04 * (high - low)
    return low - room, high + room


def signed_logarithm(value: float, scale: float) -> float:
    """``asinh(x / s)``: linear below ``s``, logarithmic above, odd.

    >>> signed_logarithm(0.0, 0.1)
    0.0
    """
    return math.asinh(value / scale)
