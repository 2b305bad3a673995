"""Which of ONNX Runtime's products are used."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.runtimes import OnnxRuntime
from qbert_lightning.runtimes import onnx_runtime as onnx_file
from tests.runtimes.tiny_models import deployed, quantized

for package in ("onnx", "onnxruntime"):
    pytest.importorskip(package, reason=f"needs the extra `export` ({package})")


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
