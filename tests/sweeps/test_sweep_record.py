from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.sweeps.sweep_record import SWEEP_FILE, SweepRecord


def test_round_trip(tmp_path: Path) -> None:
    record = SweepRecord("run", ["seed=1,2"], "/my/conf", "abc", jobs={"0": ["seed=1"]})
    record.write(tmp_path)
    assert SweepRecord.read(tmp_path) == record


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1}'])
def test_what_is_no_record_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / SWEEP_FILE).write_text(text)
    with pytest.raises(QbertError, match=SWEEP_FILE) as refused:
        SweepRecord.read(tmp_path)
    assert refused.value.code == 4
