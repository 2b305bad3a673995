"""Data sets from the hub, failing quickly and in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qbert_lightning.errors import QbertError
from qbert_lightning.reachable import host_answers

if TYPE_CHECKING:
    from datasets import Dataset


def load_hub(
    path: str, name: str | None = None, revision: str | None = None
) -> Mapping[str, Dataset]:
    """All splits of a data set on the hub or in its cache.

    Args:
        path: the repository, e.g. ``"nyu-mll/glue"``.
        name: the configuration, e.g. ``"sst2"``.
        revision: branch, tag or commit.

    Raises:
        QbertError: (code 3) not in the cache and the hub does not answer; (code 4)
            the hub has no such data set.
    """
    import datasets
    from huggingface_hub import constants

    online = not constants.HF_HUB_OFFLINE and host_answers(constants.ENDPOINT)
    arguments: dict[str, Any] = {"revision": revision}
    if not online:
        arguments["download_config"] = datasets.DownloadConfig(local_files_only=True)
    with_bars = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        return datasets.load_dataset(path, name, **arguments)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        address = path if name is None else f"{path} ({name})"
        if not online:
            raise QbertError(
                f"data set {address}: not in the local cache and {constants.ENDPOINT} "
                "does not answer: accepted local files too "
                "(paths.data_dir=/folder or task.data.folder=/folder)",
                code=3,
            ) from error
        reason = str(error).strip().splitlines()[0][:150]
        raise QbertError(f"data set {address}: {reason}", code=4) from error
    finally:
        if not with_bars:
            datasets.enable_progress_bars()
