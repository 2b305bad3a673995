"""One width for all: the rules' own."""

from __future__ import annotations

from collections.abc import Mapping

from qbert_lightning.allocation.base import BitAllocator
from qbert_lightning.plan import BlockSize, SensitivityTable


class Uniform(BitAllocator):
    """Every block keeps the width that its quantization rule gives it.

    >>> Uniform().allocate(None, {})
    {}
    """

    def allocate(
        self, table: SensitivityTable | None, blocks: Mapping[str, BlockSize]
    ) -> dict[str, int]:
        """Nothing to change: an empty mapping."""
        return {}
