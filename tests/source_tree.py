"""The package's source read as syntax trees, with every import resolved."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "qbert_lightning"
SOURCES = sorted((ROOT / PACKAGE).rglob("*.py"))
CONFIGS = sorted((ROOT / "conf").rglob("*.yaml"))


def label(path: Path) -> str:
    """`path` as it is written from the top of the repository."""
    return path.relative_to(ROOT).as_posix()


def each(paths: list[Path]) -> pytest.MarkDecorator:
    """Run a test once for each of `paths`, its argument `path`."""
    return pytest.mark.parametrize("path", paths, ids=label)


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of the Python file `path`."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    """Dotted name of the module in `path`, `a.b` for `a/b/__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def subpackage(name: str) -> str:
    """Second part of a dotted name of ours: `plan` for `qbert_lightning.plan.spec`."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


@dataclass(frozen=True)
class Import:
    """One imported module, at the line where it is written.

    Attributes:
        line: Line of the statement.
        module: Dotted module; for a name that a package of ours re-exports, the
            module that defines it.
        for_types_only: Whether it stands under `if TYPE_CHECKING:` and so never runs.
    """

    line: int
    module: str
    for_types_only: bool = False

    @property
    def top(self) -> str:
        """The distribution's import name, `torch` for `torch.nn`."""
        return self.module.split(".")[0]

    @property
    def is_ours(self) -> bool:
        """Whether the module is part of the package."""
        return self.top == PACKAGE

    @property
    def is_third_party(self) -> bool:
        """Whether the module is neither ours nor of the standard library."""
        return not self.is_ours and self.top not in sys.stdlib_module_names


@cache
def _modules() -> dict[str, Path]:
    return {module_name(path): path for path in SOURCES}


@cache
def _exports(package: str) -> dict[str, str]:
    """Name -> defining module, for the names that `package/__init__.py` re-exports."""
    path = _modules().get(package)
    if path is None or path.name != "__init__.py":
        return {}
    return {
        alias.asname or alias.name: node.module or ""
        for node in tree(path).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _resolve(module: str, name: str) -> str:
    if f"{module}.{name}" in _modules():
        return f"{module}.{name}"
    return _exports(module).get(name, module)


def _for_types_only(path: Path) -> set[ast.AST]:
    blocks = [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {
        inner for block in blocks for line in block.body for inner in ast.walk(line)
    }


def imports(path: Path) -> Iterator[Import]:
    """Every import of the file, also those inside functions."""
    for_types = _for_types_only(path)
    for node in ast.walk(tree(path)):
        typed = node in for_types
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, typed)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{label(path)}:{node.lineno}: relative import"
            for alias in node.names:
                module = _resolve(node.module or "", alias.name)
                yield Import(node.lineno, module, typed)
