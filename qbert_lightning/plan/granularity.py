"""Which weights share a range: the ways of cutting a matrix ``[rows, columns]``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from qbert_lightning.errors import QbertError


@dataclass(frozen=True)
class Granularity(ABC):
    """A way of cutting a tensor into groups that share one range each."""

    @abstractmethod
    def num_ranges(self, shape: Sequence[int]) -> int:
        """Number of ranges a tensor of ``shape`` has, one per group."""

    def check(self, shape: Sequence[int], layer: str = "tensor") -> None:
        """Raise `QbertError` if a tensor of ``shape`` cannot be cut this way."""


@dataclass(frozen=True)
class PerTensor(Granularity):
    """One range for the whole tensor (DirectQ, Q8BERT).

    >>> PerTensor().num_ranges((768, 768))
    1
    """

    def num_ranges(self, shape: Sequence[int]) -> int:  # noqa: D102
        return 1


@dataclass(frozen=True)
class PerChannel(Granularity):
    """One range per output neuron, that is per row.

    >>> PerChannel().num_ranges((768, 3072))
    768
    """

    def num_ranges(self, shape: Sequence[int]) -> int:  # noqa: D102
        return shape[0]


@dataclass(frozen=True)
class RowGroups(Granularity):
    """Q-BERT's groups: consecutive output neurons share a range.

    Q-BERT section 3.2: of a 768-row matrix, 12 groups are one per attention head,
    128 groups are six neurons each, 768 groups are one per output neuron.

    Attributes:
        num_groups: Number of groups; must divide the number of rows.

    >>> RowGroups(128).num_ranges((768, 768))
    128
    """

    num_groups: int = 128

    def __post_init__(self) -> None:
        _check_positive("num_groups", self.num_groups)

    def num_ranges(self, shape: Sequence[int]) -> int:  # noqa: D102
        return self.num_groups

    def check(self, shape: Sequence[int], layer: str = "tensor") -> None:  # noqa: D102
        _check_divides("num_groups", self.num_groups, shape[0], f"{layer} rows")


@dataclass(frozen=True)
class InputColumnBuckets(Granularity):
    """The released Q-BERT code's groups: consecutive *input* columns share a range.

    The authors' code transposes the matrix before grouping, so its buckets run over
    the inputs, not over the output neurons the paper describes.

    Attributes:
        num_groups: Number of groups; must divide the number of columns.

    >>> InputColumnBuckets(12).num_ranges((768, 768))
    12
    """

    num_groups: int = 128

    def __post_init__(self) -> None:
        _check_positive("num_groups", self.num_groups)

    def num_ranges(self, shape: Sequence[int]) -> int:  # noqa: D102
        return self.num_groups

    def check(self, shape: Sequence[int], layer: str = "tensor") -> None:  # noqa: D102
        _check_divides("num_groups", self.num_groups, shape[-1], f"{layer} columns")


@dataclass(frozen=True)
class ColumnGroups(Granularity):
    """The *group size* of later work: each row is cut along its inputs.

    Attributes:
        group_size: Number of consecutive inputs of a row that share a range.

    >>> ColumnGroups(128).num_ranges((768, 768))
    4608
    """

    group_size: int = 128

    def __post_init__(self) -> None:
        _check_positive("group_size", self.group_size)

    def num_ranges(self, shape: Sequence[int]) -> int:  # noqa: D102
        return shape[0] * (shape[-1] // self.group_size)

    def check(self, shape: Sequence[int], layer: str = "tensor") -> None:  # noqa: D102
        _check_divides("group_size", self.group_size, shape[-1], f"{layer} columns")


@dataclass(frozen=True)
class PerToken(Granularity):
    """One range per token of an activation ``[..., features]``, taken on the fly.

    >>> PerToken().num_ranges((32, 128, 768))
    4096
    """

    def num_ranges(self, shape: Sequence[int]) -> int:  # noqa: D102
        count = 1
        for size in shape[:-1]:
            count *= size
        return count


def nearest_divisors(number: int, wanted: int) -> tuple[int, ...]:
    """The divisors of ``number`` next to ``wanted``, below and above.

    >>> nearest_divisors(768, 100)
    (96, 128)
    """
    divisors = [d for d in range(1, number + 1) if number % d == 0]
    below = [d for d in divisors if d <= wanted][-1:]
    above = [d for d in divisors if d > wanted][:1]
    return tuple(below + above)


def _check_positive(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise QbertError(f"{name}={value!r}: accepted a whole number from 1")


def _check_divides(name: str, value: int, size: int, what: str) -> None:
    if size % value:
        near = " or ".join(str(d) for d in nearest_divisors(size, value))
        raise QbertError(
            f"{name}={value} does not divide {what}={size}: nearest accepted {near}"
        )
