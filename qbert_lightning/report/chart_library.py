"""The chart library's text, as the page carries it."""

from __future__ import annotations

import re

# The library is one function handed to a wrapper that calls it. In parentheses, it is
# compiled at once and not skimmed first: a tenth of the time until it is ready.
HANDED_OVER = re.compile(
    r'(?<=: this, )\(\) => \{\n"use strict";.*\}(?=\)\);\s*$)', re.S
)


def chart_library() -> str:
    """The chart library with everything in it; imports the package that ships it."""
    from plotly.offline import get_plotlyjs

    return compiled_at_once(get_plotlyjs())


def compiled_at_once(library: str) -> str:
    r"""The same program, with its one function in parentheses.

    A library of another shape is returned as it is.

    >>> compiled_at_once('(f(self ? self : this, () => {\n"use strict";a}));')
    '(f(self ? self : this, (() => {\n"use strict";a})));'
    """
    return HANDED_OVER.sub(lambda found: f"({found[0]})", library, count=1)
