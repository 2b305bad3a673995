"""A process with one contestant of the inference benchmark in it.

``python -m qbert_lightning.benchmarks.inference_worker JSON`` is told in its argument
who it is and where (`Worker`), and reads tasks from standard input: ``prepare`` writes
the contestant's files, ``load`` reads them and answers each batch once, ``time``
answers a batch over and over.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import torch

from qbert_lightning.benchmarks.contestant import Answer, Contestant, Place
from qbert_lightning.benchmarks.described import restored
from qbert_lightning.benchmarks.inference_agreement import Agreement
from qbert_lightning.benchmarks.inference_texts import load_series, save_series
from qbert_lightning.benchmarks.isolation import PEAK_UNIT, resident_bytes
from qbert_lightning.benchmarks.serving import serve
from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.tracking.json_values import from_text

MIB = 2**20
TRUTH_FILE = "truth.safetensors"
# What every contestant in PyTorch imports when it loads, which is not its model.
IMPORTED = ("transformers.models.bert.modeling_bert", "qbert_lightning.export")


class Worker:
    """One contestant at its place.

    Args:
        contestant: Who answers.
        place: Where its files are.
        batches: File of what it is asked, by `save_series`.
    """

    def __init__(self, contestant: Contestant, place: Place, batches: Path) -> None:
        self._contestant = contestant
        self._place = place
        self._batches = load_series(batches)
        self._answer: Answer | None = None
        torch.set_num_threads(place.num_threads)

    def prepare(self) -> dict[str, Any]:
        """Write the contestant's files and the logits that it should give.

        Returns:
            ``file_bytes``.
        """
        model = self._contestant.prepare(self._place, self._batches)
        with torch.inference_mode():
            truth = [model(**batch).to_tuple() for batch in self._batches]
        named = [{str(i): x for i, x in enumerate(each)} for each in truth]
        save_series(named, self._place.folder / TRUTH_FILE)
        files = self._contestant.files(self._place)
        return {"file_bytes": sum(file.stat().st_size for file in files)}

    def load(self) -> dict[str, Any]:
        """Load the files and answer every batch, the smallest first.

        Returns:
            ``load_seconds``; for each batch ``resident_mib``, how much more memory is
            there than before loading, ``peak_mib``, the most there was, and agreement.
        """
        for name in (*IMPORTED, *self._contestant.needs):
            import_module(name)
        truth = load_series(self._place.folder / TRUTH_FILE)
        gc.collect()
        before = resident_bytes()
        begin = time.perf_counter()
        self._answer = self._contestant.load(self._place)
        found: dict[str, Any] = {"load_seconds": time.perf_counter() - begin}
        asked = []
        for batch, wanted in zip(self._batches, truth, strict=True):
            given = self._answer(batch)
            gc.collect()
            resident = resident_bytes()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT
            asked.append(
                {
                    "batch_size": len(batch["input_ids"]),
                    "resident_mib": (resident - before) / MIB,
                    "peak_mib": (peak - before) / MIB,
                    **Agreement.of(given, list(wanted.values())).as_dict(),
                }
            )
        return {**found, "asked": asked}

    def time(self, number: int, seconds: float) -> dict[str, Any]:
        """Answer a batch until some time has passed.

        Args:
            number: Of the batch.
            seconds: How long; at least one answer is given.

        Returns:
            ``seconds`` of an answer, the median, and ``answers``, how many there were.
        """
        assert self._answer is not None  # it was asked to load
        taken: list[float] = []
        while not taken or sum(taken) < seconds:
            begin = time.perf_counter()
            self._answer(self._batches[number])
            taken.append(time.perf_counter() - begin)
        return {"seconds": median(taken), "answers": len(taken)}

    def do(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """One of the above by its name, or why it cannot be done."""
        arguments = {key: value for key, value in task.items() if key != "do"}
        try:
            result: dict[str, Any] = getattr(self, task["do"])(**arguments)
        except QbertError as error:
            return {"error": str(error), "code": error.code}
        except Exception as error:  # another library's, so it may be anything
            text = " ".join(f"{type(error).__name__}: {error}".split())
            return {"error": text[:200], "code": FAILED}
        return result


def main(arguments: list[str]) -> None:
    """Serve tasks until standard input ends."""
    told = from_text(arguments[0])
    place = Place(Path(told["model"]), Path(told["folder"]), told["num_threads"])
    worker = Worker(restored(told["contestant"]), place, Path(told["batches"]))
    serve(worker.do)


if __name__ == "__main__":
    main(sys.argv[1:])
