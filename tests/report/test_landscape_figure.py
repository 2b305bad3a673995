"""The pictures of loss landscapes."""

from __future__ import annotations

from qbert_lightning.report.figure_style import as_plotly
from qbert_lightning.report.landscape_figure import landscape_figure, landscapes_figure
from qbert_lightning.report.layer_spectra import parse_spectra
from qbert_lightning.tracking import decode
from tests.report.spectra_folders import spectra

LAYERS = parse_spectra(decode(spectra(["l.0", "l.1", "l.2", "l.3"], [0, 1, 3]))).layers


def test_a_landscape_is_a_surface_without_what_is_not_finite() -> None:
    landscape = LAYERS["l.0"].landscape
    assert landscape is not None
    made = as_plotly(landscape_figure("l.0", landscape))
    (surface,) = made.data
    assert surface.z[0][0] is None
    assert surface.z[3][4] == landscape.loss[3][4]
    assert "9.62 and" in made.layout.annotations[0].text


def test_the_least_and_the_most_curved_share_one_range() -> None:
    made = as_plotly(landscapes_figure(LAYERS))
    assert [surface.name for surface in made.data] == ["l.1", "l.3"]
    assert [surface.scene for surface in made.data] == ["scene", "scene2"]
    assert made.layout.scene.zaxis.range == made.layout.scene2.zaxis.range
