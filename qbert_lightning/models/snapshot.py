"""A repository of the hub as a local folder, without anything that could run."""

from __future__ import annotations

import re
from pathlib import Path

from huggingface_hub import snapshot_download

from qbert_lightning.models.hub import local_or_hub

PATTERNS = ("*.json", "*.safetensors", "*.txt")
_HUB_ID = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")


def is_hub_id(text: str) -> bool:
    """Whether a text has the form of a hub name.

    >>> is_hub_id("owner/name"), is_hub_id("owner/name@v1"), is_hub_id("/a/folder")
    (True, True, False)
    """
    return bool(_HUB_ID.fullmatch(text)) and not text.startswith((".", "/"))


def fetch_snapshot(hub_id: str) -> Path:
    """Download a repository, or find it in the cache.

    Only files that hold plain data are fetched: `PATTERNS`.

    Args:
        hub_id: ``owner/name`` or ``owner/name@revision``.

    Returns:
        The folder in the cache.

    Raises:
        QbertError: (code 3) not in the cache and the hub does not answer; (code 4)
            there is no such repository or revision.
    """
    found = _HUB_ID.fullmatch(hub_id)
    assert found is not None  # asked by `is_hub_id` before
    name, revision = found["name"], found["revision"]
    with local_or_hub(name, revision) as arguments:
        return Path(snapshot_download(name, allow_patterns=list(PATTERNS), **arguments))
