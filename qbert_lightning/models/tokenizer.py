"""Loading a tokenizer and making sure that it knows words."""

from __future__ import annotations

from itertools import islice

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from qbert_lightning.errors import QbertError
from qbert_lightning.models.hub import local_or_hub, quiet_transformers


def load_tokenizer(
    name_or_path: str, revision: str | None = None
) -> PreTrainedTokenizerBase:
    """Load a fast tokenizer from a folder or the hub.

    Args:
        name_or_path: a folder or a hub name.
        revision: branch, tag or commit on the hub.

    Raises:
        QbertError: (code 3) the hub does not answer; (code 4) no tokenizer there,
            no fast one, or one that maps its own words to the unknown token.
    """
    with quiet_transformers(), local_or_hub(name_or_path, revision) as arguments:
        tokenizer = AutoTokenizer.from_pretrained(
            name_or_path, trust_remote_code=False, use_fast=True, **arguments
        )
    check_tokenizer(tokenizer, name_or_path)
    return tokenizer


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, source: str) -> None:
    """Refuse a slow tokenizer and one that knows none of its own words.

    Some ways of loading a vocabulary file succeed and yet map every word to the
    unknown token; training then learns nothing without any error.

    Args:
        tokenizer: the tokenizer.
        source: where it comes from, for the message.

    Raises:
        QbertError: (code 4) the tokenizer is unusable.
    """
    if not tokenizer.is_fast:
        raise QbertError(
            f"{source}: the tokenizer is a slow one: accepted a folder with "
            "tokenizer.json or vocab.txt",
            code=4,
        )
    words = list(islice((w for w in tokenizer.get_vocab() if w.isalpha()), 50))
    ids = tokenizer(words, add_special_tokens=False)["input_ids"]
    if words and all(set(one) == {tokenizer.unk_token_id} for one in ids):
        raise QbertError(
            f"{source}: the tokenizer maps all words to {tokenizer.unk_token}: "
            "accepted a vocabulary that knows its own words",
            code=4,
        )
