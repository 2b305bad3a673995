"""The page's benchmark: what it measures, and how it refuses."""

from __future__ import annotations

import builtins
import re
import shutil
from pathlib import Path

import pytest

from qbert_lightning.benchmarks import PageBenchmark, Subject
from qbert_lightning.errors import ENVIRONMENT, QbertError


def nothing(*_: object) -> None:
    pytest.fail("no model and no data are needed")


SUBJECT = Subject(float_folder=nothing, batches=nothing)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_measures_every_size_in_every_round(tmp_path: Path) -> None:
    pytest.importorskip("playwright.sync_api")
    lines: list[str] = []
    benchmark = PageBenchmark(sizes=[1, 12], rounds=2)
    outcome = benchmark.run(SUBJECT, tmp_path, lines.append)
    assert [(row[0], row[1]) for row in outcome.rows] == [("1", "1"), ("12", "6")]
    assert [(m["runs"], m["round"]) for m in outcome.measurements] == [
        (1, 0),
        (1, 1),
        (12, 0),
        (12, 1),
    ]
    for found in outcome.measurements:
        assert 0 < found["row_s"] < found["figure_s"]
    assert len(lines) == 4
    for page in outcome.facts["pages"]:
        html = tmp_path / f"runs-{page['runs']}" / "report" / "index.html"
        assert page["page_bytes"] == html.stat().st_size
        (data,) = re.findall(rb'id="data">(.*?)</script>', html.read_bytes(), re.S)
        assert page["data_bytes"] == len(data)


def test_without_playwright_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = builtins.__import__

    def refuse(name: str, *rest: object) -> object:
        if name.startswith("playwright"):
            raise ImportError(name)
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(QbertError, match=r"needs playwright: pip install") as caught:
        PageBenchmark().run(SUBJECT, tmp_path, print)
    assert caught.value.code == ENVIRONMENT
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"sizes": []}, {"sizes": [0]}])
def test_refuses_numbers_that_mean_nothing(wrong: dict[str, object]) -> None:
    with pytest.raises(QbertError, match="accepted 1 or more"):
        PageBenchmark(**wrong)
