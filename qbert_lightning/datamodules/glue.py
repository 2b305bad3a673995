"""The sentence tasks of GLUE."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from qbert_lightning.datamodules.base import DataSettings, TaskDataModule
from qbert_lightning.datamodules.folders import find_folder
from qbert_lightning.datamodules.glue_layouts import GLUE_LAYOUTS
from qbert_lightning.datamodules.hub import load_hub
from qbert_lightning.datamodules.rows import SentenceRow, Split, TaskSplits
from qbert_lightning.datamodules.sentence_encoding import SentenceEncoding
from qbert_lightning.datamodules.tsv import read_columns
from qbert_lightning.errors import QbertError

OFFICIAL_TRAIN_FILE = "train.tsv"


class GlueDataModule(TaskDataModule):
    """One GLUE task (Wang et al. 2019, arXiv:1804.07461), from disk or the hub.

    GLUE's own test labels are not public. Reported is the development set, as all
    papers on BERT quantization do; rows to select on are held out of train.

    Args:
        task: a key of `GLUE_LAYOUTS`, e.g. ``"sst2"``.
        folder: the task's folder, or one that has it as ``glue/SST-2`` or ``SST-2``;
            None reads ``nyu-mll/glue`` from the hub.
        max_length: most tokens of an input (128 in the papers).
        train_file: training rows in the folder.
        test_files: reported split name to file; None for the official files.
        max_bad_rows: rows with too few columns to leave out of a file, for downloads
            known to have some.
        settings: see `TaskDataModule`.

    Raises:
        QbertError: (code 2) an unknown task or split name.
    """

    def __init__(
        self,
        task: str,
        folder: str | None = None,
        *,
        max_length: int = 128,
        train_file: str = OFFICIAL_TRAIN_FILE,
        test_files: Mapping[str, str] | None = None,
        max_bad_rows: int = 0,
        **settings: Unpack[DataSettings],
    ) -> None:
        super().__init__(SentenceEncoding(max_length), **settings)
        if task not in GLUE_LAYOUTS:
            raise QbertError(
                f"task.data.task={task}: accepted {', '.join(GLUE_LAYOUTS)}"
            )
        self.layout = GLUE_LAYOUTS[task]
        for name in test_files or {}:
            if name not in self.layout.tests:
                raise QbertError(
                    f"task.data.test_files.{name}: accepted "
                    f"{', '.join(self.layout.tests)}"
                )
        self.task = task
        self.folder = folder
        self.train_file = train_file
        self.test_files = {**self.layout.tests, **(test_files or {})}
        self.max_bad_rows = max_bad_rows

    def read(self) -> TaskSplits:
        """Read train and the reported splits."""
        if self.folder is None:
            return self._read_hub()
        title = self.layout.title
        places = [f"glue/{title}", title]
        folder = find_folder(self.folder, places, self.train_file)
        return TaskSplits(
            train=self._read_file(folder, self.train_file, OFFICIAL_TRAIN_FILE),
            tests={
                name: self._read_file(folder, file, self.layout.tests[name])
                for name, file in self.test_files.items()
            },
            labels=self.layout.labels,
        )

    def _read_file(self, folder: Path, file: str, official: str) -> Split:
        path = folder / file
        lines, left_out = read_columns(path, self.layout.columns, self.max_bad_rows)
        rows = [
            SentenceRow(
                texts[0],
                texts[1] if len(texts) > 1 else None,
                self._label(token, f"{path}: line {number}"),
            )
            for number, (*texts, token) in lines
        ]
        name = f"{self.layout.title} {Path(official).stem.replace('_', ' ')}"
        if file != official:
            name = f"{self.layout.title} {file} (not the official {official})"
        if left_out:
            name += f", {left_out} bad rows left out"
        return Split(name, rows, str(path))

    def _label(self, token: str, where: str) -> int | float:
        """Class number, or score, of a label as written in the file."""
        labels, tokens = self.layout.labels, self.layout.tokens
        if labels is None:
            try:
                return float(token)
            except ValueError as error:
                raise QbertError(
                    f"{where} has label {token!r}: accepted a number", code=4
                ) from error
        accepted = tokens or labels
        if token not in accepted:
            raise QbertError(
                f"{where} has label {token!r}: accepted {', '.join(accepted)}", code=4
            )
        return accepted.index(token)

    def _read_hub(self) -> TaskSplits:
        address = f"nyu-mll/glue ({self.task})"
        splits = load_hub("nyu-mll/glue", self.task)
        tests = {
            name: "validation" if name == "test" else f"validation_{name}"
            for name in self.layout.tests
        }
        title = self.layout.title
        return TaskSplits(
            train=self._hub_split(splits["train"], f"{title} train", address),
            tests={
                name: self._hub_split(
                    splits[key], f"{title} {key.replace('validation', 'dev')}", address
                )
                for name, key in tests.items()
            },
            labels=self.layout.labels,
        )

    def _hub_split(self, data: Any, name: str, address: str) -> Split:
        """Rows of one split on the hub, whose labels are class numbers already."""
        label = data.features["label"]
        labels = None if self.layout.labels is None else list(self.layout.labels)
        if labels is not None and list(label.names) != labels:
            raise QbertError(
                f"{address}: labels {list(label.names)}: accepted {labels}", code=4
            )
        columns = [data[column] for column in (*self.layout.hub_columns, "label")]
        rows = [
            SentenceRow(texts[0], texts[1] if len(texts) > 1 else None, label)
            for *texts, label in zip(*columns, strict=True)
        ]
        return Split(name.replace("_", " "), rows, f"hub {address} {name}")
