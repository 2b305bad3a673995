"""A model that cannot be deployed is refused before anything is trained."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from qbert_lightning.cli import run_command
from qbert_lightning.errors import ENVIRONMENT, QbertError
from qbert_lightning.pipeline.deployable import check_deployable
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.plan import QuantPlan, QuantScheme, SchemeRule, bert_shapes
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes import Integer
from tests.pipeline.test_deploy import DEPLOYED
from tests.pipeline.test_loop import outputs

__all__ = ["outputs"]
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "max_position_embeddings": 16,
    "vocab_size": 50,
}
SCHEME = QuantScheme(weight=AffineSpec(num_bits=8))


class Asked(Integer):
    """Remembers the plans it was asked about."""

    def __init__(self) -> None:
        self.plans: list[QuantPlan] = []

    def check(self, plan: QuantPlan) -> None:
        self.plans.append(plan)


def asked(model: dict[str, Any], plan: Path | None = None) -> QuantPlan:
    runtime = Asked()
    bench = SimpleNamespace(
        runtime=runtime,
        rules={"all": SchemeRule("*.dense", weight=SCHEME.weight)},
        config={"model": model, "plan": plan},
    )
    check_deployable(cast("Workbench", bench))
    [found] = runtime.plans
    return found


def test_the_runtime_is_asked_about_the_plan_of_the_rules() -> None:
    layers = bert_shapes({**SIZES, "type_vocab_size": 2})
    dense = [name for name in layers if name.endswith(".dense")]
    assert asked(SIZES) == QuantPlan(dict.fromkeys(dense, SCHEME))


def test_layers_that_are_not_known_yet_leave_the_installation() -> None:
    assert asked({"name_or_path": "owner/name"}) == QuantPlan()


def test_a_given_plan_is_the_one_that_counts(tmp_path: Path) -> None:
    plan = QuantPlan({"bert.pooler.dense": SCHEME})
    file = tmp_path / "plan.json"
    file.write_text(plan.to_json())
    assert asked(SIZES, file) == plan


def test_a_run_is_refused_before_its_first_stage(
    outputs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(self: Integer, plan: QuantPlan) -> None:
        raise QbertError("runtime: not installed: accepted pip install", ENVIRONMENT)

    monkeypatch.setattr(Integer, "check", refuse)
    assert run_command(["run", *DEPLOYED]) == 3
    assert "accepted pip install" in capsys.readouterr().err
    assert not (outputs / "stages").exists()
