"""The one error a user should see: a line naming key, value and what is accepted."""

from __future__ import annotations

USAGE = 2
ENVIRONMENT = 3
DATA = 4
FAILED = 1


class QbertError(ValueError):
    """A problem the user can act on, told in one line.

    Args:
        message: One line naming the key, the value that came and what is accepted.
        code: Exit code of the command line: 1 a run failed, 2 wrong usage or
            configuration, 3 the environment (disk, network), 4 data or an artifact.

    >>> QbertError("quant.weight_bits=1: accepted 2..8 (int)").code
    2
    """

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code
