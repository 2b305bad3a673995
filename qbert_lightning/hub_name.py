"""Names of models on the hub, told from paths without asking anybody."""

from __future__ import annotations

import re

_HUB_NAME = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")


def hub_name(text: str) -> tuple[str, str | None] | None:
    """Repository and revision of ``owner/name`` or ``owner/name@revision``.

    Args:
        text: As typed.

    Returns:
        None if it has not that form.

    >>> hub_name("owner/name@v1"), hub_name("owner/name"), hub_name("/a/folder")
    (('owner/name', 'v1'), ('owner/name', None), None)
    """
    found = _HUB_NAME.fullmatch(text)
    if found is None or text.startswith((".", "/")):
        return None
    return found["name"], found["revision"]
