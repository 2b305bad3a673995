"""A network for one length gives the answers of the one for every length."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.export import read_container, write_container
from qbert_lightning.export.companions import deciding_files
from qbert_lightning.functional.integer_product import cpu_is_exact
from qbert_lightning.runtimes import OpenVino, OpenVinoFixed
from qbert_lightning.runtimes.mapped_tensor import MappedTensor
from qbert_lightning.runtimes.openvino_network import OpenVinoNetwork
from tests.runtimes.tiny_models import deployed, padded_batch, quantized

pytest.importorskip("openvino", reason="needs the extra `export` (openvino)")
pytestmark = pytest.mark.skipif(
    not cpu_is_exact(), reason="8-bit products saturate on this processor (no VNNI)"
)

TOKENS = 9


@torch.no_grad()
@pytest.mark.parametrize("weights", ["int8", "packed"])
@pytest.mark.parametrize(
    ("head", "plan_name"),
    [
        ("labels", "float_plan"),
        ("labels", "q8bert"),
        ("regression", "directq"),
        ("tags", "q8bert"),
        ("answers", "qbert"),
    ],
)
def test_answers_are_those_of_a_network_for_every_length(
    head: str, plan_name: str, weights: str, tmp_path: Path
) -> None:
    model, plan = quantized(head, plan_name)
    found = {}
    for runtime in (OpenVino(weights), OpenVinoFixed(TOKENS, weights)):
        folder = tmp_path / type(runtime).__name__
        folder.mkdir()
        found[runtime.tokens] = deployed(runtime, model, plan, folder)
    for texts, length in ((1, TOKENS), (5, TOKENS), (3, 4), (1, 1)):
        batch = padded_batch(texts, length)
        every, one = (found[tokens](**batch) for tokens in (None, TOKENS))
        assert type(every) is type(one)
        for name, value in every.items():
            assert one[name].shape == value.shape
            # What is padded itself has no meaning.
            counts = batch["attention_mask"].bool()
            by_token = value.shape[:2] == counts.shape and head != "labels"
            where = counts if by_token else slice(None)
            torch.testing.assert_close(
                one[name][where], value[where], atol=1e-5, rtol=0
            )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model, plan = quantized("labels", "q8bert")
    deployed(OpenVinoFixed(TOKENS), model, plan, tmp_path)
    return tmp_path / "deployed"


def test_the_file_itself_tells_its_length(folder: Path) -> None:
    for runtime in (OpenVino(), OpenVinoFixed(5)):
        model = runtime.load(folder)
        assert len(model(**padded_batch(2, TOKENS)).logits) == 2
        with pytest.raises(QbertError, match="10 tokens: accepted up to 9") as caught:
            model(**padded_batch(1, TOKENS + 1))
        assert caught.value.code == 4


def test_its_compiled_network_leaves_no_shape_open(folder: Path) -> None:
    file = folder / OpenVino.file_name
    text = read_container(file).tensors["network"].numpy().tobytes()
    network = OpenVinoNetwork(text, MappedTensor(file, "weights"), num_threads=1)
    assert network.tokens == TOKENS
    compiled = network._request.get_compiled_model()
    for port in (*compiled.inputs, *compiled.outputs):
        assert port.get_partial_shape().is_static


@pytest.mark.parametrize("shape", [b"2,9", b"9", b"1,9,1"])
def test_another_shape_is_refused(folder: Path, shape: bytes) -> None:
    file = folder / OpenVino.file_name
    parts = read_container(file).tensors
    text = parts["network"].numpy().tobytes()
    assert text.count(b'shape="1,9"') == 3
    text = text.replace(b'shape="1,9"', b'shape="%s"' % shape)
    changed = torch.frombuffer(bytearray(text), dtype=torch.uint8)
    write_container(file, parts | {"network": changed}, deciding_files(folder))
    with pytest.raises(QbertError) as caught:
        OpenVino().load(folder)
    assert caught.value.code == 4


def test_too_few_tokens_are_refused() -> None:
    with pytest.raises(QbertError, match=r"runtime.tokens=2: accepted 3 or more"):
        OpenVinoFixed(2)


def test_more_tokens_than_positions_are_refused(tmp_path: Path) -> None:
    model, plan = quantized("labels", "float_plan")
    positions = model.config.max_position_embeddings
    match = rf"runtime.tokens={positions + 1}: accepted up to {positions}"
    with pytest.raises(QbertError, match=match) as caught:
        deployed(OpenVinoFixed(positions + 1), model, plan, tmp_path)
    assert caught.value.code == 2
