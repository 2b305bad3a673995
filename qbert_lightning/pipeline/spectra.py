"""Stage: the Hessian of every block to look at, where a run asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qbert_lightning.models import double_differentiable_attention, needed_tokens_only
from qbert_lightning.pipeline.analyze import float_model_of, problem_of
from qbert_lightning.pipeline.stage_cache import Stage
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.sensitivity import BlockSpectrum, Spectra
from qbert_lightning.tracking import Journal, from_text, to_text, write_text

SPECTRA_FILE = "spectra.json"
VERSION = 1


def look(bench: Workbench, float_stage: Stage, spectra: Spectra) -> Stage:
    """Eigenvalues, trace, spectral density and loss landscape of every block.

    Args:
        bench: The run's objects.
        float_stage: Where the fine-tuned model is.
        spectra: How closely to look.

    Returns:
        The stage; its folder holds ``spectra.json``, read by `spectra_of`.
    """
    config = bench.config
    key = {
        "float": float_stage.key,
        "rows": bench.data.fingerprint(),
        "spectra": config["spectra"],
        "blocks": config["blocks"],
    }
    journal = bench.journal("spectra", key)

    def make(folder: Path) -> None:
        bench.seed(spectra.seed)
        content = _look(bench, float_stage, spectra, journal)
        write_text(folder / SPECTRA_FILE, to_text(content))

    stage = bench.stage("spectra", key, make)
    journal.remove()
    return stage


def spectra_of(folder: Path) -> dict[str, Any]:
    """What `look` found: ``version``, ``num_examples``, and ``blocks`` by name."""
    content: dict[str, Any] = from_text((folder / SPECTRA_FILE).read_text())
    return content


def _look(
    bench: Workbench, float_stage: Stage, spectra: Spectra, journal: Journal
) -> dict[str, Any]:
    batches = spectra.draw(bench.data.sample_batches)
    problem = problem_of(bench, float_model_of(bench, float_stage))
    problem = problem.with_subsets([batches])
    found = {row["block"]: row["spectrum"] for row in journal.rows()}
    if found:
        bench.say(f"  spectra   goes on after {len(found)} blocks")

    def note(block: str, spectrum: BlockSpectrum) -> None:
        found[block] = spectrum.to_dict()
        journal.append({"block": block, "spectrum": found[block]})
        bench.say(f"  spectra   {len(found)} of {len(problem.blocks)} blocks")

    model = problem.model
    with double_differentiable_attention(model), needed_tokens_only(model):
        spectra.measure(problem, devices=bench.devices, finished=set(found), found=note)
    return {
        "version": VERSION,
        "num_examples": sum(len(batch["input_ids"]) for batch in batches),
        "blocks": {block: found[block] for block in problem.blocks},
    }
