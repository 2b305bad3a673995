"""What the project installs: floors that close known holes, and locks with hashes."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.source_tree import ROOT

# CVE-2026-58659 and PYSEC-2026-3624; CVE-2026-24747; hostile targets; atomic save;
# loading scripts.
FLOORS = {
    "pytorch-lightning": "2.6.6",
    "torch": "2.10",
    "hydra-core": "1.3.8",
    "safetensors": "0.8",
    "datasets": "4",
}
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def entries(text: str) -> list[tuple[str, str, int]]:
    """Name, version and number of hashes of each package of a lock file."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^\s*#.*\n?", "", text))
    found = []
    for line in joined.splitlines():
        requirement, *hashes = line.split("--hash=")
        name, pinned = requirement.split(";")[0].split("==")
        found.append((name.strip(), pinned.strip(), len(hashes)))
    return found


@pytest.mark.parametrize("name", FLOORS)
def test_floor_is_declared_and_installed(name: str) -> None:
    declared = {
        requirement.name: requirement.specifier
        for requirement in map(Requirement, PROJECT["project"]["dependencies"])
    }
    too_old = Version(f"{FLOORS[name]}.dev0")
    assert too_old not in declared[name]
    assert Version(version(name)) >= Version(FLOORS[name])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_pins_and_hashes_every_package(lock: object) -> None:
    text = lock.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    packages = entries(text)
    assert packages
    for name, pinned, num_hashes in packages:
        assert Version(pinned)
        assert num_hashes > 0, name
    assert "://" not in text


def test_lock_leaves_out_the_second_name_of_lightning() -> None:
    """Both import names at once break isinstance; the other one was once hijacked."""
    names = {name for lock in LOCKS for name, *_ in entries(lock.read_text("utf-8"))}
    assert "pytorch-lightning" in names
    assert "lightning" not in names


def test_every_dependency_is_locked() -> None:
    wanted = PROJECT["project"]["dependencies"]
    wanted = wanted + PROJECT["project"]["optional-dependencies"]["dev"]
    pinned: dict[str, list[str]] = {}
    for lock in LOCKS:
        for name, found, _ in entries(lock.read_text("utf-8")):
            pinned.setdefault(name, []).append(found)
    for requirement in map(Requirement, wanted):
        for found in pinned[requirement.name]:
            assert found in requirement.specifier, requirement.name


def test_configuration_travels_inside_the_package() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"conf": "qbert_lightning/conf"}
