"""Words of running text, as named-entity corpora write them."""

from __future__ import annotations

import re

# Chinese characters stand for words, as in BERT's own tokenizer.
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_LETTER = rf"[^\W{_HAN}]"
_WORD = re.compile(
    rf"""
    '(?:s|S|re|ve|ll|d|m)\b              # the end of Peter's, we're
    | (?:[^\W\d_{_HAN}]\.){{2,}}          # U.S., J.P.
    | {_LETTER}+ (?: (?!'(?:s|S|re|ve|ll|d|m)\b) [-'./,&@:] {_LETTER}+ )*  # AT&T, 1,000
    | \S                                  # a mark, or a Chinese character
    """,
    re.VERBOSE,
)


def split_words(text: str) -> list[tuple[int, int]]:
    """Beginning and end of each word; marks around words are words of their own.

    CoNLL-2003 was written down in this way. What stands inside a word stays there, for
    a model has learned tags for words and none for the parts of ``1996-08-22``.

    Args:
        text: any text.

    Example:
        >>> text = "(U.S. envoy's plan, 1996-08-22.)"
        >>> " ".join(text[start:end] for start, end in split_words(text))
        "( U.S. envoy 's plan , 1996-08-22 . )"
    """
    return [found.span() for found in _WORD.finditer(text)]
