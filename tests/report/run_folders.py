"""Run folders as a run leaves them, made up: what the report is tested on."""

from __future__ import annotations

import itertools
import json
import math
import random
import statistics
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

SPLITS = {
    "train": "SST-2 train without the held-out part",
    "val": "2 % of SST-2 train, held out",
    "test": "SST-2 dev",
}
FLOAT_SCORE = 0.9231
CURVATURES = (1.0, 0.8, 0.85, 1.2, 1.4, 1.3, 1.9, 2.2, 2.4, 0.8, 0.35, 0.33)
Point = tuple[str, float, int, int, int]  # method, bits, groups, embedding bits, seed


def record(**changes: object) -> dict[str, Any]:
    """A valid record of one finished run, with some entries changed."""
    base = {
        "version": 1,
        "kind": "run",
        "name": "sst2-qbert-w4-g12-s0",
        "status": "finished",
        "fingerprint": "",
        "started": "2026-03-04T10:00:00+00:00",
        "duration_s": 75.5,
        "seed": 0,
        "config": {"seed": 0, "quant": {"weight_bits": 4, "groups": 12}},
        "overrides": [],
        "metrics": {
            "test/accuracy": 0.9,
            "float/test/accuracy": FLOAT_SCORE,
            "quant/drop": 0.0231,
            "quant/average_bits": 4.0,
            "quant/size_mb": 63.4,
            "quant/compression": 6.55,
        },
        "primary_metric": "test/accuracy",
        "splits": SPLITS,
        "task": "sst2",
        "method": "qbert",
        "bits": {"bert.encoder.layer.0": 4, "bert.encoder.layer.1": 4},
        "sensitivity": None,
        "stages": {},
        "environment": {
            "git_commit": "0123456789abcdef",
            "git_dirty": False,
            "hardware": {
                "cpu": "Example CPU",
                "cores": 2,
                "threads": 2,
                "memory_gib": 24,
                "gpus": [],
            },
        },
        "data": {"fingerprint": "d", "rows": {}, "source": "made up"},
        "error": None,
    }
    return base | changes


def write_run(
    folder: Path,
    run: Mapping[str, Any],
    history: Iterable[Mapping[str, Any]] = (),
) -> Path:
    """Write `run.json` and, if there are rows, `metrics.jsonl` into a new folder."""
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    rows = [json.dumps(row) for row in history]
    if rows:
        (folder / "metrics.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def write_sweep(
    root: Path, num_runs: int, num_layers: int = 12, distinct: bool = False
) -> Path:
    """Write a believable sweep: methods × bits × groups × embedding bits × seeds.

    Args:
        root: Folder below which each run gets one of its own.
        num_runs: How many runs to write.
        num_layers: Encoder blocks of each model.
        distinct: Give every run a setting of its own instead of repeating by seed.
    """
    draw = random.Random(0)
    for i, point in enumerate(itertools.islice(_points(), num_runs)):
        score = _score(point, draw)
        run = _sweep_record(i, point, num_layers, score)
        if distinct:
            rate = f"{1 + point[-1]}e-05"
            run["config"]["quantize"] = {"lr": rate}
            run["overrides"].append(f"quantize.lr={rate}")
        write_run(root / "runs" / f"{i:04d}", run, _history(score, draw))
    return root


def _points() -> Iterator[Point]:
    methods = [
        ("float", 32.0, 1),
        ("q8bert", 8.0, 1),
        *(("directq", bits, 1) for bits in (4.0, 3.0, 2.0)),
        *(("qbert", b, g) for b in (4.0, 3.0, 2.0) for g in (12, 128, 768)),
        *(("qbert_mp", bits, 128) for bits in (3.0, 2.5, 2.25)),
        *(("qbert_mp", b, g) for g in (1, 12, 768) for b in (2.75, 2.5, 2.25, 3.25)),
    ]
    for pair in itertools.count():
        for embedding, seed in itertools.product((8, 4), (2 * pair, 2 * pair + 1)):
            for method, bits, groups in methods:
                yield method, bits, groups, embedding, seed


def _score(point: Point, draw: random.Random) -> float:
    method, bits, groups, embedding, _ = point
    loss = {"float": 0.0, "q8bert": 0.003, "directq": 0.03}.get(method, 0.004)
    loss += 0 if bits >= 8 else 0.6 * 2.0 ** (-1.6 * bits) * (1 + 1.2 / groups**0.5)
    loss += 0.012 if embedding == 4 and method != "float" else 0
    loss -= 0.035 if method == "qbert_mp" else 0
    return FLOAT_SCORE - max(loss, 0.001) + draw.gauss(0, 0.0025)


def _sweep_record(
    i: int, point: Point, num_layers: int, score: float
) -> dict[str, Any]:
    method, bits, groups, embedding, seed = point
    is_mixed = method == "qbert_mp"
    blocks = [f"bert.encoder.layer.{layer}" for layer in range(num_layers)]
    name = f"sst2-{method}-w{bits:g}-g{groups}"
    stage = {"folder": "stages/x", "seconds": 48.0}
    stages = {"finetune": stage | {"key": f"a{seed}", "reused": i > 40}}
    if is_mixed:
        stages["analyze"] = stage | {"key": f"b{seed}", "reused": i > 40}
    stages["quantize"] = stage | {"key": f"c{i}", "reused": False}
    allocator: dict[str, Any] = {"_target_": "Ranked" if is_mixed else "Uniform"}
    if is_mixed:
        allocator["average_bits"] = bits
    return record(
        name=f"{name}{'-e4' if embedding == 4 else ''}-s{seed}",
        fingerprint=f"f{i}",
        started=f"2026-03-04T{10 + i // 60 % 12:02d}:{i % 60:02d}:00+00:00",
        seed=seed,
        method=method,
        overrides=[f"quant.embedding_bits={embedding}", f"method={method}"],
        config={
            "seed": seed,
            "name": None,
            "paths": {"output_dir": f"outputs/{i}"},
            "method": {"_target_": f"Method{method}", "name": method},
            "allocator": allocator,
            "quant": {
                "weight_bits": math.floor(bits),
                "groups": groups,
                "embedding_bits": embedding,
                "activation_bits": 8,
                "rules": {"encoder": {"observer": method}},
            },
        },
        metrics=_metrics(point, score),
        bits={} if method == "float" else _plan(bits, blocks),
        sensitivity=_sensitivity(blocks) if is_mixed else None,
        stages=stages,
    )


def _metrics(point: Point, score: float) -> dict[str, float]:
    method, bits, groups, embedding, _ = point
    average = bits if method == "float" else bits + groups * 0.0004
    size = 415.4 if method == "float" else 22.7 * embedding / 8 + 10.14 * average
    metrics = {
        "test/accuracy": score,
        "test/loss": 0.3,
        "float/test/accuracy": FLOAT_SCORE,
        "quant/average_bits": average,
        "quant/size_mb": size,
        "quant/compression": 415.4 / size,
    }
    if method != "float":
        metrics["quant/drop"] = FLOAT_SCORE - score
    return metrics


def _plan(bits: float, blocks: list[str]) -> dict[str, int]:
    num_wider = round(bits % 1 * len(blocks))
    ranked = sorted(range(len(blocks)), key=lambda layer: -CURVATURES[layer % 12])
    wider = set(ranked[:num_wider])
    return {
        block: math.floor(bits) + (layer in wider) for layer, block in enumerate(blocks)
    }


def _sensitivity(blocks: list[str]) -> dict[str, Any]:
    draw = random.Random(1)
    samples = {
        block: [CURVATURES[i % 12] * draw.lognormvariate(0, 0.35) for _ in range(10)]
        for i, block in enumerate(blocks)
    }
    return {
        "metric": "hessian_eigenvalue",
        "importance": {
            block: abs(statistics.fmean(values)) + statistics.stdev(values)
            for block, values in samples.items()
        },
        "scores": {},
        "samples": samples,
    }


def _history(score: float, draw: random.Random) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for prefix, start in (("float/", 0.69), ("", 0.45)):
        for step in range(0, 400, 5):
            loss = 0.18 + (start - 0.18) * math.exp(-step / 90) + draw.gauss(0, 0.02)
            rows.append({"step": step, "epoch": 0, f"{prefix}train/loss": loss})
        for step in range(50, 401, 50):
            value = score - 0.15 * math.exp(-step / 90) + draw.gauss(0, 0.003)
            rows.append({"step": step, "epoch": 0, f"{prefix}val/accuracy": value})
    return rows
