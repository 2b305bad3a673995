"""Data sets from the hub, failing quickly and in one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

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
    with_bars = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        with nullcontext() if online else _no_requests():
            return datasets.load_dataset(path, name, revision=revision)
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


@contextmanager
def _no_requests() -> Iterator[None]:
    """What HF_HUB_OFFLINE=1 does, which is read only once, when a process begins.

    A hub that does not answer is asked again and again otherwise, for half a minute and
    even with ``local_files_only``.
    """
    import datasets
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE = before
