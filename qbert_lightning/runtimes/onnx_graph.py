"""The operations of a BERT as ONNX has them."""

from __future__ import annotations

from torch import nn

from qbert_lightning.runtimes.onnx_layers import OnnxLayers
from qbert_lightning.runtimes.operations import VERY_NEGATIVE, Operations


class OnnxGraph(OnnxLayers, Operations[str]):
    """A graph whose values are known by name."""

    def layer_norm(self, norm: nn.LayerNorm, x: str) -> str:  # noqa: D102
        weight, bias = self.floats(norm.weight), self.floats(norm.bias)
        return self.node("LayerNormalization", x, weight, bias, epsilon=norm.eps)

    def gelu(self, x: str) -> str:  # noqa: D102
        return self.node("Gelu", x)

    def tanh(self, x: str) -> str:  # noqa: D102
        return self.node("Tanh", x)

    def attention_bias(self, mask: str) -> str:  # noqa: D102
        padding = self.node("Sub", self.scalar(1), self.as_float(mask))
        bias = self.node("Mul", padding, self.scalar(VERY_NEGATIVE))
        return self.node("Unsqueeze", bias, self.whole([1, 2]))

    def attend(  # noqa: D102
        self, query: str, key: str, value: str, bias: str, num_heads: int
    ) -> str:
        # ONNX Runtime wants the bias written out for every token that asks.
        one, asking = self.whole([1]), self.node("Shape", query, start=1, end=2)
        bias = self.node("Expand", bias, self.node("Concat", asking, one, axis=0))
        heads = {"q_num_heads": num_heads, "kv_num_heads": num_heads}
        return self.node("Attention", query, key, value, bias, **heads)

    def first_token(self, x: str) -> str:  # noqa: D102
        return self.node("Slice", x, *(self.whole([n]) for n in (0, 1, 1)))

    def only_token(self, x: str) -> str:  # noqa: D102
        return self.node("Squeeze", x, self.whole([1]))

    def feature(self, x: str, index: int) -> str:  # noqa: D102
        return self.node("Gather", x, self.whole(index), axis=2)
