from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertModel, PreTrainedTokenizerBase

from qbert_lightning.errors import QbertError
from qbert_lightning.models import load_float
from tests.models.checkpoints import save_checkpoint


@pytest.mark.parametrize(
    ("head", "labels"),
    [
        ("sequence_classification", ["no", "yes"]),
        ("sequence_classification", None),
        ("token_classification", ["O", "B-LOC", "I-LOC"]),
        ("question_answering", None),
    ],
)
def test_saved_model_comes_back_with_the_same_outputs(
    tmp_path: Path,
    tokenizer: PreTrainedTokenizerBase,
    head: str,
    labels: list[str] | None,
) -> None:
    saved = save_checkpoint(tmp_path, tokenizer, head, labels)
    loaded, its_tokenizer = load_float(tmp_path)
    assert type(loaded) is type(saved)
    assert loaded.config.problem_type == saved.config.problem_type
    batch = its_tokenizer(["the cat sat", "a dog"], padding=True, return_tensors="pt")
    for one, two in zip(
        saved(**batch).to_tuple(), loaded(**batch).to_tuple(), strict=True
    ):
        torch.testing.assert_close(one, two)  # weights lie elsewhere in memory
    weights = loaded.state_dict()
    for name, weight in saved.state_dict().items():
        assert torch.equal(weight, weights[name]), name


def test_folder_without_a_head_is_refused(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    model = save_checkpoint(tmp_path, tokenizer, labels=["no", "yes"])
    BertModel(model.config).save_pretrained(tmp_path)
    with pytest.raises(QbertError, match="architecture BertModel: accepted") as error:
        load_float(tmp_path)
    assert error.value.code == 4


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QbertError, match="no such folder") as error:
        load_float(tmp_path / "none")
    assert error.value.code == 4
