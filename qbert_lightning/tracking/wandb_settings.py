"""How W&B is used, and whether its server can be."""

from __future__ import annotations

import logging
import netrc
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from qbert_lightning.errors import QbertError
from qbert_lightning.reachable import host_answers

AUTO, ONLINE, OFFLINE, DISABLED = "auto", "online", "offline", "disabled"
MODES = (AUTO, ONLINE, OFFLINE, DISABLED)
ARTIFACTS = PLAN, PACKED = "plan", "packed"
DEFAULT_HOST = "https://api.wandb.ai"
PROBE_SECONDS = 2.0

_LOG = logging.getLogger(__name__)
# Servers that this process could not start a run on; its later jobs do not wait again.
_FAILED_SERVERS: set[str] = set()


@dataclass(frozen=True)
class WandbSettings:
    """Choices of `logger.wandb`.

    Attributes:
        mode: `auto` (online if a key is set and the host answers within two seconds,
            else offline), `online`, `offline` or `disabled`.
        project: The project that runs go to.
        entity: User or team; None is the key's own.
        group: What a sweep's runs share; None lets the caller choose.
        artifacts: What is sent as artifacts: `plan`, `packed`, both or none.

    >>> WandbSettings(mode="offline").resolve_mode()
    'offline'
    """

    mode: str = AUTO
    project: str = "qbert-lightning"
    entity: str | None = None
    group: str | None = None
    artifacts: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse an unknown mode or artifact.

        Raises:
            QbertError: Naming the accepted ones.
        """
        if self.mode not in MODES:
            accepted = ", ".join(MODES)
            raise QbertError(f"logger.wandb.mode={self.mode}: accepted {accepted}")
        if unknown := [one for one in self.artifacts if one not in ARTIFACTS]:
            accepted = ", ".join(ARTIFACTS)
            raise QbertError(
                f"logger.wandb.artifacts={unknown[0]}: accepted a list of {accepted}"
            )

    def resolve_mode(self) -> str:
        """`online`, `offline` or `disabled`.

        Going offline where online was possible to mean is said in one line of the
        log, once in a process. A key is never asked for: `online` without one is
        offline too. In mode `auto`, WANDB_MODE is followed if it is set to something
        other than `online`.
        """
        mode = self.mode
        if mode == AUTO and os.environ.get("WANDB_MODE") in (OFFLINE, DISABLED):
            mode = os.environ["WANDB_MODE"]
        if mode in (OFFLINE, DISABLED):
            return mode
        host = server()
        if host in _FAILED_SERVERS:
            return OFFLINE
        return OFFLINE if _said_offline(host, has_key(host), mode == AUTO) else ONLINE


def server() -> str:
    """Address of the W&B server: WANDB_BASE_URL, or the public one."""
    return os.environ.get("WANDB_BASE_URL", DEFAULT_HOST)


def give_up_on_server() -> None:
    """Stay offline for the rest of this process, after a failed start."""
    _FAILED_SERVERS.add(server())


def has_key(url: str) -> bool:
    """Whether an API key for the server `url` is set, by variable or `netrc`."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    file = os.environ.get("NETRC")
    try:
        known = netrc.netrc(file)
    except (OSError, netrc.NetrcParseError):
        return False
    return known.authenticators(urlsplit(url).hostname or "") is not None


@cache
def _said_offline(host: str, key: bool, probe: bool) -> bool:
    if not key:
        reason = "no API key is set (WANDB_API_KEY or `wandb login`)"
    elif probe and not host_answers(host, PROBE_SECONDS):
        reason = f"{urlsplit(host).hostname} did not answer within {PROBE_SECONDS:g} s"
    else:
        return False
    _LOG.warning("W&B is offline: %s; `qbert sync` uploads the runs later", reason)
    return True
