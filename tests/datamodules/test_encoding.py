from __future__ import annotations

import pytest

from qbert_lightning.datamodules import SentenceEncoding, TagEncoding
from qbert_lightning.errors import QbertError


@pytest.mark.parametrize("encoding", [SentenceEncoding, TagEncoding])
def test_inputs_need_room_for_some_words(
    encoding: type[SentenceEncoding | TagEncoding],
) -> None:
    with pytest.raises(QbertError, match="max_length=4: accepted at least 8"):
        encoding(4)


def test_settings_tell_shapes_and_lengths_apart() -> None:
    settings = [
        encoding.settings()
        for encoding in (SentenceEncoding(8), SentenceEncoding(9), TagEncoding(8))
    ]
    assert all(settings.count(one) == 1 for one in settings)
