"""A reader written from FORMAT.md alone gets the same weights as ours."""

from __future__ import annotations

import hashlib
import json
import struct
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qbert_lightning.export import load_packed
from qbert_lightning.layers import layer_shapes
from qbert_lightning.plan import (
    ColumnGroups,
    InputColumnBuckets,
    PerChannel,
    PerTensor,
    QuantPlan,
    QuantScheme,
    RowGroups,
)
from qbert_lightning.quantizers import AffineSpec
from tests.export.models import packed_folder
from tests.tiny import tiny_bert

TYPES = {
    "F32": ("<f4", "float32"),
    "I64": ("<i8", "int64"),
    "U8": ("u1", "uint8"),
}
CUTS = (
    PerTensor(),
    PerChannel(),
    RowGroups(4),
    ColumnGroups(8),
    InputColumnBuckets(2),
)


def read_independently(folder: Path) -> dict[str, np.ndarray]:
    """All tensors of a packed folder, weights decoded; uses nothing of ours."""
    content = (folder / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__")
    assert (metadata["format"], metadata["version"]) == ("qbert-lightning", "2")
    assert hashlib.sha256(metadata["digests"].encode()).hexdigest() == metadata["seal"]
    digests = json.loads(metadata["digests"])
    for name, digest in digests["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    tensors = {}
    for name, entry in header.items():
        start, stop = (8 + length + offset for offset in entry["data_offsets"])
        code, word = TYPES[entry["dtype"]]
        line = f"{name}|torch.{word}|{entry['shape']}|".encode()
        digest = hashlib.sha256(line + content[start:stop]).hexdigest()
        assert digest == digests["tensors"][name]
        flat = np.frombuffer(content[start:stop], dtype=code)
        tensors[name] = flat.reshape(entry["shape"])
    config = json.loads((folder / "config.json").read_text())
    plan = json.loads((folder / "plan.json").read_text())
    for layer, scheme in plan["layers"].items():
        if scheme["weight"] is not None:
            shape = shape_of(layer, config)
            tensors[f"{layer}.weight"] = decoded(tensors, layer, scheme, shape)
    return tensors


def shape_of(layer: str, config: dict[str, Any]) -> tuple[int, int]:
    """Rows and columns, which a reader knows from the architecture."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    by_name = {
        "word_embeddings": (config["vocab_size"], hidden),
        "position_embeddings": (config["max_position_embeddings"], hidden),
        "token_type_embeddings": (config["type_vocab_size"], hidden),
        "classifier": (len(config["id2label"]), hidden),
        "intermediate.dense": (inner, hidden),
        "attention.output.dense": (hidden, hidden),
        "output.dense": (hidden, inner),
    }
    ends = (shape for end, shape in by_name.items() if layer.endswith(end))
    return next(ends, (hidden, hidden))


def decoded(
    tensors: dict[str, np.ndarray],
    layer: str,
    scheme: dict[str, Any],
    shape: tuple[int, int],
) -> np.ndarray:
    spec, count = scheme["weight"], prod(shape)
    bits = spec["num_bits"]
    stream = np.unpackbits(tensors[f"{layer}.weight.codes"], bitorder="little")
    assert not stream[count * bits :].any()
    digits = stream[: count * bits].reshape(count, bits).astype(np.int64)
    codes = (digits << np.arange(bits)).sum(axis=1)
    scale = tensors[f"{layer}.weight.scale"][:, None]
    if spec["symmetric"]:
        offset = np.zeros_like(scale)
        codes = codes - 2 ** (bits - 1) + 1
    else:
        offset = tensors[f"{layer}.weight.offset"][:, None]
    values = codes.reshape(len(scale), -1).astype(np.float32) * scale + offset
    if spec["granularity"]["type"] == "InputColumnBuckets":
        return values.reshape(shape[::-1]).T
    return values.reshape(shape)


def mixed(bits: int, *, symmetric: bool) -> QuantPlan:
    """Every granularity somewhere; widths differ from layer to layer."""
    widths = {2: 3, 3: 4, 4: 8, 8: 2}
    schemes, turn = {}, 0
    for name, (rows, columns) in layer_shapes(tiny_bert()).items():
        fitting = [cut for cut in CUTS if cut != RowGroups(4) or rows % 4 == 0]
        cut = fitting[turn % len(fitting)]
        assert columns % 8 == 0
        spec = AffineSpec(bits, granularity=cut, symmetric=symmetric)
        schemes[name] = QuantScheme(weight=spec)
        bits, turn = widths[bits], turn + 1
    return QuantPlan(schemes)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_a_reader_written_from_the_document_gets_the_same_weights(
    tmp_path: Path, bits: int, symmetric: bool
) -> None:
    plan = mixed(bits, symmetric=symmetric)
    packed_folder(tmp_path, plan)
    theirs = read_independently(tmp_path)
    ours = load_packed(tmp_path)[0].state_dict()
    for name, tensor in ours.items():
        assert np.array_equal(theirs[name], tensor.numpy()), name


def test_the_size_is_the_documented_one(tmp_path: Path) -> None:
    plan = mixed(3, symmetric=False)
    model = packed_folder(tmp_path, plan)
    path = tmp_path / "model.safetensors"
    quantized = 0
    for layer, scheme in plan.items():
        assert scheme.weight is not None
        shape = tuple(model.get_submodule(layer).weight.shape)
        groups = scheme.weight.granularity.num_ranges(shape)
        quantized += -(-prod(shape) * scheme.weight.num_bits // 8) + 8 * groups
    others = sum(
        parameter.numel()
        for name, parameter in model.named_parameters()
        if name.removesuffix(".weight") not in plan
    )
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
    computed = quantized + 4 * others + 8 * len(plan)
    assert path.stat().st_size == computed + 8 + length
