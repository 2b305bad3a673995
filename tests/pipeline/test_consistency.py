from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.composition import Command, check_command
from qbert_lightning.pipeline.consistency import (
    SPANS,
    check_estimator,
    check_fixed_length,
    check_groups,
    check_inputs,
    check_lengths,
    check_model,
    check_paths,
    check_quant_overrides,
    check_subsets,
    checked_blocks,
    layer_shapes,
)

TINY = {
    "num_hidden_layers": 2,
    "hidden_size": 48,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "max_position_embeddings": 64,
}
SHAPES = layer_shapes(TINY)


def rule(match: object, target: str, **arguments: object) -> dict[str, Any]:
    granularity = {"_target_": f"qbert_lightning.plan.{target}", **arguments}
    return {"match": match, "weight": {"granularity": granularity}}


def test_shapes_of_a_random_model() -> None:
    assert SHAPES["bert.encoder.layer.1.output.dense"] == (48, 96)
    assert "bert.embeddings.word_embeddings" not in SHAPES  # the task's vocabulary
    assert len([name for name in SHAPES if ".encoder." in name]) == 12


def test_shapes_of_a_local_checkpoint(tmp_path: Path) -> None:
    config = {**TINY, "vocab_size": 100, "type_vocab_size": 1, "model_type": "bert"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    shapes = layer_shapes({"name_or_path": str(tmp_path)})
    assert shapes["bert.embeddings.word_embeddings"] == (100, 48)


@pytest.mark.parametrize("text", ["[]", "{}", '{"hidden_size": "x"}'])
def test_unusual_checkpoints_are_left_to_the_loader(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    assert layer_shapes({"name_or_path": str(tmp_path)}) == {}


def test_broken_checkpoint_configuration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(QbertError, match=r"config\.json"):
        layer_shapes({"name_or_path": str(tmp_path)})


def test_hub_models_are_left_to_the_loader() -> None:
    assert layer_shapes({"name_or_path": "google-bert/bert-base-uncased"}) == {}


@pytest.mark.parametrize(
    "good",
    [
        rule("*.encoder.*", "RowGroups", num_groups=48),
        rule("*.encoder.*", "PerTensor"),
        rule("*.output.dense", "InputColumnBuckets", num_groups=16),
        rule(["*.intermediate.dense", "*.query"], "RowGroups", num_groups=12),
        rule("*.intermediate.dense", "RowGroups", num_groups=96),
        rule("nothing", "RowGroups", num_groups=7),
        {"match": "*"},
        {"match": "*", "weight": None},
    ],
)
def test_groups_that_fit(good: dict[str, Any]) -> None:
    check_groups({"x": good}, {"x": good}, SHAPES)


def test_groups_that_do_not_divide_name_layer_rows_and_divisors() -> None:
    rules = {"encoder": rule("*.encoder.*", "RowGroups", num_groups=36)}
    with pytest.raises(QbertError) as refused:
        check_groups(rules, rules, SHAPES)
    message = str(refused.value)
    assert message.startswith("quant.rules.encoder.weight.granularity.num_groups=36")
    for part in ("bert.encoder.layer.0.attention.self.query", "rows=48", "24 or 48"):
        assert part in message


def test_refused_groups_are_told_of_the_short_address() -> None:
    rules = {"encoder": rule("*.encoder.*", "RowGroups", num_groups=36)}
    raw = {"encoder": rule("*.encoder.*", "RowGroups", num_groups="${quant.groups}")}
    with pytest.raises(QbertError, match=r"^quant\.groups=36 does not divide"):
        check_groups(rules, raw, SHAPES)


def test_the_last_matching_rule_counts() -> None:
    bad = rule("*.encoder.*", "RowGroups", num_groups=7)
    good = rule("*.encoder.*", "RowGroups", num_groups=4)
    check_groups({"a": bad, "b": good}, {}, SHAPES)
    with pytest.raises(QbertError):
        check_groups({"b": good, "a": bad}, {}, SHAPES)


@pytest.mark.parametrize(
    ("overridden", "allocator", "groups", "said"),
    [
        ({"quant.weight_bits"}, "Ranked", 1, "accepted with allocator=uniform"),
        ({"quant.weight_bits"}, "Uniform", 1, None),
        ({"quant.groups"}, "Uniform", 12, "no rule"),
        ({"quant.groups"}, "Uniform", 1, None),
        ({"seed", "quant.rules.encoder.match"}, "Ranked", 1, None),
    ],
)
def test_numbers_that_nothing_would_use(
    overridden: set[str], allocator: str, groups: int, said: str | None
) -> None:
    config = {
        "allocator": {"_target_": f"qbert_lightning.allocation.{allocator}"},
        "quant": {"weight_bits": 4, "groups": groups, "rules": {}},
    }
    references = {"quant.weight_bits"}
    if said is None:
        check_quant_overrides(config, overridden, references)
        return
    with pytest.raises(QbertError, match=said):
        check_quant_overrides(config, overridden, references)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"max_length": 65}, "max_position_embeddings=64"),
        ({"max_length": 32, "doc_stride": 28}, r"doc_stride=28: accepted 0\.\.27"),
        ({"max_length": 32, "doc_stride": -1}, "doc_stride"),
    ],
)
def test_lengths_that_do_not_fit(data: dict[str, int], said: str) -> None:
    with pytest.raises(QbertError, match=said):
        check_lengths(data, TINY)


@pytest.mark.parametrize(
    "data", [{}, {"max_length": 64}, {"max_length": 32, "doc_stride": 27}]
)
def test_lengths_that_fit(data: dict[str, int]) -> None:
    check_lengths(data, TINY)
    check_lengths(data, {})


@pytest.mark.parametrize(
    ("tokens", "accepted"),
    [(63, "from task.data.max_length=64"), (129, "up to 128"), (64, None), (128, None)],
)
def test_a_fixed_length_takes_every_text_and_has_positions(
    tokens: int, accepted: str | None
) -> None:
    data, shapes = {"max_length": 64}, {"bert.embeddings.position_embeddings": (128, 8)}
    if accepted is None:
        check_fixed_length({"tokens": tokens}, data, shapes)
        return
    with pytest.raises(QbertError, match=rf"runtime.tokens={tokens}: .*{accepted}"):
        check_fixed_length({"tokens": tokens}, data, shapes)


def test_runtimes_for_every_length_have_none_to_check() -> None:
    for runtime in (None, {"weights": "int8"}):
        check_fixed_length(runtime, {"max_length": 64}, {})
    check_fixed_length({"tokens": 5}, {}, {})


@pytest.mark.parametrize(
    "chosen",
    [
        ["task=synthetic_span"],
        ["task=squad_v1", "task.data.max_length=48", "task.data.doc_stride=16"],
    ],
    ids=["synthetic", "squad"],
)
def test_spans_have_no_loss_of_a_row(chosen: list[str]) -> None:
    given = [*chosen, "sensitivity=hessian_trace"]
    check_command(Command("run", given))
    with pytest.raises(QbertError, match=f"accepted hutchinson with {chosen[0]}"):
        check_command(Command("run", [*given, "sensitivity.estimator=stratified"]))


def test_estimators_that_fit() -> None:
    check_estimator({"estimator": "stratified"}, {"name": "sst2"})
    check_estimator({"estimator": "hutchinson"}, {"module": {"_target_": SPANS}})
    check_estimator({}, {"module": {"_target_": SPANS}})


def test_heads_divide_the_hidden_size() -> None:
    check_model(TINY)
    with pytest.raises(QbertError, match="nearest 4 or 6"):
        check_model({**TINY, "num_attention_heads": 5})


def paths(**changes: object) -> dict[str, Any]:
    config: dict[str, Any] = {
        "checkpoint": None,
        "plan": None,
        "artifact": None,
        "model": {"name_or_path": "google-bert/bert-base-uncased"},
        "paths": {"data_dir": None, "output_dir": "outputs"},
        "task": {"data": {}},
    }
    for address, value in changes.items():
        *parents, last = address.split("__")
        node = config
        for parent in parents:
            node = node[parent]
        node[last] = value
    return config


def test_paths_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "plan.json").touch()
    folder = str(tmp_path)
    check_paths(paths())
    check_paths(
        paths(
            checkpoint=folder,
            artifact=folder,
            plan=f"{folder}/plan.json",
            paths__data_dir=folder,
            model__name_or_path=folder,
            task__data__folder=folder,
            paths__output_dir=f"{folder}/new",
        )
    )


@pytest.mark.parametrize(
    "key",
    ["checkpoint", "artifact", "plan", "paths__data_dir", "model__name_or_path",
     "model__tokenizer", "task__data__folder"],
)  # fmt: skip
def test_paths_that_are_not_there(key: str, tmp_path: Path) -> None:
    with pytest.raises(QbertError, match=f"{key.replace('__', '.')}=.*no such"):
        check_paths(paths(**{key: str(tmp_path / "none")}))


@pytest.mark.parametrize("name", ["./bert", "../bert", "~/bert", "a/b/c", "/bert"])
def test_what_looks_like_a_path_must_exist(name: str) -> None:
    with pytest.raises(QbertError, match=r"model\.name_or_path"):
        check_paths(paths(model__name_or_path=name))


def test_output_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(QbertError, match="output_dir"):
        check_paths(paths(paths__output_dir=str(tmp_path / "file")))


def test_report_inputs(tmp_path: Path) -> None:
    check_inputs([str(tmp_path)])
    for bad in ([], [str(tmp_path / "none")]):
        with pytest.raises(QbertError, match="inputs="):
            check_inputs(bad)


@pytest.mark.parametrize(
    "blocks",
    [
        *("layers", "matrices", "embeddings", "backbone"),
        *("bert.encoder.layer.1", "bert.embeddings", "classifier"),
        ["*.layer.0.attention", "*.layer.1", "bert.pooler"],
        ["*.layer.0.output.LayerNorm"],
    ],
)
def test_blocks_that_are_there(blocks: str | list[str]) -> None:
    checked_blocks(blocks, SHAPES)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ("layer", "blocks=layer: matches nothing: accepted layers, matrices, embed"),
        (["layers"], "blocks=layers: matches nothing"),
        (["*.layer.0", "*.layer.7"], r"blocks=\*.layer.7: matches nothing"),
        ("*.layer.0*", "lies within bert.encoder.layer.0"),
    ],
)
def test_blocks_that_are_not(blocks: str | list[str], message: str) -> None:
    with pytest.raises(QbertError, match=message):
        checked_blocks(blocks, SHAPES)


def test_subsets_smaller_than_a_batch() -> None:
    check_subsets({"max_examples": None, "batch_size": 16})
    check_subsets({"max_examples": 16, "batch_size": 16})
    with pytest.raises(QbertError, match=r"analysis.max_examples=8: .*batch_size=16"):
        check_subsets({"max_examples": 8, "batch_size": 16})


def test_blocks_of_an_unknown_model_are_checked_when_it_is_there() -> None:
    checked_blocks("anything", {})


def test_other_families_have_their_own_prefix(tmp_path: Path) -> None:
    sizes = {**TINY, "model_type": "xlm-roberta", "vocab_size": 40}
    (tmp_path / "config.json").write_text(json.dumps(sizes))
    shapes = layer_shapes({"name_or_path": str(tmp_path)})
    assert "roberta.encoder.layer.0.output.dense" in shapes


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["allocator.bits.0=9"], r"allocator\.bits\.0=9: accepted 2\.\.8"),
        (["allocator.bits.3=4"], r"allocator\.bits\.3: no such block: accepted 0\.\.2"),
        (["+allocator.bits.x=4"], r"allocator\.bits\.x: no such block"),
        (["+allocator.bits.24=4"], r"allocator\.bits\.24: no such block"),
    ],
)
def test_given_widths_are_of_blocks_that_are_there(
    overrides: list[str], said: str
) -> None:
    chosen = ["method=qbert", "allocator=given"]
    check_command(Command("run", [*chosen, "allocator.bits.2=4"]))
    check_command(Command("run", [*chosen, "quant.weight_bits=2"]))
    with pytest.raises(QbertError, match=said):
        check_command(Command("run", [*chosen, *overrides]))


def test_a_checkpoint_of_ones_own_decides_what_fits(tmp_path: Path) -> None:
    sizes = {**TINY, "hidden_size": 56, "intermediate_size": 112}
    (tmp_path / "config.json").write_text(json.dumps(sizes))
    groups = ["method=qbert", "quant.groups=7"]
    check_command(Command("run", [*groups, f"checkpoint={tmp_path}"]))
    with pytest.raises(QbertError, match=r"quant\.groups=7 does not divide"):
        check_command(Command("run", groups))
