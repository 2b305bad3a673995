from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from qbert_lightning.benchmarks import StartupBenchmark, Subject
from qbert_lightning.benchmarks import startup as benchmark_file
from qbert_lightning.benchmarks.startup_commands import COMMANDS, StartupCommand
from qbert_lightning.benchmarks.startup_loads import LOADS
from qbert_lightning.errors import QbertError
from qbert_lightning.export import load_packed
from tests.benchmarks.quantized_problem import saved_models
from tests.tiny import tiny_batch


def test_commands_and_loads_take_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    float_folder, quantized = saved_models(tmp_path)
    happened: list[str] = []

    class Loader:
        def __init__(self, module: str, arguments: Sequence[str], *_: object) -> None:
            packed, given = map(Path, arguments)
            [batch] = [tiny_batch()]
            with torch.no_grad():
                logits = load_packed(packed)[0](**batch).logits
            assert logits.shape == (6, 3)
            assert given == float_folder

        def __enter__(self) -> Loader:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def ask(self, task: Mapping[str, Any]) -> dict[str, float]:
            happened.append(task["how"])
            return {"wall_s": 1.0, "cpu_s": float(len(task["how"]))}

    def seconds(command: StartupCommand, folder: Path) -> dict[str, float]:
        happened.append(str(command.arguments))
        return {"wall_s": 2.0, "cpu_s": 4.0 if "status" in command.arguments else 2.0}

    monkeypatch.setattr(benchmark_file, "AskedProcess", Loader)
    monkeypatch.setattr(StartupCommand, "seconds", seconds)
    (tmp_path / "bench").mkdir()
    outcome = StartupBenchmark(rounds=2).run(
        Subject(lambda: float_folder, lambda *_: [], lambda overrides: quantized),
        tmp_path / "bench",
        lambda line: None,
    )
    assert happened == 2 * [*(str(c.arguments) for c in COMMANDS.values()), *LOADS]
    rows = {row[0]: row[1:] for row in outcome.rows}
    assert rows["import torch"] == ("2.000", "2.000", "1", "")
    status = ("2.000", "4.000", "2.0 [2.0, 2.0]", "import torch")
    assert rows["qbert status"] == status
    assert rows["qbert_lightning.load"][3] == "safetensors.load_file and SHA-256"
    assert len(outcome.measurements) == 2 * (len(COMMANDS) + len(LOADS))


@pytest.mark.parametrize("key", ["rounds", "num_threads"])
def test_counts_are_positive(key: str) -> None:
    with pytest.raises(QbertError, match=rf"bench\.{key}=0: accepted 1 or more"):
        StartupBenchmark(**{key: 0})
