"""Small packed folders to be damaged: one tensor, BERTs of each width and of mixed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import torch

from qbert_lightning.datamodules.synthetic import SyntheticDataModule
from qbert_lightning.export import (
    load_packed,
    read_container,
    save_packed,
    write_container,
)
from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.export.companions import CONFIG_FILE, NEEDED, deciding_files
from qbert_lightning.export.digest import file_digest, tensor_digest
from qbert_lightning.layers import layer_shapes
from qbert_lightning.methods import PostTraining
from qbert_lightning.models import RandomBert
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import (
    ColumnGroups,
    InputColumnBuckets,
    PerTensor,
    QuantPlan,
    QuantScheme,
    RowGroups,
)
from qbert_lightning.quantizers import AffineSpec

WIDTHS = tuple(range(2, 9))
CUTS = (RowGroups(4), PerTensor(), ColumnGroups(4), InputColumnBuckets(4))
SIZES = {
    "num_hidden_layers": 1,
    "hidden_size": 8,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 8,
}
LABELS = ("no", "maybe", "if", "yes")


@dataclass(frozen=True)
class Seed:
    """A good folder and how it is read.

    Attributes:
        name: For the table.
        files: Name → content.
        is_model: Whether the whole model is loaded, or the tensors read.
        expected: What `read` gives for it.
    """

    name: str
    files: Mapping[str, bytes]
    is_model: bool
    expected: str

    def read(self, folder: Path) -> str:
        """Load a folder; a digest of all that came out.

        Raises:
            QbertError: If it is refused.
        """
        return _digest_of(folder, self.is_model)


def make_seeds(folder: Path) -> tuple[Seed, ...]:
    """Every seed, made in a folder of its own below ``folder``."""
    makers: dict[str, Callable[[Path], None]] = {"1 tensor": _one_tensor}
    for bits in WIDTHS:
        makers[f"{bits} bits"] = lambda place, bits=bits: _model(place, (bits,))
    makers["mixed"] = lambda place: _model(place, (2, 3, 8, 4))
    seeds = []
    for name, make in makers.items():
        place = folder / name.replace(" ", "-")
        place.mkdir(parents=True)
        make(place)
        files = {path.name: path.read_bytes() for path in sorted(place.iterdir())}
        is_model = make is not _one_tensor
        seeds.append(Seed(name, files, is_model, _digest_of(place, is_model)))
    return tuple(seeds)


def _digest_of(folder: Path, is_model: bool) -> str:
    return (_model_digest if is_model else _tensors_digest)(folder)


def _one_tensor(folder: Path) -> None:
    for name in NEEDED:
        (folder / name).write_text("{}")
    tensors = {"weight": torch.linspace(-1, 1, 15).reshape(3, 5)}
    write_container(folder / MODEL_FILE, tensors, NEEDED)


def _model(folder: Path, widths: tuple[int, ...]) -> None:
    """A packed BERT whose layers take widths and granularities in turn."""
    tokenizer = SyntheticDataModule().own_tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(sum(widths))
        source = RandomBert(**SIZES)
        model = source.build("sequence_classification", LABELS, tokenizer)
        ids = torch.randint(len(tokenizer), (4, 8))
    activation = AffineSpec(8, symmetric=True, observer=MovingAverage())
    turns = zip(layer_shapes(model).items(), cycle(widths), cycle(CUTS), strict=False)
    schemes = {}
    for place, ((name, shape), bits, cut) in enumerate(turns):
        fits = not isinstance(cut, RowGroups) or shape[0] % cut.num_groups == 0
        weight = AffineSpec(
            bits,
            granularity=cut if fits else PerTensor(),
            symmetric=place % 2 == 1,
        )
        schemes[name] = QuantScheme(
            weight=weight, input=activation if "encoder" in name else None
        )
    plan, method = QuantPlan(schemes), PostTraining("none")
    method.prepare(model, plan)
    method.calibrate(model, [{"input_ids": ids}])
    save_packed(model.eval(), plan, tokenizer, folder)


def _tensors_digest(folder: Path) -> str:
    container = read_container(folder / MODEL_FILE)
    texts = [tensor_digest(name, each) for name, each in container.tensors.items()]
    return _digest([*sorted(texts), *_companions(folder)])


def _model_digest(folder: Path) -> str:
    model, plan = load_packed(folder)
    state = model.state_dict()
    texts = [tensor_digest(name, each) for name, each in state.items()]
    return _digest([*texts, plan.to_json(), repr(model.config), *_companions(folder)])


def _companions(folder: Path) -> list[str]:
    """What decides the answers and lies beside the tensors."""
    names = deciding_files(folder)
    assert CONFIG_FILE in names
    return [file_digest(folder / name) for name in names]


def _digest(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
