"""Parts of a packed model, counted by hand."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.benchmarks.part_sizes import part_sizes
from qbert_lightning.export import header_bytes, save_packed
from qbert_lightning.layers import apply_plan, layer_shapes
from qbert_lightning.plan import QuantPlan, QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from tests.export.models import TOKENIZER
from tests.tiny import TINY_CONFIG, tiny_bert

GROUPS, BITS, COUNTER = 4, 3, 8


def test_every_byte_has_its_part(tmp_path: Path) -> None:
    model = tiny_bert()
    inside = QuantScheme(weight=AffineSpec(BITS, granularity=RowGroups(GROUPS)))
    outside = QuantScheme(weight=AffineSpec(8))
    names = layer_shapes(model)
    plan = QuantPlan(
        {name: inside for name in names if ".encoder." in name}
        | {name: outside for name in names if ".embeddings." in name}
    )
    apply_plan(model, plan)
    save_packed(model, plan, TOKENIZER, tmp_path)
    file = tmp_path / "model.safetensors"
    found = {size.part: size for size in part_sizes(model, plan, file)}

    hidden, inner = TINY_CONFIG["hidden_size"], TINY_CONFIG["intermediate_size"]
    num_layers = TINY_CONFIG["num_hidden_layers"]
    matrices = 4 * [(hidden, hidden)] + [(inner, hidden), (hidden, inner)]
    per_layer = sum(
        -(-rows * columns * BITS // 8) + GROUPS * 2 * 4 + rows * 4
        for rows, columns in matrices
    )
    norms = 2 * 2 * hidden * 4
    assert found["encoder"].computed == num_layers * (per_layer + norms)
    assert found["encoder"].state == num_layers * len(matrices) * COUNTER

    tables = [TINY_CONFIG["vocab_size"], TINY_CONFIG["max_position_embeddings"], 2]
    assert found["embeddings"].computed == (
        sum(rows * hidden + 2 * 4 for rows in tables) + 2 * hidden * 4
    )
    assert found["embeddings"].in_float == (sum(tables) + 2) * hidden * 4
    assert found["pooler and head"].on_disk == found["pooler and head"].in_float
    assert found["header"].on_disk == header_bytes(file)
    for size in found.values():
        if size.part not in ("header", "file"):
            assert size.computed + size.state == size.on_disk
    assert found["file"].on_disk == file.stat().st_size
    assert found["file"].in_float == 4 * sum(p.numel() for p in model.parameters())
