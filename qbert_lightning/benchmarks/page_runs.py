"""Made-up run folders, as many as a page shall be measured with."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qbert_lightning.tracking import to_text

NUM_LAYERS, NUM_STEPS = 12, 80
FLOAT_SCORE, FLOAT_MIB = 0.92, 415.4
Point = tuple[str, int, int, str, int]  # method, bits, groups, learning rate, seed


def write_runs(root: Path, num_runs: int) -> Path:
    """Write run folders with records, curves and bit plans of a BERT-base's size.

    Args:
        root: Folder below which each run gets one of its own.
        num_runs: How many; every two are the seeds of one setting.
    """
    draw = random.Random(0)
    for i, point in enumerate(itertools.islice(_points(), num_runs)):
        folder = root / f"{i:04d}"
        folder.mkdir(parents=True)
        score = _score(point, draw)
        _write(folder / "run.json", to_text(_record(i, point, score)))
        lines = (to_text(row) for row in _history(score, draw))
        _write(folder / "metrics.jsonl", "\n".join(lines))
    return root


def _write(path: Path, text: str) -> None:
    # Nothing here must outlive a crash, so nothing waits for the disk.
    path.write_text(f"{text}\n", encoding="utf-8")


def _points() -> Iterator[Point]:
    for i in itertools.count():
        for method, bits, groups, seed in itertools.product(
            ("qbert", "directq"), (2, 3, 4, 8), (1, 12, 128, 768), (0, 1)
        ):
            yield method, bits, groups, f"{1 + i}e-05", seed


def _score(point: Point, draw: random.Random) -> float:
    _, bits, groups, _, _ = point
    lost = 0.6 * 2.0 ** (-1.6 * bits) * (1 + 1.2 / math.sqrt(groups))
    return FLOAT_SCORE - lost + draw.gauss(0, 0.003)


def _record(i: int, point: Point, score: float) -> dict[str, Any]:
    method, bits, groups, rate, seed = point
    size = 22.7 + 10.14 * (bits + 0.0004 * groups)
    return {
        "version": 1,
        "kind": "run",
        "name": f"sst2-{method}-w{bits}a8-g{groups}-lr{rate}-s{seed}",
        "status": "finished",
        "fingerprint": f"{i}",
        "started": f"2026-01-01T{i // 60 % 24:02d}:{i % 60:02d}:00+00:00",
        "duration_s": 60.0,
        "seed": seed,
        "task": "sst2",
        "method": method,
        "primary_metric": "test/accuracy",
        "splits": {"test": "made up"},
        "overrides": [f"quantize.optimizer.lr={rate}"],
        "config": {
            "seed": seed,
            "method": {"_target_": method},
            "quantize": {"optimizer": {"lr": rate}},
            "quant": {"weight_bits": bits, "groups": groups, "activation_bits": 8},
        },
        "metrics": {
            "test/accuracy": score,
            "float/test/accuracy": FLOAT_SCORE,
            "quant/drop": FLOAT_SCORE - score,
            "quant/average_bits": bits,
            "quant/size_mb": size,
            "quant/compression": FLOAT_MIB / size,
        },
        "bits": {f"bert.encoder.layer.{layer}": bits for layer in range(NUM_LAYERS)},
        "stages": {"quantize": {"key": f"{i}", "reused": False, "seconds": 50.0}},
        "environment": {"git_commit": "made up", "hardware": {"cpu": "made up"}},
    }


def _history(score: float, draw: random.Random) -> Iterator[dict[str, Any]]:
    for step in range(0, 5 * NUM_STEPS, 5):
        loss = 0.2 + 0.4 * math.exp(-step / 90) + draw.gauss(0, 0.02)
        yield {"step": step, "train/loss": loss}
        if step % 50 == 0:
            value = score - 0.15 * math.exp(-step / 90) + draw.gauss(0, 0.003)
            yield {"step": step, "val/accuracy": value}
