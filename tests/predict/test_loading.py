"""What a folder is for is told by its files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertForSequenceClassification, PreTrainedTokenizerBase

from qbert_lightning.errors import QbertError
from qbert_lightning.predict.loading import RUNTIMES, load_model
from qbert_lightning.runtimes import Integer, OnnxRuntime, OpenVino
from tests.predict.tiny_folder import tiny_folder
from tests.tiny import tiny_batch

ARCHITECTURE = "BertForSequenceClassification"


def test_a_packed_folder_is_told_from_a_float_one(
    tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    packed = load_model(tiny_folder(tmp_path, ARCHITECTURE, tokenizer), None)
    layer = packed.bert.encoder.layer[0].attention.self.query
    folder = tmp_path / "float"
    config = packed.config
    model = BertForSequenceClassification(config).eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    loaded = load_model(folder, None)
    ids = tiny_batch()["input_ids"]
    assert torch.equal(loaded(ids).logits, model(ids).logits)
    own = loaded.bert.encoder.layer[0].attention.self.query
    assert type(own) is torch.nn.Linear
    assert type(layer) is not torch.nn.Linear


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(QbertError, match=r"model\.safetensors \+ plan\.json") as no:
        load_model(tmp_path, None)
    assert no.value.code == 4


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_runtime_that_finds_nothing_says_so(runtime: str, tmp_path: Path) -> None:
    if runtime in ("openvino", "onnxruntime"):
        pytest.importorskip(runtime, reason="needs the extra `export`")
    with pytest.raises(QbertError) as caught:
        load_model(tmp_path, runtime)
    assert caught.value.code == 4


def test_runtimes_are_told_by_their_own_files() -> None:
    own = {"openvino": OpenVino, "onnxruntime": OnnxRuntime, "integer": Integer}
    for name, runtime in own.items():
        assert RUNTIMES[name].files[0] == runtime.file_name


def test_integers_answer_from_a_packed_folder(
    tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    folder = tiny_folder(tmp_path, ARCHITECTURE, tokenizer)
    ids = tiny_batch()["input_ids"]
    with torch.no_grad():
        logits = load_model(folder, None)(ids).logits
    torch.testing.assert_close(
        load_model(folder, "integer")(ids).logits, logits, atol=1e-4, rtol=0
    )
