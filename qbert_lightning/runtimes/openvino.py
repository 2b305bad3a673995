"""OpenVINO: the fastest way of running a quantized BERT on a CPU."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import torch
from torch import Tensor

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export import read_container, write_container
from qbert_lightning.export.companions import deciding_files
from qbert_lightning.functional.integer_product import cpu_is_exact
from qbert_lightning.runtimes.bert_graph import build
from qbert_lightning.runtimes.engine import Engine
from qbert_lightning.runtimes.engine_model import Answer
from qbert_lightning.runtimes.fixed_length import at_length
from qbert_lightning.runtimes.mapped_tensor import MappedTensor
from qbert_lightning.runtimes.openvino_graph import OpenVinoGraph
from qbert_lightning.runtimes.openvino_network import OpenVinoNetwork
from qbert_lightning.runtimes.parts import in_parts

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NETWORK, WEIGHTS = "network", "weights"
ALIGNMENT = 8
Weights = Literal["int8", "packed"]


class OpenVino(Engine):
    """OpenVINO's CPU plugin.

    The file is a safetensors container, so that every byte of it is under a digest:
    ``network`` holds OpenVINO's XML and ``weights`` its binary part, in which codes
    take their true width (5 bits take 6, and 7 take 8). It is mapped into memory: rows
    of the tables are read from it as they are looked up, so that it must not be written
    to while a model is in service (another may be put in its place).

    Args:
        weights: What the codes are in memory. ``int8``: all widened to 8 bits as the
            network is compiled, for integer products that give the fake-quantized
            model's numbers up to rounding, whatever the width; the fastest.
            ``packed``: 2 and 4 bits stay as they are (3 take 4), in OpenVINO's kernels
            for compressed weights. These multiply in floats, which gives the same
            numbers up to rounding, and takes two to three times as long.

    Raises:
        QbertError: For another choice.

    Warns:
        UserWarning: On loading where the processor's sums of 8-bit products saturate
            (x86 without VNNI): OpenVINO does not avoid it, and answers may be wrong.
    """

    file_name: ClassVar[str] = "openvino.safetensors"
    packages: ClassVar[tuple[str, ...]] = ("openvino",)

    def __init__(self, weights: Weights = "int8") -> None:
        if weights not in get_args(Weights):
            raise QbertError(
                f"runtime.weights={weights}: accepted {', '.join(get_args(Weights))}"
            )
        self.weights = weights

    def write_network(self, model: PreTrainedModel, head: str, file: Path) -> None:  # noqa: D102
        import openvino

        graph = OpenVinoGraph(packed=self.weights == "packed", tokens=self.tokens)
        build(graph, model, head)
        with TemporaryDirectory(dir=file.parent) as folder:
            network = Path(folder) / "network.xml"
            openvino.serialize(graph.model(), network)
            text, codes = network.read_bytes(), network.with_suffix(".bin").read_bytes()
        # Spaces, so that the weights, which follow, begin where numbers may lie.
        text += b" " * (-len(text) % ALIGNMENT)
        tensors = {NETWORK: _tensor(text), WEIGHTS: _tensor(codes)}
        write_container(file, tensors, deciding_files(file.parent))

    def open_network(self, file: Path, num_threads: int) -> Answer:  # noqa: D102
        tensors = read_container(file).tensors
        if set(tensors) != {NETWORK, WEIGHTS}:
            raise QbertError(f"{file}: accepted a file of runtime=openvino", DATA)
        text, weights = tensors[NETWORK].numpy().tobytes(), MappedTensor(file, WEIGHTS)
        if not torch.equal(tensors[WEIGHTS], torch.from_numpy(weights.bytes)):
            raise QbertError(f"{file}: another file came in its place", DATA)
        del tensors  # the mapped ones do: most of them are read only once
        if not cpu_is_exact():
            warnings.warn(
                "runtime=openvino: 8-bit products saturate on this processor (no VNNI) "
                "and answers may be wrong: accepted runtime=integer",
                stacklevel=2,
            )
        network = OpenVinoNetwork(text, weights, num_threads)
        if network.tokens is None:
            return network
        one = at_length(network, network.tokens, network.outputs_by_token)
        return in_parts(one, most_tokens=1)


def _tensor(content: bytes) -> Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)
