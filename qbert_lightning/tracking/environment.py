"""What a run was made with: code, versions and hardware, never secrets."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "qbert-lightning",
    "torch",
    "pytorch-lightning",
    "torchmetrics",
    "transformers",
    "tokenizers",
    "datasets",
    "hydra-core",
    "omegaconf",
    "wandb",
    "safetensors",
    "numpy",
)
GIT_SECONDS = 5


def environment() -> dict[str, Any]:
    """Code, versions and hardware of this process, as plain values.

    Returns:
        `git_commit` and `git_dirty` (None where the code is not a checkout), `python`,
        `packages` (name → version, of those installed) and `hardware`.
    """
    return {
        **git_state(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": package_versions(),
        "hardware": hardware(),
    }


def git_state(folder: Path | None = None) -> dict[str, Any]:
    """Commit of the code, and whether tracked files differ from it.

    Args:
        folder: A checkout. By default the one that holds this package; where the
            package is installed, the current folder's.

    Returns:
        `git_commit` and `git_dirty`, both None outside of a checkout.
    """
    if folder is None:
        own = Path(__file__).resolve().parents[2]
        folder = own if (own / ".git").exists() else Path.cwd()
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return {"git_commit": None, "git_dirty": None}
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"git_commit": commit, "git_dirty": bool(changes)}


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def package_versions() -> dict[str, str]:
    """Versions of the main packages, of those that are installed."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def hardware() -> dict[str, Any]:
    """Processor, cores this process may use, torch's threads, memory in GiB, GPUs."""
    import torch

    gpus = [
        torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())
    ]
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": _processor(),
        "cores": _num_cores(),
        "threads": torch.get_num_threads(),
        "memory_gib": round(pages / 2**30, 1),
        "gpus": gpus,
    }


def _num_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    table = Path("/proc/cpuinfo")
    if table.exists():
        for line in table.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
