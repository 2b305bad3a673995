"""Benchmark: our Hessian analysis beside PyHessian and hessian-eigenthings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.hessian_contestants import CONTESTANTS, Demand
from qbert_lightning.benchmarks.hessian_problem import HessianProblem, save_batches
from qbert_lightning.benchmarks.hessian_process import RefereeProcess
from qbert_lightning.benchmarks.hessian_table import COLUMNS, OURS, notes, ratios, rows
from qbert_lightning.errors import FAILED, QbertError

# Whoever must be told how many products to take comes after us; whose accuracy we have
# to reach comes before.
ORDER = ("PyHessian", OURS, "eigenthings")
# It is told more, as multiples of ours, until it has converged; only the last counts.
MORE = (1.0, 1.25, 1.6, 2.0)
_PLANNED = 1.05  # an error planned before the samples are taken may be off so far


@dataclass(frozen=True, kw_only=True)
class HessianBenchmark(Benchmark):
    """Top eigenvalue, top k eigenvalues and trace of single encoder layers.

    The contests are ``top 1``, ``trace`` and ``top <k>``. Every answer is checked by
    the residual ‖H v − λ v‖ / |λ| of our operator. Ours goes on until its residual is
    within ``tolerance`` and not above PyHessian's; a peer that ended above
    ``tolerance`` has not finished the same work, so the ratio is a lower bound. For the
    trace the peers take ``num_samples`` random vectors; ours shall reach the standard
    error of PyHessian's. Theirs is estimated from so few samples that it is itself off
    by chance, of the order of 1 / √(2 num_samples) of it, hence all layers together
    count. That the traces agree is noted too.

    Attributes:
        num_examples: Training examples that the loss is averaged over.
        batch_size: Examples in a batch.
        layers: Encoder layers to measure, spread evenly; null takes all.
        rounds: Interleaved repetitions of top 1 and trace; 0 leaves them out.
        top_k: Number of eigenvalues of the second contest.
        top_k_layers: Layers of the second contest, the slowest one.
        top_k_rounds: Rounds of the second contest; 0 leaves it out.
        num_samples: Random vectors of a peer for each trace; HAWQ-V2 takes 50.
        tolerance: Relative residual to reach.
        max_iterations: Most power iterations a peer may spend on the top eigenvalue.
        top_k_iterations: The same for each eigenvalue of the second contest.
        num_threads: Threads of every contestant.
        seed: Of data and random directions.

    Raises:
        QbertError: For a number below its least.
    """

    name: ClassVar[str] = "hessian"

    num_examples: int = 64
    batch_size: int = 16
    layers: int | None = None
    rounds: int = 3
    top_k: int = 20
    top_k_layers: int | None = None
    top_k_rounds: int = 1
    num_samples: int = 50
    tolerance: float = 0.01
    max_iterations: int = 100
    top_k_iterations: int = 100
    num_threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        least = {
            "num_samples": 2,
            "top_k": 2,
            "rounds": 0,
            "top_k_rounds": 0,
            "seed": 0,
        }
        for key, value in asdict(self).items():
            if key != "tolerance" and value is not None and value < least.get(key, 1):
                raise QbertError(
                    f"bench.{key}={value}: accepted {least.get(key, 1)} or more"
                )
        if self.rounds == self.top_k_rounds == 0:
            raise QbertError("bench.rounds=0, bench.top_k_rounds=0: accepted one above")
        if self.tolerance <= 0:
            raise QbertError(f"bench.tolerance={self.tolerance}: accepted above 0")

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`."""
        batches = subject.batches(self.num_examples, self.batch_size)
        model, file = subject.float_folder(), folder / "batches.pt"
        save_batches(batches, file)
        names = HessianProblem.layer_names(model)
        missing = missing_peers()
        measurements: list[dict[str, Any]] = []
        with RefereeProcess(model, file, self.num_threads) as referee:
            for k, layer, turn in self._plan(names):
                for found in self._turn(referee, k, layer, turn, missing):
                    measurements.append(found)
                    say(f"  {_told(found)}")
        return Outcome(
            title="Hessian of single encoder layers",
            columns=COLUMNS,
            rows=rows(measurements, missing),
            notes=notes(measurements),
            measurements=tuple(measurements),
            facts={
                "settings": asdict(self),
                "tokens": [list(batch["input_ids"].shape) for batch in batches],
                "peers": _versions(),
                "ratios": ratios(measurements),
            },
        )

    def _plan(self, names: Sequence[str]) -> Iterator[tuple[int, str, int]]:
        """Number of eigenvalues (0: trace), layer and round of every turn."""
        contests = (
            (1, self.rounds, self.layers),
            (0, self.rounds, self.layers),
            (self.top_k, self.top_k_rounds, self.top_k_layers),
        )
        for k, rounds, count in contests:
            for turn in range(rounds):
                for layer in spread(names, count):
                    yield k, layer, turn

    def _turn(
        self,
        referee: RefereeProcess,
        k: int,
        layer: str,
        turn: int,
        missing: Mapping[str, str],
    ) -> Iterator[dict[str, Any]]:
        """One layer by everybody, one after the other."""
        iterations = self.max_iterations if k <= 1 else self.top_k_iterations
        demand = Demand(
            layer=layer,
            k=k,
            tolerance=self.tolerance,
            max_iterations=iterations,
            max_products=max(k, 2) * self.max_iterations,
            num_samples=self.num_samples,
            seed=self.seed + turn,
        )
        for who in (each for each in ORDER if each not in missing):
            found = self._asked(referee, who, demand)
            if who == OURS and "error" in found:
                raise QbertError(f"bench: {layer}: {found['error']}", FAILED)
            if k == 0 and "error" not in found and who != OURS:
                demand = replace(demand, standard_error=found["standard_error"])
            if k and "error" not in found:
                # Ours shall not be less exact than whoever came before.
                reached = min(demand.tolerance, found["worst_error"])
                products = found["num_products"] or demand.max_products
                demand = replace(demand, tolerance=reached, max_products=products)
            yield {"contest": contest_name(k), "round": turn, **found}

    def _asked(
        self, referee: RefereeProcess, who: str, demand: Demand
    ) -> dict[str, Any]:
        """One contestant's answer, and whether it is exact enough."""
        is_told = who == ORDER[-1] and demand.k > 0
        for factor in MORE if is_told else MORE[:1]:
            products = round(factor * demand.max_products)
            task = asdict(replace(demand, max_products=products))
            found = {"who": who, **referee.ask({"contestant": who, **task})}
            found["layer"] = demand.layer
            if "error" in found:
                break
            found["worst_error"] = _worst_error(found)
            found["converged"] = self._is_exact(found, demand)
            if found["converged"]:
                break
        return found

    def _is_exact(self, found: Mapping[str, Any], demand: Demand) -> bool:
        if demand.k:
            return bool(found["worst_error"] <= self.tolerance)
        return found["who"] != OURS or _reaches(found, demand)


def _reaches(found: Mapping[str, Any], demand: Demand) -> bool:
    """Whether a trace is as exact as asked for, to what a plan may be off by."""
    asked = demand.standard_error
    return not asked or bool(found["standard_error"] <= _PLANNED * asked)


def contest_name(k: int) -> str:
    """How a contest is called.

    >>> contest_name(20), contest_name(0)
    ('top 20', 'trace')
    """
    return f"top {k}" if k else "trace"


def missing_peers() -> dict[str, str]:
    """Peers that are not installed, with what would change that."""
    return {
        who: f"{each.project} is not installed: pip install 'qbert-lightning[bench]'"
        for who, each in CONTESTANTS.items()
        if find_spec(each.package) is None
    }


def spread(names: Sequence[str], count: int | None) -> list[str]:
    """``count`` names evenly over all, both ends included; the middle one for one.

    >>> spread("abcdef", 2), spread("abcdef", 1), spread("ab", None), spread("ab", 9)
    (['a', 'f'], ['d'], ['a', 'b'], ['a', 'b'])
    """
    total = len(names)
    if count is None or count >= total:
        return list(names)
    if count == 1:
        return [names[total // 2]]
    return [names[round(i * (total - 1) / (count - 1))] for i in range(count)]


def _versions() -> dict[str, str | None]:
    """Versions of the contestants, None for those that are not installed."""
    versions: dict[str, str | None] = {}
    for who, each in CONTESTANTS.items():
        try:
            versions[who] = metadata.version(each.project)
        except metadata.PackageNotFoundError:
            versions[who] = None
    return versions


def _worst_error(found: Mapping[str, Any]) -> float:
    """Largest residual, or the standard error of the trace."""
    if "standard_error" in found:
        return float(found["standard_error"])
    return max(found["residuals"])


def _told(found: Mapping[str, Any]) -> str:
    result = found.get("error")
    if result is None:
        result = f"{found['wall_seconds']:7.2f} s  error {found['worst_error']:.1e}"
    number = found["layer"].rpartition(".")[2]
    return f"{found['contest']:<7} layer {number:<3} {found['who']:<12} {result}"
