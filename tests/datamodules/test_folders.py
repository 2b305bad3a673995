from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.datamodules.folders import find_folder
from qbert_lightning.errors import QbertError

PLACES = ["glue/SST-2", "SST-2"]


@pytest.mark.parametrize("place", ["glue/SST-2", "SST-2", "."])
def test_usual_places_are_found(tmp_path: Path, place: str) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.tsv").touch()
    assert find_folder(str(tmp_path), PLACES, "train.tsv").samefile(folder)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(QbertError, match="no such folder: accepted a folder") as error:
        find_folder(str(tmp_path / "none"), PLACES, "train.tsv")
    assert error.value.code == 4


def test_missing_file_names_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(QbertError, match=r"no train\.tsv: accepted it there or in"):
        find_folder(str(tmp_path), PLACES, "train.tsv")
    (tmp_path / "SST-2").mkdir()
    (tmp_path / "SST-2/dev.tsv").touch()
    with pytest.raises(QbertError, match=r"no train\.tsv: the folder has dev\.tsv"):
        find_folder(str(tmp_path), PLACES, "train.tsv")
