"""Random allocation problems, and every assignment there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from hypothesis import strategies as st

from qbert_lightning.plan import BlockSize, SensitivityTable

BITS = (2, 3, 4, 8)


@dataclass(frozen=True)
class Problem:
    """A table and sizes for a few blocks."""

    table: SensitivityTable
    blocks: dict[str, BlockSize]

    def assignments(self, bits: tuple[int, ...]) -> Iterator[dict[str, int]]:
        for widths in product(bits, repeat=len(self.blocks)):
            yield dict(zip(self.blocks, widths, strict=True))

    def average_bits(self, bits: dict[str, int]) -> float:
        weights = sum(block.num_weights for block in self.blocks.values())
        codes = sum(
            self.blocks[name].num_weights * width for name, width in bits.items()
        )
        return codes / weights

    def megabytes(self, bits: dict[str, int]) -> float:
        total = sum(
            self.blocks[name].storage_bits[width] for name, width in bits.items()
        )
        return total / 8 / 2**20

    def score(self, bits: dict[str, int]) -> float:
        return sum(self.table.scores[name][width] for name, width in bits.items())


@st.composite
def problems(draw: st.DrawFn, *, equal_sizes: bool = False) -> Problem:
    count = draw(st.integers(1, 5))
    names = [f"layer.{index}" for index in range(count)]
    sizes = st.integers(10_000, 1_000_000)
    common = draw(sizes)
    weights = {name: common if equal_sizes else draw(sizes) for name in names}
    numbers = st.floats(0, 100)
    return Problem(
        SensitivityTable(
            metric="drawn",
            importance={name: draw(numbers) for name in names},
            scores={name: {bits: draw(numbers) for bits in BITS} for name in names},
        ),
        {
            name: BlockSize(size, {bits: size * bits + 64 * 32 for bits in BITS})
            for name, size in weights.items()
        },
    )


def example(importance: list[float], size: int = 100) -> Problem:
    """Equal blocks with the given importance, and scores that fall by bits."""
    names = [f"layer.{index}" for index in range(len(importance))]
    table = SensitivityTable(
        "example",
        importance=dict(zip(names, importance, strict=True)),
        scores={
            name: {bits: value * 4.0**-bits for bits in BITS}
            for name, value in zip(names, importance, strict=True)
        },
    )
    storage = {bits: size * bits + 64 for bits in BITS}
    return Problem(table, {name: BlockSize(size, storage) for name in names})
