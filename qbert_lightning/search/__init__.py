"""Searches: score against size over bits and groups, with a study that lasts."""

from qbert_lightning.search.settings import DIRECTIONS, SAMPLERS, SearchSettings
from qbert_lightning.search.space import Point, SearchSpace, read_space
from qbert_lightning.search.warm_start import block_keys, first_points

__all__ = [
    "DIRECTIONS",
    "SAMPLERS",
    "Point",
    "SearchSettings",
    "SearchSpace",
    "block_keys",
    "first_points",
    "read_space",
]
