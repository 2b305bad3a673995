"""From start and end logits of windows to answers, exact match and F1."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from qbert_lightning.datamodules import TaskDataModule
from qbert_lightning.datamodules.span_encoding import SpanEncoded
from qbert_lightning.modules.answer_score import exact_match, word_f1
from qbert_lightning.modules.best_span import best_spans


class SpanScore(Metric):
    """SQuAD's exact match and F1, both from 0 to 1, one prediction a question.

    Each window offers its best span (see `best_spans`); the best window of a question
    wins.

    Args:
        data: has the windows of the split.
        key: the split's key in ``data``.
        n_best: starts and ends considered in a window (20 in BERT's release).
        max_answer_length: most tokens of an answer (30 in BERT's release).
    """

    full_state_update = False
    feature: list[Tensor]
    score: list[Tensor]
    start: list[Tensor]
    end: list[Tensor]

    def __init__(
        self, data: TaskDataModule, key: str, n_best: int, max_answer_length: int
    ) -> None:
        super().__init__()
        self.data = data
        self.key = key
        self.n_best = n_best
        self.max_answer_length = max_answer_length
        for name in ("feature", "score", "start", "end"):
            self.add_state(name, [], dist_reduce_fx="cat")

    def update(
        self, start_logits: Tensor, end_logits: Tensor, feature_index: Tensor
    ) -> None:
        """Find the best span of each window.

        Args:
            start_logits: [batch, length].
            end_logits: [batch, length].
            feature_index: [batch], the windows' numbers in the split.
        """
        windows = self._encoded().windows
        best = best_spans(
            start_logits,
            end_logits,
            [windows[index] for index in feature_index.tolist()],
            self.n_best,
            self.max_answer_length,
        )
        self.feature.append(feature_index)
        self.score.append(best.score)
        self.start.append(best.start)
        self.end.append(best.end)

    def predictions(self) -> dict[int, str]:
        """Best answer of each question seen, by the question's number."""
        encoded = self._encoded()
        best: dict[int, float] = {}
        texts: dict[int, str] = {}
        columns = [
            dim_zero_cat(state).tolist()
            for state in (self.feature, self.score, self.start, self.end)
        ]
        for feature, score, start, end in zip(*columns, strict=True):
            window = encoded.windows[feature]
            texts.setdefault(window.row, "")
            if score > best.get(window.row, -np.inf):
                best[window.row] = score
                first, last = window.offsets[start, 0], window.offsets[end, 1]
                texts[window.row] = encoded.rows[window.row].context[first:last]
        return texts

    def compute(self) -> dict[str, Tensor]:
        """Means over the questions seen."""
        rows = self._encoded().rows
        pairs = [
            (exact_match(text, rows[row].answers), word_f1(text, rows[row].answers))
            for row, text in self.predictions().items()
        ]
        means = torch.tensor(pairs, dtype=torch.float64).mean(dim=0)
        means = means.to(self.device, torch.float32)
        return {"exact_match": means[0], "f1": means[1]}

    def _encoded(self) -> SpanEncoded:
        encoded = self.data.encoded(self.key)
        assert isinstance(encoded, SpanEncoded)
        return encoded
