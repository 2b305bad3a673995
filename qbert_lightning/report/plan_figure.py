"""Picture: the weight bits of every layer as a heat map."""

from __future__ import annotations

from collections.abc import Mapping

from qbert_lightning.report.blocks import in_order, short_names
from qbert_lightning.report.figure_style import Figure, color_scale, figure, plain

ROW_PIXELS, OTHER_PIXELS = 24, 180


def plan_figure(bits: Mapping[str, int]) -> Figure:
    """One cell for each weight matrix: its block to the right, its part upwards.

    A name is split after its last number, so that `bert.encoder.layer.3.output.dense`
    is the part `output.dense` of block `bert.encoder.layer.3`.

    Args:
        bits: Layer → bits of its weights.
    """
    cells = {_split(layer): width for layer, width in bits.items()}
    blocks = in_order([block for block, _ in cells])
    parts = list(dict.fromkeys(part for _, part in cells))
    grid = [[cells.get((block, part)) for block in blocks] for part in parts]
    heat = {
        "type": "heatmap",
        "x": list(range(len(blocks))),
        "y": list(range(len(parts))),
        "z": grid,
        "text": [["" if x is None else str(x) for x in row] for row in grid],
        "texttemplate": "%{text}",
        "hovertemplate": "%{z} bits<extra></extra>",
        "colorscale": color_scale(),
        "colorbar": {"title": {"text": "bits"}},
        "xgap": 2,
        "ygap": 2,
    }
    return figure(
        "Weight bits",
        [heat],
        height=OTHER_PIXELS + ROW_PIXELS * len(parts),
        xaxis=_names(_short(blocks)),
        yaxis=_names(parts) | {"automargin": True},
    )


def _split(layer: str) -> tuple[str, str]:
    """Block and part of a layer's name.

    >>> _split("bert.encoder.layer.3.output.dense")
    ('bert.encoder.layer.3', 'output.dense')
    >>> _split("classifier")
    ('', 'classifier')
    """
    words = layer.split(".")
    numbers = [i for i, word in enumerate(words) if word.isdecimal()]
    cut = numbers[-1] + 1 if numbers else 0
    return ".".join(words[:cut]), ".".join(words[cut:]) or layer


def _short(blocks: list[str]) -> list[str]:
    inside = [block for block in blocks if block]
    short = dict(zip(inside, short_names(inside), strict=True))
    return [short.get(block, "outside") for block in blocks]


def _names(names: list[str]) -> Figure:
    texts = [plain(name) for name in names]
    return {"tickvals": list(range(len(texts))), "ticktext": texts}
