"""Which of ONNX Runtime's products are used."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.layers import layer_shapes
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes import OnnxRuntime
from qbert_lightning.runtimes import onnx_runtime as onnx_file
from tests.runtimes.tiny_models import deployed, padded_batch, quantized, tiny_model

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


@torch.no_grad()
@pytest.mark.parametrize("weight", [AffineSpec(8, symmetric=True), AffineSpec(4)])
def test_inputs_stay_in_floats_where_weights_alone_are_quantized(
    weight: AffineSpec, tmp_path: Path
) -> None:
    scheme, layers = QuantScheme(weight), layer_shapes(tiny_model())
    model, plan = quantized("labels", QuantPlan(dict.fromkeys(layers, scheme)))
    engine, batch = deployed(OnnxRuntime(), model, plan, tmp_path), padded_batch()
    expected = model(**batch).logits
    assert torch.allclose(engine(**batch).logits, expected, atol=1e-5)
