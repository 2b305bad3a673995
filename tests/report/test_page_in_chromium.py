"""The page as a browser shows it."""

from __future__ import annotations

import re
import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qbert_lightning.report import collect_runs, write_page
from tests.report.hostile import TEXTS
from tests.report.run_folders import record, write_run, write_sweep
from tests.report.spectra_folders import spectra, write_spectra

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; the tests are skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


class Opened:
    """A page that was opened, fully drawn, and listened to.

    Attributes:
        tab: The browser's page.
        complaints: Console messages and uncaught errors.
        requests: Addresses asked for.
    """

    def __init__(self, browser: Browser, path: Path) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab = browser.new_page()
        self.tab.on("console", self._listen)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(path.as_uri())
        self.draw()

    def _listen(self, message: ConsoleMessage) -> None:
        # A machine without a graphics card is slow at reading pictures back.
        is_slowness = any(word in message.text for word in ("ReadPixels", "readback"))
        if not (message.type == "warning" and is_slowness):
            self.complaints.append(message.text)

    def run(self, script: str) -> object:
        """The value of a script in the page."""
        return self.tab.evaluate(script)

    def draw(self) -> None:
        """Draw every chart now, as for paper, and not one after another."""
        self.run("dispatchEvent(new Event('beforeprint'))")

    def texts(self, selector: str) -> list[str]:
        """The text of each element that a selector finds."""
        find = "(s) => [...document.querySelectorAll(s)].map((e) => e.textContent)"
        return self.tab.evaluate(find, selector)

    def filter(self, words: str) -> None:
        """Type into the filter and wait until it took effect."""
        self.tab.fill("#filter", words)
        self.tab.wait_for_timeout(250)
        self.draw()

    def assert_quiet(self) -> None:
        """Nothing was complained about, run from the data, or loaded."""
        assert self.complaints == []
        assert self.requests == [self.tab.url]
        assert self.run("window.PWN") is None


def written(root: Path, title: str = "Runs") -> Path:
    """The page of the runs below a folder."""
    return write_page(collect_runs([root]), root / "report" / "index.html", title)


@pytest.fixture(scope="module")
def sweep_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sweep, with its page."""
    root = write_sweep(tmp_path_factory.mktemp("sweep"), 60)
    written(root)
    return root


@pytest.fixture
def sweep(browser: Browser, sweep_folder: Path) -> Iterator[Opened]:
    """The page of a small sweep, freshly opened."""
    opened = Opened(browser, sweep_folder / "report" / "index.html")
    yield opened
    opened.tab.close()


def names(opened: Opened) -> list[str]:
    return opened.texts(".results .row-name > span:last-child")


def test_everything_is_drawn_without_a_complaint(sweep: Opened) -> None:
    drawn = sweep.run(
        "[...document.querySelectorAll('#main figure, #spectra-figure')]"
        ".map((f) => [f.id, f.querySelectorAll('.trace').length > 0])"
    )
    assert len(drawn) == 5
    assert all(has_traces for _, has_traces in drawn), drawn
    assert len(sweep.texts("#plans tbody tr")) > 3
    assert sweep.texts("#stages tbody th") == ["finetune", "quantize", "analyze"]
    sweep.assert_quiet()


def test_scores_in_the_table_are_mean_and_deviation_of_the_records(
    sweep: Opened, sweep_folder: Path
) -> None:
    expected: dict[str, list[float]] = {}
    for run in collect_runs([sweep_folder]):
        name = run.name.rpartition("-s")[0]
        expected.setdefault(name, []).append(run.metrics["test/accuracy"])

    shown = dict(zip(names(sweep), sweep.texts(".results td.main"), strict=True))

    assert shown.keys() == expected.keys()
    for name, scores in expected.items():
        text = f"{statistics.fmean(scores):.4f}"
        if len(scores) > 1:
            text += f" ± {statistics.stdev(scores):.4f}"
        assert shown[name] == f"{text} ({len(scores)})"


def test_the_front_holds_what_nothing_else_beats(
    sweep: Opened, sweep_folder: Path
) -> None:
    points: dict[str, list[tuple[float, float]]] = {}
    for run in collect_runs([sweep_folder]):
        if run.is_quantized:
            name = run.name.rpartition("-s")[0]
            point = (run.metrics["quant/size_mb"], run.metrics["test/accuracy"])
            points.setdefault(name, []).append(point)
    means = {
        name: (pairs[0][0], statistics.fmean(score for _, score in pairs))
        for name, pairs in points.items()
    }
    unbeaten = {
        name
        for name, (size, score) in means.items()
        if not any(s <= size and b > score for s, b in means.values())
    }
    marked = sweep.run(
        "[...document.querySelectorAll('.results tr:has(.front) .row-name')]"
        ".map((e) => e.lastChild.textContent)"
    )
    assert set(marked) == unbeaten


def test_the_score_axis_names_metric_and_split(sweep: Opened) -> None:
    for figure in ("size-figure", "bits-figure"):
        assert "↑ accuracy on SST-2 dev" in sweep.texts(f"#{figure} .annotation-text")


def test_a_heading_sorts_both_ways(sweep: Opened) -> None:
    def sizes() -> list[float]:
        rows = sweep.texts(".results tbody tr td:nth-last-child(2)")
        return [float(text) for text in rows]

    sweep.tab.click("#sort-size")
    assert sizes() == sorted(sizes())
    assert sweep.texts("th[aria-sort=ascending] .unit") == ["MiB"]
    sweep.tab.press("#sort-size", "Enter")
    assert sizes() == sorted(sizes(), reverse=True)


def test_the_filter_narrows_table_and_charts(sweep: Opened) -> None:
    sweep.filter("groups=128 -qbert_mp")
    assert names(sweep)
    assert all("-g128" in name and "qbert_mp" not in name for name in names(sweep))
    assert sweep.texts("#shown")[0].startswith(f"{len(names(sweep))} of ")
    legend = ["◆qbert", "Pareto front", "published, BERT-base"]
    assert sweep.texts("#size-figure .legend button") == legend

    sweep.filter("no such thing")
    assert sweep.texts("#table") == ["No setting passes the filter."]
    assert len(sweep.texts("figure .empty")) == 4
    sweep.filter("")
    assert len(sweep.texts("figure .empty")) == 0
    sweep.assert_quiet()


def test_a_row_opens_onto_its_runs_by_keyboard(sweep: Opened) -> None:
    sweep.tab.focus(".row-name >> nth=0")
    sweep.tab.keyboard.press("Enter")
    assert sweep.run("document.activeElement.getAttribute('aria-expanded')") == "true"
    links = sweep.run(
        "[...document.querySelectorAll('.detail a')].map((a) => a.getAttribute('href'))"
    )
    assert links
    assert all(re.fullmatch(r"\./\.\./runs/\d{4}/", link) for link in links)


def test_every_status_is_counted_and_told(browser: Browser, tmp_path: Path) -> None:
    write_run(tmp_path / "done", record())
    hostile = "killed by SIGKILL <img src=x onerror=window.PWN=1>"
    failed = record(status="failed", seed=1, error=hostile)
    folder = write_run(tmp_path / "dead", failed)
    (folder / "error.txt").write_text("</pre><script>window.PWN=1</script>")
    for i, status in enumerate(("running", "waiting", "skipped")):
        write_run(tmp_path / status, record(status=status, config={"i": i}))
    opened = Opened(browser, written(tmp_path))

    assert [text.strip()[2:] for text in opened.texts("#counts li")] == [
        "1 finished",
        "1 running",
        "1 waiting",
        "1 skipped",
        "1 failed",
    ]
    cells = opened.texts(".results td:nth-child(2)")
    assert cells[0] == "✓ 1 finished✕ 1 failed"
    assert sorted(cells[1:]) == ["– 1 skipped", "○ 1 waiting", "◔ 1 running"]
    assert hostile in opened.texts(".failure > pre")
    assert opened.run(
        "[...document.querySelectorAll('.failure .note a')]"
        ".map((a) => a.getAttribute('href'))"
    ) == ["./../dead/error.txt"]
    opened.filter("status=skipped")
    assert len(names(opened)) == 1
    opened.assert_quiet()


def test_published_figures_are_marked_and_can_be_hidden(sweep: Opened) -> None:
    legend = "#bits-figure .legend li:last-child"
    assert sweep.texts(legend) == ["published, BERT-base"]
    ours = len(names(sweep))
    rows = sweep.texts("#published-table tbody th")
    assert any(row.startswith("published, BERT-base: Q8BERT") for row in rows)
    assert all(row.startswith("published, ") for row in rows)
    dashed = (
        "[...document.querySelectorAll('#bits-figure .js-line')]"
        ".filter((line) => line.style.strokeDasharray === '4px, 3px').length"
    )
    assert sweep.run(dashed) == 8  # of SST-2, with bits, not in floating point
    sweep.tab.uncheck("#published")
    sweep.draw()
    assert sweep.run(dashed) == 0
    assert "published, BERT-base" not in sweep.texts(legend)
    assert not sweep.tab.is_visible("#published-results")
    assert len(names(sweep)) == ours
    sweep.assert_quiet()


def test_a_baseline_is_on_top_and_others_are_compared(
    sweep: Opened, sweep_folder: Path
) -> None:
    values: dict[str, list[float]] = {}
    for run in collect_runs([sweep_folder]):
        score = run.metrics["test/accuracy"]
        values.setdefault(run.name.rpartition("-s")[0], []).append(score)
    name = names(sweep)[5]
    sweep.tab.locator(".row-name").nth(5).click()
    sweep.tab.click(".pin")
    assert names(sweep)[0] == name
    best = names(sweep)[1]
    expected = statistics.fmean(values[best]) - statistics.fmean(values[name])
    (shown,) = sweep.texts(".results > tbody > tr:nth-child(3) .main .delta")
    assert shown == f"{expected:+.4f}".replace("-", "−")
    sweep.tab.click(".pin")
    assert sweep.texts(".delta") == []


def test_every_key_that_differs_can_be_shown(sweep: Opened) -> None:
    few = sweep.texts(".results thead th .code")
    sweep.tab.check("#everything")
    many = sweep.texts(".results thead th .code")
    assert len(few) < len(many)
    assert "quant.embedding_bits" in many
    common = dict(
        zip(
            sweep.texts("#common-pairs dt"),
            sweep.texts("#common-pairs dd"),
            strict=True,
        )
    )
    assert common["quant.activation_bits"] == "8"
    assert not set(common) & set(many)
    sweep.assert_quiet()


def test_a_live_page_reloads_and_is_as_it_was_left(
    browser: Browser, tmp_path: Path
) -> None:
    write_sweep(tmp_path, 40)
    page = tmp_path / "index.html"
    write_page(collect_runs([tmp_path]), page, "First", live_s=3600)
    tab = browser.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(page.as_uri())
    tab.click("#live-pause")
    assert tab.text_content("#live-text") == "Live, paused."
    tab.fill("#filter", "qbert_mp")
    tab.wait_for_timeout(250)
    tab.click("#sort-size")
    tab.locator(".row-name").nth(1).click()
    rows = tab.locator(".results .row-name").all_text_contents()
    tab.evaluate("scrollTo(0, 700)")
    write_page(collect_runs([tmp_path]), page, "Second", live_s=1)
    tab.reload()
    assert tab.title() == "Second"
    assert tab.input_value("#filter") == "qbert_mp"
    assert tab.locator(".results .row-name").all_text_contents() == rows
    assert tab.locator("[aria-expanded=true]").count() == 1
    assert tab.get_attribute("#table th[aria-sort]", "aria-sort") == "ascending"
    tab.wait_for_function("() => Math.abs(scrollY - 700) < 60")
    assert tab.text_content("#live-text") == "Live, paused."
    write_page(collect_runs([tmp_path]), page, "Third")
    tab.click("#live-pause")
    tab.wait_for_function("() => document.title === 'Third'")
    assert not tab.is_visible("#live")
    assert complaints == []
    tab.close()


def test_a_legend_entry_hides_its_marks(sweep: Opened) -> None:
    marks = "document.querySelectorAll('#size-figure .points path').length"
    before = sweep.run(marks)
    sweep.tab.click("#size-figure .legend button >> nth=0")
    assert sweep.run(marks) < before
    assert sweep.run("document.activeElement.getAttribute('aria-pressed')") == "false"


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_is_never_wider_than_the_window(sweep: Opened, width: int) -> None:
    sweep.run("dispatchEvent(new Event('afterprint'))")
    sweep.tab.set_viewport_size({"width": width, "height": 800})
    sweep.tab.wait_for_function(
        "(width) => document.documentElement.scrollWidth <= width", arg=width
    )


def test_hostile_texts_are_shown_as_they_are(browser: Browser, tmp_path: Path) -> None:
    for i, text in enumerate(TEXTS):
        block = {text: 2}
        run = record(
            name=text,
            method=text,
            seed=None,
            task="t",
            splits={"test": "dev", "val": text},
            config={text: text, "quant": {"groups": text}},
            bits=block,
            overrides=[text],
            stages={text: {"key": text, "reused": False, "seconds": 1}},
            environment={"git_commit": "", "hardware": {"cpu": text}},
            sensitivity={"metric": text, "importance": block, "samples": {text: [1.0]}},
        )
        write_run(tmp_path / f"run{i}", run, [{"step": 1, "train/loss": 0.5}])
        failed = record(name=text, status="failed", error=text)
        write_run(tmp_path / f"failed{i}", failed)

    opened = Opened(browser, written(tmp_path, title=TEXTS[0]))

    assert opened.texts("#title") == [TEXTS[0]]
    assert opened.run("document.title") == TEXTS[0]
    assert set(names(opened)) == set(TEXTS)
    assert set(opened.texts(".results td:nth-child(2)")) == set(TEXTS)
    assert set(opened.texts(".failure h3")) == set(TEXTS)
    assert set(opened.texts(".failure pre")) == set(TEXTS)
    assert set(opened.texts("#stages tbody th")) == set(TEXTS)
    hardware = opened.texts("#facts .line")
    assert all(any(text in line for line in hardware) for text in TEXTS)
    for i in range(len(TEXTS)):
        opened.tab.locator(".row-name").nth(i).click()
    opened.assert_quiet()


def test_a_hostile_task_and_split_stay_text(browser: Browser, tmp_path: Path) -> None:
    for i, text in enumerate(TEXTS):
        write_run(tmp_path / str(i), record(task=text, splits={"test": text}))
    opened = Opened(browser, written(tmp_path))
    assert set(opened.texts("#view option")) == set(TEXTS)
    for i, text in enumerate(opened.texts("#view option")):
        opened.tab.select_option("#view", index=i)
        opened.draw()
        assert f"Judged by accuracy on {text}: " in opened.texts("#results-lead")[0]
        axis = opened.texts("#size-figure .annotation-text")[0]
        assert axis.split() == f"↑ accuracy on {text}".split()
    opened.assert_quiet()


def test_numbers_that_are_none_are_shown_and_come_last(
    browser: Browser, tmp_path: Path
) -> None:
    for i, score in enumerate((0.5, {"$nonfinite": "nan"}, {"$nonfinite": "-inf"})):
        metrics = {"test/accuracy": score, "quant/size_mb": 10.0}
        write_run(tmp_path / str(i), record(metrics=metrics, config={"i": i}))
    opened = Opened(browser, written(tmp_path))
    shown = ["0.5000 (1)", "−inf (1)", "NaN (1)"]
    assert opened.texts(".results td.main") == shown
    opened.tab.click("#sort-score-0")
    assert opened.texts(".results td.main") == ["−inf (1)", "0.5000 (1)", "NaN (1)"]
    assert opened.texts("#size-figure .note")[0].endswith("2 settings.")
    opened.assert_quiet()


def test_a_page_without_runs_says_so(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path))
    assert opened.texts("#lede") == ["No finished run was found."]
    assert not opened.tab.is_visible("#main")
    opened.assert_quiet()


def test_a_run_without_curves_plan_or_hessian_says_so(
    browser: Browser, tmp_path: Path
) -> None:
    write_run(tmp_path / "a", record(bits={}, metrics={}, stages={}))
    opened = Opened(browser, written(tmp_path))
    sentences = opened.texts("#main .empty")
    assert len(sentences) == 5
    assert all(sentence.startswith("No ") for sentence in sentences)
    opened.assert_quiet()


@pytest.fixture(scope="module")
def analyses_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing but analyses of one float model, with everything they can leave."""
    root = tmp_path_factory.mktemp("analyses")
    blocks = [f"bert.encoder.layer.{i}" for i in range(4)]
    stages = {"finetune": {"key": "float", "reused": True, "seconds": 1}}
    for name, column in {
        "perturbation": (0.1, 0.4, 0.2, 0.8),
        "hessian_trace": (1.0, 4.0, 2.0, 8.0),
        "random": (8.0, 4.0, 2.0, 1.0),
    }.items():
        importance = dict(zip(blocks, column, strict=True))
        table = {
            "metric": name,
            "importance": importance,
            "scores": {block: {"2": x} for block, x in importance.items()},
            "samples": {block: [x, 1.1 * x] for block, x in importance.items()},
        }
        run = record(
            kind="analyze", name=name, metrics={}, sensitivity=table, stages=stages
        )
        rows = [
            {"step": s, **{f"hessian/{q}/{b}": s + x for b, x in importance.items()}}
            for s in (0, 10, 20)
            for q in ("mean_eigenvalue", "top_eigenvalue")
        ]
        folder = write_run(root / name, run, rows if name == "random" else [])
        write_spectra(folder, spectra(blocks, [0, 1, 3]))
    written(root)
    return root


@pytest.fixture
def analyses(browser: Browser, analyses_folder: Path) -> Iterator[Opened]:
    """The page of nothing but analyses, freshly opened."""
    opened = Opened(browser, analyses_folder / "report" / "index.html")
    yield opened
    opened.tab.close()


def test_analyses_alone_are_drawn_without_a_complaint(analyses: Opened) -> None:
    assert analyses.texts("#lede") == ["3 analyses of float models."]
    assert not analyses.tab.is_visible("#main")
    for section in ("spectra", "density", "layer-curves", "agreement"):
        assert analyses.tab.is_visible(f"#{section}-section")
        assert analyses.run(
            f"[...document.querySelectorAll('#{section}-section figure')]"
            ".every((figure) => figure.querySelectorAll('.trace').length > 0)"
        )
    assert len(analyses.texts("#density-table tbody tr")) == 4
    assert len(analyses.texts("#layer-curves figure")) == 2
    analyses.assert_quiet()


def test_the_flattest_and_the_sharpest_landscape_stand_side_by_side(
    analyses: Opened,
) -> None:
    chosen = "(id) => document.getElementById(id).selectedOptions[0].textContent"
    sides = [
        analyses.tab.evaluate(chosen, f"{side}-layer") for side in ("flat", "sharp")
    ]
    assert [side.split(",")[0][-1] for side in sides] == ["1", "3"]
    ranges = (
        "['#flat-figure', '#sharp-figure'].map((figure) => "
        "document.querySelector(`${figure} .plot`)._fullLayout.scene.zaxis.range"
        ".map((end) => end.toFixed(6)).join())"
    )
    analyses.tab.wait_for_selector("#sharp-figure canvas", state="attached")
    assert len(set(analyses.run(ranges))) == 1
    analyses.tab.uncheck("#same-height")
    assert len(set(analyses.run(ranges))) == 2
    analyses.tab.select_option("#flat-layer", index=1)
    assert analyses.texts("#flat-figure .note")[0].startswith("bert.encoder.layer.0:")
    analyses.assert_quiet()


def test_one_layer_alone_shows_its_eigenvalues(analyses: Opened) -> None:
    analyses.tab.select_option("#density-layer", index=2)
    title = analyses.texts("#density-figure .annotation-text")[0]
    assert "bert.encoder.layer.1" in title
    marks = "document.querySelectorAll('#density-figure .points path').length"
    assert analyses.run(marks) == 20
    analyses.assert_quiet()


def test_without_three_dimensions_a_landscape_is_a_map(
    browser: Browser, analyses_folder: Path
) -> None:
    tab = browser.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.add_init_script(
        "const { getContext } = HTMLCanvasElement.prototype;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        "  return kind.includes('webgl') ? null : getContext.call(this, kind, ...more);"
        "};"
    )
    tab.goto((analyses_folder / "report" / "index.html").as_uri())
    tab.locator("#landscape-section").scroll_into_view_if_needed()
    for side in ("flat", "sharp"):
        tab.wait_for_selector(f"#{side}-figure .contourlayer path", state="attached")
    assert complaints == []
    tab.close()


def test_a_landscape_is_saved_with_its_picture(
    analyses: Opened, tmp_path: Path
) -> None:
    analyses.tab.wait_for_selector("#flat-figure canvas", state="attached")
    with analyses.tab.expect_download() as download:
        analyses.tab.click("#flat-figure figcaption button")
    download.value.save_as(tmp_path / "flat.svg")
    assert "data:image/png" in (tmp_path / "flat.svg").read_text()
    assert analyses.complaints == []


def test_analyses_fit_on_a_telephone(analyses: Opened) -> None:
    analyses.run("dispatchEvent(new Event('afterprint'))")
    analyses.tab.set_viewport_size({"width": 360, "height": 800})
    analyses.tab.wait_for_function(
        "(width) => document.documentElement.scrollWidth <= width", arg=360
    )


def test_rank_correlations_are_shown_with_every_picture(analyses: Opened) -> None:
    assert analyses.texts(".picture h3") == ["hessian_trace", "random"]
    notes = analyses.texts(".picture > .note")
    assert notes[0] == "Spearman 1.00 · Kendall 1.00 · 4 blocks"
    assert notes[1].startswith("Spearman −0.80")
    rows = analyses.texts("#agreement tbody tr")
    assert [row.startswith("hessian_trace") for row in rows] == [True, False]


def test_hostile_blocks_and_metrics_stay_text(browser: Browser, tmp_path: Path) -> None:
    blocks = list(TEXTS)
    stages = {"finetune": {"key": TEXTS[0], "reused": True, "seconds": 1}}
    importance = {block: float(i) for i, block in enumerate(blocks)}
    for metric in ("perturbation", TEXTS[0]):
        table = {
            "metric": metric,
            "importance": importance,
            "scores": {block: {"2": x} for block, x in importance.items()},
            "samples": {block: [x] for block, x in importance.items()},
        }
        run = record(kind="analyze", name=metric, sensitivity=table, stages=stages)
        rows = [
            {
                "step": s,
                **{
                    f"hessian/mean_eigenvalue/{b}": s + x for b, x in importance.items()
                },
            }
            for s in (0, 10)
        ]
        folder = write_run(tmp_path / str(metric == "perturbation"), run, rows)
        write_spectra(folder, spectra(blocks, [0, 1]))
    opened = Opened(browser, written(tmp_path))
    assert set(opened.texts("#density-table tbody th")) == set(TEXTS)
    assert opened.texts(".picture h3") == [TEXTS[0]]
    for i in range(1, len(TEXTS) + 1):
        opened.tab.select_option("#density-layer", index=i)
    shown = set(opened.texts("#layer-curves .legend button"))
    assert len(shown) == len(TEXTS)
    opened.assert_quiet()


def test_a_broken_file_of_spectra_says_so(browser: Browser, tmp_path: Path) -> None:
    write_spectra(write_run(tmp_path / "a", record()), {"version": TEXTS[0]})
    opened = Opened(browser, written(tmp_path))
    (sentence,) = opened.texts("#density-figure .empty")
    assert "could not be read: ValueError: version" in sentence
    assert not opened.tab.is_visible("#landscape-section")
    opened.assert_quiet()


def test_several_tasks_can_be_chosen(browser: Browser, tmp_path: Path) -> None:
    write_run(tmp_path / "a", record(task="cola", splits={"test": "CoLA dev"}))
    write_run(tmp_path / "b", record(task="sst2"))
    opened = Opened(browser, written(tmp_path))
    assert opened.texts("#view option") == ["cola", "sst2"]
    opened.tab.select_option("#view", label="sst2")
    assert "SST-2 dev" in opened.texts("#results-lead")[0]


def test_a_thousand_settings_can_be_looked_through(
    browser: Browser, tmp_path: Path
) -> None:
    write_sweep(tmp_path, 1000, distinct=True)
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(written(tmp_path).as_uri())
    rows = tab.locator(".results .row-name")
    runs = collect_runs([tmp_path])

    assert tab.text_content("#shown") == "1,000 settings"
    assert rows.count() == 100
    best = tab.locator(".results td.main").first.text_content()
    assert best == f"{max(run.metrics['test/accuracy'] for run in runs):.4f} (1)"
    tab.wait_for_selector("#size-figure .trace", state="attached")
    tab.evaluate("document.getElementById('table').scrollTo(0, 1e6)")
    tab.wait_for_function(
        "() => document.querySelectorAll('.results .row-name').length === 200"
    )
    tab.click("#more-rows button")
    assert rows.count() == 1000
    assert tab.text_content("#more-rows") == ""
    few = sum("-qbert-w3-g128" in run.name for run in runs)
    tab.fill("#filter", "w3-g128 qbert- -qbert_mp")
    tab.wait_for_function(
        "(n) => document.querySelectorAll('.results .row-name').length === n", arg=few
    )
    assert tab.text_content("#shown") == f"{few} of 1,000 settings"
    assert complaints == []
    tab.close()


def test_paper_holds_every_row_and_no_control(browser: Browser, tmp_path: Path) -> None:
    write_sweep(tmp_path, 220, distinct=True)
    opened = Opened(browser, written(tmp_path))
    opened.tab.emulate_media(media="print")
    assert len(names(opened)) == 220
    for control in (".toolbar", "#everything-field", "#more-rows", "#common"):
        assert not opened.tab.is_visible(control), control
    opened.run("dispatchEvent(new Event('afterprint'))")
    assert opened.tab.is_hidden(".toolbar")
    opened.tab.emulate_media(media="screen")
    assert opened.tab.is_visible(".toolbar")
    opened.assert_quiet()
    opened.tab.close()


def test_charts_draw_themselves(browser: Browser, sweep_folder: Path) -> None:
    tab = browser.new_page()
    tab.goto((sweep_folder / "report" / "index.html").as_uri())
    for figure in ("size", "bits", "loss", "validation", "spectra"):
        tab.locator(f"#{figure}-figure").scroll_into_view_if_needed()
        tab.wait_for_selector(f"#{figure}-figure .trace", state="attached")
    tab.close()


def test_the_chart_library_is_read_only_for_a_chart(
    browser: Browser, tmp_path: Path
) -> None:
    write_run(tmp_path / "a", record(status="failed", error="no disk"))
    tab = browser.new_page()
    tab.goto(written(tmp_path).as_uri())
    assert tab.locator("#failures-lead").text_content() != ""
    assert tab.evaluate("typeof Plotly") == "undefined"
    tab.close()
