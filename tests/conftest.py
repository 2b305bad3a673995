"""Fixtures that several packages' tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerBase

from tests.tiny import tiny_tokenizer

SHARED = Path(__file__).resolve().parents[1] / "../shared"


@pytest.fixture(autouse=True, scope="session")
def _interrupts_arrive() -> None:
    """A shell's background job ignores SIGINT, and so would the tests' children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _same_threads() -> Iterator[None]:
    """Benchmarks and runtimes choose the threads of a whole process; a test may not."""
    before = torch.get_num_threads()
    yield
    if torch.get_num_threads() != before:
        torch.set_num_threads(before)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and models beside the checkout."""
    folder = SHARED.resolve()
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}")
    return folder


@pytest.fixture(scope="session")
def shared_data(shared: Path) -> Path:
    """Real data sets: glue/, conll2003/, squad/."""
    folder = shared / "data"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}")
    return folder


@pytest.fixture(scope="session")
def minilm(shared: Path) -> Path:
    """A real pretrained 6-layer BERT."""
    folder = shared / "models/all-MiniLM-L6-v2"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}")
    return folder


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> PreTrainedTokenizerBase:
    """A WordPiece tokenizer of a few words and all letters."""
    return tiny_tokenizer(tmp_path_factory.mktemp("tokenizer"))
