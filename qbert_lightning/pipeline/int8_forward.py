"""Whether a quantized model computes its products on 8-bit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch

CPU_FACTS = Path("/proc/cpuinfo")
# Instructions that add up products of bytes, of x86 processors as Linux names them.
CPU_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
# The first GPUs whose tensor cores PyTorch gives 8-bit products to.
GPU_CAPABILITY = (8, 0)


def uses_int8(setting: Literal["auto"] | bool, device: torch.device) -> bool:
    """What ``quantize.int8_forward`` comes to on a device.

    Args:
        setting: ``auto`` asks the hardware.
        device: Where the model is trained or answers.
    """
    return has_fast_int8(device) if setting == "auto" else bool(setting)


def has_fast_int8(device: torch.device) -> bool:
    """Whether 8-bit products are faster than float ones on ``device``."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= GPU_CAPABILITY
    return device.type == "cpu" and bool(CPU_FLAGS & _cpu_flags())


def _cpu_flags() -> set[str]:
    """Flags of the first processor; none where the system does not tell."""
    try:
        facts = CPU_FACTS.read_text(encoding="utf-8")
    except OSError:
        return set()
    for line in facts.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return set(value.split())
    return set()
