"""What the runtimes share that compile a graph of the whole network."""

from __future__ import annotations

from abc import abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import nn

from qbert_lightning.errors import DATA, ENVIRONMENT, FAILED, QbertError
from qbert_lightning.export.checkpoint import describe_model
from qbert_lightning.export.companions import CONFIG_FILE
from qbert_lightning.export.strict_json import strict_json
from qbert_lightning.models import config_from
from qbert_lightning.models.skeleton import task_head
from qbert_lightning.plan import QuantPlan
from qbert_lightning.runtimes.base import Runtime
from qbert_lightning.runtimes.bert_graph import check_architecture
from qbert_lightning.runtimes.engine_model import Answer, EngineModel
from qbert_lightning.runtimes.engine_plan import check_plan
from qbert_lightning.runtimes.freed_memory import give_back_freed_memory
from qbert_lightning.runtimes.parts import TOKENS_PER_THREAD, in_parts

if TYPE_CHECKING:
    from transformers import (
        PretrainedConfig,
        PreTrainedModel,
        PreTrainedTokenizerBase,
    )
    from transformers.utils import ModelOutput


class Engine(Runtime):
    """A runtime that writes BERT as a graph of its own operations and compiles it.

    Attributes:
        packages: What must be installed; all in the extra ``export``.
    """

    packages: ClassVar[tuple[str, ...]]

    @abstractmethod
    def write_network(self, model: PreTrainedModel, head: str, file: Path) -> None:
        """Write the graph and everything it needs, sealed with the configuration."""

    @abstractmethod
    def open_network(self, file: Path, num_threads: int) -> Answer:
        """Check the seal, compile and return what answers.

        Raises:
            QbertError: If the file is altered or not the engine's (code 4).
        """

    def check(self, plan: QuantPlan) -> None:  # noqa: D102
        missing = [name for name in self.packages if find_spec(name) is None]
        if missing:
            raise QbertError(
                f"runtime: {', '.join(missing)} not installed: accepted "
                "pip install 'qbert-lightning[export]'",
                ENVIRONMENT,
            )
        check_plan(plan)

    def write(  # noqa: D102
        self,
        model: PreTrainedModel,
        plan: QuantPlan,
        tokenizer: PreTrainedTokenizerBase,
        folder: Path,
    ) -> None:
        self.check(plan)
        check_architecture(model)
        describe_model(model, plan, tokenizer, folder)
        head = task_head(model.config, str(folder))
        with torch.no_grad():
            self.write_network(model, head, folder / self.file_name)
        self._try_out(folder)

    def load(self, folder: Path, num_threads: int | None = None) -> nn.Module:  # noqa: D102
        self.check(QuantPlan())
        file = folder / self.file_name
        if not file.is_file():
            raise QbertError(f"{file}: no such file: accepted a deployed model", DATA)
        num_threads = num_threads or torch.get_num_threads()
        try:
            answer = self.open_network(file, num_threads)
        except QbertError:
            raise
        except Exception as error:  # each engine has its own kinds
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:150]
            raise QbertError(
                f"{file}: accepted a network that the engine reads: {reason}", DATA
            ) from error
        give_back_freed_memory()
        config = _config(folder / CONFIG_FILE)
        head = task_head(config, str(folder))
        answer = in_parts(answer, TOKENS_PER_THREAD * num_threads)
        return EngineModel(config, _output_types()[head], answer)

    def _try_out(self, folder: Path) -> None:
        """Let the engine answer once from the file just written."""
        ids = torch.arange(6).reshape(2, 3) % 2
        for name, value in self.load(folder)(ids).items():
            if len(value) != len(ids) or not value.isfinite().all():
                raise QbertError(
                    f"{folder / self.file_name}: {name} {list(value.shape)} is no "
                    "finite answer for two texts",
                    FAILED,
                )


def _config(file: Path) -> PretrainedConfig:
    """The sealed configuration; nothing it names is ever fetched or run."""
    values = strict_json(file.read_bytes(), str(file))
    if not isinstance(values, dict):
        raise QbertError(f"{file}: accepted a JSON object", DATA)
    return config_from(values, str(file))


def _output_types() -> dict[str, type[ModelOutput]]:
    from transformers.modeling_outputs import (
        QuestionAnsweringModelOutput,
        SequenceClassifierOutput,
        TokenClassifierOutput,
    )

    return {
        "sequence_classification": SequenceClassifierOutput,
        "token_classification": TokenClassifierOutput,
        "question_answering": QuestionAnsweringModelOutput,
    }
