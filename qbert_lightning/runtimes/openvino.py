"""OpenVINO: the fastest way of running a quantized BERT on a CPU."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export import read_container, write_container
from qbert_lightning.export.companions import deciding_files
from qbert_lightning.functional.integer_product import cpu_is_exact
from qbert_lightning.runtimes.bert_graph import build
from qbert_lightning.runtimes.engine import Engine
from qbert_lightning.runtimes.engine_model import Answer, Arrays
from qbert_lightning.runtimes.openvino_graph import OpenVinoGraph

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NETWORK, WEIGHTS = "network", "weights"
Weights = Literal["int8", "packed"]


class OpenVino(Engine):
    """OpenVINO's CPU plugin.

    The file is a safetensors container, so that every byte of it is under a digest:
    ``network`` holds OpenVINO's XML and ``weights`` its binary part, in which codes
    take their true width (5 bits take 6, and 7 take 8).

    Args:
        weights: What the codes are in memory. ``int8``: all widened to 8 bits as the
            network is compiled, for integer products that give the fake-quantized
            model's numbers up to rounding, whatever the width; the fastest.
            ``packed``: 2 and 4 bits stay as they are (3 take 4), in OpenVINO's kernels
            for compressed weights. These quantize activations again, to 8 bits for
            every 32 features of a token, so that logits differ a little more.

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

        graph = OpenVinoGraph(packed=self.weights == "packed")
        build(graph, model, head)
        with TemporaryDirectory(dir=file.parent) as folder:
            network = Path(folder) / "network.xml"
            openvino.serialize(graph.model(), network)
            parts = {NETWORK: network, WEIGHTS: network.with_suffix(".bin")}
            tensors = {name: _bytes_of(part) for name, part in parts.items()}
        write_container(file, tensors, deciding_files(file.parent))

    def open_network(self, file: Path, num_threads: int) -> Answer:  # noqa: D102
        import openvino

        tensors = read_container(file).tensors
        parts = {name: each.numpy().tobytes() for name, each in tensors.items()}
        if set(parts) != {NETWORK, WEIGHTS}:
            raise QbertError(f"{file}: accepted a file of runtime=openvino", DATA)
        if not cpu_is_exact():
            warnings.warn(
                "runtime=openvino: 8-bit products saturate on this processor (no VNNI) "
                "and answers may be wrong: accepted runtime=integer",
                stacklevel=2,
            )
        core = openvino.Core()
        network = core.read_model(model=parts[NETWORK], weights=parts[WEIGHTS])
        request = core.compile_model(
            network,
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "f32",  # bfloat16 would change the logits
                "INFERENCE_NUM_THREADS": num_threads,
                # Used by the kernels for compressed weights only.
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": "32",
            },
        ).create_infer_request()

        def answer(inputs: Arrays) -> Arrays:
            outputs = request.infer(inputs, share_inputs=True)
            return {key.get_any_name(): value for key, value in outputs.items()}

        return answer


def _bytes_of(file: Path) -> Tensor:
    return torch.from_numpy(np.fromfile(file, np.uint8))
