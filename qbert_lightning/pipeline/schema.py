"""Types and ranges of the configuration's own keys, as dataclasses.

Arguments below a `_target_` are not repeated here: their names and types are the
constructor's (see `targets`), and only their ranges are, in `AnyArgument`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_type_hints

from qbert_lightning.pipeline.value_types import Matching, Range

Bits = Annotated[int, Range(2, 8)]
Count = Annotated[int, Range(1)]
Fraction = Annotated[float, Range(0, 1)]
NotNegative = Annotated[float, Range(0)]
Positive = Annotated[float, Range(0, above=True)]
Seed = Annotated[int, Range(0, 2**32 - 1)]
Name = Annotated[
    str, Matching(r"[^/\\\x00-\x1f\x7f-\x9f]{1,120}", "1..120 characters, none of / \\")
]
# W&B refuses these signs in a project.
Project = Annotated[
    str,
    Matching(
        r"[^/\\#?%:\x00-\x1f\x7f-\x9f]{1,120}",
        "1..120 characters, none of / \\ # ? % :",
    ),
]


@dataclass
class Training:
    """`finetune` and `quantize`: how a model is trained."""

    seed: Seed
    max_epochs: Annotated[int, Range(0, 10_000)]
    max_steps: Annotated[int, Range(-1)]
    gradient_clip_val: NotNegative | None
    select: Literal["last", "best"]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    callbacks: dict[str, Any] | None


@dataclass
class QuantizedTraining(Training):
    """`quantize`: how the quantized model is trained."""

    int8_forward: Literal["auto"] | bool


@dataclass
class Resume:
    """`resume`: how often a training keeps its state; no part of any result."""

    every_minutes: NotNegative | None
    every_n_steps: Count | None


@dataclass
class Analysis:
    """`analysis`: the data that sensitivities are measured on."""

    num_subsets: Count
    fraction: Annotated[float, Range(0, 1, above=True)]
    max_examples: Count | None
    batch_size: Count
    joint: bool


@dataclass
class Paths:
    """`paths`: where things are read and written."""

    output_dir: str
    data_dir: str | None


@dataclass
class Quant:
    """`quant`: the numbers people sweep, and the rules that refer to them."""

    weight_bits: Bits
    groups: Count
    group_size: Count
    activation_bits: Bits
    embedding_bits: Bits
    word_embedding_bits: Bits
    position_embedding_bits: Bits
    token_type_embedding_bits: Bits
    delay: Annotated[int, Range(0)]
    rules: dict[str, Any]


@dataclass
class Task:
    """`task`: the data, and the module that trains on it."""

    name: Name
    data: dict[str, Any]
    module: dict[str, Any]


@dataclass
class Wandb:
    """`logger.wandb`."""

    mode: Literal["auto", "online", "offline", "disabled"]
    project: Project
    entity: Name | None
    group: Name | None
    artifacts: list[Literal["plan", "packed"]]


@dataclass
class Run:
    """The whole configuration of a run."""

    seed: Seed
    name: Name | None
    tags: list[Name]
    finetune: dict[str, Any]
    quantize: dict[str, Any]
    resume: dict[str, Any]
    checkpoint: str | None
    plan: str | None
    artifact: str | None
    paths: dict[str, Any]
    model: dict[str, Any]
    quant: dict[str, Any]
    blocks: str | list[str]
    analysis: dict[str, Any]
    sensitivity: dict[str, Any]
    spectra: dict[str, Any] | None
    runtime: dict[str, Any] | None
    allocator: dict[str, Any]
    objective: dict[str, Any]
    trainer: dict[str, Any]
    callbacks: dict[str, Any] | None
    logger: dict[str, Any] | None
    task: dict[str, Any]
    method: dict[str, Any]


@dataclass
class Bench(Run):
    """`qbert bench`: a run's configuration, and what is measured."""

    bench: dict[str, Any]


@dataclass
class Report:
    """`qbert report`."""

    inputs: list[str]
    page: str | None
    csv: str | None
    latex: str | None
    markdown: str | None
    published: bool
    live: bool
    interval_s: Positive
    title: str


@dataclass
class Launcher:
    """`hydra.launcher` of `hydra/launcher=local`: how jobs share this machine.

    Attributes:
        slots: Jobs at once.
        threads: CPU threads of each job.
        gpus_per_job: GPUs of each job.
        timeout_minutes: A job that runs longer is ended.
        idle_minutes: A job whose main thread has done nothing for so long is ended.
        on_error: Whether jobs are started after one has failed.
        memory_retries: Times a job that ran out of memory is tried again.
        start: How a job's process is made.
    """

    slots: Count | None = None
    threads: Count | None = None
    gpus_per_job: Count | None = None
    timeout_minutes: Positive | None = None
    idle_minutes: Positive | None = 30
    on_error: Literal["continue", "stop"] = "continue"
    memory_retries: Annotated[int, Range(0, 10)] = 2
    start: Literal["auto", "fork", "command"] = "auto"


@dataclass
class AnyArgument:
    """Arguments that mean the same in whatever constructor they stand."""

    num_bits: Bits
    num_groups: Count
    group_size: Count
    candidate_bits: list[Bits]
    average_bits: Annotated[float, Range(2, 8)] | None
    megabytes: Positive | None
    delay: Annotated[int, Range(0)]
    lr: Positive
    weight_decay: NotNegative
    momentum: Fraction
    decay: Fraction
    warmup_fraction: Fraction
    final_fraction: Fraction
    fraction: Fraction
    validation_fraction: Fraction
    hidden_dropout_prob: Fraction
    initializer_range: Positive
    num_hidden_layers: Count
    hidden_size: Count
    num_attention_heads: Count
    intermediate_size: Count
    max_position_embeddings: Count
    batch_size: Count
    eval_batch_size: Count
    max_length: Annotated[int, Range(3, 100_000)]
    stride: Annotated[int, Range(0)]
    doc_stride: Annotated[int, Range(0)]
    n_best: Count
    max_answer_length: Count
    max_bad_rows: Annotated[int, Range(0)]
    num_train: Count
    num_validation: Count
    num_test: Count
    max_train_examples: Count | None
    max_validation_examples: Count | None
    max_test_examples: Count | None
    max_examples: Count | None
    num_subsets: Count
    num_samples: Count
    max_products: Count
    tolerance: NotNegative
    cache_mib: NotNegative
    every_n_steps: Count
    trace_samples: Annotated[int, Range(2)]
    density_vectors: Count
    density_steps: Count
    landscape_points: Annotated[int, Range(0)]
    landscape_radius: Positive
    num_workers: Annotated[int, Range(0, 256)]
    num_examples: Count
    num_threads: Count
    layers: Count | None
    top_k: Count
    top_k_layers: Count | None
    max_iterations: Count
    top_k_iterations: Count


# Sections with keys of their own, by address.
SECTIONS: dict[str, type] = {
    "finetune": Training,
    "quantize": QuantizedTraining,
    "resume": Resume,
    "analysis": Analysis,
    "paths": Paths,
    "quant": Quant,
    "task": Task,
    "logger.wandb": Wandb,
}
LOCAL_LAUNCHER = "hydra_plugins.qbert_local.LocalLauncher"


def hints_of(section: type) -> dict[str, Any]:
    """Field name → type hint of a schema class, ranges included."""
    return get_type_hints(section, include_extras=True)
