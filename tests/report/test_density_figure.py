"""The picture of spectral densities."""

from __future__ import annotations

from qbert_lightning.report.density_figure import density_figure
from qbert_lightning.report.figure_style import as_plotly
from qbert_lightning.report.layer_spectra import LayerSpectrum, parse_spectra
from tests.report.hostile import TEXTS
from tests.report.spectra_folders import spectra


def test_each_layer_is_a_row_with_its_marks() -> None:
    layers = parse_spectra(spectra(["l.0", "l.1", "l.2"])).layers
    made = as_plotly(density_figure(layers))
    marks, *ridges = made.data
    assert len(marks.x) == 3 * 20
    assert len(ridges) == 3
    for row, ridge in enumerate(ridges):
        assert min(ridge.y) == -row
        assert max(ridge.y) < 1 - row
        assert all(low <= high for low, high in zip(ridge.x, ridge.x[1:], strict=False))
    assert list(made.layout.yaxis.ticktext) == ["0", "1", "2"]
    assert "0" in made.layout.xaxis.ticktext


def test_a_layer_of_which_nothing_is_known_is_an_empty_row() -> None:
    made = as_plotly(density_figure({"a": LayerSpectrum.from_dict({})}))
    assert len(made.data) == 1
    assert list(made.layout.yaxis.ticktext) == ["a"]


def test_names_are_plain_text() -> None:
    layers = parse_spectra(spectra(TEXTS)).layers
    texts = "".join(as_plotly(density_figure(layers)).layout.yaxis.ticktext)
    assert "<" not in texts
