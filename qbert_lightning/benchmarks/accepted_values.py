"""What each key accepts, written down apart from the code that checks it.

`pipeline.schema` is what commands are checked against; `qbert bench refusals` finds
where that and this table, which says what makes sense, differ.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple


class BadValue(NamedTuple):
    """A value that must be refused.

    Attributes:
        flavour: In which way it is bad.
        text: As typed.
        accepted: What the message has to say is accepted.
    """

    flavour: str
    text: str
    accepted: tuple[str, ...] = ()


# Bad wherever one plain value is wanted that is neither free text nor a path.
HOSTILE = (
    BadValue("huge list", f"[{'1,' * 2999}1]"),
    BadValue("nested", f"{'[' * 40}{']' * 40}"),
    BadValue("too long", "x" * 20_000),
    BadValue("too many digits", "1" * 5000),
    BadValue("control", "4\x07"),
    BadValue("control", "\x1b[31mred"),
    BadValue("control", "a\nb"),
    BadValue("unicode", "４"),
    BadValue("unicode", "٣"),
    BadValue("unicode", "∞"),
    BadValue("unicode", "4\u200b"),
    BadValue("unicode", "\u202eabc"),
    BadValue("unicode", "🙂"),
)


class Accepted(ABC):
    """What one key accepts."""

    null: bool

    @property
    @abstractmethod
    def good(self) -> str:
        """A value that is fine, as typed."""

    @abstractmethod
    def bad(self) -> Iterator[BadValue]:
        """Values that are not."""


@dataclass(frozen=True)
class Number(Accepted):
    """A number between two bounds, ``above`` the lower one or from it on."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = True
    above: bool = False
    null: bool = False

    @property
    def good(self) -> str:
        """See `Accepted.good`."""
        if self.whole:
            low = 1 if math.isinf(self.low) else self.low
            return str(int(min(low + 1, self.high)))
        high = 1.0 if math.isinf(self.high) else self.high
        return str((max(self.low, 0.0) + high) / 2)

    def bad(self) -> Iterator[BadValue]:
        """See `Accepted.bad`."""
        bounds = tuple(f"{b:.0f}" for b in (self.low, self.high) if math.isfinite(b))
        for text in ("abc", "[1,2]", "{a:1}", "true", "4bits", "'4'", "0x10", "-"):
            yield BadValue("wrong type", text, bounds)
        if self.whole:
            yield BadValue("wrong type", "2.5", bounds)
        for text in ("nan", "inf", "-inf", "1e400"):
            yield BadValue("not finite", text)
        yield BadValue("empty", "", bounds)
        if not self.null:
            yield BadValue("null", "null", bounds)
        if math.isfinite(self.low):
            step = 1 if self.whole else 0.25
            first = self.low if self.above else self.low - step
            for value in (first, self.low - 1000):
                yield BadValue("below", self._typed(value), bounds)
        if math.isfinite(self.high):
            step = 1 if self.whole else 0.25
            for value in (self.high + step, self.high + 10**12):
                yield BadValue("above", self._typed(value), bounds)
        yield from HOSTILE

    def _typed(self, value: float) -> str:
        return str(int(value)) if self.whole else str(float(value))


@dataclass(frozen=True)
class Words(Accepted):
    """One of some words."""

    words: tuple[str, ...]
    null: bool = False

    @property
    def good(self) -> str:
        """See `Accepted.good`."""
        return self.words[-1]

    def bad(self) -> Iterator[BadValue]:
        """See `Accepted.bad`."""
        first = self.words[0]
        for text in (first[:-1], first.upper(), f"{first}s", "3", f"[{first}]", "true"):
            yield BadValue("no such word", text, self.words)
        yield BadValue("empty", "", self.words)
        if not self.null:
            yield BadValue("null", "null", self.words)
        yield from HOSTILE


@dataclass(frozen=True)
class Flag(Accepted):
    """True or false."""

    null: bool = False

    @property
    def good(self) -> str:
        """See `Accepted.good`."""
        return "true"

    def bad(self) -> Iterator[BadValue]:
        """See `Accepted.bad`."""
        for text in ("maybe", "2", "0.5", "[true]", "yess", "'true'"):
            yield BadValue("wrong type", text)
        yield BadValue("empty", "")
        if not self.null:
            yield BadValue("null", "null")
        yield from HOSTILE


@dataclass(frozen=True)
class Name(Accepted):
    """A readable name of 1 to 120 characters, no path."""

    null: bool = False

    @property
    def good(self) -> str:
        """See `Accepted.good`."""
        return "mine"

    def bad(self) -> Iterator[BadValue]:
        """See `Accepted.bad`."""
        yield BadValue("empty", "", ("1..120",))
        for text in ("a/b", "../../etc", "x" * 121, "3", "2.5", "true", "[a]", "{a:b}"):
            yield BadValue("no name", text, ("1..120",))
        if not self.null:
            yield BadValue("null", "null", ("1..120",))
        yield BadValue("secret", "${oc.env:AWS_SECRET_ACCESS_KEY}")
        yield BadValue("no such key", "${no.such.key}")
        yield BadValue("control", "a\x07b")
        yield BadValue("control", "a\nb")


@dataclass(frozen=True)
class Existing(Accepted):
    """A folder or file that must be there."""

    null: bool = True

    @property
    def good(self) -> str:
        """See `Accepted.good`."""
        return "null"

    def bad(self) -> Iterator[BadValue]:
        """See `Accepted.bad`."""
        for text in ("/no/such/place", "no_such_place", "../no/such", "né/à"):
            yield BadValue("not there", text)
        for text in ("3", "[a]", "{a:b}", "true"):
            yield BadValue("wrong type", text)


@dataclass(frozen=True)
class Text(Accepted):
    """Any text."""

    null: bool = False

    @property
    def good(self) -> str:
        """See `Accepted.good`."""
        return "mine"

    def bad(self) -> Iterator[BadValue]:
        """See `Accepted.bad`."""
        for text in ("3", "2.5", "true", "[a]", "{a:b}"):
            yield BadValue("wrong type", text)
        if not self.null:
            yield BadValue("null", "null")


@dataclass(frozen=True)
class Listed(Accepted):
    """A list; ``wrong`` are lists with something wrong in them."""

    ok: str
    wrong: tuple[str, ...]
    null: bool = False

    @property
    def good(self) -> str:
        """See `Accepted.good`."""
        return self.ok

    def bad(self) -> Iterator[BadValue]:
        """See `Accepted.bad`."""
        for text in ("3", "2.5", "{a:b}", "true", "null", ""):
            yield BadValue("no list", text)
        for text in self.wrong:
            yield BadValue("wrong item", text)


@dataclass(frozen=True)
class Mapped(Accepted):
    """A mapping with keys of its own, which no plain value can replace."""

    null: bool = False

    @property
    def good(self) -> str:
        """See `Accepted.good`."""
        return "{}"

    def bad(self) -> Iterator[BadValue]:
        """See `Accepted.bad`."""
        for text in ("3", "abc", "[1]", "true", ""):
            yield BadValue("no mapping", text, ("mapping",))
        if not self.null:
            yield BadValue("no mapping", "null", ("mapping",))


BITS = Number(2, 8)
COUNT = Number(1)
COUNT_OR_NULL = Number(1, null=True)
FRACTION = Number(0, 1, whole=False)
POSITIVE = Number(0, whole=False, above=True)
NOT_NEGATIVE = Number(0)
SEED = Number(0, 2**32 - 1)

# Pattern over addresses -> what is accepted there; the first match holds. Keys that no
# pattern matches (a trainer's precision, patterns over layers) get no bad values.
TABLE: tuple[tuple[str, Accepted], ...] = (
    ("seed", SEED),
    ("finetune.seed", SEED),
    ("quantize.seed", SEED),
    ("*.seed", Number()),
    ("*.split_seed", Number()),
    ("name", Name(null=True)),
    ("task.name", Name()),
    ("tags", Listed("[mine]", ("[3]", "[a/b]", "['']", "[[a]]", "[null]"))),
    ("title", Text()),
    ("page", Text(null=True)),
    ("csv", Text(null=True)),
    ("latex", Text(null=True)),
    ("markdown", Text(null=True)),
    ("analysis.num_subsets", COUNT),
    ("analysis.fraction", Number(0, 1, whole=False, above=True)),
    ("*.fraction", FRACTION),
    ("*_fraction", FRACTION),
    ("*.max_epochs", Number(0, 10_000)),
    ("*.max_steps", Number(-1)),
    ("*.gradient_clip_val", Number(0, whole=False, null=True)),
    ("*.select", Words(("last", "best"))),
    ("quantize.int8_forward", Flag()),
    ("*.lr", POSITIVE),
    ("*.weight_decay", Number(0, whole=False)),
    ("*.fused", Flag(null=True)),
    ("*._partial_", Flag()),
    ("checkpoint", Existing()),
    ("plan", Existing()),
    ("artifact", Existing()),
    ("paths.data_dir", Existing()),
    ("model.tokenizer", Existing()),
    ("task.data.folder", Existing()),
    ("paths.output_dir", Text()),
    ("model.hidden_dropout_prob", FRACTION),
    ("model.initializer_range", POSITIVE),
    ("model.num_*", COUNT),
    ("model.*_size", COUNT),
    ("model.max_position_embeddings", COUNT),
    ("*.candidate_bits", Listed("[2,3]", ("[]", "[1,2]", "[2,9]", "[2,x]", "[2.5]"))),
    ("allocator.average_bits", Number(2, 8, whole=False, null=True)),
    ("*bits", BITS),
    ("quant.groups", COUNT),
    ("*.num_groups", COUNT),
    ("*.group_size", COUNT),
    ("*.delay", NOT_NEGATIVE),
    ("*.decay", FRACTION),
    ("*.bias_correction", Flag()),
    ("*.symmetric", Flag()),
    ("*.clip_gradient", Flag()),
    ("*.required", Flag()),
    ("*.joint", Flag()),
    ("trainer.use_distributed_sampler", Flag()),
    ("sensitivity.precision", Words(("float32", "float64"))),
    ("*.parameters", Words(("all", "weights"))),
    ("*.solver", Words(("lanczos", "power"))),
    ("*.order", Words(("magnitude", "algebraic"))),
    ("*.most_sensitive", Words(("first", "last"))),
    ("*.shape", Words(("sentence", "pair", "tagging", "span"))),
    ("logger.wandb.mode", Words(("auto", "online", "offline", "disabled"))),
    ("logger.wandb.project", Name()),
    ("logger.wandb.entity", Name(null=True)),
    ("logger.wandb.group", Name(null=True)),
    ("*.tolerance", Number(0, whole=False)),
    ("allocator.megabytes", Number(0, whole=False, above=True, null=True)),
    ("*.max_*examples", COUNT_OR_NULL),
    ("*.num_subsets", COUNT),
    ("*.num_samples", COUNT),
    ("*.max_products", COUNT),
    ("*.batch_size", COUNT),
    ("*.eval_batch_size", COUNT),
    ("*.cache_mib", NOT_NEGATIVE),
    ("*.every_n_steps", COUNT),
    ("*.trace_samples", Number(2)),
    ("*.density_*", COUNT),
    ("*.landscape_points", NOT_NEGATIVE),
    ("*.landscape_radius", POSITIVE),
    ("task.data.num_workers", Number(0, 256)),
    ("task.data.num_*", COUNT),
    ("task.data.max_length", Number(3, 100_000)),
    ("task.data.max_bad_rows", NOT_NEGATIVE),
    ("task.data.doc_stride", NOT_NEGATIVE),
    ("task.module.n_best", COUNT),
    ("task.module.max_answer_length", COUNT),
    ("hydra.launcher.slots", COUNT_OR_NULL),
    ("hydra.launcher.threads", COUNT_OR_NULL),
    ("hydra.launcher.gpus_per_job", COUNT_OR_NULL),
    ("hydra.launcher.*_minutes", Number(0, whole=False, above=True, null=True)),
    ("hydra.launcher.on_error", Words(("continue", "stop"))),
    ("hydra.launcher.memory_retries", Number(0, 10)),
    ("hydra.launcher.start", Words(("auto", "fork", "command"))),
    ("analysis", Mapped()),
    ("finetune", Mapped()),
    ("quantize", Mapped()),
    ("finetune.optimizer", Mapped()),
    ("quantize.scheduler", Mapped()),
    ("quant.rules", Mapped()),
    ("task.data", Mapped()),
    ("task.module", Mapped()),
    ("logger.wandb", Mapped()),
)


def accepted_at(
    address: str, table: Sequence[tuple[str, Accepted]] = TABLE
) -> Accepted | None:
    """What a key accepts, None where the table does not say.

    >>> accepted_at("quant.weight_bits").good, accepted_at("trainer.strategy")
    ('3', None)
    """
    for pattern, accepted in table:
        if fnmatchcase(address, pattern):
            return accepted
    return None
