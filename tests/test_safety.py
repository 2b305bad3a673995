"""Nothing that runs a stranger's code, or hides what went wrong."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.source_tree import (
    CONFIGS,
    PACKAGE,
    ROOT,
    SOURCES,
    each,
    imports,
    label,
    tree,
)

UNSAFE_MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "shelve", "marshal"}
UNSAFE_ARGUMENTS = {
    "weights_only": False,
    "trust_remote_code": True,
    "allow_pickle": True,
    "shell": True,
}
UNSAFE_CALLS = {
    "eval",
    "exec",
    "os.system",
    "yaml.load",
    "yaml.full_load",
    "yaml.unsafe_load",
}


def dotted(node: ast.expr) -> str:
    """`a.b` for the expression `a.b`, empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""


def unsafe_call(call: ast.Call) -> str | None:
    """What is unsafe about a call, or None."""
    name = dotted(call.func)
    if name in UNSAFE_CALLS:
        return name
    if name == "print":
        return "print (only the command line speaks, through its console)"
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    for argument, value in UNSAFE_ARGUMENTS.items():
        node = given.get(argument)
        if isinstance(node, ast.Constant) and node.value is value:
            return f"{argument}={value}"
    if name in {"json.dump", "json.dumps"} and not is_false(given.get("allow_nan")):
        return f"{name} without allow_nan=False"
    if name == "torch.load" and "weights_only" not in given:
        return "torch.load without weights_only=True"
    return None


def is_false(node: ast.expr | None) -> bool:
    """Whether the expression is the constant False."""
    return isinstance(node, ast.Constant) and node.value is False


@pytest.mark.parametrize(
    ("code", "is_unsafe"),
    [
        ("eval('1')", True),
        ("model.eval()", False),
        ("torch.load(f)", True),
        ("torch.load(f, weights_only=False)", True),
        ("torch.load(f, weights_only=True)", False),
        ("json.dumps({})", True),
        ("json.dumps({}, allow_nan=False)", False),
        ("subprocess.run('ls', shell=True)", True),
        ("yaml.load(f)", True),
        ("yaml.safe_load(f)", False),
    ],
)
def test_unsafe_calls_are_recognized(code: str, is_unsafe: bool) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert (unsafe_call(call) is not None) is is_unsafe


@each([*SOURCES, *sorted((ROOT / "experiments").rglob("*.py"))])
def test_nothing_unsafe_is_used(path: Path) -> None:
    found = [
        f"{label(path)}:{node.lineno}: {problem}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and (problem := unsafe_call(node))
    ]
    found += [
        f"{label(path)}:{item.line}: import {item.module}"
        for item in imports(path)
        if item.top in UNSAFE_MODULES
    ]
    assert not found, "\n".join(found)


@each(CONFIGS)
def test_no_config_trusts_remote_code(path: Path) -> None:
    assert "trust_remote_code: true" not in path.read_text(encoding="utf-8").lower()


@each(sorted((ROOT / PACKAGE).rglob("*.js")))
def test_page_scripts_write_text_only(path: Path) -> None:
    script = path.read_text(encoding="utf-8")
    for unsafe in ("innerHTML", "outerHTML", "document.write", "eval("):
        assert unsafe not in script, f"{label(path)}: {unsafe}"
