"""Named entities in CoNLL's column files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Unpack

from qbert_lightning.datamodules.base import DataSettings, TaskDataModule
from qbert_lightning.datamodules.folders import find_folder
from qbert_lightning.datamodules.hub import load_hub
from qbert_lightning.datamodules.iob import iob2_labels, to_iob2
from qbert_lightning.datamodules.rows import Split, TaggedRow, TaskSplits
from qbert_lightning.datamodules.tag_encoding import TagEncoding
from qbert_lightning.datamodules.tsv import read_lines
from qbert_lightning.errors import QbertError

OFFICIAL_NAMES = {"eng.train": "train", "eng.testa": "testa", "eng.testb": "testb"}


class ConllDataModule(TaskDataModule):
    """CoNLL-2003 (Tjong Kim Sang and De Meulder 2003), or own files of its layout.

    A line holds a word, further columns, and last its tag in IOB1 or IOB2; an empty
    line ends a sentence; ``-DOCSTART-`` lines are left out. Reported is ``testb``;
    ``testa`` is for selection.

    Args:
        folder: the files' folder, or one that has it as ``conll2003``; None reads
            ``eriktks/conll2003`` from the hub.
        max_length: most tokens of an input (128 in Q-BERT).
        train_file: training sentences in the folder.
        validation_file: sentences to select on; None holds out a part of train.
        test_file: reported sentences.
        entity_types: types in the tags, in the order of the classes.
        settings: see `TaskDataModule`.

    Raises:
        QbertError: (code 2) reported and selection rows are the same file.
    """

    def __init__(
        self,
        folder: str | None = None,
        *,
        max_length: int = 128,
        train_file: str = "eng.train",
        validation_file: str | None = "eng.testa",
        test_file: str = "eng.testb",
        entity_types: Sequence[str] = ("PER", "ORG", "LOC", "MISC"),
        **settings: Unpack[DataSettings],
    ) -> None:
        super().__init__(TagEncoding(max_length), **settings)
        if test_file in {train_file, validation_file}:
            raise QbertError(
                f"task.data.test_file={test_file}: accepted a file other than "
                "train_file and validation_file"
            )
        self.folder = folder
        self.train_file = train_file
        self.validation_file = validation_file
        self.test_file = test_file
        self.tags = iob2_labels(entity_types)

    def read(self) -> TaskSplits:
        """Read all sentences and rewrite their tags as IOB2."""
        if self.folder is None:
            return self._read_hub()
        folder = find_folder(self.folder, ["conll2003"], self.train_file)
        validation = self.validation_file
        return TaskSplits(
            train=self._read_file(folder / self.train_file),
            tests={"test": self._read_file(folder / self.test_file)},
            labels=self.tags,
            validation=None
            if validation is None
            else self._read_file(folder / validation),
        )

    def _read_file(self, path: Path) -> Split:
        numbers = {tag: number for number, tag in enumerate(self.tags)}
        rows = [
            TaggedRow(tuple(words), tuple(numbers[tag] for tag in to_iob2(tags)))
            for words, tags in self._sentences(path)
        ]
        name = OFFICIAL_NAMES.get(path.name, path.name)
        return Split(f"CoNLL-2003 {name}", rows, str(path))

    def _sentences(self, path: Path) -> Iterator[tuple[list[str], list[str]]]:
        """Words and tags of each sentence of a file."""
        words: list[str] = []
        tags: list[str] = []
        for number, line in read_lines(path):
            columns = line.split()
            if columns and columns[0] != "-DOCSTART-":
                self._check_line(path, number, columns)
                words.append(columns[0])
                tags.append(columns[-1])
            elif words:
                yield words, tags
                words, tags = [], []
        if words:
            yield words, tags

    def _check_line(self, path: Path, number: int, columns: Sequence[str]) -> None:
        if len(columns) < 2:
            raise QbertError(
                f"{path}: line {number} has 1 column: accepted a word, further "
                "columns and a tag",
                code=4,
            )
        if columns[-1] not in self.tags:
            raise QbertError(
                f"{path}: line {number} has tag {columns[-1]!r}: accepted "
                f"{', '.join(self.tags)} (task.data.entity_types)",
                code=4,
            )

    def _read_hub(self) -> TaskSplits:
        address = "eriktks/conll2003"
        # The data set's main branch is a script, which is never run.
        splits = load_hub(address, revision="refs/convert/parquet")
        return TaskSplits(
            train=self._hub_split(splits["train"], "train"),
            tests={"test": self._hub_split(splits["test"], "testb")},
            labels=self.tags,
            validation=self._hub_split(splits["validation"], "testa"),
        )

    def _hub_split(self, data: Any, name: str) -> Split:
        """Sentences of one split on the hub, whose tags are IOB2 class numbers."""
        theirs = data.features["ner_tags"].feature.names
        if set(theirs) != set(self.tags):
            raise QbertError(
                f"eriktks/conll2003: tags {theirs}: accepted {list(self.tags)}", code=4
            )
        numbers = [self.tags.index(tag) for tag in theirs]
        rows = [
            TaggedRow(tuple(words), tuple(numbers[tag] for tag in tags))
            for words, tags in zip(data["tokens"], data["ner_tags"], strict=True)
            if words != ["-DOCSTART-"]
        ]
        return Split(f"CoNLL-2003 {name}", rows, f"hub eriktks/conll2003 {name}")
