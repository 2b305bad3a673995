from __future__ import annotations

from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from qbert_lightning.pipeline.job_launch import Ended, job_folder, launch, sweep_folder


class _Launcher:
    """Fails the jobs that are told to."""

    def launch(
        self, job_overrides: list[list[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        returns = []
        for number, job in enumerate(job_overrides, initial_job_idx):
            failed = job == ["fail"]
            value = RuntimeError("no") if failed else (float(number), 1.0)
            status = JobStatus.FAILED if failed else JobStatus.COMPLETED
            returns.append(JobReturn(overrides=job, status=status, _return_value=value))
        return returns


def test_a_failed_job_is_told_and_raises_nothing() -> None:
    launcher: object = _Launcher()
    jobs = [("a=1",), ("fail",), ("a=2",)]
    returned = launch(launcher, jobs, 4)  # type: ignore[arg-type]
    assert returned == [
        Ended((4.0, 1.0), is_failed=False),
        Ended(None, is_failed=True),
        Ended((6.0, 1.0), is_failed=False),
    ]


def test_folders_are_those_of_hydra(tmp_path: Path) -> None:
    settings = {"dir": str(tmp_path / "s"), "subdir": "job-${hydra.job.num}"}
    config = OmegaConf.create(
        {"hydra": {"sweep": settings, "job": {"num": "???"}}, "seed": 1}
    )
    assert sweep_folder(config) == tmp_path / "s"
    assert "seed: 1" in (tmp_path / "s" / "multirun.yaml").read_text()
    assert job_folder(config, 3) == tmp_path / "s" / "job-3"
