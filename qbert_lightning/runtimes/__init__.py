"""Where a quantized model is deployed: what writes it there and runs it."""

from qbert_lightning.runtimes.base import Runtime
from qbert_lightning.runtimes.integer import Integer
from qbert_lightning.runtimes.onnx_runtime import OnnxRuntime
from qbert_lightning.runtimes.openvino import OpenVino
from qbert_lightning.runtimes.openvino_fixed import OpenVinoFixed

__all__ = ["Integer", "OnnxRuntime", "OpenVino", "OpenVinoFixed", "Runtime"]
