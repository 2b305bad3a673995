"""Uploads runs with `wandb sync`, and checks with the server what came of it.

Two things `wandb sync` of wandb 0.31 does make the checks necessary. It exits with 0
and marks a run as synced also when the server refused its rows or files. And what is
uploaded again is added to what is there, so an upload must not be repeated.
"""

from __future__ import annotations

import base64
import contextlib
import json
import netrc
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from qbert_lightning.errors import ENVIRONMENT, QbertError
from qbert_lightning.tracking.wandb_files import StoredRun
from qbert_lightning.tracking.wandb_settings import server

UPLOADED, THERE, RUNNING = "uploaded", "already there", "running"
BROKEN, FAILED = "broken", "failed"
SECONDS_PER_RUN = 60.0
ANSWER_SECONDS = 10.0
_REFUSALS = ("file transfer:", "sender: failed to log artifact")
# The question that W&B's own client asks before it resumes a run.
STATUS_QUERY = """
query RunResumeStatus($project: String, $entity: String, $name: String!) {
  model(name: $project, entityName: $entity) {
    bucket(name: $name, missingOk: true) { historyLineCount }
  }
}
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one run.

    Attributes:
        state: `uploaded`, `already there`, `running`, `broken` or `failed`.
        note: Why, or what to know of it; empty if all is well.
    """

    state: str
    note: str = ""


def upload(run: StoredRun) -> Outcome:
    """Upload what is not on the server yet of one run.

    Args:
        run: The run; nothing is done while it is running.

    Raises:
        QbertError: (code 3) if the server refuses the key or does not answer.
    """
    if run.is_running:
        return Outcome(RUNNING, "a process still logs to it")
    if not run.readable:
        return Outcome(BROKEN, "its file ends before its first record")
    pending = [folder for folder in run.readable if not folder.is_uploaded]
    if not pending:
        known = next((each for f in run.readable if (each := f.problem)), "")
        return Outcome(FAILED if known else THERE, known)
    header = run.readable[0].header
    before = rows_on_server(header, run.id)
    state, note, refused = THERE, "", ""
    if before is None or before < run.num_rows:
        marked = sum(f.num_rows for f in run.readable if f.is_uploaded)
        if (before or 0) > marked:
            note = f"an upload was cut off: {before or 0} rows may be there twice"
        problem, refused = _sync([folder.path for folder in pending])
        there = rows_on_server(header, run.id)
        if there is None or there < run.num_rows:
            _unmark(run)
            found = f"the server has {there or 0} of {run.num_rows} rows"
            return Outcome(FAILED, f"{found}; {problem}".removesuffix("; "))
        if problem and not _is_cut_short(problem):
            _unmark(run)
            return Outcome(FAILED, problem)
        state, note = (FAILED, refused) if refused else (UPLOADED, note)
    for folder in pending:
        folder.mark(server(), refused)
    return Outcome(state, note)


def rows_on_server(header: Mapping[str, Any], run_id: str) -> int | None:
    """How many rows the server has of a run; None if it does not know the run.

    Args:
        header: The run's `project` and `entity`; without one, the key's own.
        run_id: The run's id.

    Raises:
        QbertError: (code 3) if the server refuses the key or does not answer.
    """
    given = {
        "project": header.get("project"),
        "entity": header.get("entity"),
        "name": run_id,
    }
    answer = _ask({"query": STATUS_QUERY, "variables": given})
    project = (answer.get("data") or {}).get("model") or {}
    bucket = project.get("bucket")
    return None if bucket is None else int(bucket.get("historyLineCount") or 0)


def _ask(question: Mapping[str, Any]) -> dict[str, Any]:
    key = os.environ.get("WANDB_API_KEY") or _key_in_netrc(server())
    secret = base64.b64encode(f"api:{key}".encode()).decode("ascii")
    request = urllib.request.Request(
        f"{server().rstrip('/')}/graphql",
        data=json.dumps(question, allow_nan=False).encode("utf-8"),
        headers={
            "Authorization": f"Basic {secret}",
            "Content-Type": "application/json",
        },
    )
    host = urlsplit(server()).hostname
    try:
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=ANSWER_SECONDS) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        refused = error.code in (401, 403)
        reason = "refuses the key" if refused else f"answers with status {error.code}"
        raise QbertError(f"W&B: {host} {reason}", ENVIRONMENT) from error
    except (OSError, HTTPException, ValueError) as error:
        raise QbertError(f"W&B: {host}: {error}", ENVIRONMENT) from error
    return answer if isinstance(answer, dict) else {}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Takes the key to no other host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing: the redirect is an error."""


def _key_in_netrc(url: str) -> str:
    with contextlib.suppress(OSError, netrc.NetrcParseError):
        known = netrc.netrc(os.environ.get("NETRC")).authenticators(
            urlsplit(url).hostname or ""
        )
        if known is not None:
            return known[2]
    return ""


def _sync(folders: Sequence[Path]) -> tuple[str, str]:
    """Run `wandb sync`.

    Args:
        folders: Of one run, the oldest first.

    Returns:
        What it says went wrong, and what its log says the server refused beside rows;
        empty if nothing.
    """
    # These would keep it from saying, or doing, anything.
    unset = ("WANDB_MODE", "WANDB_SILENT", "WANDB_QUIET")
    environment = {key: x for key, x in os.environ.items() if key not in unset}
    environment["WANDB_ERROR_REPORTING"] = "false"
    options = ["--include-synced", "--include-online"]
    command = [sys.executable, "-m", "wandb", "sync", *options, "--"]
    limit = SECONDS_PER_RUN * len(folders)
    with TemporaryDirectory(prefix="qbert-sync-") as scratch:
        environment["WANDB_DIR"] = scratch  # its log; else in the user's folder
        try:
            done = subprocess.run(
                [*command, *map(str, folders)],
                capture_output=True,
                check=False,
                env=environment,
                stdin=subprocess.DEVNULL,
                timeout=limit,
            )
        except subprocess.TimeoutExpired:
            return f"not uploaded within {limit:g} s", ""
        refused = _refused(Path(scratch))
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    errors = [
        " ".join(line.partition("ERROR")[2].split())
        for line in text.splitlines()
        if "ERROR" in line
    ]
    if found := [error for error in errors if error]:
        return found[0][:200], refused
    ending = f"wandb sync ended with {done.returncode}" if done.returncode else ""
    return ending, refused


def _refused(scratch: Path) -> str:
    """Files and artifacts that the server did not take, which is only in the log."""
    messages = []
    for log in scratch.glob("wandb/logs/*.log"):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                message = str(entry.get("msg", ""))
                if entry.get("level") == "ERROR" and message.startswith(_REFUSALS):
                    messages.append(" ".join(message.split()))
    if not messages:
        return ""
    what = f"{len(messages)} files or artifacts refused"
    return f"{what} ({messages[0][:120]}): repeat with `wandb sync --include-synced`"


def _is_cut_short(problem: str) -> bool:
    """Whether a killed run's file has been read as far as it goes."""
    return "incomplete record" in problem


def _unmark(run: StoredRun) -> None:
    """Take away W&B's own mark, which is there though not all was uploaded."""
    for folder in run.readable:
        for marker in folder.path.glob("*.wandb.synced"):
            marker.unlink(missing_ok=True)
