"""Commands whose values are good one by one and bad together.

Numbers are those of the default model (`conf/model/bert_tiny.yaml`): rows of 128 and
512, 3 layers, 128 positions, 3 encoder layers of 12 · 128² weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

ROWS = 128
POSITIONS = 128
LENGTH = 64  # of the default task's texts
ENCODER_WEIGHTS = 3 * (4 * ROWS * ROWS + 2 * ROWS * 512)
BITS_PER_MEGABYTE = 8 * 2**20


class Misfit(NamedTuple):
    """A command, and the key and value to be named."""

    command: Sequence[str]
    key: str
    value: str


def misfit(random: Random) -> Misfit:
    """Draw one of the ways in which good values do not fit together."""
    return random.choice(_DRAWS)(random)


def _indivisible(random: Random, low: int, high: int, whole: int = ROWS) -> int:
    """A number in ``low..high`` that does not divide ``whole``."""
    return random.choice([n for n in range(low, high + 1) if whole % n])


def _groups(random: Random) -> Misfit:
    value = _indivisible(random, 3, 2 * ROWS)
    method = random.choice(("qbert", "qbert_mp"))
    command = ("run", f"method={method}", f"quant.groups={value}")
    return Misfit(command, "quant.groups", str(value))


def _column_groups(random: Random) -> Misfit:
    value = _indivisible(random, 3, ROWS - 1)
    command = ("run", "quant=column_groups", f"quant.group_size={value}")
    return Misfit(command, "quant.group_size", str(value))


def _swept_groups(random: Random) -> Misfit:
    value = _indivisible(random, 3, ROWS - 1)
    values = ["1", "16", str(value), "128"]
    random.shuffle(values)
    command = ("run", "-m", "method=qbert", f"quant.groups={','.join(values)}")
    return Misfit(command, "quant.groups", str(value))


def _unused(random: Random) -> Misfit:
    method = random.choice(("directq", "float", "q8bert", "dynamic"))
    value = str(2 ** random.randrange(1, 8))
    command = ("run", f"method={method}", f"quant.groups={value}")
    return Misfit(command, "quant.groups", value)


def _ranked_bits(random: Random) -> Misfit:
    value = str(random.randint(2, 8))
    allocator = random.choice(("ranked", "reversed", "pareto"))
    command = ("run", f"allocator={allocator}", f"quant.weight_bits={value}")
    return Misfit(command, "quant.weight_bits", value)


def _average(random: Random) -> Misfit:
    value = str(round(random.uniform(3.05, 8), 2))
    command = ("allocate", f"allocator.average_bits={value}")
    return Misfit(command, "allocator.average_bits", value)


def _megabytes(random: Random) -> Misfit:
    least = 2 * ENCODER_WEIGHTS / BITS_PER_MEGABYTE
    value = str(round(random.uniform(0.01, 0.9) * least, 5))
    command = (
        "allocate",
        "allocator.average_bits=null",
        f"allocator.megabytes={value}",
    )
    return Misfit(command, "allocator.megabytes", value)


def _two_budgets(random: Random) -> Misfit:
    value = str(round(random.uniform(1, 9), 2))
    allocator = random.choice(("ranked", "reversed", "pareto"))
    command = ("allocate", f"allocator={allocator}", f"allocator.megabytes={value}")
    return Misfit(command, "allocator.megabytes", value)


def _heads(random: Random) -> Misfit:
    value = str(_indivisible(random, 3, 64))
    return Misfit(
        ("run", f"model.num_attention_heads={value}"),
        "model.num_attention_heads",
        value,
    )


def _positions(random: Random) -> Misfit:
    value = str(random.randint(POSITIONS + 1, 5000))
    command = ("finetune", f"task.data.max_length={value}")
    return Misfit(command, "task.data.max_length", value)


def _fixed_length(random: Random) -> Misfit:
    low, high = (3, LENGTH - 1), (POSITIONS + 1, 5000)
    value = str(random.randint(*random.choice((low, high))))
    command = ("export", "runtime=openvino_fixed", f"runtime.tokens={value}")
    return Misfit(command, "runtime.tokens", value)


def _stride(random: Random) -> Misfit:
    length = random.randint(32, 384)
    value = str(length + random.randint(-3, 300))
    command = (
        "run",
        "task=squad_v1",
        "model=bert_base",
        f"task.data.max_length={length}",
        f"task.data.doc_stride={value}",
    )
    return Misfit(command, "task.data.doc_stride", value)


def _subset(random: Random) -> Misfit:
    size = random.randint(17, 500)
    value = str(random.randint(1, size - 1))
    command = (
        "analyze",
        f"analysis.batch_size={size}",
        f"analysis.max_examples={value}",
    )
    return Misfit(command, "analysis.max_examples", value)


def _blocks(random: Random) -> Misfit:
    value = random.choice(("layer", "*.layer.9", "encoders", "*.attn", "bert.pooled"))
    seed = random.randrange(100)
    return Misfit(("analyze", f"blocks={value}", f"seed={seed}"), "blocks", value)


def _other_choice(random: Random) -> Misfit:
    """A key of one choice, asked of another one."""
    choice, key = random.choice(
        (
            ("sensitivity=index", "sensitivity.max_products"),
            ("sensitivity=random", "sensitivity.num_subsets"),
            ("allocator=uniform", "allocator.average_bits"),
            ("model=bert_base", "model.hidden_size"),
            ("quant=none", "quant.weight_bits"),
            ("task=sst2", "task.data.doc_stride"),
        )
    )
    value = str(random.randint(2, 3))
    return Misfit(("run", choice, f"{key}={value}"), key, value)


def _one_of_several(random: Random) -> Misfit:
    """The same in a sweep over choices, of which some have the key."""
    choices, key = random.choice(
        (
            ("sensitivity=hessian_eigenvalue,random", "sensitivity.max_products"),
            ("sensitivity=hessian_trace,index", "sensitivity.num_samples"),
            ("allocator=ranked,uniform", "allocator.average_bits"),
            ("model=bert_tiny,bert_base", "model.hidden_size"),
        )
    )
    value = str(random.randint(2, 3))
    return Misfit(("run", "-m", choices, f"{key}={value}"), key, value)


def _several_alone(random: Random) -> Misfit:
    values = ",".join(str(random.randint(0, 99)) for _ in range(3))
    return Misfit(("run", f"seed={values}"), "seed", values)


def _nothing_to_sweep(random: Random) -> Misfit:
    pattern = f"zz{random.randrange(1000)}*"
    command = ("run", "-m", f"task=glob({pattern})")
    return Misfit(command, "task", f"glob({pattern})")


def _range_too_far(random: Random) -> Misfit:
    low, high = random.randint(2, 6), random.randint(10, 12)
    command = ("run", "-m", f"quant.embedding_bits=range({low},{high})")
    return Misfit(command, "quant.embedding_bits", "9")


def _too_many_jobs(random: Random) -> Misfit:
    seeds = random.randint(101, 900)
    command = ("run", "-m", f"seed=range({seeds})", "task.data.seed=range(100)")
    return Misfit(command, "jobs", str(100 * seeds))


_DRAWS = (
    _groups,
    _column_groups,
    _swept_groups,
    _unused,
    _ranked_bits,
    _average,
    _megabytes,
    _two_budgets,
    _heads,
    _positions,
    _fixed_length,
    _stride,
    _subset,
    _blocks,
    _other_choice,
    _one_of_several,
    _several_alone,
    _nothing_to_sweep,
    _range_too_far,
    _too_many_jobs,
)
