"""The first signal is noted, the second obeyed."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from qbert_lightning.stop_signals import StopSignals, end_by


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_is_noted_and_second_ends(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    signals = StopSignals()
    signals.install()
    try:
        os.kill(os.getpid(), number)
        assert signals.received == number
        with pytest.raises((KeyboardInterrupt, SystemExit)) as ended:
            os.kill(os.getpid(), number)
    finally:
        signals.restore()
    assert signal.getsignal(number) is before
    if number == signal.SIGINT:
        assert ended.type is KeyboardInterrupt
    else:
        assert ended.value.code == 143  # type: ignore[union-attr]


def test_other_threads_install_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)
    signals = StopSignals()
    thread = threading.Thread(target=signals.install)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
    signals.restore()


def test_what_was_noted_is_obeyed_when_asked_for() -> None:
    signals = StopSignals()
    signals.obey()  # nothing yet
    signals.received = signal.SIGTERM
    with pytest.raises(SystemExit) as ended:
        signals.obey()
    assert ended.value.code == 143


def test_ends_as_the_signal_asks() -> None:
    with pytest.raises(KeyboardInterrupt):
        end_by(signal.SIGINT)
    with pytest.raises(SystemExit) as ended:
        end_by(signal.SIGTERM)
    assert ended.value.code == 143
