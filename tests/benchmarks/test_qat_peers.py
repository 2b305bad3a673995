"""Peers of quantization-aware training, and what is said where they are missing."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.benchmarks import qat_contestants
from qbert_lightning.benchmarks.installed import not_installed
from qbert_lightning.benchmarks.qat_contestants import contestants, missing_peers
from qbert_lightning.benchmarks.qat_peers import PEERS, Peer


@pytest.mark.parametrize("who", PEERS)
def test_a_layer_gives_the_product_to_8_bits_and_trains_its_parameters(
    who: str,
) -> None:
    peer = PEERS[who]
    if reason := not_installed(peer.needs):
        pytest.skip(f"{who}: {reason}")
    torch.manual_seed(0)
    linear, x = nn.Linear(32, 16), torch.randn(8, 32)
    expected = linear(x)
    layer = peer.layer(linear).train()
    y = layer(x)
    error = (y - expected).abs().max()
    assert 0 < error < 0.05 * expected.abs().max()
    y.sum().backward()
    assert linear.weight.grad is not None


def test_a_peer_that_is_missing_takes_no_part_and_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absent = {"absent": Peer(lambda layer: layer, {"no_such_package": "nothing"})}
    monkeypatch.setattr(qat_contestants, "PEERS", absent)
    assert "absent" not in contestants(4)
    assert missing_peers() == {"absent": "not installed: pip install nothing"}
