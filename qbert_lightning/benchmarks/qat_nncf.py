"""Quantization-aware training with NNCF, which takes a model as a whole."""

from __future__ import annotations

import logging

import torch
from torch import nn

from qbert_lightning.benchmarks.qat_step import random_batch

SHOWN_TOKENS = 8
OTHER_PARTS = (".*embeddings.*", ".*pooler.*", ".*classifier.*", ".*qa_outputs.*")


def nncf_model(model: nn.Module) -> nn.Module:
    """NNCF's copy of a model: 8 bits around the encoder's matrices, learnt ranges.

    As for the other peers nothing else is quantized, and what takes no part in training
    (its corrections of smoothness and bias) is left out.

    Args:
        model: A BERT; its configuration tells the vocabulary.
    """
    import nncf

    nncf.set_log_level(logging.ERROR)
    vocabulary: int = model.config.vocab_size  # type: ignore[assignment, union-attr]
    batch = random_batch(vocabulary, 1, SHOWN_TOKENS, 0, torch.device("cpu"))
    quantized: nn.Module = nncf.quantize(
        model.eval(),
        nncf.Dataset([batch]),
        subset_size=1,
        model_type=nncf.ModelType.TRANSFORMER,
        ignored_scope=nncf.IgnoredScope(
            patterns=list(OTHER_PARTS),
            types=["scaled_dot_product_attention"],
            validate=False,
        ),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            disable_bias_correction=True,
            smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(
                matmul=-1, convolution=-1
            ),
        ),
    )
    return quantized
