"""Interrupts and requests to terminate, noted instead of obeyed in mid-step."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, NoReturn


class StopSignals:
    """The first SIGINT or SIGTERM is noted, a second one ends the process at once.

    Signals have one owner in a process: its main thread. Elsewhere nothing is
    installed, and nothing is ever received.

    Attributes:
        received: Number of the signal that was noted, 0 for none.
    """

    def __init__(self) -> None:
        self.received = 0
        self._previous: dict[int, Any] = {}

    def install(self) -> None:
        """Begin to note."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._note)

    def restore(self) -> None:
        """Leave signals to whoever had them before."""
        while self._previous:
            number, handler = self._previous.popitem()
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def obey(self) -> None:
        """End as the noted signal asks, if there is one.

        Raises:
            KeyboardInterrupt: For SIGINT.
            SystemExit: For SIGTERM, with code 143.
        """
        if self.received:
            end_by(self.received)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received:
            end_by(number)
        self.received = number


def end_by(number: int) -> NoReturn:
    """End the way that a signal asks for.

    Args:
        number: SIGINT or SIGTERM.

    Raises:
        KeyboardInterrupt: For SIGINT.
        SystemExit: For SIGTERM, with code 143.
    """
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
