"""What the pictures for dashboards share: plain texts, colours, and their form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# The chart library reads some markup and mathematics in texts; ours are shown as is.
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
LINE, MARK, SHADE = "#2d5f8b", "#b4532a", "rgba(45, 95, 139, 0.15)"
DEPTHS = ("#9cc4c9", "#7bb0bd", "#5c9ab1", "#4382a3", "#336993", "#28517f", "#1f3a66")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
Figure = dict[str, Any]


def plain(text: object) -> str:
    """Text that the chart library shows as it is.

    >>> plain("<b> & $x$")
    '&lt;b&gt; &amp; &#36;x&#36;'
    """
    return "".join(ENTITIES.get(sign, sign) for sign in str(text))


def power_of_ten(power: int) -> str:
    """A power of ten in signs that need no markup.

    >>> power_of_ten(-6)
    '10⁻⁶'
    """
    return f"10{str(power).translate(SUPERSCRIPTS)}" if power else "1"


def color_scale() -> list[tuple[float, str]]:
    """Colours from small to large."""
    return [(i / (len(DEPTHS) - 1), color) for i, color in enumerate(DEPTHS)]


def figure(title: str, traces: Sequence[Mapping[str, Any]], **layout: Any) -> Figure:
    """A picture in the chart library's own description.

    Args:
        title: Shown above; taken as plain text.
        traces: Curves, marks and surfaces.
        layout: Further entries of the layout.

    Returns:
        `data` and `layout`, in JSON's own types.
    """
    shared = {
        "title": {"text": plain(title)},
        "template": "plotly_white",
        "showlegend": False,
        "margin": {"l": 60, "r": 20, "t": 60, "b": 50},
    }
    return {"data": list(traces), "layout": shared | layout}


def as_plotly(description: Figure) -> Any:
    """The chart library's object for a picture; imports the library."""
    import plotly.graph_objects as go

    return go.Figure(description)
