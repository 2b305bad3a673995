"""OpenVINO's core: one for the whole process, for as long as it lives."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import openvino as ov


@cache
def core() -> ov.Core:
    """What reads and compiles networks.

    Each core gives signals a stack of its own, and puts back the one that it found when
    it goes. Of two, the first to come must not be the first to go: what the second puts
    back is gone then, and the next signal that is handled, such as a Ctrl-C, ends the
    process (OpenVINO 2026.4).
    """
    import openvino

    return openvino.Core()
