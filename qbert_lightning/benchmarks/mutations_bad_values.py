"""Values that no packed model has: names, sizes, settings, formats, plans, texts."""

from __future__ import annotations

from typing import Any

BAD_NAMES = ("", "../../x", "a/b", "é", "a b", "x" * 300, "\x00", "__proto__", "weight")
BAD_DTYPES = ("F64", "F16", "BF16", "I32", "I8", "BOOL", "F8_E4M3", "f32", "", "object")
BAD_SIZES = (-1, 2**31, 2**63, 2**64, 10**30, 1.0, "4", None, True, [4])
BAD_NUMBERS = (-1, 0, 10**6, 10**9, 10**18, 10**30, "8", 1.5, [], {}, "NaN")
BAD_FLOATS = (float("nan"), float("inf"), -float("inf"))
SIZE_KEYS = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
    "num_attention_heads",
)
BAD_SETTINGS: tuple[dict[str, Any], ...] = (
    {"auto_map": {"AutoConfig": "code.py--Config"}},
    {"model_type": "llama"},
    {"model_type": "../bert"},
    {"architectures": ["BertModel"]},
    {"architectures": []},
    {"architectures": 5},
    {"num_labels": 10**8},
    {"num_labels": 4},
    {"quantization_config": {"quant_method": "gptq"}},
    {"attn_implementation": "someone/kernel"},
    {"_attn_implementation": "someone/kernel"},
    {"id2label": {str(number): "x" for number in range(5)}},
    {"id2label": {"a": "b"}},
    {"id2label": 10**8},
    {"hidden_act": "os.system"},
    {"pad_token_id": 10**6},
    {"nested": [[10**12]]},
    {"__class__": "x"},
    {"to_dict": 10**40},
)
BAD_FORMATS: tuple[dict[str, Any], ...] = (
    *({"num_bits": bits} for bits in (0, 1, 9, -1, 10**9, "4", 4.0, True, None)),
    {"type": "Unknown"},
    {"type": "PerTensor"},
    {"type": ["AffineSpec"]},
    {"granularity": None},
    {"granularity": {"type": "RowGroups", "num_groups": 10**9}},
    {"granularity": {"type": "RowGroups", "num_groups": 0}},
    {"granularity": {"type": "RowGroups", "num_groups": -4}},
    {"granularity": {"type": "RowGroups", "num_groups": "4"}},
    {"granularity": {"type": "RowGroups", "num_groups": 2}},
    {"granularity": {"type": "ColumnGroups", "group_size": 10**30}},
    {"granularity": {"type": "ColumnGroups", "group_size": 2}},
    {"granularity": {"type": "MovingAverage"}},
    {"granularity": {"type": "PerTensor", "extra": 1}},
    {"observer": {"type": "MinMax"}},
    {"observer": 5},
    {"symmetric": "no"},
    {"symmetric": 1},
    {"clip_gradient": None},
    {"surprise": 1},
)
BAD_PLANS: tuple[Any, ...] = (
    [],
    None,
    5,
    {},
    {"version": 1},
    {"version": 1, "layers": []},
    {"version": 1, "layers": {"bert": {}}},
    {"version": 1, "layers": {"bert.nothing": {}}},
    {"version": 2, "layers": {}},
    {"version": 1, "layers": {}},
)
BAD_TEXTS = (
    b"",
    b"[]",
    b"5",
    b"null",
    b'{"a": 1, "a": 1}',
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": ' + b"[" * 50_000,
    b"[" * 5_000 + b"]" * 5_000,
    b"9" * 10_000,
    b'{"a": "\xff"}',
    b'{"\\ud800": 1}',
    b"\xef\xbb\xbf{}",
    b"{} {}",
)
