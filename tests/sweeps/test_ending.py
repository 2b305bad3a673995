from __future__ import annotations

import pytest

from qbert_lightning.sweeps.ending import words_for


@pytest.mark.parametrize(
    ("code", "was_short", "words"),
    [
        (-11, False, "killed by SIGSEGV"),
        (-9, True, "killed by SIGKILL: the system was out of memory"),
        (-15, True, "killed by SIGTERM"),
        (-200, False, "killed by signal 200"),
        (7, False, "ended with exit code 7"),
    ],
)
def test_words_for_an_ending(code: int, was_short: bool, words: str) -> None:
    assert words_for(code, was_short) == words
