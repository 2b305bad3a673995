"""Text in a cell of a Markdown table."""

from __future__ import annotations


def cell_text(text: str) -> str:
    r"""Text that can neither end a cell nor be taken for markup.

    >>> cell_text("a|b <i>")
    'a\\|b &lt;i&gt;'
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(escaped.replace("|", "\\|").split())
