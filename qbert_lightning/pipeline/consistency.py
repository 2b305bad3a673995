"""Values that must fit together: groups and rows, budget and widths, folders."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from qbert_lightning import plan
from qbert_lightning.allocation import given_bits, named_bits
from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.block_names import block_names
from qbert_lightning.pipeline.reachable_budget import check_budget
from qbert_lightning.pipeline.stored_by_shapes import granularity_of
from qbert_lightning.plan import SchemeRule, bert_shapes

# Allocators under which `quant.weight_bits` means something.
RULES_OWN = ("qbert_lightning.allocation.Uniform", "qbert_lightning.allocation.Given")
# Its loss is a softmax over padding too, so that a row alone has another one.
SPANS = "qbert_lightning.modules.QuestionAnswering"
MAX_JSON_BYTES = 1024 * 1024
PREFIXES = {"camembert": "roberta", "xlm-roberta": "roberta"}  # others: their own name
# Parts of a model that hold no layer of the plan.
OTHER_PARTS = ("embeddings.LayerNorm", "pooler.dense")
POSITIONS = "embeddings.position_embeddings"
HEADS = ("classifier.dense", "classifier.out_proj", "qa_outputs")

Node = Mapping[str, Any]
Shapes = Mapping[str, tuple[int, ...]]


def check_consistency(
    config: Node, raw: Node, overridden: Collection[str], references: Collection[str]
) -> None:
    """Check a run's configuration whose single values are known to be good.

    Args:
        config: The resolved configuration.
        raw: The same with its interpolations in place.
        overridden: Addresses that the command line or a sweep set.
        references: Addresses that other values refer to.

    Raises:
        QbertError: (code 2) naming key, value and what is accepted.
    """
    check_paths(config)
    check_quant_overrides(config, overridden, references)
    check_model(config["model"])
    check_lengths(config["task"].get("data", {}), config["model"])
    rules, shapes = config["quant"]["rules"], layer_shapes(_float_model(config))
    check_fixed_length(config["runtime"], config["task"].get("data", {}), shapes)
    check_groups(rules, raw["quant"]["rules"], shapes)
    blocks = checked_blocks(config["blocks"], shapes)
    check_budget(config["allocator"], rules, blocks, shapes)
    check_given(config["allocator"], config["blocks"], shapes)
    check_subsets(config["analysis"])
    check_estimator(config.get("sensitivity", {}), config["task"])


def _float_model(config: Node) -> Node:
    """Which model is quantized: a checkpoint of one's own, or the one to train."""
    checkpoint = config["checkpoint"]
    return {"name_or_path": checkpoint} if checkpoint else config["model"]


def check_paths(config: Node) -> None:
    """Refuse folders and files that are named and do not exist."""
    model = config["model"]
    named_folders = {
        "checkpoint": config["checkpoint"],
        "artifact": config["artifact"],
        "paths.data_dir": config["paths"]["data_dir"],
        "model.tokenizer": model.get("tokenizer"),
        "task.data.folder": config["task"].get("data", {}).get("folder"),
    }
    name = model.get("name_or_path")
    if isinstance(name, str) and _is_path(name):
        named_folders["model.name_or_path"] = name
    for key, folder in named_folders.items():
        if isinstance(folder, str) and not Path(folder).is_dir():
            raise QbertError(
                f"{key}={folder}: no such folder: accepted one that exists"
            )
    if config["plan"] is not None and not Path(config["plan"]).is_file():
        raise QbertError(
            f"plan={config['plan']}: no such file: accepted one that exists"
        )
    output = Path(config["paths"]["output_dir"])
    if output.exists() and not output.is_dir():
        raise QbertError(f"paths.output_dir={output}: accepted a folder")


def check_inputs(folders: Sequence[str]) -> None:
    """Refuse a report of nothing, or of a folder that does not exist."""
    if not folders:
        raise QbertError("inputs=[]: accepted folders with runs, such as outputs")
    for folder in folders:
        if not Path(folder).is_dir():
            raise QbertError(
                f"inputs={folder}: no such folder: accepted one that exists"
            )


def _is_path(name: str) -> bool:
    """Whether a model is named by its place on disk and not by its hub name."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1


def check_quant_overrides(
    config: Node, overridden: Collection[str], references: Collection[str]
) -> None:
    """Refuse a number set on the command line that nothing would use."""
    allocator = str(config["allocator"].get("_target_"))
    if "quant.weight_bits" in overridden and allocator not in RULES_OWN:
        name = allocator.rpartition(".")[2].lower()
        raise QbertError(
            f"quant.weight_bits={config['quant'].get('weight_bits')}: allocator={name} "
            "assigns the bits: accepted with allocator=uniform"
        )
    for key in overridden:
        section, _, name = key.partition(".")
        value = config["quant"].get(name)
        unused = section == "quant" and "." not in name and key not in references
        if unused and name in config["quant"] and name != "rules":
            if (name, value) == ("groups", 1):  # one range for each matrix: no rule
                continue
            raise QbertError(
                f"{key}={value}: no rule of this quant refers to it: accepted with a "
                "quant whose rules do, such as quant=groupwise"
            )


def check_model(model: Node) -> None:
    """Refuse a hidden size that the attention heads do not divide."""
    heads, hidden = model.get("num_attention_heads"), model.get("hidden_size")
    if heads and hidden and hidden % heads:
        near = " or ".join(str(d) for d in plan.nearest_divisors(hidden, heads))
        raise QbertError(
            f"model.num_attention_heads={heads}: does not divide "
            f"model.hidden_size={hidden}: nearest {near}"
        )


def check_lengths(data: Node, model: Node) -> None:
    """Refuse sequences longer than the model takes, and windows that do not move on."""
    length, limit = data.get("max_length"), model.get("max_position_embeddings")
    if length is not None and limit is not None and length > limit:
        raise QbertError(
            f"task.data.max_length={length}: accepted up to "
            f"model.max_position_embeddings={limit}"
        )
    stride = data.get("doc_stride")
    if stride is None or length is None:
        return
    room = length - 4  # [CLS] question [SEP] passage [SEP], the question one token
    if not 0 <= stride < room:
        raise QbertError(
            f"task.data.doc_stride={stride}: accepted 0..{room - 1} with "
            f"task.data.max_length={length}"
        )


def check_fixed_length(runtime: Node | None, data: Node, shapes: Shapes) -> None:
    """Refuse a runtime for one length that some texts exceed, or the model itself."""
    tokens, least = (runtime or {}).get("tokens"), data.get("max_length", 0)
    if tokens is None:
        return
    rows = [n for name, (n, *_) in shapes.items() if name.endswith(POSITIONS)]
    if tokens < least or any(tokens > most for most in rows):
        most = f" up to {rows[0]}, the model's positions" if rows else ""
        raise QbertError(
            f"runtime.tokens={tokens}: accepted from task.data.max_length={least}{most}"
        )


def layer_shapes(model: Node) -> Shapes:
    """Weight shapes of the backbone as far as they are known without loading it."""
    sizes: Node = model
    name = model.get("name_or_path")
    if isinstance(name, str):
        path = Path(name) / "config.json"
        if not path.is_file() or path.stat().st_size > MAX_JSON_BYTES:
            return {}
        try:
            sizes = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise QbertError(
                f"model.name_or_path={name}: config.json: {error}"
            ) from error
    names = (
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "max_position_embeddings",
    )
    if not isinstance(sizes, Mapping) or not all(
        isinstance(sizes.get(key), int) for key in names
    ):
        return {}
    known = {key: sizes[key] for key in names}
    known["type_vocab_size"] = sizes.get("type_vocab_size", 2)
    known["vocab_size"] = sizes.get("vocab_size", 0)
    family = str(sizes.get("model_type", "bert"))
    named = bert_shapes(known, PREFIXES.get(family, family))
    return {layer: shape for layer, shape in named.items() if shape[0]}


def check_groups(rules: Node, raw_rules: Node, shapes: Shapes) -> None:
    """Refuse groups that do not divide the rows (or columns) of a matched layer."""
    patterns = {
        name: SchemeRule(rule.get("match", "")) for name, rule in rules.items() if rule
    }
    for layer, shape in shapes.items():
        matching = [name for name, rule in patterns.items() if rule.matches(layer)]
        weight = rules[matching[-1]].get("weight") if matching else None
        try:
            granularity_of(weight or {}).check(shape, layer)
        except QbertError as error:
            address = f"quant.rules.{matching[-1]}.weight.granularity"
            raise QbertError(_with_address(str(error), address, raw_rules)) from error


def _with_address(message: str, address: str, raw_rules: Node) -> str:
    """The message about ``num_groups`` told of the key a user would change."""
    argument = message.partition("=")[0]
    value: Any = raw_rules
    for name in [*address.split(".")[2:], argument]:
        value = value.get(name) if isinstance(value, Mapping) else None
    is_reference = isinstance(value, str) and value.startswith("${")
    key = value.strip("${}") if is_reference else f"{address}.{argument}"
    return f"{key}{message.removeprefix(argument)}"


def checked_blocks(blocks: str | Sequence[str], shapes: Shapes) -> list[str]:
    """The names of the blocks, as far as they are known.

    Raises:
        QbertError: For patterns that match no part of the model, or parts within parts.
    """
    if blocks in plan.BLOCK_WORDS or not shapes:
        return block_names(blocks, shapes)
    patterns = [blocks] if isinstance(blocks, str) else blocks
    prefix = next(iter(shapes)).partition(".")[0]
    norms = [
        name.replace("output.dense", "output.LayerNorm")
        for name in shapes
        if name.endswith("output.dense")
    ]
    others = [f"{prefix}.{part}" for part in OTHER_PARTS]
    every = plan.with_parents([*shapes, *norms, *others, *HEADS])
    return plan.matching_names(patterns, every)


def check_given(allocator: Node, blocks: str | Sequence[str], shapes: Shapes) -> None:
    """Refuse widths that cannot be, and blocks that the model does not have."""
    bits = allocator.get("bits")
    if not isinstance(bits, Mapping):
        return
    given = given_bits(bits)
    names = block_names(blocks, shapes)
    if names:
        named_bits(given, names)


def check_subsets(analysis: Node) -> None:
    """Refuse subsets that are smaller than a batch."""
    most, size = analysis["max_examples"], analysis["batch_size"]
    if most is not None and most < size:
        raise QbertError(
            f"analysis.max_examples={most}: accepted null, or at least a batch "
            f"(analysis.batch_size={size})"
        )


def check_estimator(sensitivity: Node, task: Node) -> None:
    """Refuse traces row by row where the loss is not the mean over rows."""
    is_by_row = sensitivity.get("estimator") == "stratified"
    if is_by_row and task.get("module", {}).get("_target_") == SPANS:
        raise QbertError(
            "sensitivity.estimator=stratified: accepted hutchinson with "
            f"task={task.get('name')}, whose loss depends on padding"
        )
