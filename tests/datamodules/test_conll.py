from __future__ import annotations

from pathlib import Path

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from qbert_lightning.datamodules import ConllDataModule, TaggedRow
from qbert_lightning.errors import QbertError

FILE = """-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC

-DOCSTART- -X- -X- O

Peter NNP I-NP I-PER
Paul NNP I-NP B-PER
"""


def write(folder: Path, content: str = FILE) -> ConllDataModule:
    for name in ("eng.train", "eng.testa", "eng.testb"):
        (folder / name).write_text(content, encoding="utf-8")
    return ConllDataModule(str(folder))


def test_sentences_in_iob2(tmp_path: Path) -> None:
    data = write(tmp_path)
    labels = data.labels
    assert labels is not None
    first, second = data.splits["test"].rows
    assert isinstance(first, TaggedRow)
    assert isinstance(second, TaggedRow)
    assert first.words == ("EU", "rejects", "German")
    assert [labels[tag] for tag in first.tags] == ["B-ORG", "O", "B-MISC"]
    assert [labels[tag] for tag in second.tags] == ["B-PER", "B-PER"]


def test_reported_and_selection_splits_are_named(tmp_path: Path) -> None:
    names = write(tmp_path).split_names
    assert names["test"] == "CoNLL-2003 testb"
    assert names["val"] == "CoNLL-2003 testa"
    with pytest.raises(
        QbertError, match=r"test_file=eng\.testa: accepted a file other"
    ):
        ConllDataModule(str(tmp_path), test_file="eng.testa")


def test_held_out_part_without_validation_file(tmp_path: Path) -> None:
    write(tmp_path)
    data = ConllDataModule(str(tmp_path), validation_file=None)
    assert data.rows() == {"train": 1, "val": 1, "test": 2}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("word", "line 1 has 1 column"),
        ("Paris NNP I-NP I-GPE", "line 1 has tag 'I-GPE': accepted O, B-PER"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(QbertError, match=f"eng.train: {message}") as error:
        write(tmp_path, f"{line}\n").prepare_data()
    assert error.value.code == 4


def test_own_entity_types(tmp_path: Path) -> None:
    write(tmp_path, "Paris I-GPE\n\nRome B-GPE\n")
    data = ConllDataModule(str(tmp_path), entity_types=["GPE"])
    assert data.labels == ["O", "B-GPE", "I-GPE"]
    assert data.splits["test"].rows[0].tags == (1,)


@pytest.mark.real_data
def test_real_files_have_the_published_counts(shared_data: Path) -> None:
    """Sentences of the files; entities by type as CoNLL-2003's paper counts them."""
    data = ConllDataModule(str(shared_data))
    assert data.rows() == {"train": 14041, "val": 2000, "test": 3453}
    labels = data.labels
    assert labels is not None
    found = [
        kind
        for row in data.splits["test"].rows
        for kind, _, _ in get_entities([labels[tag] for tag in row.tags])
    ]
    counts = {kind: found.count(kind) for kind in ("LOC", "MISC", "ORG", "PER")}
    assert counts == {"LOC": 1668, "MISC": 702, "ORG": 1661, "PER": 1617}
