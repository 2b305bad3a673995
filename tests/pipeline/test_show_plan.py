"""`qbert plan`: what is printed, and what a difference looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.cli import run_command
from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.show_plan import show_plan
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec


@pytest.fixture
def plans(tmp_path: Path) -> tuple[str, str]:
    files = []
    for bits in (2, 3):
        plan = QuantPlan(
            {"a": QuantScheme(AffineSpec(bits)), "b": QuantScheme(AffineSpec(8))}
        )
        file = tmp_path / f"{bits}.json"
        file.write_text(plan.to_json())
        files.append(str(file))
    return files[0], files[1]


def test_show_names_every_layer(
    plans: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["plan", "show", plans[0]]) == 0
    printed = capsys.readouterr().out
    assert "W2" in printed
    assert "W8" in printed


def test_diff_shows_what_differs_and_says_so_in_its_code(
    plans: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_plan(["diff", *plans]) == 1
    printed = capsys.readouterr().out
    assert "W2" in printed
    assert "W3" in printed
    assert "W8" not in printed
    assert show_plan(["diff", plans[0], plans[0]]) == 0


@pytest.mark.parametrize(
    "arguments", [[], ["show"], ["draw", "x"], ["show", "/no/such.json"]]
)
def test_wrong_arguments_are_one_line(arguments: list[str]) -> None:
    with pytest.raises(QbertError):
        show_plan(arguments)
