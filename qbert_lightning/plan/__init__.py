"""What to quantize and how, as plain data: no torch, no configuration library."""

from qbert_lightning.plan.bert_shapes import bert_parameters, bert_shapes
from qbert_lightning.plan.block_size import BlockSize, block_sizes
from qbert_lightning.plan.blocks import BLOCK_WORDS, matching_names, with_parents
from qbert_lightning.plan.granularity import (
    ColumnGroups,
    Granularity,
    InputColumnBuckets,
    PerChannel,
    PerTensor,
    PerToken,
    RowGroups,
    nearest_divisors,
)
from qbert_lightning.plan.quant_plan import QuantPlan, describe
from qbert_lightning.plan.rules import SchemeRule, expand_rules
from qbert_lightning.plan.scheme import QuantScheme
from qbert_lightning.plan.sensitivity_table import SensitivityTable
from qbert_lightning.plan.size import (
    average_bits,
    megabytes,
    nominal_megabytes,
    storage_bits,
)
from qbert_lightning.plan.spec import JsonValue, ObserverSpec, QuantSpec, spec_from_json

__all__ = [
    "BLOCK_WORDS",
    "BlockSize",
    "ColumnGroups",
    "Granularity",
    "InputColumnBuckets",
    "JsonValue",
    "ObserverSpec",
    "PerChannel",
    "PerTensor",
    "PerToken",
    "QuantPlan",
    "QuantScheme",
    "QuantSpec",
    "RowGroups",
    "SchemeRule",
    "SensitivityTable",
    "average_bits",
    "bert_parameters",
    "bert_shapes",
    "block_sizes",
    "describe",
    "expand_rules",
    "matching_names",
    "megabytes",
    "nearest_divisors",
    "nominal_megabytes",
    "spec_from_json",
    "storage_bits",
    "with_parents",
]
