"""Benchmark: how long the comparison page takes to write and to open."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, ClassVar

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.page_runs import write_runs
from qbert_lightning.errors import ENVIRONMENT, USAGE, QbertError
from qbert_lightning.report import collect_runs, write_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

COLUMNS = (
    *("runs", "settings", "data MB", "page MB", "written s"),
    *("first row s", "first figure s"),
)
DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.S)
WINDOW = {"width": 1400, "height": 900}
# Times since the navigation began, at which the row and the figure stand in the page.
LISTEN = """
window.stood = {};
new MutationObserver(() => {
  const found = (name, selector) => {
    if (document.querySelector(selector)) stood[name] ??= performance.now();
  };
  found("row", ".results tbody tr");
  found("figure", "#size-figure .trace");
}).observe(document, { childList: true, subtree: true });
"""


@dataclass(frozen=True, kw_only=True)
class PageBenchmark(Benchmark):
    """Size of the page and seconds until its first row and its first figure stand.

    The runs are made up. The browser is a headless Chromium, with a fresh tab for each
    opening of the file; sizes take turns.

    Attributes:
        sizes: Numbers of runs to make pages of.
        rounds: Openings of each page.

    Raises:
        QbertError: For a number below 1, or without a browser.
    """

    name: ClassVar[str] = "page"

    sizes: list[int] = field(default_factory=lambda: [10, 100, 1000])
    rounds: int = 3

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise QbertError(f"bench.rounds={self.rounds}: accepted 1 or more", USAGE)
        if not self.sizes or min(self.sizes) < 1:
            raise QbertError(f"bench.sizes={self.sizes}: accepted 1 or more", USAGE)

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`."""
        with _browser() as browser:
            pages = {size: _write(folder / f"runs-{size}", size) for size in self.sizes}
            openings: dict[int, list[dict[str, float]]] = {s: [] for s in self.sizes}
            for turn in range(self.rounds):
                for size, page in pages.items():
                    opened = _open(browser, page["path"])
                    openings[size].append(opened)
                    row, figure = opened["row_s"], opened["figure_s"]
                    say(f"  round {turn}, {size} runs: {row:.2f} s, {figure:.2f} s")
            version = browser.version
        return Outcome(
            title="The comparison page",
            columns=COLUMNS,
            rows=tuple(_row(s, pages[s], openings[s]) for s in self.sizes),
            notes=(
                "data MB: what the page says beside the chart library; seconds: median "
                "over rounds, from navigation on",
            ),
            measurements=tuple(
                {"runs": size, "round": turn, **opened}
                for size in self.sizes
                for turn, opened in enumerate(openings[size])
            ),
            facts={
                "browser": version,
                "pages": [
                    {"runs": size} | {k: v for k, v in page.items() if k != "path"}
                    for size, page in pages.items()
                ],
            },
        )


@contextmanager
def _browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        needed = "pip install 'qbert-lightning[dev]'"
        raise QbertError(f"bench=page: needs playwright: {needed}", ENVIRONMENT) from (
            error
        )
    own = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=own)
        except Error as error:
            reason = str(error).splitlines()[0]
            raise QbertError(
                f"bench=page: no Chromium starts: {reason}", ENVIRONMENT
            ) from error
        yield browser
        browser.close()


def _write(root: Path, size: int) -> dict[str, Any]:
    write_runs(root, size)
    begin = time.perf_counter()
    runs = collect_runs([root])
    path = write_page(runs, root / "report" / "index.html", f"{size} runs")
    seconds = time.perf_counter() - begin
    html = path.read_text(encoding="utf-8")
    (data,) = DATA.findall(html)
    return {
        "path": path,
        "settings": len({run.name.rpartition("-s")[0] for run in runs}),
        "data_bytes": len(data.encode()),
        "page_bytes": len(html.encode()),
        "write_s": seconds,
    }


def _open(browser: Browser, path: Path) -> dict[str, float]:
    tab = browser.new_page(viewport=WINDOW)
    tab.add_init_script(LISTEN)
    tab.goto(path.resolve().as_uri(), wait_until="commit")
    tab.wait_for_function("() => stood.row && stood.figure", polling=50)
    stood = tab.evaluate("stood")
    tab.close()
    return {f"{name}_s": stood[name] / 1000 for name in ("row", "figure")}


def _row(
    size: int, page: dict[str, Any], opened: list[dict[str, float]]
) -> tuple[str, ...]:
    return (
        str(size),
        str(page["settings"]),
        f"{page['data_bytes'] / 1e6:.2f}",
        f"{page['page_bytes'] / 1e6:.2f}",
        f"{page['write_s']:.2f}",
        f"{median(each['row_s'] for each in opened):.2f}",
        f"{median(each['figure_s'] for each in opened):.2f}",
    )
