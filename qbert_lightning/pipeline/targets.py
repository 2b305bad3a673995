"""What a configuration may name in `_target_`, and the arguments each name takes.

Everything is read from the syntax trees of source files, so that a bad name or a
misspelt argument is refused without importing anything.
"""

from __future__ import annotations

import ast
import copy
import sys
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "qbert_lightning"

# Of these packages, the classes listed in `__all__` may be named.
OWN_PACKAGES = (
    "allocation",
    "benchmarks",
    "callbacks",
    "datamodules",
    "methods",
    "models",
    "modules",
    "objectives",
    "observers",
    "plan",
    "quantizers",
    "runtimes",
    "sensitivity",
    "tracking",
)

# Nothing here reads pickles, runs code it is given, or imports by name.
THIRD_PARTY = frozenset(
    {
        "pytorch_lightning.Trainer",
        "pytorch_lightning.callbacks.EarlyStopping",
        "pytorch_lightning.callbacks.LearningRateMonitor",
        "pytorch_lightning.callbacks.ModelCheckpoint",
        "pytorch_lightning.callbacks.RichProgressBar",
        "pytorch_lightning.callbacks.TQDMProgressBar",
        "torch.optim.Adam",
        "torch.optim.AdamW",
        "torch.optim.SGD",
    }
)

# Base classes whose constructor takes nothing a configuration could give.
_BARE_BASES = frozenset(
    {"ABC", "Callback", "Generic", "LightningDataModule", "Module", "Protocol"}
)
_FIELD_BASES = frozenset({"NamedTuple", "TypedDict"})  # constructors take their fields


@dataclass
class Parameters:
    """The arguments of a constructor.

    Attributes:
        annotations: Argument name → its annotation, None where there is none.
        is_open: Whether other names are accepted as well (``**kwargs``).
    """

    annotations: dict[str, ast.expr | None] = field(default_factory=dict)
    is_open: bool = False


def is_allowed(target: str) -> bool:
    """Whether a configuration may name ``target``.

    >>> is_allowed("qbert_lightning.plan.RowGroups"), is_allowed("os.system")
    (True, False)
    """
    if target in THIRD_PARTY:
        return True
    module, _, name = target.rpartition(".")
    parent, _, package = module.rpartition(".")
    if parent != PACKAGE or package not in OWN_PACKAGES:
        return False
    return name in _public_names(module) and _find_class(module, name) is not None


def nearest_targets(target: str, count: int = 2) -> list[str]:
    """The allowed names most like ``target``, for messages.

    >>> nearest_targets("qbert_lightning.plan.RowGroup", 1)
    ['qbert_lightning.plan.RowGroups']
    """
    own = [
        f"{PACKAGE}.{package}.{name}"
        for package in OWN_PACKAGES
        for name in _public_names(f"{PACKAGE}.{package}")
    ]
    return get_close_matches(target, [*own, *sorted(THIRD_PARTY)], count, 0.6)


@cache
def parameters_of(target: str) -> Parameters:
    """The constructor arguments of an allowed class, read from its source.

    >>> sorted(parameters_of("qbert_lightning.plan.RowGroups").annotations)
    ['num_groups']
    """
    module, _, name = target.rpartition(".")
    found = _find_class(module, name)
    if found is None:
        return Parameters(is_open=True)
    return _class_parameters(*found)


def _class_parameters(module: str, node: ast.ClassDef) -> Parameters:
    """Arguments of the class's own constructor, its fields, or its base's."""
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            return _function_parameters(module, item)
    result = Parameters()
    for base in reversed(node.bases):
        inherited = _base_parameters(module, base)
        result.annotations |= inherited.annotations
        result.is_open |= inherited.is_open
    bases = {ast.unparse(base) for base in node.bases}
    is_dataclass = any("dataclass" in ast.unparse(mark) for mark in node.decorator_list)
    if is_dataclass or bases & _FIELD_BASES:
        result.annotations |= _fields(module, node)
    return result


def _base_parameters(module: str, base: ast.expr) -> Parameters:
    name = ast.unparse(base).partition("[")[0].rpartition(".")[2]
    if name in _BARE_BASES | _FIELD_BASES:
        return Parameters()
    found = _find_class(module, name)
    return _class_parameters(*found) if found else Parameters(is_open=True)


def _fields(module: str, node: ast.ClassDef) -> dict[str, ast.expr | None]:
    """Annotated names in a class body: dataclass fields, typed dictionary keys."""
    return {
        item.target.id: _without_aliases(module, item.annotation)
        for item in node.body
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and not ast.unparse(item.annotation).startswith("ClassVar")
    }


def _function_parameters(module: str, function: ast.FunctionDef) -> Parameters:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs][1:]
    result = Parameters(
        {item.arg: _without_aliases(module, item.annotation) for item in named}
    )
    if arguments.kwarg is not None:
        annotation = arguments.kwarg.annotation
        unpacked = (
            _find_class(module, ast.unparse(annotation.slice))
            if isinstance(annotation, ast.Subscript)
            and ast.unparse(annotation.value) == "Unpack"
            else None
        )
        if unpacked is None:
            result.is_open = True
        else:
            result.annotations |= _fields(*unpacked)
    return result


def _without_aliases(module: str, annotation: ast.expr | None) -> ast.expr | None:
    """An annotation with names such as ``Solver = Literal[...]`` written out."""

    class _Writer(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return _alias(module, node.id) or node

    if annotation is None or isinstance(annotation, ast.Constant):
        return annotation
    written: ast.expr = _Writer().visit(copy.deepcopy(annotation))
    return written


@cache
def _alias(module: str, name: str) -> ast.expr | None:
    """What a module-level name is assigned, following imports."""
    if module == "torch" or module.partition(".")[0] in sys.stdlib_module_names:
        return None  # what is imported from there are classes, and the files are long
    tree = _syntax_tree(module)
    for node in tree.body if tree else []:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node.value
        source = _imported_from(node, name)
        if source == (module, name):  # a package's own submodule
            return None
        if source is not None:
            return _alias(*source)
    return None


def _imported_from(node: ast.stmt, name: str) -> tuple[str, str] | None:
    """Module and name that an import statement takes ``name`` from."""
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            if (alias.asname or alias.name) == name:
                return node.module, alias.name
    return None


@cache
def _find_class(module: str, name: str) -> tuple[str, ast.ClassDef] | None:
    """The module and syntax tree of a class, following re-exports."""
    tree = _syntax_tree(module)
    for node in tree.body if tree else []:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return module, node
        source = _imported_from(node, name)
        if source is not None:
            return _find_class(*source)
    return None


@cache
def _public_names(module: str) -> tuple[str, ...]:
    """The names in a module's `__all__`."""
    tree = _syntax_tree(module)
    for node in tree.body if tree else []:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return tuple(ast.literal_eval(node.value))
    return ()


@cache
def _syntax_tree(module: str) -> ast.Module | None:
    """The syntax tree of a module's source; asking for it imports nothing.

    Only the top-level name goes through the import system, because looking for a
    submodule would import its parents.
    """
    top, _, rest = module.partition(".")
    spec = find_spec(top)
    if spec is None or spec.origin is None:
        return None
    base = Path(spec.origin).parent.joinpath(*rest.split(".")) if rest else None
    candidates = (
        [base.with_name(f"{base.name}.py"), base / "__init__.py"]
        if base
        else [Path(spec.origin)]
    )
    for path in candidates:
        if path.is_file():
            return ast.parse(path.read_text(encoding="utf-8"))
    return None
