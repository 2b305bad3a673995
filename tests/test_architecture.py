"""The rules that keep the whole easy to see: floors, owners, sizes, mirrors."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest
import yaml

from tests.source_tree import (
    CONFIGS,
    PACKAGE,
    ROOT,
    SOURCES,
    each,
    imports,
    label,
    module_name,
    subpackage,
    tree,
)

FLOOR_1 = {"plan", "functional", "hessian"}
FLOOR_2 = {"observers", "quantizers", "layers"}
FLOOR_3 = {"sensitivity", "allocation", "objectives", "methods"}
FLOOR_4 = {"tracking", "models", "datamodules", "modules", "callbacks"}
BELOW_3 = FLOOR_1 | FLOOR_2
BELOW_4 = BELOW_3 | FLOOR_3
BELOW_5 = BELOW_4 | FLOOR_4

# Package -> packages (or single modules) of ours that it may import.
MAY_IMPORT: dict[str, set[str]] = {
    "": {"loading"},
    "errors": set(),
    "hub_name": set(),
    "reachable": set(),
    "override_text": set(),
    "stop_signals": set(),
    "past_runs": set(),
    "plan": set(),
    "functional": {"plan.granularity"},
    "hessian": set(),
    "observers": FLOOR_1,
    "quantizers": FLOOR_1 | {"observers"},
    "layers": FLOOR_1 | {"observers", "quantizers"},
    "sensitivity": BELOW_3,
    "allocation": {"plan"},
    "objectives": BELOW_3,
    "methods": BELOW_3 | {"sensitivity", "allocation", "objectives"},
    "tracking": BELOW_4,
    "models": BELOW_4,
    "datamodules": BELOW_4,
    "modules": BELOW_4 | {"tracking", "models", "datamodules"},
    "callbacks": BELOW_4 | {"tracking", "models", "datamodules", "modules"},
    "export": BELOW_5,
    "runtimes": BELOW_5 | {"export"},
    "loading": BELOW_5 | {"export", "runtimes"},
    "report": BELOW_5,
    "predict": BELOW_5 | {"export", "loading"},
    "benchmarks": BELOW_5 | {"export", "runtimes", "report"},
    "ablation": {"past_runs"},
    "search": {"past_runs", "plan", "allocation"},
    "pipeline": BELOW_5
    | {
        "export",
        "runtimes",
        "report",
        "benchmarks",
        "ablation",
        "search",
        "past_runs",
    },
    "sweeps": {"tracking", "report", "pipeline"},
    "cli": BELOW_5
    | {
        "export",
        "runtimes",
        "report",
        "benchmarks",
        "pipeline",
        "sweeps",
        "predict",
    },
    "__main__": {"cli"},
}

# Single files that hold no idea of any floor.
FOR_ALL = {"errors", "hub_name", "override_text", "reachable", "stop_signals"}

LIGHTNING = {"torch", "pytorch_lightning", "torchmetrics", "numpy"}
THIRD_PARTY: dict[str, set[str]] = {
    **{package: {"torch"} for package in FLOOR_1 | FLOOR_2 | FLOOR_3},
    "plan": set(),
    "allocation": set(),
    "tracking": LIGHTNING | {"wandb", "wandb_workspaces"},
    "models": LIGHTNING
    | {"transformers", "tokenizers", "huggingface_hub", "safetensors"},
    "datamodules": LIGHTNING
    | {"transformers", "tokenizers", "huggingface_hub", "datasets"},
    "modules": LIGHTNING,
    "callbacks": LIGHTNING,
    "export": LIGHTNING | {"safetensors"},
    "runtimes": LIGHTNING
    | {"transformers", "ml_dtypes", "onnx", "onnxruntime", "openvino"},
    "predict": LIGHTNING,
    "report": {"plotly", "matplotlib", "numpy"},
    "benchmarks": LIGHTNING
    | {"yaml", "pyhessian", "hessian_eigenthings", "playwright", "safetensors"}
    | {"torchao", "brevitas", "onnxruntime", "openvino", "nncf", "transformers"},
    "ablation": {"hydra", "rich"},
    "search": {"hydra", "optuna", "rich"},
    "pipeline": LIGHTNING | {"hydra", "omegaconf", "yaml", "rich"},
    "sweeps": {"torch", "hydra", "omegaconf", "rich"},
    "cli": {"hydra", "omegaconf", "yaml", "rich"},
}

# Packages in which every concrete class is a choice that some YAML file names.
NAMED_BY_YAML = {
    "methods": "qbert_lightning.methods.QuantMethod",
    "allocation": "qbert_lightning.allocation.BitAllocator",
    "sensitivity": "qbert_lightning.sensitivity.SensitivityMetric",
    "benchmarks": "qbert_lightning.benchmarks.Benchmark",
    "callbacks": "pytorch_lightning.Callback",
    "runtimes": "qbert_lightning.runtimes.Runtime",
}

# Made by the pipeline for every training, so no YAML names them.
MADE_BY_PIPELINE = {
    "QuantizationCallback",
    "BestWeights",
    "ResumeCheckpoint",
    "StepSeeds",
}

VAGUE_NAMES = {"utils", "util", "helpers", "common", "misc"}
MAX_LINES = 400
MAX_MEDIAN_LINES = 130

# Source files without a test file of their own, by file name.
UNMIRRORED = {"__init__.py", "__main__.py", "base.py"}
# Tests of the whole rather than of one file.
WHOLE = {
    "tests/test_architecture.py",
    "tests/test_dependencies.py",
    "tests/test_experiments.py",
    "tests/test_safety.py",
    "tests/conf/test_configs.py",
    "tests/pipeline/test_loop.py",
}


def may_import(importer: str, imported: str) -> bool:
    """Whether the floors let module `importer` import module `imported`.

    >>> may_import("qbert_lightning.layers.linear", "qbert_lightning.plan.spec")
    True
    >>> may_import("qbert_lightning.plan.spec", "qbert_lightning.layers.linear")
    False
    """
    own, other = subpackage(importer), subpackage(imported)
    if other == own or other in FOR_ALL or (other == "" and own != ""):
        return True
    name = imported.removeprefix(f"{PACKAGE}.")
    return other in MAY_IMPORT.get(own, set()) or name in MAY_IMPORT.get(own, set())


@each(SOURCES)
def test_file_belongs_to_a_known_package(path: Path) -> None:
    package = subpackage(module_name(path))
    assert package in MAY_IMPORT or package == "", (
        f"{label(path)}: package {package!r} has no floor; add it to MAY_IMPORT"
    )


@each(SOURCES)
def test_imports_go_downwards(path: Path) -> None:
    importer = module_name(path)
    upward = [
        f"{label(path)}:{found.line}: {found.module}"
        for found in imports(path)
        if found.is_ours and not may_import(importer, found.module)
    ]
    assert not upward, "imports against the floors:\n" + "\n".join(upward)


def test_table_of_floors_has_no_cycle() -> None:
    graph = {
        package: {name.split(".")[0] for name in allowed}
        for package, allowed in MAY_IMPORT.items()
    }
    assert_acyclic(graph)


def test_no_two_packages_import_each_other() -> None:
    graph: dict[str, set[str]] = {}
    for path in SOURCES:
        own = subpackage(module_name(path))
        others = {subpackage(found.module) for found in imports(path) if found.is_ours}
        graph.setdefault(own, set()).update(others - {own, ""})
    assert_acyclic(graph)


def assert_acyclic(graph: dict[str, set[str]]) -> None:
    """Fail naming the packages that import each other, directly or not."""
    left = {name: set(others) for name, others in graph.items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert not left, f"packages that import each other: {sorted(left)}"


@each(SOURCES)
def test_third_party_packages_stay_with_their_owner(path: Path) -> None:
    allowed = THIRD_PARTY.get(subpackage(module_name(path)), set())
    strays = [
        f"{label(path)}:{found.line}: {found.module}"
        for found in imports(path)
        if found.is_third_party
        and found.top not in allowed
        and not found.for_types_only
    ]
    assert not strays, f"allowed here: {sorted(allowed)}; found:\n" + "\n".join(strays)


@each(SOURCES)
def test_public_names_have_docstrings(path: Path) -> None:
    """Classes and functions; ruff looks at the methods."""
    missing = [
        f"{label(path)}:{node.lineno}: {node.name}"
        for node in tree(path).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert ast.get_docstring(tree(path)), f"{label(path)} has no docstring"
    assert not missing, "without a docstring:\n" + "\n".join(missing)


@each(SOURCES)
def test_file_is_small_and_named_after_its_idea(path: Path) -> None:
    num_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert num_lines <= MAX_LINES, f"{label(path)}: {num_lines} lines"
    assert path.stem not in VAGUE_NAMES, f"{label(path)}: say what it holds"


def test_median_file_is_small() -> None:
    lengths = [
        len(path.read_text(encoding="utf-8").splitlines())
        for path in SOURCES
        if path.name != "__init__.py"
    ]
    assert median(lengths) <= MAX_MEDIAN_LINES


@cache
def modules_with_a_test(folder: Path) -> set[str]:
    """Modules of ours from which the tests in `folder` import a name."""
    return {
        found.module
        for path in folder.glob("test_*.py")
        for found in imports(path)
        if found.is_ours
    }


@each([path for path in SOURCES if path.name not in UNMIRRORED])
def test_source_file_is_tested_where_it_is_mirrored(path: Path) -> None:
    """By a test file of its own, by name in its package's tests, or in the loop."""
    inside = path.relative_to(ROOT / PACKAGE)
    folder = ROOT / "tests" / inside.parent
    names = (f"test_{inside.stem}.py", f"test_{inside.stem}_*.py", "test_loop.py")
    own = [found for name in names for found in folder.glob(name)]
    assert own or module_name(path) in modules_with_a_test(folder), (
        f"no test in {label(folder)}/ imports anything of {label(path)}"
    )


@each(sorted((ROOT / "tests").rglob("test_*.py")))
def test_test_file_has_its_source_file(path: Path) -> None:
    if label(path) in WHOLE:
        return
    inside = path.relative_to(ROOT / "tests")
    folder = ROOT / PACKAGE / inside.parent
    words = inside.stem.removeprefix("test_").split("_")
    candidates = ["_".join(words[:stop]) for stop in range(1, len(words) + 1)]
    assert any((folder / f"{name}.py").exists() for name in candidates), (
        f"{label(path)}: no file {label(folder)}/{candidates[-1]}.py"
    )


def targets(node: object) -> Iterator[str]:
    """Every `_target_` below `node`, a value read from YAML."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "_target_":
                yield str(value)
            yield from targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from targets(value)


def targets_of(path: Path) -> list[str]:
    """Every `_target_` of a YAML file."""
    return list(targets(yaml.safe_load(path.read_text(encoding="utf-8"))))


@each(CONFIGS)
def test_targets_resolve(path: Path) -> None:
    for target in targets_of(path):
        try:
            resolved = pkgutil.resolve_name(target)
        except (ImportError, AttributeError, ValueError) as error:
            pytest.fail(f"{label(path)}: _target_ {target}: {error}")
        assert callable(resolved), f"{label(path)}: {target} cannot be called"


def concrete_classes(package: str, base: type) -> Iterator[type]:
    """Public, concrete subclasses of `base` that the package defines."""
    root = importlib.import_module(f"{PACKAGE}.{package}")
    for info in pkgutil.iter_modules(root.__path__, prefix=f"{root.__name__}."):
        module = importlib.import_module(info.name)
        for name, member in inspect.getmembers(module, inspect.isclass):
            own = member.__module__ == module.__name__ and not name.startswith("_")
            if own and issubclass(member, base) and not inspect.isabstract(member):
                yield member


@pytest.mark.parametrize("package", NAMED_BY_YAML)
def test_choices_are_named_by_some_yaml(package: str) -> None:
    base = pkgutil.resolve_name(NAMED_BY_YAML[package])
    mentioned = {target for path in CONFIGS for target in targets_of(path)}
    named = {
        pkgutil.resolve_name(target)
        for target in mentioned
        if target.startswith(f"{PACKAGE}.{package}.")
    }
    unnamed = {
        member.__qualname__
        for member in concrete_classes(package, base)
        if member is not base and member not in named
    } - MADE_BY_PIPELINE
    assert not unnamed, f"no file of conf/ names {sorted(unnamed)}"
