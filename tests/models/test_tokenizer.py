from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from qbert_lightning.errors import QbertError
from qbert_lightning.models import check_tokenizer, load_tokenizer


def test_words_are_known(tokenizer: PreTrainedTokenizerBase) -> None:
    loaded = load_tokenizer(tokenizer.name_or_path)
    assert loaded.unk_token_id not in loaded("the cat sat on xyz")["input_ids"]


def test_tokenizer_that_knows_no_word_is_refused() -> None:
    """As comes from giving a vocabulary where it is not read."""
    blind = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(WordPiece({"[UNK]": 0, "cat": 1})),
        unk_token="[UNK]",
        do_lower_case=False,
    )
    check_tokenizer(blind, "folder")
    blind._tokenizer.model = WordPiece({"[UNK]": 0}, unk_token="[UNK]")
    blind.get_vocab = lambda: {"[UNK]": 0, "cat": 1, "dog": 2}
    with pytest.raises(QbertError, match=r"folder: the tokenizer maps all words") as e:
        check_tokenizer(blind, "folder")
    assert e.value.code == 4


def test_folder_without_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QbertError) as error:
        load_tokenizer(str(tmp_path))
    assert error.value.code == 4
