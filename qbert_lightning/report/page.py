"""The comparison page: one HTML file that needs nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from qbert_lightning.report.chart_library import chart_library
from qbert_lightning.report.payload import page_data
from qbert_lightning.report.run import Run
from qbert_lightning.tracking import to_text, write_text

ASSETS = files("qbert_lightning.report") / "assets"
SCRIPTS = (
    "dom.js",
    "format.js",
    "selection.js",
    "charts.js",
    "figure.js",
    "published.js",
    "scores.js",
    "curves.js",
    "curvature.js",
    "spectra.js",
    "density.js",
    "landscape.js",
    "layer_curves.js",
    "agreement.js",
    "plans.js",
    "unfinished.js",
    "baseline.js",
    "table.js",
    "header.js",
    "live.js",
    "page.js",
)
# What HTML or old JavaScript could read as markup or as the end of a line inside the
# data block, and what UTF-8 cannot write.
UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
# A part of the chart library adds its own style element at load, which the policy would
# refuse with a console error; it does not when an element with its id is there.
LIBRARY_STYLE_ID = re.compile(r'getElementById\("([0-9a-f]{64})"\)')


def write_page(
    runs: Sequence[Run], path: Path, title: str, live_s: float | None = None
) -> Path:
    """Write the comparison of runs as one self-contained HTML file.

    The file loads nothing from outside, and a content security policy keeps it so: only
    the scripts and the style written here may act, recognized by their hashes. What
    runs are called and what they say travels as escaped JSON and is shown as text.

    Args:
        runs: Runs of any status, as `collect_runs` gives them.
        path: The file to write; missing folders are made.
        title: Heading of the page.
        live_s: The page reloads itself after so many seconds; None: never.

    Returns:
        The path written.
    """
    path = Path(path)
    write_text(path, render(page_data(runs, title, path.parent) | {"live": live_s}))
    return path


def render(data: dict[str, Any]) -> str:
    """The page's HTML for some content."""
    library = chart_library()
    script = _script()
    style = _asset("page.css")
    parts = {
        "policy": _policy(scripts=(library, script), styles=(style,)),
        "style": style,
        "library_styles": "".join(
            f'<meta id="{name}">' for name in set(LIBRARY_STYLE_ID.findall(library))
        ),
        "data": embedded_json(data),
        "library": library,
        "script": script,
    }
    # One pass over the template alone: data that looks like a marker stays data.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html"))


def embedded_json(data: Any) -> str:
    r"""JSON that is safe inside an HTML script element.

    >>> embedded_json({"name": "</script>", "loss": float("inf")})
    '{"name": "\\u003c/script\\u003e", "loss": {"$nonfinite": "inf"}}'
    """
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", to_text(data))


def _script() -> str:
    parts = "\n".join(_asset(name) for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    directives = {
        "default-src": "'none'",
        "script-src": " ".join(map(_source_hash, scripts)),
        "style-src": " ".join(map(_source_hash, styles)),
        "img-src": "data:",  # a picture drawn in three dimensions, while it is saved
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _source_hash(source: str) -> str:
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
