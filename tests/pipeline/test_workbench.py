"""Where work outside of a trainer is done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from qbert_lightning.pipeline.workbench import Workbench, _build_all

CPU = torch.device("cpu")


def devices(**trainer: object) -> list[torch.device]:
    bench: Any = SimpleNamespace(config={"trainer": trainer})
    return Workbench.devices.func(bench)


@pytest.mark.parametrize(
    ("trainer", "expected"),
    [
        ({"accelerator": "cpu", "devices": 3}, [CPU] * 3),
        ({"accelerator": "cpu", "devices": "auto"}, [CPU]),
        ({"accelerator": "cpu"}, [CPU]),
    ],
)
def test_the_trainers_own_devices(
    trainer: dict[str, object], expected: list[torch.device]
) -> None:
    assert devices(**trainer) == expected


@pytest.mark.parametrize("count", ["auto", -1, 2, [0, 3], "1"])
def test_gpus_are_those_that_lightning_takes(
    monkeypatch: pytest.MonkeyPatch, count: object
) -> None:
    module = "qbert_lightning.pipeline.workbench.CUDAAccelerator"
    monkeypatch.setattr(f"{module}.is_available", lambda: True)
    monkeypatch.setattr(f"{module}.auto_device_count", lambda: 4)
    monkeypatch.setattr(
        "lightning_fabric.utilities.device_parser._get_all_available_gpus",
        lambda **kinds: [0, 1, 2, 3],
    )
    expected = {
        "auto": [0, 1, 2, 3],
        "-1": [0, 1, 2, 3],
        "2": [0, 1],
        "[0, 3]": [0, 3],
        "1": [0],
    }
    found = devices(accelerator="gpu", devices=count)
    assert found == [torch.device("cuda", index) for index in expected[str(count)]]


def test_part_that_is_null_is_left_out() -> None:
    kept = {"_target_": "qbert_lightning.callbacks.ModelSize"}
    assert list(_build_all({"dropped": None, "kept": kept})) == ["kept"]
    assert _build_all(None) == {}
