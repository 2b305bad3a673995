"""No network is built from numbers that its tensors do not bear out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, BertConfig, PreTrainedModel

from qbert_lightning.errors import QbertError
from qbert_lightning.export import architecture
from qbert_lightning.export.architecture import load_strictly, read_architecture
from qbert_lightning.export.container import Container, read_container
from tests.export.models import mixed_plan, packed_folder


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    folder = tmp_path_factory.mktemp("packed")
    packed_folder(folder, mixed_plan())
    return read_container(folder / "model.safetensors")


def with_file(container: Container, name: str, **changes: object) -> Container:
    values = {**json.loads(container.files[name]), **changes}
    files = {**container.files, name: json.dumps(values).encode()}
    return Container(container.path, container.tensors, files)


def test_the_configuration_is_the_one_transformers_reads(container: Container) -> None:
    model, plan = read_architecture(container)
    theirs = AutoConfig.from_pretrained(container.path.parent)
    theirs._name_or_path = ""
    assert model.config.to_dict() == theirs.to_dict()
    assert plan == mixed_plan()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"hidden_size": 10**9}, "hidden_size=1000000000: accepted 0 to"),
        ({"num_hidden_layers": 10**6}, "num_hidden_layers=1000000: accepted 0 to"),
        ({"num_hidden_layers": 4000}, "num_hidden_layers=4000: accepted 0 to"),
        ({"num_attention_heads": -1}, "num_attention_heads=-1: accepted 0 to"),
        ({"nested": {"a": [10**12]}}, "nested=1000000000000"),
        ({"num_labels": 3}, "key 'num_labels'"),
        ({"auto_map": {"AutoConfig": "code.py--C"}}, "key 'auto_map'"),
        ({"attn_implementation": "some/kernel"}, "key 'attn_implementation'"),
        ({"_attn_implementation": "some/kernel"}, "key '_attn_implementation'"),
        ({"__class__": "x"}, "key '__class__'"),
        ({"model_type": "llama"}, "model_type 'llama'"),
        ({"architectures": ["BertModel"]}, "architecture BertModel"),
        ({"hidden_size": 32}, r"accepted .*float32 \[|accepted uint8"),
        ({"intermediate_size": 48}, "accepted"),
        ({"vocab_size": 41}, r"word_embeddings.weight is uint8 \[640\]: accepted"),
        ({"num_hidden_layers": 3}, r"layer\.2\."),
        ({"vocab_size": 0}, "vocab_size|word_embeddings|IndexError|accepted"),
        ({"hidden_act": "os.system"}, "accepted the configuration of a BERT"),
    ],
)
def test_a_configuration_of_another_network_is_refused_before_it_is_built(
    container: Container,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    complaint: str,
) -> None:
    build = architecture.build_skeleton

    def outline_only(
        config: BertConfig, source: str, device: str = "cpu"
    ) -> PreTrainedModel:
        assert device == "meta", "a network with memory was built"
        return build(config, source, device)

    monkeypatch.setattr(architecture, "build_skeleton", outline_only)
    with pytest.raises(QbertError, match=complaint) as caught:
        read_architecture(with_file(container, "config.json", **changes))
    assert caught.value.code == 4
    assert "config.json" in str(caught.value) or "tensor" in str(caught.value)


@pytest.mark.parametrize(
    "layers",
    [
        [],
        {"bert.nothing": {"weight": None}},
        {"bert": {}},
        {"classifier": {"weight": {"type": "AffineSpec", "num_bits": 9}}},
        {"classifier": {"weight": {"type": "AffineSpec", "symmetric": "no"}}},
        {"classifier": {"weight": {"type": "AffineSpec", "num_bits": True}}},
        {"classifier": {"weight": 5}},
        {"classifier": 5},
    ],
)
def test_a_plan_that_does_not_fit_is_refused(
    container: Container, layers: object
) -> None:
    with pytest.raises(QbertError) as caught:
        read_architecture(with_file(container, "plan.json", layers=layers))
    assert caught.value.code == 4


def test_a_width_that_is_not_that_of_the_codes_is_refused(container: Container) -> None:
    plan = json.loads(container.files["plan.json"])
    plan["layers"]["classifier"]["weight"]["num_bits"] = 4
    changed = with_file(container, "plan.json", **plan)
    with pytest.raises(QbertError, match=r"classifier\.weight is uint8 \[48\]: .*24"):
        read_architecture(changed)


@pytest.mark.parametrize(
    ("state", "complaint"),
    [
        ({}, "'weight' is missing"),
        ({"weight": torch.ones(2, 3), "x": torch.ones(1)}, "'x' is one too many"),
        ({"weight": torch.ones(3, 2)}, r"float32 \[3, 2\]: accepted float32 \[2, 3\]"),
        ({"weight": torch.ones(2, 3).long()}, r"int64 \[2, 3\]: accepted float32"),
    ],
)
def test_a_state_is_loaded_only_if_it_is_exactly_the_models(
    state: dict[str, torch.Tensor], complaint: str
) -> None:
    model = torch.nn.Linear(3, 2, bias=False)
    with pytest.raises(QbertError, match=complaint) as caught:
        load_strictly(model, state, "file")
    assert caught.value.code == 4


@pytest.mark.parametrize("is_alone", [True, False])
def test_the_model_holds_its_own_memory_and_none_of_the_files(is_alone: bool) -> None:
    whole = torch.arange(7.0)
    columns = whole[1:].clone() if is_alone else whole[1:]
    for weight in (columns.view(2, 3), columns.view(3, 2).T):
        model = torch.nn.Linear(3, 2, bias=False)
        load_strictly(model, {"weight": weight}, "file")
        assert torch.equal(model.weight, weight)
        assert model.weight.is_contiguous()
        assert model.weight.requires_grad
        assert model.weight.untyped_storage().nbytes() == 6 * 4


def test_a_view_of_a_files_bytes_does_not_keep_the_file() -> None:
    body = bytearray(1000)
    weight = torch.frombuffer(body, dtype=torch.float32, count=6, offset=400)
    model = torch.nn.Linear(3, 2, bias=False)
    load_strictly(model, {"weight": weight.reshape(2, 3)}, "file")
    body[:] = b"\x01" * 1000
    assert torch.equal(model.weight, torch.zeros(2, 3))


def test_a_hostile_folder_is_refused_from_the_outside(tmp_path: Path) -> None:
    """The whole way: digests are right, the configuration is not."""
    from qbert_lightning.export import load_packed
    from qbert_lightning.export.companions import deciding_files
    from qbert_lightning.export.container import write_container

    packed_folder(tmp_path, mixed_plan())
    path = tmp_path / "model.safetensors"
    tensors = read_container(path).tensors
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"hidden_size": 10**9, "intermediate_size": 10**9}
    (tmp_path / "config.json").write_text(json.dumps(config))
    write_container(path, tensors, deciding_files(tmp_path))
    with pytest.raises(QbertError, match="hidden_size=1000000000") as caught:
        load_packed(tmp_path)
    assert caught.value.code == 4
