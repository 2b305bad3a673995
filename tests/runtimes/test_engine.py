"""Every engine gives the fake-quantized model's logits, from one sealed file."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.functional.integer_product import cpu_is_exact
from qbert_lightning.runtimes import OnnxRuntime, OpenVino
from qbert_lightning.runtimes.engine import Engine
from tests.runtimes.tiny_models import (
    deployed,
    deviation,
    padded_batch,
    quantized,
    tiny_model,
)


def engine_or_skip(engine: Engine, *, needs_vnni: bool = False) -> object:
    """A parameter that is skipped where the engine is missing or cannot be right."""
    missing = [name for name in engine.packages if find_spec(name) is None]
    reason = f"needs the extra `export` ({', '.join(missing)})"
    if not missing and needs_vnni and not cpu_is_exact():
        missing, reason = ["VNNI"], "8-bit products saturate on this processor"
    skip = pytest.mark.skipif(bool(missing), reason=reason)
    return pytest.param(engine, marks=skip, id=type(engine).__name__)


engines = pytest.mark.parametrize(
    "runtime",
    [engine_or_skip(OpenVino(), needs_vnni=True), engine_or_skip(OnnxRuntime())],
)


@engines
@pytest.mark.parametrize(
    ("head", "plan_name"),
    [
        ("labels", "float_plan"),
        ("labels", "qbert"),
        ("regression", "directq"),
        ("tags", "q8bert"),
        ("answers", "qbert"),
    ],
)
def test_logits_are_those_of_the_fake_quantized_model(
    runtime: Engine, head: str, plan_name: str, tmp_path: Path
) -> None:
    model, plan = quantized(head, plan_name)
    engine = deployed(runtime, model, plan, tmp_path)
    error, effect = deviation(engine, model, tiny_model(head))
    if plan_name == "float_plan":
        assert error < 1e-5
    else:  # a value at the edge of two levels may fall to the other side
        assert error < 0.2 * effect


@engines
def test_an_altered_file_is_refused(runtime: Engine, tmp_path: Path) -> None:
    model, plan = quantized("labels", "float_plan")
    engine = deployed(runtime, model, plan, tmp_path)
    folder, batch = tmp_path / "deployed", padded_batch()
    assert torch.equal(runtime.load(folder)(**batch).logits, engine(**batch).logits)
    for name in (runtime.file_name, "config.json"):
        file = folder / name
        original = file.read_bytes()
        middle, end = len(original) // 2, len(original) - 1
        for altered in (
            original[:middle],
            b"",
            original[:middle] + bytes([original[middle] ^ 1]) + original[middle + 1 :],
            original[:end] + bytes([original[end] ^ 128]),
        ):
            file.write_bytes(altered)
            with pytest.raises(QbertError) as caught:
                runtime.load(folder)
            assert caught.value.code == 4
        file.write_bytes(original)
    (folder / runtime.file_name).unlink()
    with pytest.raises(QbertError, match="no such file"):
        runtime.load(folder)
