"""ONNX Runtime gives the fake-quantized model's logits, from one sealed file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.runtimes import OnnxRuntime
from qbert_lightning.runtimes import onnx_runtime as onnx_file
from tests.runtimes.tiny_models import (
    deployed,
    deviation,
    padded_batch,
    quantized,
    tiny_model,
)

for package in ("onnx", "onnxruntime"):
    pytest.importorskip(package, reason=f"needs the extra `export` ({package})")

CASES = [
    ("labels", "float_plan"),
    ("labels", "q8bert"),
    ("regression", "directq"),
    ("tags", "qbert"),
    ("answers", "qbert"),
]


@pytest.mark.parametrize(("head", "plan_name"), CASES)
def test_logits_are_those_of_the_fake_quantized_model(
    head: str, plan_name: str, tmp_path: Path
) -> None:
    model, plan = quantized(head, plan_name)
    engine = deployed(OnnxRuntime(), model, plan, tmp_path)
    error, effect = deviation(engine, model, tiny_model(head))
    if plan_name == "float_plan":
        assert error < 1e-5
    else:  # a value at the edge of two levels may fall to the other side
        assert error < 0.2 * effect


def test_an_altered_file_is_refused(tmp_path: Path) -> None:
    model, plan = quantized("labels", "float_plan")
    engine = deployed(OnnxRuntime(), model, plan, tmp_path)
    folder = tmp_path / "deployed"
    again = OnnxRuntime().load(folder)
    batch = padded_batch()
    assert torch.equal(again(**batch).logits, engine(**batch).logits)
    for name in (OnnxRuntime.file_name, "config.json"):
        file = folder / name
        original = file.read_bytes()
        middle, end = len(original) // 2, len(original) - 1
        for altered in (
            original[:middle],
            b"",
            original[:middle] + bytes([original[middle] ^ 1]) + original[middle + 1 :],
            original[:end] + bytes([original[end] ^ 1]),
        ):
            file.write_bytes(altered)
            with pytest.raises(QbertError) as caught:
                OnnxRuntime().load(folder)
            assert caught.value.code == 4
        file.write_bytes(original)


@pytest.mark.parametrize("is_exact", [True, False])
def test_the_slower_products_are_for_processors_that_saturate(
    is_exact: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    asked: list[str] = []

    class Options(onnxruntime.SessionOptions):
        def add_session_config_entry(self, key: str, value: str) -> None:
            asked.append(key)
            super().add_session_config_entry(key, value)

    monkeypatch.setattr(onnxruntime, "SessionOptions", Options)
    monkeypatch.setattr(onnx_file, "cpu_is_exact", lambda: is_exact)
    model, plan = quantized("labels", "float_plan")
    deployed(OnnxRuntime(), model, plan, tmp_path)
    assert ("session.x64quantprecision" in asked) is not is_exact
