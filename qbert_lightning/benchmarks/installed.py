"""What is installed of the packages that a benchmark measures beside ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import metadata
from importlib.util import find_spec


def not_installed(needs: Mapping[str, str]) -> str | None:
    """What is missing and how to get it, if anything.

    Args:
        needs: Package to import → project to install.

    >>> not_installed({"torch": "torch"})
    >>> not_installed({"torch": "torch", "no_such_package": "no-such-project"})
    'not installed: pip install no-such-project'
    """
    missing = [project for package, project in needs.items() if not find_spec(package)]
    return f"not installed: pip install {' '.join(missing)}" if missing else None


def installed_versions(projects: Iterable[str]) -> dict[str, str | None]:
    """Versions by project, None for what is not installed.

    >>> installed_versions(["no-such-project"])
    {'no-such-project': None}
    """
    found: dict[str, str | None] = {}
    for project in sorted(set(projects)):
        try:
            found[project] = metadata.version(project)
        except metadata.PackageNotFoundError:
            found[project] = None
    return found
