from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.benchmarks.startup_loads import LOADS, timed_load
from qbert_lightning.errors import QbertError
from qbert_lightning.export import load_checkpoint, save_packed
from qbert_lightning.models import load_tokenizer
from tests.benchmarks.quantized_problem import saved_models


def test_every_load_is_of_the_files_given(tmp_path: Path) -> None:
    float_folder, quantized = saved_models(tmp_path)
    model, plan = load_checkpoint(quantized)
    packed = tmp_path / "packed"
    packed.mkdir()
    save_packed(model, plan, load_tokenizer(str(quantized)), packed)
    for how in LOADS:
        assert timed_load(how, packed, float_folder).keys() == {"wall_s", "cpu_s"}
    file = packed / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    for how in ("read and verify", "qbert_lightning.load"):
        with pytest.raises(QbertError):
            timed_load(how, packed, float_folder)
