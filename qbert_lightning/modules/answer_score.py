"""SQuAD's official comparison of a predicted answer with the accepted ones."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


def answer_words(text: str) -> list[str]:
    """Words of an answer: lower case, no ASCII punctuation, no articles.

    Example:
        >>> answer_words("The U.S. Army,  an army")
        ['us', 'army', 'army']
    """
    plain = text.lower().translate(_WITHOUT_PUNCTUATION)
    return _ARTICLES.sub(" ", plain).split()


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1 if the prediction has the words of any accepted answer in order, else 0.

    Example:
        >>> exact_match("the Eiffel Tower!", ["Eiffel tower", "tower"])
        1.0
    """
    words = answer_words(prediction)
    return float(any(words == answer_words(answer) for answer in answers))


def word_f1(prediction: str, answers: Sequence[str]) -> float:
    """Best F1 of the bags of words over the accepted answers (Rajpurkar 2016, 6.1).

    Example:
        >>> round(word_f1("in the Eiffel Tower", ["Eiffel Tower"]), 3)
        0.8
    """
    return max(
        _bag_f1(answer_words(prediction), answer_words(answer)) for answer in answers
    )


def _bag_f1(prediction: Sequence[str], answer: Sequence[str]) -> float:
    common = sum((Counter(prediction) & Counter(answer)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(prediction), common / len(answer)
    return 2 * precision * recall / (precision + recall)
