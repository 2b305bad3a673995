"""A run's readable name, from what tells it apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qbert_lightning.plan import BLOCK_WORDS

PAPERS_METRIC = "qbert_lightning.sensitivity.HessianEigenvalue"
PAPERS_BLOCKS = "layers"


def run_name(config: Mapping[str, Any]) -> str:
    """The configured name, or one of task, method, bits, groups, runtime and seed.

    Args:
        config: The resolved configuration.

    >>> run_name({"name": None, "seed": 1, "task": {"name": "sst2"},
    ...     "method": {"name": "qbert"}, "allocator": {},
    ...     "quant": {"weight_bits": 4, "groups": 128, "activation_bits": 8}})
    'sst2-qbert-w4a8-g128-s1'
    >>> run_name({"name": None, "seed": 1, "task": {"name": "sst2"},
    ...     "method": {"name": "q8bert"}, "allocator": {},
    ...     "quant": {"weight_bits": 8, "activation_bits": 8},
    ...     "runtime": {"_target_": "qbert_lightning.runtimes.OpenVino",
    ...                 "weights": "packed"}})
    'sst2-q8bert-w8a8-openvino-packed-s1'
    >>> run_name({"name": None, "seed": 0, "task": {"name": "sst2"},
    ...     "method": {"name": "qbert_mp"}, "quant": {}, "blocks": "matrices",
    ...     "sensitivity": {"_target_": "qbert_lightning.sensitivity.HessianTrace"},
    ...     "allocator": {"_target_": "a.Pareto", "candidate_bits": [2, 4]}})
    'sst2-qbert_mp-pareto-hessian_trace-matrices-w24-s0'
    """
    if config["name"]:
        return str(config["name"])
    quant, allocator = config["quant"], config["allocator"]
    parts = [config["task"]["name"], config["method"]["name"]]
    candidates = allocator.get("candidate_bits")
    if candidates:
        kind = allocator["_target_"].rpartition(".")[2].lower()
        parts += [kind, *_unusual(config), "w" + "".join(map(str, candidates))]
    elif any(allocator.get("bits", {}).values()):
        parts += ["given", f"w{_given(allocator['bits'], quant.get('weight_bits'))}"]
    elif "weight_bits" in quant:
        parts.append(f"w{quant['weight_bits']}")
    if "activation_bits" in quant:
        parts[-1] += f"a{quant['activation_bits']}"
    if "groups" in quant:
        parts.append(f"g{quant['groups']}")
    runtime = dict(config.get("runtime") or {})
    if runtime:
        kind = runtime.pop("_target_").rpartition(".")[2].lower()
        parts += [kind, *map(str, runtime.values())]
    return "-".join([*parts, f"s{config['seed']}"])


def _given(bits: Mapping[str, int | None], others: int | None) -> str:
    """The widths up to the last that is given; the rule's stand for what is not.

    >>> _given({"0": 2, "1": None, "2": 8, "3": None}, 4)
    '248'
    """
    widths = list(bits.values())
    while widths and widths[-1] is None:
        widths.pop()
    return "".join(str(others if width is None else width) for width in widths)


def _unusual(config: Mapping[str, Any]) -> list[str]:
    """The metric and the blocks, where they are not the paper's."""
    target = str(config.get("sensitivity", {}).get("_target_", PAPERS_METRIC))
    words = re.findall("[A-Z][a-z]*", target.rpartition(".")[2])
    metric = "_".join(words).lower().removesuffix("_sensitivity")
    blocks = config.get("blocks", PAPERS_BLOCKS)
    shown = blocks if blocks in BLOCK_WORDS else "parts"
    return [
        *([metric] if target != PAPERS_METRIC else []),
        *([shown] if blocks != PAPERS_BLOCKS else []),
    ]
