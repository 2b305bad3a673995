"""Numbers come back from OpenVINO's constants, at their width."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from qbert_lightning.runtimes.openvino_constants import OpenVinoConstants

pytest.importorskip("openvino", reason="needs the extra `export` (openvino)")


@pytest.mark.parametrize(
    ("bits", "in_file", "in_memory"),
    [(2, 2, 2), (3, 3, 4), (4, 4, 4), (5, 6, 8), (6, 6, 8), (7, 8, 8), (8, 8, 8)],
)
def test_codes_take_the_narrowest_width_there_is(
    bits: int, in_file: int, in_memory: int
) -> None:
    constants = OpenVinoConstants()
    codes = torch.arange(2**bits, dtype=torch.uint8).reshape(2, -1)
    stored = constants.small(codes, bits)
    assert stored.get_element_type().get_type_name() == f"u{in_file}"
    assert stored.get_byte_size() == codes.numel() * in_file // 8
    read = constants.in_memory(codes, bits)
    assert read.get_element_type().get_type_name() == f"u{in_memory}"
    model = constants.openvino.Model([constants.as_float(read).output(0)], [], "codes")
    answer = constants.openvino.compile_model(model, "CPU")([])[0]
    assert np.array_equal(answer, codes.numpy())


def test_one_number_stands_for_rows_that_share_it() -> None:
    constants = OpenVinoConstants()
    assert list(constants.per_row(torch.ones(5, 1)).shape) == [1, 1]
    assert list(constants.per_row(torch.arange(5.0).reshape(5, 1)).shape) == [5, 1]
    assert list(constants.per_feature(torch.ones(5)).shape) == [1, 1, 5]
