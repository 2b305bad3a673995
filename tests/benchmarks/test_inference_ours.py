"""A deployed model beside the one that it has to match."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.benchmarks.contestant import Place
from qbert_lightning.benchmarks.inference_ours import Deployed
from qbert_lightning.export import save_checkpoint
from qbert_lightning.runtimes import Integer
from tests.runtimes.tiny_models import padded_batch, quantized
from tests.tiny import tiny_tokenizer


@pytest.mark.parametrize("method", ["q8bert", "qbert"])
def test_integers_match_a_model_on_codes_to_the_bit(
    tmp_path: Path, method: str
) -> None:
    """Tokens of all positions; a label would be read from the first alone."""
    checkpoint, own = tmp_path / "checkpoint", tmp_path / "own"
    checkpoint.mkdir()
    own.mkdir()
    save_checkpoint(*quantized("tags", method), tiny_tokenizer(tmp_path), checkpoint)
    contestant, place = Deployed(Integer()), Place(checkpoint, own, 1)
    batch = padded_batch()
    with torch.inference_mode():
        wanted = contestant.prepare(place, [batch])(**batch).logits
    (given,) = contestant.load(place)(batch)
    assert torch.equal(given, wanted)
    assert [file.name for file in contestant.files(place)] == ["model.safetensors"]
