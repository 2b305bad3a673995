"""The bit tables printed in the Q-BERT paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from qbert_lightning.allocation.base import BitAllocator
from qbert_lightning.errors import QbertError
from qbert_lightning.plan import BlockSize, SensitivityTable

# Shen et al. 2020, appendix, table of the 2/3 and 2/4 mixed-precision settings: the
# width of encoder layers 1 to 12 of BERT-base. They are not a pure ranking by Ω.
_TABLES: dict[str, dict[str, tuple[int, ...]]] = {
    "2/3": {
        "sst2": (2, 2, 2, 3, 3, 3, 3, 3, 3, 2, 2, 2),
        "mnli": (2, 2, 2, 2, 3, 3, 3, 3, 2, 2, 2, 2),
        "conll2003": (2, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2),
        "squad_v1": (2, 2, 2, 3, 3, 3, 3, 3, 3, 2, 2, 2),
    },
    "2/4": {
        "sst2": (2, 2, 4, 4, 4, 2, 4, 4, 4, 2, 2, 2),
        "mnli": (2, 2, 2, 4, 4, 4, 4, 4, 2, 2, 2, 2),
        "conll2003": (2, 2, 2, 4, 4, 4, 4, 4, 2, 2, 2, 2),
        "squad_v1": (2, 2, 2, 4, 4, 4, 4, 4, 2, 2, 2, 2),
    },
}


class Published(BitAllocator):
    """The paper's own assignment for a 12-layer BERT; no analysis is needed.

    Args:
        task: Whose column: sst2, mnli, conll2003 or squad_v1.
        preset: ``2/3`` or ``2/4``, the widths that are mixed.

    Raises:
        QbertError: For another task or preset; from `allocate` unless there are 12
            blocks.

    >>> blocks = {f"layer.{i}": BlockSize(1, {}) for i in range(12)}
    >>> bits = Published("mnli").allocate(None, blocks)
    >>> "".join(map(str, bits.values()))
    '222233332222'
    """

    needs_sensitivity: ClassVar[bool] = False

    def __init__(self, task: str, preset: str = "2/3") -> None:
        if preset not in _TABLES:
            raise QbertError(
                f"allocator.preset={preset}: accepted {', '.join(_TABLES)}"
            )
        if task not in _TABLES[preset]:
            raise QbertError(
                f"allocator.task={task}: the paper has no bits for it: accepted "
                f"{', '.join(_TABLES[preset])}"
            )
        self._bits = _TABLES[preset][task]

    @property
    def candidate_bits(self) -> tuple[int, ...]:
        """The two widths of the preset."""
        return tuple(sorted(set(self._bits)))

    def allocate(
        self, table: SensitivityTable | None, blocks: Mapping[str, BlockSize]
    ) -> dict[str, int]:
        """The paper's widths, in the order of ``blocks``."""
        if len(blocks) != len(self._bits):
            raise QbertError(
                f"allocator=published: the model has {len(blocks)} encoder layers: "
                f"accepted {len(self._bits)} (BERT-base)"
            )
        return dict(zip(blocks, self._bits, strict=True))
