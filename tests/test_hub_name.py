"""What is a name on the hub is told by its form alone."""

from __future__ import annotations

import pytest

from qbert_lightning.hub_name import hub_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("owner/name", ("owner/name", None)),
        ("owner/name-v1.0@refs/pr/3", ("owner/name-v1.0", "refs/pr/3")),
        ("owner/name@0123456789abcdef", ("owner/name", "0123456789abcdef")),
        ("./owner", None),
        ("/owner/name", None),
        ("name", None),
        ("owner/name/more", None),
        ("owner/na me", None),
    ],
)
def test_hub_names_are_told_from_paths(
    text: str, expected: tuple[str, str | None] | None
) -> None:
    assert hub_name(text) == expected
