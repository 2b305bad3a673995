from __future__ import annotations

import errno

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.job import ending_of


def interrupted() -> SystemExit:
    """What Lightning 2.6 raises for Ctrl-C: it exits with 1 while handling it."""
    try:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise SystemExit(1)  # noqa: B904
    except SystemExit as error:
        return error


def terminated() -> SystemExit:
    from pytorch_lightning.utilities.exceptions import SIGTERMException

    return SIGTERMException()


def test_interrupt_and_termination_pass_through() -> None:
    assert isinstance(ending_of(KeyboardInterrupt()), KeyboardInterrupt)
    assert isinstance(ending_of(interrupted()), KeyboardInterrupt)
    for ending in (ending_of(terminated()), ending_of(SystemExit(143))):
        assert isinstance(ending, SystemExit)
        assert ending.code == 143


@pytest.mark.parametrize("code", [0, None, 1, 2, "text"])
def test_exit_in_a_library_is_a_failure(code: object) -> None:
    ending = ending_of(SystemExit(code))
    assert isinstance(ending, QbertError)
    assert ending.code == 1


class PanicException(BaseException):
    """Like the one a native tokenizer raises."""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("CUDA out of memory"), 1),
        (MemoryError(), 1),
        (PanicException("stride"), 1),
        (OSError(errno.ENOSPC, "No space left on device"), 3),
        (PermissionError(errno.EACCES, "Permission denied"), 3),
        (FileNotFoundError(errno.ENOENT, "No such file"), 1),
    ],
)
def test_failures_have_a_code_and_a_line(error: BaseException, code: int) -> None:
    ending = ending_of(error)
    assert isinstance(ending, QbertError)
    assert ending.code == code
    assert str(ending).startswith(type(error).__name__)


def test_our_own_error_is_kept() -> None:
    error = QbertError("x", code=4)
    assert ending_of(error) is error
