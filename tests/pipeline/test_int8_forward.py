"""When a training works on 8-bit codes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.pipeline import int8_forward
from qbert_lightning.pipeline.int8_forward import has_fast_int8, uses_int8

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("flags", "fast"),
    [
        ("fpu avx2", False),
        ("avx2 avx512_vnni", True),
        ("avx_vnni", True),
        ("amx_int8 avx2", True),
        ("", False),
    ],
)
def test_processors_are_asked_for_their_instructions(
    flags: str, fast: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = tmp_path / "cpuinfo"
    facts.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    monkeypatch.setattr(int8_forward, "CPU_FACTS", facts)
    assert has_fast_int8(CPU) is fast
    assert uses_int8("auto", CPU) is fast
    assert uses_int8(True, CPU)
    assert not uses_int8(False, CPU)


def test_a_system_that_does_not_tell_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8_forward, "CPU_FACTS", tmp_path / "none")
    assert not has_fast_int8(CPU)


@pytest.mark.parametrize(("capability", "fast"), [((7, 5), False), ((8, 0), True)])
def test_gpus_are_asked_for_their_generation(
    capability: tuple[int, int], fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert has_fast_int8(torch.device("cuda", 0)) is fast
