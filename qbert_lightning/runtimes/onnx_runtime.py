"""ONNX Runtime: a standard file that many engines and devices read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export.companions import deciding_files
from qbert_lightning.export.digest import file_digest
from qbert_lightning.functional.integer_product import cpu_is_exact
from qbert_lightning.runtimes.bert_graph import build
from qbert_lightning.runtimes.engine import Engine
from qbert_lightning.runtimes.engine_model import Answer, Arrays
from qbert_lightning.runtimes.onnx_graph import OnnxGraph

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SEAL = "qbert_lightning.sha256"
EXACT_FLOATS = "session.qdq_matmulnbits_accuracy_level"
"""What such products are computed in: 1 is float32, and 4, which is usual, int8."""


class OnnxRuntime(Engine):
    """ONNX Runtime's CPU kernels, on one ONNX file without external data.

    Codes take 2, 4 or 8 bits in the file (3 take 4, and 5 to 7 take 8) and 8 in
    memory. The digest of all that comes before it, and of the files beside it that
    decide the answers, is the last entry of the file's metadata.
    """

    file_name: ClassVar[str] = "model.onnx"
    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    def write_network(self, model: PreTrainedModel, head: str, file: Path) -> None:  # noqa: D102
        import onnx

        graph = OnnxGraph()
        build(graph, model, head)
        network = graph.model()
        onnx.checker.check_model(network, full_check=True)
        content = network.SerializeToString()
        file.write_bytes(content + _seal(content, file))

    def open_network(self, file: Path, num_threads: int) -> Answer:  # noqa: D102
        import onnxruntime

        sealed = file.read_bytes()
        length = len(_seal(b"", file))
        content, seal = sealed[:-length], sealed[-length:]
        if seal != _seal(content, file):
            raise QbertError(
                f"{file}: it or a file beside it was altered since export: accepted a "
                "file of runtime=onnxruntime",
                DATA,
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.inter_op_num_threads = 1
        # Products of floats with codes must not quantize the floats, as they would.
        options.add_session_config_entry(EXACT_FLOATS, "1")
        if not cpu_is_exact():
            # Its products of unsigned and signed bytes would saturate; half as fast.
            options.add_session_config_entry("session.x64quantprecision", "1")
        session = onnxruntime.InferenceSession(
            sealed, options, providers=["CPUExecutionProvider"]
        )
        names = [each.name for each in session.get_outputs()]

        def answer(inputs: Arrays) -> Arrays:
            return dict(zip(names, session.run(names, dict(inputs)), strict=True))

        return answer


def _seal(content: bytes, file: Path) -> bytes:
    """What makes a serialized model one with a digest in its metadata.

    Serialized messages may be put after each other: repeated fields grow.
    """
    import onnx

    digest = hashlib.sha256(content)
    for name in deciding_files(file.parent):
        digest.update(f"{name} {file_digest(file.parent / name)}\n".encode())
    entry = onnx.StringStringEntryProto(key=SEAL, value=digest.hexdigest())
    return onnx.ModelProto(metadata_props=[entry]).SerializeToString()
