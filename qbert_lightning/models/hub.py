"""Folders and hub names: fail quickly, quietly and in one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub import constants, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError
from safetensors import SafetensorError
from transformers.utils import logging

from qbert_lightning.errors import QbertError
from qbert_lightning.reachable import host_answers


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence reports and progress bars of loading; we check the result ourselves."""
    verbosity = logging.get_verbosity()
    with_bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if with_bars:
            logging.enable_progress_bar()


@contextmanager
def local_or_hub(
    name_or_path: str, revision: str | None = None
) -> Iterator[dict[str, Any]]:
    """Arguments of ``from_pretrained`` for a folder, the cache or the hub.

    Inside the context, what loading raises for a missing or broken file becomes one
    line.

    Args:
        name_or_path: a folder or a hub name.
        revision: branch, tag or commit on the hub.

    Yields:
        ``revision`` and ``local_files_only``.

    Raises:
        QbertError: (code 3) not in the cache and the hub does not answer within two
            seconds; (code 4) a missing folder or a broken file.
    """
    in_folder = Path(name_or_path).is_dir()
    if not in_folder and _looks_like_a_path(name_or_path):
        raise QbertError(
            f"model.name_or_path={name_or_path}: no such folder: accepted a folder "
            "with config.json and model.safetensors, or a hub name",
            code=4,
        )
    online = not in_folder and _hub_answers()
    if not in_folder and not online and not _cached(name_or_path, revision):
        raise QbertError(_unreachable(name_or_path), code=3)
    try:
        yield {"revision": revision, "local_files_only": not online}
    except (OSError, ValueError, SafetensorError) as error:
        if isinstance(error, QbertError):
            raise
        if not in_folder and not online:
            raise QbertError(_unreachable(name_or_path), code=3) from error
        reason = str(error).strip().splitlines()[0][:150]
        raise QbertError(
            f"model.name_or_path={name_or_path}: {reason}: accepted a BERT with "
            "config.json, model.safetensors and tokenizer files",
            code=4,
        ) from error


def _looks_like_a_path(name: str) -> bool:
    return name.startswith(("/", ".", "~")) or name.count("/") > 1 or os.sep == "\\"


def _hub_answers() -> bool:
    return not constants.HF_HUB_OFFLINE and host_answers(constants.ENDPOINT)


def _cached(name: str, revision: str | None) -> bool:
    try:
        found = try_to_load_from_cache(name, "config.json", revision=revision)
    except HFValidationError:
        return False
    return isinstance(found, str)


def _unreachable(name: str) -> str:
    return (
        f"model.name_or_path={name}: not in the local cache and {constants.ENDPOINT} "
        "does not answer: accepted a local folder too (model=local "
        "model.name_or_path=/folder/with/config.json)"
    )
