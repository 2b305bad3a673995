from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.instantiate import instantiate
from qbert_lightning.plan import PerTensor, RowGroups, SchemeRule

ROW_GROUPS = {"_target_": "qbert_lightning.plan.RowGroups", "num_groups": 12}


def test_nested_objects_are_built() -> None:
    node = {
        "_target_": "qbert_lightning.plan.SchemeRule",
        "match": ["*.query", "*.key"],
        "weight": {
            "_target_": "qbert_lightning.quantizers.AffineSpec",
            "num_bits": 4,
            "granularity": ROW_GROUPS,
        },
    }
    rule = instantiate(node)
    assert isinstance(rule, SchemeRule)
    assert rule.weight.num_bits == 4
    assert rule.weight.granularity == RowGroups(12)
    assert rule.match == ["*.query", "*.key"]


def test_interpolations_are_resolved() -> None:
    config = OmegaConf.create(
        {"groups": 3, "node": {**ROW_GROUPS, "num_groups": "${groups}"}}
    )
    assert instantiate(config.node) == RowGroups(3)


def test_partial_takes_the_rest_later() -> None:
    node = {"_target_": "torch.optim.AdamW", "_partial_": True, "lr": 0.5}
    partial = instantiate(node)
    assert isinstance(partial, functools.partial)
    optimizer = partial([torch.nn.Parameter(torch.zeros(1))])
    assert isinstance(optimizer, torch.optim.AdamW)
    assert optimizer.defaults["lr"] == 0.5


def test_arguments_are_given_as_they_are_and_win() -> None:
    class Marker:
        pass

    marker = Marker()
    rule = instantiate(
        {"_target_": "qbert_lightning.plan.SchemeRule", "match": "a", "delay": 1},
        weight=marker,
        delay=2,
    )
    assert rule.weight is marker
    assert rule.delay == 2


def test_mappings_and_lists_inside_are_built() -> None:
    node = {
        "_target_": "qbert_lightning.plan.SchemeRule",
        "match": "a",
        "weight": {"a": [ROW_GROUPS, {"_target_": "qbert_lightning.plan.PerTensor"}]},
    }
    assert instantiate(node).weight == {"a": [RowGroups(12), PerTensor()]}


def hostile(marker: Path) -> list[dict[str, Any]]:
    """Nodes that would leave ``marker`` behind, or reach something they should not."""
    touch = f"touch {marker}"
    code = f"open({str(marker)!r}, 'w')"
    named = [
        {"_target_": "os.system", "command": touch},
        {"_target_": "posix.system", "command": touch},
        {"_target_": "os.popen", "cmd": touch},
        {"_target_": "os.makedirs", "name": str(marker)},
        {"_target_": "subprocess.run", "args": touch, "shell": True},
        {"_target_": "subprocess.Popen", "args": ["touch", str(marker)]},
        {"_target_": "subprocess.check_output", "args": ["touch", str(marker)]},
        {"_target_": "pty.spawn", "argv": ["touch", str(marker)]},
        {"_target_": "builtins.eval", "source": code},
        {"_target_": "builtins.exec", "source": code},
        {"_target_": "builtins.open", "file": str(marker), "mode": "w"},
        {"_target_": "builtins.__import__", "name": "antigravity"},
        {"_target_": "builtins.getattr"},
        {"_target_": "eval", "source": code},
        {"_target_": "pathlib.Path.touch", "self": str(marker)},
        {"_target_": "runpy.run_path", "path_name": str(marker)},
        {"_target_": "importlib.import_module", "name": "this"},
        {"_target_": "pickle.load"},
        {"_target_": "pickle.loads", "data": b""},
        {"_target_": "marshal.loads"},
        {"_target_": "code.interact"},
        {"_target_": "timeit.timeit", "stmt": code},
        {"_target_": "shutil.copy", "src": "/etc/hostname", "dst": str(marker)},
        {"_target_": "torch.load", "f": str(marker), "weights_only": False},
        {"_target_": "torch.hub.load", "repo_or_dir": str(marker), "source": "local"},
        {"_target_": "torch.save", "obj": {}, "f": str(marker)},
        {"_target_": "torch.jit.load", "f": str(marker)},
        {"_target_": "torch.utils.cpp_extension.load_inline", "name": "x"},
        {"_target_": "torch.nn.Linear", "in_features": 1, "out_features": 1},
        {"_target_": "numpy.load", "file": str(marker), "allow_pickle": True},
        {"_target_": "numpy.savetxt", "fname": str(marker), "X": [1]},
        {"_target_": "pandas.read_pickle", "filepath_or_buffer": str(marker)},
        {"_target_": "joblib.load", "filename": str(marker)},
        {
            "_target_": "yaml.unsafe_load",
            "stream": "!!python/object/apply:os.system [x]",
        },
        {"_target_": "hydra.utils.instantiate", "config": {"_target_": "os.system"}},
        {"_target_": "hydra.utils.get_method", "path": "os.system"},
        {"_target_": "hydra.utils.get_class", "path": "os.system"},
        {"_target_": "hydra.utils.call"},
        {"_target_": "omegaconf.OmegaConf.save", "config": {}, "f": str(marker)},
        {"_target_": "transformers.pipeline", "trust_remote_code": True},
        {"_target_": "transformers.AutoModel.from_pretrained"},
        {"_target_": "pytorch_lightning.callbacks.LambdaCallback"},
        {"_target_": "pytorch_lightning.Trainer.fit"},
        {"_target_": "pytorch_lightning.trainer.trainer.os.system", "command": touch},
        {"_target_": "qbert_lightning.models.bert.os.system", "command": touch},
        {"_target_": "qbert_lightning.models.hub.os.system", "command": touch},
        {
            "_target_": "qbert_lightning.pipeline.stage_cache.os.system",
            "command": touch,
        },
        {"_target_": "qbert_lightning.pipeline.stage_cache.shutil.rmtree", "path": "x"},
        {"_target_": "qbert_lightning.plan.RowGroups.__class__", "name": "x"},
        {"_target_": "qbert_lightning.plan.RowGroups.__init__.__globals__"},
        {"_target_": "qbert_lightning.plan.__builtins__.eval", "source": code},
        {"_target_": "qbert_lightning.plan.nearest_divisors", "number": 1, "wanted": 1},
        {"_target_": ["os.system"], "command": touch},
        {"_target_": {"_target_": "os.system", "command": touch}},
        {"_target_": None},
        {"_target_": 3},
    ]
    inner = {"_target_": "os.system", "command": touch}
    rule = {"_target_": "qbert_lightning.plan.SchemeRule", "match": "a"}
    wrapped = [
        {**inner, "_partial_": True},
        {**rule, "weight": inner},
        {**rule, "weight": {"deeper": [[{"still": inner}]]}},
        {**rule, "weight": {**inner, "_partial_": True}},
        {**rule, "_args_": [touch]},
        {**rule, "_convert_": "all"},
        {**rule, "_recursive_": False},
        {**rule, "_partial_": "os.system"},
        {**rule, "__class__": "os.system"},
    ]
    return [*named, *wrapped]


@pytest.mark.parametrize("index", range(len(hostile(Path("x")))))
def test_hostile_names_are_refused(index: int, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    node = hostile(marker)[index]
    with pytest.raises(QbertError):
        instantiate(node)
    assert not marker.exists()


def test_hostile_name_by_interpolation_is_refused(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    config = OmegaConf.create(
        {
            "module": "os",
            "evil": {"_target_": "${module}.system", "command": f"touch {marker}"},
            "node": {**ROW_GROUPS, "num_groups": "${evil}"},
        }
    )
    for node in (config.evil, config.node):
        with pytest.raises(QbertError):
            instantiate(node)
    assert not marker.exists()


@pytest.mark.parametrize("node", [{}, {"a": 1}, 3, None, [ROW_GROUPS]])
def test_what_describes_no_object_is_refused(node: Any) -> None:  # noqa: ANN401
    with pytest.raises(QbertError, match="_target_"):
        instantiate(node)


def test_missing_value_is_refused() -> None:
    config = OmegaConf.create({**ROW_GROUPS, "num_groups": "???"})
    with pytest.raises(QbertError, match="num_groups"):
        instantiate(config)


def test_unknown_argument_is_told_in_our_words() -> None:
    with pytest.raises(QbertError, match="num_group"):
        instantiate({"_target_": "qbert_lightning.plan.RowGroups", "num_group": 12})
