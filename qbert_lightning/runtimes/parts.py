"""Large batches, answered a few texts at a time.

What a network computes with for a few hundred tokens stays in a core's cache; for a
large batch every operation reads its input from memory and writes its output there.
Parts are as fast or faster, and take less memory.
"""

from __future__ import annotations

import numpy as np

from qbert_lightning.runtimes.engine_model import Answer, Arrays

TOKENS_PER_THREAD = 512
"""Fewer take longer. Where 4096 tokens were answered at once, OpenVINO took up to 1.06
times as long and ONNX Runtime 1.25 times (one core with AVX512-VNNI), and they had
grown by 34 and 77 MiB more (MiniLM-L6)."""


def in_parts(answer: Answer, most_tokens: int) -> Answer:
    """The same answers up to rounding, a few texts at a time.

    Args:
        answer: A compiled network.
        most_tokens: Of a part; a text with more is a part of its own.
    """

    def answered(inputs: Arrays) -> Arrays:
        batch, tokens = inputs["input_ids"].shape
        rows = max(1, most_tokens // max(1, tokens))
        if batch <= rows:
            return answer(inputs)
        parts = [
            answer({name: ids[start : start + rows] for name, ids in inputs.items()})
            for start in range(0, batch, rows)
        ]
        names = parts[0].keys()
        return {name: np.concatenate([part[name] for part in parts]) for name in names}

    return answered
