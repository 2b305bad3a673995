"""Each layer's Hessian spectrum, read from the `spectra.json` beside a record."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from qbert_lightning.report.blocks import in_order
from qbert_lightning.report.run import Run
from qbert_lightning.tracking import from_text

SPECTRA = "spectra.json"
VERSION = 1
MAX_FILE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Landscape:
    """The loss on a plane through the weights of a layer.

    Attributes:
        axis: Displacements along either direction, L2 distances [n].
        loss: Loss by displacement along the first, then the second eigenvector [n, n].
        eigenvalues: Of the two eigenvectors.
    """

    axis: tuple[float, ...]
    loss: tuple[tuple[float, ...], ...]
    eigenvalues: tuple[float, ...]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The landscape as the file holds it.

        Raises:
            ValueError: If a part is missing or the table is not square.
        """
        axis = _floats(data, "axis")
        loss = tuple(_floats({"loss": row}, "loss") for row in data.get("loss") or ())
        if not axis or {len(axis)} != {len(loss), *map(len, loss)}:
            raise ValueError(f"landscape.loss: expected {len(axis)} rows and columns")
        return cls(axis, loss, _floats(data, "eigenvalues"))

    def thinned(self, most: int) -> Landscape:
        """Every k-th point, counted from the middle, so that at most `most` are left.

        >>> Landscape((-2, -1, 0, 1, 2), ((0,) * 5,) * 5, ()).thinned(3).axis
        (-2, 0, 2)
        """
        size = len(self.axis)
        step = math.ceil((size - 1) / max(most - 1, 1)) or 1
        kept = slice(size // 2 % step, None, step)
        rows = tuple(row[kept] for row in self.loss[kept])
        return Landscape(self.axis[kept], rows, self.eigenvalues)


@dataclass(frozen=True)
class LayerSpectrum:
    """What is known of one layer's Hessian.

    Attributes:
        num_parameters: Size of the Hessian's side.
        eigenvalues: The largest ones by magnitude, signed, in that order.
        converged: Whether the solver says that they are exact.
        trace: Estimate of the sum of all eigenvalues.
        trace_error: Its standard error.
        nodes: Where the estimated spectral density has its mass, ascending.
        weights: How much of it is there; sums to one.
        landscape: The loss along the two first eigenvectors, where it was looked at.
    """

    num_parameters: int
    eigenvalues: tuple[float, ...]
    converged: bool
    trace: float
    trace_error: float
    nodes: tuple[float, ...]
    weights: tuple[float, ...]
    landscape: Landscape | None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The layer as the file holds it.

        Raises:
            ValueError: If a part has the wrong type or length.
        """
        density = _mapping(data, "density")
        nodes, weights = _floats(density, "nodes"), _floats(density, "weights")
        if len(nodes) != len(weights):
            raise ValueError(f"density.weights: expected {len(nodes)} numbers")
        landscape = _mapping(data, "landscape")
        return cls(
            num_parameters=max(int(_float(data, "num_parameters", 1.0)), 1),
            eigenvalues=_floats(data, "eigenvalues"),
            converged=bool(data.get("converged")),
            trace=_float(data, "trace"),
            trace_error=_float(data, "trace_error"),
            nodes=nodes,
            weights=weights,
            landscape=Landscape.from_dict(landscape) if landscape else None,
        )

    @property
    def curvature(self) -> float:
        """Size of the eigenvalue furthest from zero; 0 if none is known."""
        return max((abs(x) for x in self.eigenvalues if math.isfinite(x)), default=0.0)


@dataclass(frozen=True)
class SpectraFile:
    """One distinct `spectra.json`.

    Attributes:
        layers: Block → its spectrum, from the input up.
        num_examples: Examples that the Hessian is a mean over; None if unknown.
        runs: The runs it lies beside.
        error: Why it could not be read, one line.
    """

    layers: Mapping[str, LayerSpectrum]
    num_examples: int | None = None
    runs: tuple[Run, ...] = ()
    error: str | None = None


def parse_spectra(data: Any) -> SpectraFile:
    """The content of a `spectra.json`.

    Args:
        data: The decoded JSON object; its numbers may be NaN or infinite.

    Raises:
        ValueError: If it is of another version or a part has the wrong type.
    """
    if not isinstance(data, Mapping) or data.get("version") != VERSION:
        raise ValueError(f"version: expected an object of version {VERSION}")
    blocks = _mapping(data, "blocks")
    layers = {
        name: LayerSpectrum.from_dict(_mapping(blocks, name))
        for name in in_order(list(blocks))
    }
    num_examples = _float(data, "num_examples")
    known = math.isfinite(num_examples)
    return SpectraFile(layers, int(num_examples) if known else None)


def spectra_files(runs: Sequence[Run]) -> list[SpectraFile]:
    """The distinct `spectra.json` beside the records of the runs, most used first."""
    found: dict[str, tuple[Path, list[Run]]] = {}
    for run in runs:
        path = run.folder / SPECTRA
        if run.status == "finished" and path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found.setdefault(digest, (path, []))[1].append(run)
    files = [_read(path, tuple(used)) for path, used in found.values()]
    return sorted(files, key=lambda file: -len(file.runs))


def _read(path: Path, runs: tuple[Run, ...]) -> SpectraFile:
    try:
        if (size := path.stat().st_size) > MAX_FILE_BYTES:
            raise ValueError(f"expected at most {MAX_FILE_BYTES} bytes, got {size}")
        parsed = parse_spectra(from_text(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        return SpectraFile({}, runs=runs, error=f"{type(error).__name__}: {error}")
    return SpectraFile(parsed.layers, parsed.num_examples, runs)


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    if value is not None and not isinstance(value, Mapping):
        raise ValueError(f"{key}: expected an object, got {type(value).__name__}")
    return value or {}


def _float(data: Mapping[str, Any], key: str, default: float = math.nan) -> float:
    value = data.get(key)
    return default if value is None else float(value)


def _floats(data: Mapping[str, Any], key: str) -> tuple[float, ...]:
    value = data.get(key)
    if value is not None and not isinstance(value, list | tuple):
        raise ValueError(f"{key}: expected a list, got {type(value).__name__}")
    return tuple(map(float, value or ()))
