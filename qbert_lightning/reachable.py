"""Does a host answer? Asked before anything that would wait for it."""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.request
from functools import cache


@cache
def host_answers(address: str, seconds: float = 2.0) -> bool:
    """Whether an HTTP server answers in time, whatever it answers.

    Proxies from the environment are used. The answer is remembered for the life of
    the process. Also a name look-up that hangs ends after ``seconds``.

    Args:
        address: e.g. ``"https://huggingface.co"``.
        seconds: how long to wait.

    Example:
        >>> host_answers("http://127.0.0.1:9", seconds=1.0)
        False
    """
    answered: list[bool] = []

    def ask() -> None:
        request = urllib.request.Request(address, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=seconds):
                answered.append(True)
        except urllib.error.HTTPError:
            answered.append(True)
        except (OSError, ValueError, http.client.HTTPException):
            answered.append(False)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return answered == [True]
