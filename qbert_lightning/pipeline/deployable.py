"""Whether a run's model can be deployed, told before anything is trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qbert_lightning.pipeline.consistency import layer_shapes
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.plan import QuantPlan, expand_rules


def check_deployable(bench: Workbench) -> None:
    """Refuse a runtime that is not installed or does not compute the run's plan.

    Widths are still open here. If the model's layers are too, as those of a hub's
    model, only the installation is looked at; the plan is checked once it is made.

    Args:
        bench: The run's objects.

    Raises:
        QbertError: See `Runtime.check`.
    """
    if bench.runtime is None:
        return
    if bench.config["plan"] is not None:
        plan = QuantPlan.from_json(Path(bench.config["plan"]).read_text())
    else:
        # The number of words, or more, may not be known yet: not every rule matches.
        rules = {k: replace(rule, required=False) for k, rule in bench.rules.items()}
        plan = expand_rules(rules, layer_shapes(bench.config["model"]))
    bench.runtime.check(plan)
