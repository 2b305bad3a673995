"""A process that loads models again and again, for the start-up benchmark.

``python -m qbert_lightning.benchmarks.startup_loads PACKED FLOAT`` takes the folders of
a packed model and of its float model, and reads tasks ``{"how": name}`` from standard
input. Imports and the files' way from the disk are paid before anything is timed.
"""

from __future__ import annotations

import gc
import hashlib
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

import qbert_lightning
from qbert_lightning.benchmarks.serving import serve
from qbert_lightning.export import read_container
from qbert_lightning.models import quiet_transformers

FILE = "model.safetensors"
PLAIN = "safetensors.load_file and SHA-256"


def _plain(packed: Path, float_folder: Path) -> Any:
    tensors = load_file(packed / FILE)
    with (packed / FILE).open("rb") as file:
        return tensors, hashlib.file_digest(file, "sha256")


def _from_pretrained(packed: Path, float_folder: Path) -> Any:
    import transformers

    with quiet_transformers():
        config = transformers.AutoConfig.from_pretrained(float_folder)
        architecture = getattr(transformers, config.architectures[0])
        return architecture.from_pretrained(float_folder, local_files_only=True)


LOADS: Mapping[str, Callable[[Path, Path], Any]] = {
    PLAIN: _plain,
    "read and verify": lambda packed, _: read_container(packed / FILE),
    "qbert_lightning.load": lambda packed, _: qbert_lightning.load(packed),
    "transformers from_pretrained, float32": _from_pretrained,
}
"""Name → what takes the folders of the packed and of the float model."""


def timed_load(how: str, packed: Path, float_folder: Path) -> dict[str, float]:
    """Load once.

    Returns:
        ``wall_s`` and ``cpu_s``.
    """
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    loaded = LOADS[how](packed, float_folder)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    del loaded  # not before the clock is read
    return {"wall_s": wall, "cpu_s": cpu}


def main(arguments: list[str]) -> None:
    """Serve tasks until standard input ends."""
    packed, float_folder = map(Path, arguments)
    for how in LOADS:
        timed_load(how, packed, float_folder)
    serve(lambda task: timed_load(task["how"], packed, float_folder))


if __name__ == "__main__":
    main(sys.argv[1:])
