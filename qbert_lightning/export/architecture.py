"""The network that a folder describes, compared with its tensors before it is built.

A configuration is a few numbers, and the network built from them may be of any size.
So its sizes are first held against the tensors that were read, on a network without
memory; only one whose every weight is there gets built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export.companions import CONFIG_FILE, PLAN_FILE
from qbert_lightning.export.container import Container
from qbert_lightning.export.strict_json import strict_json
from qbert_lightning.functional import packed_bytes
from qbert_lightning.layers import apply_plan
from qbert_lightning.models import build_skeleton, config_from
from qbert_lightning.plan import QuantPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CODES = "codes"
BITS_PER_BYTE = 8
# What names code to run or kernels to fetch, and a length that `id2label` has too.
REFUSED_KEYS = {
    "attn_implementation",
    "auto_map",
    "experts_implementation",
    "num_labels",
    "quantization_config",
}
_KEY = re.compile(r"[a-z][a-z0-9_]*")


def read_architecture(container: Container) -> tuple[PreTrainedModel, QuantPlan]:
    """The network with its plan applied, weights still to be loaded.

    Args:
        container: Its tensors, ``config.json`` and ``plan.json``.

    Returns:
        The model in evaluation mode and its plan.

    Raises:
        QbertError: If configuration, plan and tensors do not fit together (code 4).
    """
    folder, tensors = container.path.parent, container.tensors
    source = str(folder / CONFIG_FILE)
    values = strict_json(container.files[CONFIG_FILE], source)
    _check_numbers(values, tensors, source)
    config = config_from(values, source)
    plan = _plan(container.files[PLAN_FILE], str(folder / PLAN_FILE))
    _check_shapes(build_skeleton(config, source, "meta"), plan, tensors, source)
    model = build_skeleton(config, source)
    try:
        apply_plan(model, plan)
    except QbertError as error:
        raise QbertError(f"{folder / PLAN_FILE}: {error}", DATA) from error
    return model.eval(), plan


def load_strictly(model: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Load a state of exactly the model's names, types and shapes.

    Args:
        model: Gets the tensors themselves, but for those that are part of a larger
            piece of memory, such as a file's: it gets copies of these.
        state: Name → tensor, not used for anything else afterwards.
        source: Where they come from, for messages.

    Raises:
        QbertError: If it is another model's (code 4).
    """
    expected = model.state_dict()
    for name in expected.keys() ^ state.keys():
        what = "missing" if name in expected else "one too many"
        raise QbertError(
            f"{source}: tensor {name!r} is {what}: accepted those of its plan", DATA
        )
    for name, tensor in expected.items():
        found = state[name]
        if (found.dtype, found.shape) != (tensor.dtype, tensor.shape):
            raise QbertError(
                f"{source}: tensor {name!r} is {_described(found)}: accepted "
                f"{_described(tensor)}",
                DATA,
            )
    model.load_state_dict({n: _own(x) for n, x in state.items()}, assign=True)


def _own(tensor: Tensor) -> Tensor:
    """The tensor alone in its memory, row after row."""
    storage = tensor.untyped_storage()
    # A view of a buffer's bytes has a storage of its own, which cannot grow, and keeps
    # the whole buffer.
    is_alone = storage.nbytes() == tensor.nbytes and storage.resizable()
    if is_alone and tensor.is_contiguous():
        return tensor
    return tensor.clone(memory_format=torch.contiguous_format)


def _described(tensor: Tensor) -> str:
    """Type and shape, such as ``float32 [3, 4]``."""
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _check_numbers(values: Any, tensors: Mapping[str, Tensor], source: str) -> None:
    """Refuse keys that fetch or run something, and numbers beyond the tensors."""
    if not isinstance(values, dict):
        raise QbertError(f"{source}: accepted a JSON object", DATA)
    for key in values:
        if key in REFUSED_KEYS or not _KEY.fullmatch(key):
            raise QbertError(
                f"{source}: key {key[:100]!r}: accepted plain settings of a BERT", DATA
            )
    most = max((BITS_PER_BYTE * t.numel() for t in tensors.values()), default=0)
    limits = dict.fromkeys(values, most) | {"num_hidden_layers": len(tensors)}
    for key, value in values.items():
        for number in _numbers(value):
            if not 0 <= number <= limits[key]:
                raise QbertError(
                    f"{source}: {key}={number}: accepted 0 to {limits[key]} with the "
                    f"{len(tensors)} tensors there are",
                    DATA,
                )


def _numbers(value: Any) -> Iterator[int]:
    """Every whole number in a JSON value."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers(each)
    elif isinstance(value, int):
        yield value


def _plan(text: bytes, source: str) -> QuantPlan:
    strict_json(text, source)
    try:
        return QuantPlan.from_json(text.decode("utf-8"))
    except QbertError as error:  # a spec's own check speaks of usage
        raise QbertError(f"{source}: {error}", DATA) from error


def _check_shapes(
    outline: nn.Module, plan: QuantPlan, tensors: Mapping[str, Tensor], source: str
) -> None:
    """Every weight of the outline is there, in its shape or as codes of its length."""
    for name, expected in outline.state_dict().items():
        layer, _, kind = name.rpartition(".")
        spec = plan[layer].weight if kind == "weight" and layer in plan else None
        codes = tensors.get(f"{name}.{CODES}")
        if codes is not None and spec is not None:
            length = packed_bytes(prod(expected.shape), spec.num_bits)
            fits = (codes.dtype, tuple(codes.shape)) == (torch.uint8, (length,))
            accepted = f"uint8 [{length}], {spec.num_bits} bits for each weight"
            found = codes
        else:
            found = tensors.get(name, torch.empty(0))
            fits = found.shape == expected.shape
            accepted = _described(expected)
        if not fits or not expected.numel():
            raise QbertError(
                f"{source}: {name} is {_described(found)}: accepted {accepted}", DATA
            )
