from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.sweeps.echo import Echo


def test_whole_lines_are_shown_with_their_mark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "output.log"
    path.write_text("an earlier attempt\n")
    echo = Echo(path, "3 | ")
    echo.show()
    with path.open("ab") as file:
        file.write(b"eins\nzw")
        file.flush()
        echo.show()
        assert capsys.readouterr().out == "3 | eins\n"
        file.write("ölf\n10 %\r100 %\nno end".encode())
        file.flush()
        echo.show()
        assert capsys.readouterr().out == "3 | zwölf\n3 | 100 %\n"
    echo.show(is_last=True)
    assert capsys.readouterr().out == "3 | no end\n"


def test_a_job_that_prints_nothing_shows_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Echo(tmp_path / "none", "0 | ").show(is_last=True)
    assert capsys.readouterr().out == ""
