"""`qbert plan`: print a plan, or what two plans do differently."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from qbert_lightning import quantizers  # noqa: F401  (its formats make plans readable)
from qbert_lightning.errors import DATA, USAGE, QbertError
from qbert_lightning.plan import QuantPlan, describe


def show_plan(arguments: Sequence[str]) -> int:
    """Carry out ``plan show FILE`` or ``plan diff FILE FILE``.

    Args:
        arguments: What follows ``plan``.

    Returns:
        0, or 1 if two plans differ, as ``diff`` does.

    Raises:
        QbertError: For other arguments, or a file that is no plan.
    """
    match list(arguments):
        case ["show", file]:
            table = Table("layer", "scheme", title=file, title_justify="left")
            for layer, scheme in _read(file).items():
                table.add_row(layer, describe(scheme))
            Console().print(table)
            return 0
        case ["diff", one, other]:
            changes = _read(one).diff(_read(other))
            table = Table("layer", one, other)
            for layer, (mine, theirs) in changes.items():
                table.add_row(layer, mine, theirs)
            Console().print(table if changes else "the plans are equal")
            return 1 if changes else 0
    raise QbertError(
        f"plan {' '.join(arguments)}: accepted plan show FILE | plan diff FILE FILE",
        USAGE,
    )


def _read(file: str) -> QuantPlan:
    path = Path(file)
    if not path.is_file():
        raise QbertError(f"plan {file}: no such file", DATA)
    return QuantPlan.from_json(path.read_text(encoding="utf-8"))
