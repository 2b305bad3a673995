from __future__ import annotations

import json
from pathlib import Path

import pytest
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext
from omegaconf import OmegaConf

from qbert_lightning.cli import run_command
from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline import ablate
from tests.pipeline.test_loop import SMALL
from tests.report.run_folders import record

SETTINGS = {
    "baseline": ["quant.groups=128"],
    "changes": {"half": ["quant.weight_bits=2"]},
    "seeds": [0, 1],
}


class _Launcher:
    """Runs nothing, writes records; jobs of the listed numbers fail."""

    def __init__(self, folder: Path, failing: set[int], error: type | None) -> None:
        self.folder, self.failing, self.error = folder, failing, error

    def launch(
        self, job_overrides: list[list[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        returns = []
        for number, job in enumerate(job_overrides, initial_job_idx):
            if number in self.failing:
                if self.error:
                    raise self.error
                failure = RuntimeError("no")
                returns.append(
                    JobReturn(status=JobStatus.FAILED, _return_value=failure)
                )
                continue
            values = {
                one.key_or_group: one.value()
                for one in OverridesParser.create().parse_overrides(job)
            }
            size = 5.0 if values.get("quant.weight_bits") == 2 else 10.0
            metrics = {"test/accuracy": 0.5 + number / 8, "quant/size_mb": size}
            made = record(
                seed=values["seed"], metrics=metrics, config={"tags": values["tags"]}
            )
            (self.folder / str(number)).mkdir()
            (self.folder / str(number) / "run.json").write_text(json.dumps(made))
            done = metrics["test/accuracy"], size
            returns.append(JobReturn(status=JobStatus.COMPLETED, _return_value=done))
        return returns


def run(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: set[int] | None = None,
    error: type | None = None,
) -> object:
    monkeypatch.setattr(
        ablate,
        "parse_overrides",
        lambda lines, _: OverridesParser.create().parse_overrides(list(lines)),
    )
    hydra = {"sweep": {"dir": str(folder)}, "job": {"config_name": "run"}}
    config = OmegaConf.create({"hydra": hydra, "tags": []})
    loader: ConfigLoader = None  # type: ignore[assignment]
    context = HydraContext(config_loader=loader, callbacks=None)  # type: ignore[arg-type]
    launcher: object = _Launcher(folder, failing or set(), error)
    return ablate.run_ablation(SETTINGS, [], config, context, launcher)  # type: ignore[arg-type]


def test_all_jobs_are_launched_and_the_effects_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, monkeypatch)
    data = json.loads((tmp_path / "ablation.json").read_text())
    assert [row["overrides"] for row in data["changes"]] == [
        ["quant.groups=128"],
        ["quant.weight_bits=2"],
    ]
    assert data["changes"][1]["score"] == {"mean": 0.25, "half_width": 0.0, "n": 2}
    assert data["changes"][1]["size_mb"]["mean"] == -5.0
    assert "+0.2500 ± 0.0000*" in capsys.readouterr().out


def test_a_failed_job_is_told_after_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(QbertError, match="1 of 4 jobs failed") as caught:
        run(tmp_path, monkeypatch, failing={2})
    assert caught.value.code == 1
    half = json.loads((tmp_path / "ablation.json").read_text())["changes"][1]
    assert half["score"]["n"] == 1
    assert half["score"]["half_width"] is None


def test_an_interrupted_ablation_reports_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, monkeypatch, failing={3}, error=KeyboardInterrupt)
    half = json.loads((tmp_path / "ablation.json").read_text())["changes"][1]
    assert half["score"]["n"] == 1


@pytest.mark.slow
def test_an_ablation_on_the_command_line_leaves_modules_in_floating_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes against counts of weights: layers of 4 * 32² and of 2 * 32 * 64."""
    monkeypatch.chdir(tmp_path)
    steps = ["finetune.max_steps=1", "quantize.max_steps=1", "hydra.sweep.dir=s"]
    launcher = "hydra/launcher=basic"
    command = ["run", "ablation=modules", "seed=3", launcher, *SMALL, *steps]
    assert run_command(command) == 0
    data = json.loads(Path("s/ablation.json").read_text())
    change = {one["change"]: one["size_mb"] for one in data["changes"]}
    attention, feed_forward = 2 * 4 * 32 * 32, 2 * 2 * 32 * 64
    ranges = {"attention": 2 * 4 * 4 * 64, "feed_forward": 2 * 2 * 4 * 64}
    dearer = {
        "attention_only": feed_forward * 30 - ranges["feed_forward"],
        "feed_forward_only": attention * 30 - ranges["attention"],
        "embeddings_only": (attention + feed_forward) * 30 - sum(ranges.values()),
    }
    for name, bits in dearer.items():
        assert change[name]["mean"] == pytest.approx(bits / 8 / 2**20)
        assert change[name]["half_width"] is None
    tags = json.loads(Path("s/1/run.json").read_text())["config"]["tags"]
    assert tags == ["change:attention_only"]
