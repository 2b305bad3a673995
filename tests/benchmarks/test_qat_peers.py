"""Peers of quantization-aware training, and what is said where they are missing."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from qbert_lightning.benchmarks import qat_contestants
from qbert_lightning.benchmarks.installed import not_installed
from qbert_lightning.benchmarks.qat_contestants import contestants, missing_peers
from qbert_lightning.benchmarks.qat_peers import PEERS, Peer
from tests.tiny import tiny_batch, tiny_bert


def gradients(model: nn.Module) -> dict[str, Tensor]:
    """Layer → gradient of each weight of the encoder, without dropout."""
    for module in model.train().modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    model(**tiny_batch()).loss.backward()
    return {
        name.removesuffix(".weight").removesuffix(".linear"): parameter.grad
        for name, parameter in model.named_parameters()
        if ".layer." in name and name.endswith("weight") and parameter.grad is not None
    }


@pytest.mark.parametrize("who", PEERS)
def test_every_matrix_of_the_encoder_is_in_8_bits_and_trained(who: str) -> None:
    peer = PEERS[who]
    if reason := not_installed(peer.needs):
        pytest.skip(f"{who}: {reason}")
    exact = gradients(tiny_bert())
    found = gradients(peer.prepare(tiny_bert()))
    assert found.keys() == exact.keys()
    for name, gradient in exact.items():
        error = (found[name] - gradient).norm() / gradient.norm()
        assert 0 < error < 0.3, name


def test_a_peer_that_is_missing_takes_no_part_and_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absent = {"absent": Peer(lambda model: model, {"no_such_package": "nothing"})}
    monkeypatch.setattr(qat_contestants, "PEERS", absent)
    assert "absent" not in contestants(4)
    assert missing_peers() == {"absent": "not installed: pip install nothing"}
