"""A network that OpenVINO compiled for the CPU, and the memory it reads."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from qbert_lightning.runtimes.bert_graph import INPUTS
from qbert_lightning.runtimes.engine_model import Arrays
from qbert_lightning.runtimes.mapped_tensor import MappedTensor
from qbert_lightning.runtimes.openvino_core import core

if TYPE_CHECKING:
    import openvino as ov

SMALL_BYTES = 2**16
KEPT_DIVISION = "nonconvertable_divide_0"
"""What OpenVINO calls its mark of a division; it is not written to files."""


class OpenVinoNetwork:
    """Answers from a compiled network, one thread after the other.

    Args:
        text: OpenVINO's XML.
        weights: Its binary part; kept as long as the network.
        num_threads: CPU threads.

    Attributes:
        tokens: Of the one text that the network takes; `None`: texts of any length.
        outputs_by_token: Names of those whose axis 1 goes through a text's tokens.
    """

    def __init__(self, text: bytes, weights: MappedTensor, num_threads: int) -> None:
        import openvino

        network = core().read_model(
            text, openvino.Tensor(weights.bytes, shared_memory=True)
        )
        self.tokens = _fixed_length(network)
        self.outputs_by_token = {
            result.output(0).get_any_name()
            for result in network.results
            if result.get_layout().has_name("tokens")
        }
        _copy_small_constants(network)
        keep_divisions(network)
        compiled = core().compile_model(
            network,
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "f32",  # bfloat16 would change the logits
                "INFERENCE_NUM_THREADS": num_threads,
                # Kernels for compressed weights must not quantize activations again.
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
            },
        )
        self._request, self._weights = compiled.create_infer_request(), weights
        self._names = [each.get_any_name() for each in compiled.outputs]
        self._tensor, self._lock = openvino.Tensor, Lock()
        # Both live as long as the request reads them: it keeps neither.
        self._places: dict[str, np.ndarray] = {}
        self._tensors: dict[str, ov.Tensor] = {}
        # The first answer lays the matrices out for its products; from then on these
        # copies are read, and of the file only rows of tables.
        self(dict.fromkeys(INPUTS, np.zeros((1, self.tokens or 1), np.int64)))
        weights.give_back()

    def __call__(self, inputs: Arrays) -> Arrays:
        """From inputs by name to outputs by name."""
        with self._lock:
            for name, value in inputs.items():
                self._place(name, value.shape)[...] = value
            outputs = self._request.infer().values()  # copies
        return dict(zip(self._names, outputs, strict=True))

    def _place(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Where the request reads an input; a new place takes a percent longer."""
        place = self._places.get(name)
        if place is None or place.shape != shape:
            place = self._places[name] = np.empty(shape, np.int64)
            self._tensors[name] = self._tensor(place, shared_memory=True)
            self._request.set_tensor(name, self._tensors[name])
        return place


def _fixed_length(network: ov.Model) -> int | None:
    _, tokens = network.input(INPUTS[0]).get_partial_shape()
    return tokens.get_length() if tokens.is_static else None


def keep_divisions(network: ov.Model) -> None:
    """Divisions by a step stay what they are.

    As products with a rounded reciprocal, which OpenVINO prefers, they would move
    values beside the edge of two levels to the other side.
    """
    for node in network.get_ops():
        if node.get_type_name() == "Divide":
            node.get_rt_info()[KEPT_DIVISION] = True


def _copy_small_constants(network: ov.Model) -> None:
    """Scales and biases, which every answer reads, out of the pages of the matrices."""
    import openvino

    for node in network.get_ops():
        if node.get_type_name() != "Constant" or node.get_byte_size() > SMALL_BYTES:
            continue
        if node.get_element_type() == openvino.Type.f32:
            copy = openvino.op.Constant(np.array(node.data))
            node.output(0).replace(copy.output(0))
