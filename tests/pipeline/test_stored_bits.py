"""A budget in megabytes against the bytes of the file that is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.allocation import Ranked
from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.export.header import read_header
from qbert_lightning.layers import layer_shapes, quantized_layers
from qbert_lightning.models import select_blocks
from qbert_lightning.pipeline.stored_bits import stored_bits
from qbert_lightning.plan import BlockSize, QuantPlan, SensitivityTable, block_sizes
from tests.export.models import mixed_plan, packed_folder
from tests.tiny import tiny_bert


def sizes_of(plan: QuantPlan, blocks: str | list[str]) -> dict[str, BlockSize]:
    model = tiny_bert()
    names, others = list(select_blocks(model, blocks)), stored_bits(model, plan)
    assert not quantized_layers(model)
    return block_sizes(plan, layer_shapes(model), names, [2, 3], others)


def bytes_on_disk(folder: Path, plan: QuantPlan, part: str) -> int:
    packed_folder(folder, plan)
    file = folder / MODEL_FILE
    with file.open("rb") as stream:
        entries = read_header(stream, file.stat().st_size, str(file)).entries
    return sum(
        entry.stop - entry.start
        for name, entry in entries.items()
        if name.startswith(part)
    )


@pytest.mark.parametrize(
    ("blocks", "part"),
    [
        ("layers", "bert.encoder."),
        ("matrices", "bert.encoder."),
        ("embeddings", "bert.embeddings."),
        (["*.layer.?.output.dense"], "bert.encoder."),
        (["*.layer.1.*.dense"], "bert.encoder.layer.1."),
        ("backbone", "bert."),
    ],
)
def test_a_budget_is_kept_by_the_file_to_the_byte(
    tmp_path: Path, blocks: str | list[str], part: str
) -> None:
    plan = mixed_plan()
    sizes = sizes_of(plan, blocks)
    table = SensitivityTable("x", dict.fromkeys(sizes, 1.0))
    least, most = (
        sum(size.storage_bits[bits] for size in sizes.values()) for bits in (2, 3)
    )
    megabytes = (least + 0.6 * (most - least)) / (8 * 2**20)
    bits = Ranked((2, 3), megabytes=megabytes).allocate(table, sizes)
    written = bytes_on_disk(tmp_path, plan.with_weight_bits(bits), part)
    assert written <= megabytes * 2**20
    expected = sum(sizes[name].storage_bits[width] for name, width in bits.items())
    assert 8 * written == expected
