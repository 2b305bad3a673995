"""Who trains beside float: ours on floats and on codes, and peers."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from qbert_lightning.benchmarks.installed import not_installed
from qbert_lightning.benchmarks.qat_peers import PEERS
from qbert_lightning.layers import apply_plan, layer_shapes, set_int8_forward
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import RowGroups, SchemeRule, expand_rules
from qbert_lightning.quantizers import AffineSpec

FLOAT = "float"
ENCODER, EMBEDDINGS = "*.encoder.layer.*", "*_embeddings"
Prepare = Callable[[nn.Module], nn.Module]


def contestants(groups: int) -> dict[str, Prepare]:
    """Name → what turns a float model into the contestant, or makes it of it.

    Args:
        groups: Of each matrix, for Q-BERT.
    """
    schemes = {
        "q8bert": q8bert(),
        "qbert w4": qbert(4, groups),
        "qbert w2": qbert(2, groups),
    }
    ours = {
        f"ours, {scheme}, {way}": _ours(rules, int8_forward)
        for scheme, rules in schemes.items()
        for way, int8_forward in (("fake", False), ("int8", True))
    }
    missing = missing_peers()
    peers = {who: peer.prepare for who, peer in PEERS.items() if who not in missing}
    return {FLOAT: lambda model: model, **ours, **peers}


def missing_peers() -> dict[str, str]:
    """Peers that are not installed, with what would change that."""
    reasons = {who: not_installed(peer.needs) for who, peer in PEERS.items()}
    return {who: reason for who, reason in reasons.items() if reason is not None}


def q8bert() -> dict[str, SchemeRule]:
    """Q8BERT: symmetric 8 bits; query, key and value are quantized on their way out."""
    weight = AffineSpec(8, symmetric=True, clip_gradient=False)
    activation = AffineSpec(
        8, symmetric=True, clip_gradient=False, observer=MovingAverage(0.9999)
    )
    return {
        "encoder": SchemeRule(ENCODER, weight, activation),
        "attention": SchemeRule("*.attention.self.*", weight, activation, activation),
        "embeddings": SchemeRule(EMBEDDINGS, weight),
    }


def qbert(bits: int, groups: int) -> dict[str, SchemeRule]:
    """Q-BERT: asymmetric weights in row groups, 8-bit embeddings and activations."""
    activation = AffineSpec(8, observer=MovingAverage(0.99))
    return {
        "encoder": SchemeRule(ENCODER, AffineSpec(bits, RowGroups(groups)), activation),
        "embeddings": SchemeRule(EMBEDDINGS, AffineSpec(8)),
    }


def _ours(rules: dict[str, SchemeRule], int8_forward: bool) -> Prepare:
    def prepare(model: nn.Module) -> nn.Module:
        apply_plan(model, expand_rules(rules, layer_shapes(model)))
        set_int8_forward(model, int8_forward)
        return model

    return prepare
