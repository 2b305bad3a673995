from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, PreTrainedTokenizerBase

from qbert_lightning.errors import QbertError
from qbert_lightning.models.skeleton import load_skeleton, task_head
from tests.models.checkpoints import save_checkpoint


def test_same_parameters_without_weights(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    saved = save_checkpoint(tmp_path, tokenizer, "token_classification", ["O", "B-X"])
    (tmp_path / "model.safetensors").unlink()
    before = torch.get_rng_state()
    skeleton = load_skeleton(tmp_path)
    assert torch.equal(before, torch.get_rng_state())
    assert type(skeleton) is type(saved)
    assert {name: weight.shape for name, weight in skeleton.state_dict().items()} == {
        name: weight.shape for name, weight in saved.state_dict().items()
    }


def test_headless_architecture_is_refused() -> None:
    config = BertConfig(architectures=["BertModel"])
    with pytest.raises(QbertError, match="folder: architecture BertModel") as error:
        task_head(config, "folder")
    assert error.value.code == 4
