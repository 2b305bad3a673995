"""The page as a file."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from qbert_lightning.report import collect_runs, write_page
from tests.report.hostile import TEXTS
from tests.report.run_folders import record, write_run, write_sweep
from tests.report.spectra_folders import spectra, write_spectra


class Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def parsed(root: Path, title: str = "Runs") -> Page:
    path = write_page(collect_runs([root]), root / "report" / "index.html", title)
    return Page(path.read_text(encoding="utf-8"))


def test_loads_nothing_from_outside(tmp_path: Path) -> None:
    page = parsed(write_sweep(tmp_path, 12))
    for tag, attributes in page.tags:
        assert "src" not in attributes, tag
        assert not str(attributes.get("href", "#")).startswith(("http", "//")), tag
        assert not [name for name in attributes if name.startswith("on")], tag
    assert "link" not in {tag for tag, _ in page.tags}


def test_policy_allows_nothing_but_the_page_itself(tmp_path: Path) -> None:
    page = parsed(write_sweep(tmp_path, 3))
    (policy,) = [
        str(attributes["content"])
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "*" not in policy
    hashes = set(re.findall(r"sha256-([A-Za-z0-9+/=]+)", policy))
    html = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    inline = re.findall(
        r'<(?:script(?: type="text/plain" id="library")?|style[^>]*)>'
        r"(.*?)</(?:script|style)>",
        html,
        re.S,
    )
    digests = {hashlib.sha256(text.encode()).digest() for text in inline}
    assert hashes == {base64.b64encode(digest).decode() for digest in digests}
    assert len(hashes) == 3


def data_of(root: Path) -> dict:
    html = (root / "report" / "index.html").read_text(encoding="utf-8")
    (text,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', html, re.S
    )
    assert not set("<>&\u2028\u2029") & set(text)
    return json.loads(text, parse_constant=pytest.fail)


def test_data_is_that_of_the_records(tmp_path: Path) -> None:
    write_run(tmp_path / "a", record(metrics={"test/accuracy": 0.123456789012345}))
    parsed(tmp_path)
    (view,) = data_of(tmp_path)["views"]
    assert view["settings"][0]["scores"] == [[0.123456789012345, None, 1]]


def test_numbers_that_are_none_are_marked(tmp_path: Path) -> None:
    metrics = {
        "test/accuracy": {"$nonfinite": "nan"},
        "quant/drop": {"$nonfinite": "inf"},
    }
    write_run(tmp_path / "a", record(metrics=metrics))
    parsed(tmp_path)
    (setting,) = data_of(tmp_path)["views"][0]["settings"]
    assert setting["scores"] == [[{"$nonfinite": "nan"}, None, 1]]
    assert setting["drop"] == [{"$nonfinite": "inf"}, None, 1]
    (run,) = collect_runs([tmp_path])
    assert math.isnan(run.metrics["test/accuracy"])


@pytest.mark.parametrize("text", [*TEXTS, "\ud800 alone"])
def test_hostile_texts_stay_data(tmp_path: Path, text: str) -> None:
    write_run(tmp_path / "a", record(name=text, task=text, method=text))
    page = parsed(tmp_path, title=text)
    plain = parsed(write_run(tmp_path / "b", record()).parent)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]


def test_hostile_texts_are_kept_verbatim(tmp_path: Path) -> None:
    for i, text in enumerate(TEXTS):
        write_run(tmp_path / str(i), record(name=text, config={"i": i}))
    parsed(tmp_path)
    names = {s["name"] for s in data_of(tmp_path)["views"][0]["settings"]}
    assert names == set(TEXTS)


def test_no_run_makes_a_page_too(tmp_path: Path) -> None:
    assert parsed(tmp_path).tags
    assert data_of(tmp_path)["views"] == []


def test_data_of_a_thousand_runs_is_below_two_megabytes(tmp_path: Path) -> None:
    write_sweep(tmp_path, 1000, distinct=True)
    for i, folder in enumerate(sorted((tmp_path / "runs").iterdir())[:20]):
        write_spectra(folder, spectra([f"l.{k}" for k in range(12)], [0, 8], seed=i))
    parsed(tmp_path)
    html = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    (text,) = re.findall(r'id="data">(.*?)</script>', html, re.S)
    assert len(text.encode()) < 2_000_000


def test_report_needs_neither_torch_nor_the_chart_library_to_import() -> None:
    code = (
        "import sys, qbert_lightning.report; "
        "sys.exit(bool({'torch', 'plotly', 'transformers'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
