"""A run's readable name, from what tells it apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def run_name(config: Mapping[str, Any]) -> str:
    """The configured name, or one made of task, method, bits, groups and seed.

    Args:
        config: The resolved configuration.

    >>> run_name({"name": None, "seed": 1, "task": {"name": "sst2"},
    ...     "method": {"name": "qbert"}, "allocator": {},
    ...     "quant": {"weight_bits": 4, "groups": 128, "activation_bits": 8}})
    'sst2-qbert-w4a8-g128-s1'
    """
    if config["name"]:
        return str(config["name"])
    quant, allocator = config["quant"], config["allocator"]
    parts = [config["task"]["name"], config["method"]["name"]]
    candidates = allocator.get("candidate_bits")
    if candidates:
        kind = allocator["_target_"].rpartition(".")[2].lower()
        parts += [kind, "w" + "".join(str(bits) for bits in candidates)]
    elif "weight_bits" in quant:
        parts.append(f"w{quant['weight_bits']}")
    if "activation_bits" in quant:
        parts[-1] += f"a{quant['activation_bits']}"
    if "groups" in quant:
        parts.append(f"g{quant['groups']}")
    return "-".join([*parts, f"s{config['seed']}"])
