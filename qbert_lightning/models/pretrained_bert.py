"""A pretrained or fine-tuned BERT from a folder or the hub."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from transformers import (
    AutoConfig,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from qbert_lightning.errors import QbertError
from qbert_lightning.models.hub import local_or_hub, quiet_transformers
from qbert_lightning.models.source import ModelSource, head_class, label_settings
from qbert_lightning.models.tokenizer import load_tokenizer

# Encoders with BERT's layers under BERT's names, so that the same rules fit them.
FAMILY = ("bert", "camembert", "electra", "roberta", "xlm-roberta")


class PretrainedBert(ModelSource):
    """Any checkpoint of the BERT family in Hugging Face layout, safetensors only.

    Args:
        name_or_path: a folder or a hub name.
        revision: branch, tag or commit on the hub; a commit pins the weights.
    """

    def __init__(self, name_or_path: str, revision: str | None = None) -> None:
        self.name_or_path = name_or_path
        self.revision = revision

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The checkpoint's tokenizer."""
        return load_tokenizer(self.name_or_path, self.revision)

    def build(
        self,
        head: str,
        labels: Sequence[str] | None,
        tokenizer: PreTrainedTokenizerBase,
    ) -> PreTrainedModel:
        """Load the encoder; a head of the same task is loaded, else made new."""
        model_class = head_class(head)
        name = self.name_or_path
        with quiet_transformers(), local_or_hub(name, self.revision) as arguments:
            config = AutoConfig.from_pretrained(
                name, trust_remote_code=False, **arguments
            )
            _check_config(config, name, head, labels, len(tokenizer))
            for key, value in label_settings(head, labels).items():
                setattr(config, key, value)
            model, report = model_class.from_pretrained(
                name,
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # heads of other tasks; checked above
                **arguments,
            )
        unloaded = {
            *report["missing_keys"],
            *(k for k, *_ in report["mismatched_keys"]),
        }
        _check_weights(model, unloaded, name)
        return model.eval()


def _check_config(
    config: PretrainedConfig,
    name: str,
    head: str,
    labels: Sequence[str] | None,
    vocabulary: int,
) -> None:
    """Refuse another architecture, vocabulary or label order."""
    if config.model_type not in FAMILY:
        raise QbertError(
            f"{name}: model_type {config.model_type!r}: accepted {', '.join(FAMILY)}",
            code=4,
        )
    if vocabulary > config.vocab_size:
        raise QbertError(
            f"{name}: the tokenizer has {vocabulary} entries and the model "
            f"{config.vocab_size}: accepted a tokenizer that fits the model",
            code=4,
        )
    made_for = (config.architectures or [""])[0].rpartition("For")[2].lower()
    if made_for != head.replace("_", "") or head == "question_answering":
        return
    theirs = [str(config.id2label[index]) for index in sorted(config.id2label)]
    generic = [f"LABEL_{index}" for index in range(len(theirs))]
    ours = ["LABEL_0"] if labels is None else list(labels)
    if theirs != ours and (theirs != generic or len(theirs) != len(ours)):
        raise QbertError(
            f"{name}: labels in the order {theirs} and the task's {ours}: accepted a "
            "checkpoint with the task's labels in the task's order",
            code=4,
        )


def _check_weights(model: PreTrainedModel, missing: Collection[str], name: str) -> None:
    """Refuse a checkpoint without encoder weights or with non-finite ones."""
    prefixes = tuple(
        f"{model.base_model_prefix}.{part}." for part in ("embeddings", "encoder")
    )
    lost = sorted(key for key in missing if key.startswith(prefixes))
    if lost:
        raise QbertError(
            f"{name}: {len(lost)} encoder weights are missing, first {lost[0]}: "
            "accepted a complete BERT encoder",
            code=4,
        )
    for key, weight in model.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            raise QbertError(
                f"{name}: {key} holds NaN or infinity: accepted finite weights", code=4
            )
