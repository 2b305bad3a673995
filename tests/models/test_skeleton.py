from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, PreTrainedTokenizerBase

from qbert_lightning.errors import QbertError
from qbert_lightning.models.skeleton import (
    build_skeleton,
    config_from,
    load_skeleton,
    task_head,
)
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


@pytest.mark.parametrize(
    ("named", "complaint"),
    [(["BertModel"], "BertModel"), ([], "none"), (5, "none"), (None, "none")],
)
def test_headless_architecture_is_refused(named: object, complaint: str) -> None:
    config = BertConfig()
    config.architectures = named
    with pytest.raises(QbertError, match=f"folder: architecture {complaint}") as error:
        task_head(config, "folder")
    assert error.value.code == 4


def test_a_skeleton_without_memory_has_the_same_shapes() -> None:
    values = BertConfig(architectures=["BertForSequenceClassification"]).to_dict()
    config = config_from(values, "file")
    outline = build_skeleton(config, "file", device="meta")
    assert {tensor.device.type for tensor in outline.state_dict().values()} == {"meta"}
    assert outline.bert.embeddings.word_embeddings.weight.shape == (30522, 768)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"model_type": "gpt2"}, "model_type 'gpt2': accepted bert"),
        ({"model_type": ["bert"]}, "model_type"),
        ({"num_attention_heads": 0}, "accepted the configuration of a BERT"),
        ({"hidden_size": "many"}, "accepted the configuration of a BERT"),
    ],
)
def test_an_unusable_configuration_is_refused(
    changes: dict[str, object], complaint: str
) -> None:
    values = BertConfig(architectures=["BertForSequenceClassification"]).to_dict()
    with pytest.raises(QbertError, match=complaint) as error:
        build_skeleton(config_from({**values, **changes}, "file"), "file", "meta")
    assert error.value.code == 4
