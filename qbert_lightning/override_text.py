"""Text as Hydra's grammar of overrides reads it."""

from __future__ import annotations

import re


def quoted(text: object) -> str:
    r"""A value in quotes, whatever signs it has.

    >>> print(quoted("it's"))
    'it\'s'
    """
    # Backslashes count only before a quote, and there are written twice.
    escaped = re.sub(r"(\\*)('|$)", _escape, str(text))
    return f"'{escaped}'"


def _escape(found: re.Match[str]) -> str:
    slashes, end = found.groups()
    return slashes * 2 + ("\\'" if end else "")
