"""A repository of the hub as a local folder, without anything that could run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import snapshot_download

from qbert_lightning.hub_name import hub_name
from qbert_lightning.models.hub import local_or_hub

PATTERNS = ("*.json", "*.safetensors", "*.txt")


def fetch_snapshot(hub_id: str, files: Sequence[str] = PATTERNS) -> Path:
    """Download a repository, or find it in the cache.

    Args:
        hub_id: ``owner/name`` or ``owner/name@revision``.
        files: Names or patterns of what is fetched, where it is there; by default what
            holds plain data.

    Returns:
        The folder in the cache.

    Raises:
        QbertError: (code 3) not in the cache and the hub does not answer; (code 4)
            there is no such repository or revision.
    """
    found = hub_name(hub_id)
    assert found is not None  # who calls has asked before
    name, revision = found
    with local_or_hub(name, revision) as arguments:
        return Path(snapshot_download(name, allow_patterns=list(files), **arguments))
