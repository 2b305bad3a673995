from __future__ import annotations

import ast
import inspect
import pkgutil
import subprocess
import sys

import pytest

from qbert_lightning.pipeline import targets
from qbert_lightning.pipeline.targets import (
    OWN_PACKAGES,
    PACKAGE,
    THIRD_PARTY,
    is_allowed,
    nearest_targets,
    parameters_of,
)


@pytest.mark.parametrize(
    "target",
    [
        "qbert_lightning.plan.RowGroups",
        "qbert_lightning.quantizers.AffineSpec",
        "qbert_lightning.models.RandomBert",
        "torch.optim.AdamW",
        "pytorch_lightning.Trainer",
    ],
)
def test_what_configurations_build_is_allowed(target: str) -> None:
    assert is_allowed(target)


@pytest.mark.parametrize(
    "target",
    [
        "",
        ".",
        "qbert_lightning",
        "qbert_lightning.plan",
        "qbert_lightning.plan.nearest_divisors",  # a function
        "qbert_lightning.plan.JsonValue",  # neither class nor function
        "qbert_lightning.plan.granularity.RowGroups",  # not the public address
        "qbert_lightning.plan.granularity.QbertError",
        "qbert_lightning.plan.RowGroups.check",
        "qbert_lightning.plan.RowGroups.__init__",
        "qbert_lightning.plan.RowGroups.__class__",
        "qbert_lightning.plan.__builtins__",
        "qbert_lightning.plan.__loader__",
        "qbert_lightning.models.attention.torch",
        "qbert_lightning.models.load_float",
        "qbert_lightning.pipeline.instantiate.instantiate",
        "qbert_lightning.cli.main",
        "qbert_lightning.plan.RowGroups ",
        " qbert_lightning.plan.RowGroups",
        "qbert_lightning..plan.RowGroups",
        "QBERT_LIGHTNING.plan.RowGroups",
    ],
)
def test_only_public_classes_are_allowed(target: str) -> None:
    assert not is_allowed(target)


@pytest.mark.parametrize("package", OWN_PACKAGES)
def test_allowed_names_are_classes(package: str) -> None:
    """The syntax trees agree with what an import gives."""
    module = pkgutil.resolve_name(f"{PACKAGE}.{package}")
    allowed = [n for n in module.__all__ if is_allowed(f"{PACKAGE}.{package}.{n}")]
    assert allowed
    assert all(inspect.isclass(getattr(module, name)) for name in allowed)


def all_targets() -> list[str]:
    own = [
        f"{PACKAGE}.{package}.{name}"
        for package in OWN_PACKAGES
        for name in pkgutil.resolve_name(f"{PACKAGE}.{package}").__all__
    ]
    return [target for target in [*own, *sorted(THIRD_PARTY)] if is_allowed(target)]


def test_arguments_agree_with_the_imported_signature() -> None:
    for target in all_targets():
        found = parameters_of(target)
        try:
            signature = inspect.signature(pkgutil.resolve_name(target))
        except ValueError:  # implemented in C
            continue
        kinds = {kind.kind for kind in signature.parameters.values()}
        names = {
            name
            for name, parameter in signature.parameters.items()
            if parameter.kind
            not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        }
        assert names <= set(found.annotations) or found.is_open, target
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            assert set(found.annotations) == names, target
            assert not found.is_open, target


def test_aliases_of_types_are_written_out() -> None:
    solver = parameters_of("qbert_lightning.sensitivity.HessianEigenvalue").annotations
    assert ast.unparse(solver["solver"]) == "Literal['lanczos', 'power']"


def test_an_annotation_from_the_standard_library_stays_as_it_is() -> None:
    """``List = _alias(list, 1, ...)`` stands in `typing`, and is no alias of ours."""
    assert targets._alias("typing", "List") is None


def test_nearest_name() -> None:
    assert nearest_targets("qbert_lightning.plan.RowGruops")[0].endswith("RowGroups")
    assert nearest_targets("zzz") == []


def test_reading_imports_nothing() -> None:
    code = (
        "import sys\n"
        "from qbert_lightning.pipeline.targets import is_allowed, parameters_of\n"
        "for t in ['torch.optim.AdamW', 'pytorch_lightning.Trainer',\n"
        "          'qbert_lightning.models.RandomBert']:\n"
        "    assert is_allowed(t) and parameters_of(t).annotations\n"
        "heavy = {'torch', 'pytorch_lightning', 'transformers', 'hydra'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
