"""The loop: its stages in order, one record of everything, a short table at the end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export import load_checkpoint, load_packed
from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.export.digest import file_digest
from qbert_lightning.models import load_float
from qbert_lightning.pipeline.allocate import allocate, plan_of, scored
from qbert_lightning.pipeline.analyze import analyze, table_of
from qbert_lightning.pipeline.deploy import (
    DEPLOYED_PREFIX,
    deploy,
    deployment_facts,
    evaluate_deployed,
)
from qbert_lightning.pipeline.deployable import check_deployable
from qbert_lightning.pipeline.evaluate import evaluate, evaluate_quantized, scores_of
from qbert_lightning.pipeline.export import export, facts_of
from qbert_lightning.pipeline.finetune import finetune
from qbert_lightning.pipeline.finished import objectives_of
from qbert_lightning.pipeline.front import FRONT_FILE, print_front
from qbert_lightning.pipeline.instantiate import instantiate
from qbert_lightning.pipeline.new_record import new_record
from qbert_lightning.pipeline.own_folder import own_folder_of
from qbert_lightning.pipeline.pictures import (
    log_agreement,
    log_artifacts,
    log_spectra,
)
from qbert_lightning.pipeline.quantize import quantize
from qbert_lightning.pipeline.record import (
    log_plan,
    log_summary,
    merge_metrics,
    record_plan,
)
from qbert_lightning.pipeline.report import refresh_page
from qbert_lightning.pipeline.spectra import SPECTRA_FILE, look, spectra_of
from qbert_lightning.pipeline.stage_cache import Stage, key_hash
from qbert_lightning.pipeline.summary import print_summary
from qbert_lightning.pipeline.workbench import (
    FLOAT_PREFIX,
    Workbench,
)
from qbert_lightning.plan import QuantPlan, SensitivityTable
from qbert_lightning.report import KINDS, Run, collect_runs
from qbert_lightning.runtimes import Runtime
from qbert_lightning.tracking import (
    RunRecord,
    WandbSettings,
    environment,
    is_helper_process,
    open_wandb,
    sweep_of,
)
from qbert_lightning.tracking.folder_lock import hold_folder
from qbert_lightning.tracking.retries import read_retries

SECONDS_TO_END = 30.0  # that another process of the same run may need to end


def run_stages(config: DictConfig, until: str = "run") -> tuple[float, float] | None:
    """Run the loop up to a stage; the function behind every Hydra verb.

    Args:
        config: The composed configuration.
        until: The last stage, or ``run`` for all of them.

    Returns:
        The quantized score and the size in MB (2^20 bytes), for sweepers that search
        for both; `None` if the loop stopped before it had them.
    """
    hydra = HydraConfig.get()
    folder = Path(hydra.runtime.output_dir)
    sweep = sweep_of(folder, is_multirun=hydra.mode == RunMode.MULTIRUN)
    plain: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    console = Console()
    record = new_record(
        plain,
        until,
        hydra.overrides.task,
        config_dir=own_folder_of(hydra),
        retries=[retry["reason"] for retry in read_retries(folder)],
        environment=environment(),
    )
    if is_helper_process():  # the first process keeps the record
        _loop(Workbench(plain, None, lambda line: None), record, until, folder)
        return None
    runs = sweep or Path(plain["paths"]["output_dir"])
    console.print(f"[bold]{record.name}[/bold]  {folder}", soft_wrap=True)
    wandb = (plain["logger"] or {}).get("wandb")  # dropped with ~logger.wandb
    settings = instantiate(wandb) if wandb else WandbSettings(mode="disabled")
    with (
        hold_folder(folder, SECONDS_TO_END),
        open_wandb(settings, record, folder, sweep) as tracker,
        record.recording(folder),
    ):
        bench = Workbench(plain, tracker, lambda line: _say(console, line))
        try:
            _loop(bench, record, until, folder)
        finally:
            merge_metrics(record, folder)
        log_summary(tracker, record)
        log_artifacts(tracker, record, settings.artifacts)
        if until == "analyze" and tracker.is_active:
            log_agreement(tracker, _analyses(record, folder, runs), folder)
    return _finish(console, record, folder, None if sweep else runs)


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False)


def _finish(
    console: Console, record: RunRecord, folder: Path, runs: Path | None
) -> tuple[float, float] | None:
    """Compare with the runs of a folder; a sweep compares its own when it ends."""
    compared = runs is not None and record.kind in KINDS
    page = refresh_page(runs, f"{record.task} runs") if runs and compared else None
    if runs is not None or record.kind != "run":
        print_summary(console, record, page)
    if record.kind == "allocate":
        print_front(console, folder)
    if all(stage["reused"] for stage in record.stages.values()):
        _say(console, "nothing was done twice: every stage was there already")
    return objectives_of(record)


def _loop(bench: Workbench, record: RunRecord, until: str, folder: Path) -> None:
    """All stages up to ``until``, what they found entered in the record."""
    _describe_data(bench, record)
    if until == "evaluate" and bench.config["artifact"] is not None:
        _evaluate_artifact(bench, record)
        return
    _check_beforehand(bench, until)
    float_stage = _enter(record, "finetune", finetune(bench))
    load = lambda: load_float(float_stage.folder)[0]  # noqa: E731
    scored = _enter(record, "evaluate_float", evaluate(bench, load, float_stage.key))
    record.metrics.update(scores_of(scored, FLOAT_PREFIX))
    if until == "finetune":
        return
    if bench.spectra is not None:
        stage = _enter(record, "spectra", look(bench, float_stage, bench.spectra))
        _keep(stage, SPECTRA_FILE, folder)
        if bench.tracker is not None:
            log_spectra(bench.tracker, spectra_of(stage.folder))
    plan, table = _plan(bench, record, float_stage, until, folder)
    if plan is None or until == "allocate":
        return
    quantized = _enter(record, "quantize", quantize(bench, float_stage, plan, table))
    record_plan(record, plan, load())
    if bench.tracker is not None:
        log_plan(bench.tracker, plan)
    if until == "quantize":
        return
    load = lambda: load_checkpoint(quantized.folder)[0]  # noqa: E731
    answered = evaluate_quantized(bench, load, quantized.key)
    scored = _enter(record, "evaluate", answered)
    record.metrics.update(scores_of(scored))
    key = record.primary_metric
    record.metrics["quant/drop"] = (
        record.metrics[f"{FLOAT_PREFIX}{key}"] - record.metrics[key]
    )
    _deploy(bench, record, quantized, until)
    if until == "evaluate":
        return
    facts = facts_of(_enter(record, "export", export(bench, quantized)))
    record.metrics["quant/bytes_on_disk"] = facts["bytes_on_disk"]
    record.metrics["quant/compression"] = facts["float_bytes"] / facts["bytes_on_disk"]


def _check_beforehand(bench: Workbench, until: str) -> None:
    """Refuse what a later stage would refuse, before anything is trained."""
    if until == "finetune":
        return
    if until != "analyze":
        check_deployable(bench)
    if _analyzes(bench, until):
        num_rows = bench.data.rows()["train"]
        bench.metric.check(num_rows, bench.allocator.candidate_bits)


def _deploy(bench: Workbench, record: RunRecord, quantized: Stage, until: str) -> None:
    """Write the model for its runtime, if any, and unless only exported, score it."""
    runtime = bench.runtime
    if runtime is None:
        return
    stage = _enter(record, "deploy", deploy(bench, runtime, quantized))
    size = deployment_facts(stage)["bytes_on_disk"]
    record.metrics[f"{DEPLOYED_PREFIX}bytes_on_disk"] = size
    if until == "export":
        return
    scored = evaluate_deployed(bench, runtime, stage.folder, stage.key)
    scores = scores_of(_enter(record, "evaluate_deployed", scored), DEPLOYED_PREFIX)
    key = record.primary_metric
    drop = record.metrics[key] - scores[f"{DEPLOYED_PREFIX}{key}"]
    record.metrics |= {**scores, f"{DEPLOYED_PREFIX}drop": drop}


def _plan(
    bench: Workbench, record: RunRecord, float_stage: Stage, until: str, folder: Path
) -> tuple[QuantPlan | None, SensitivityTable | None]:
    """The user's plan, or that of analysis and allocation; none for ``analyze``.

    A runtime that cannot compute it refuses it here, before anything is trained on it.
    """
    if bench.config["plan"] is not None and until != "analyze":
        return QuantPlan.from_json(Path(bench.config["plan"]).read_text()), None
    table = None
    if _analyzes(bench, until):
        table = table_of(_enter(record, "analyze", analyze(bench, float_stage)))
        model, _ = load_float(float_stage.folder)
        table = scored(bench, model, table)
    plan = None
    if until != "analyze":
        stage = _enter(record, "allocate", allocate(bench, float_stage, table))
        plan = plan_of(stage.folder)
        if bench.runtime is not None:
            bench.runtime.check(plan)
        _keep(stage, FRONT_FILE, folder)
    if table is not None:
        record.sensitivity = table.to_dict()
    return plan, table


def _analyses(record: RunRecord, folder: Path, runs: Path) -> list[Run]:
    """The runs recorded so far, and this one as if it were."""
    values = {**json.loads(record.to_json()), "status": "finished"}
    return [*collect_runs([runs]), Run.from_record(folder, values)]


def _analyzes(bench: Workbench, until: str) -> bool:
    """Whether sensitivities are measured on the way, or known to be unnecessary."""
    is_given = bench.config["plan"] is not None
    return until == "analyze" or (bench.allocator.needs_sensitivity and not is_given)


def _keep(stage: Stage, name: str, folder: Path) -> None:
    """Copy a stage's file into the run's folder, where the report looks for it."""
    if (stage.folder / name).is_file() and not is_helper_process():
        shutil.copyfile(stage.folder / name, folder / name)


def _describe_data(bench: Workbench, record: RunRecord) -> None:
    data = bench.data
    record.splits = dict(data.split_names)
    record.data = {"fingerprint": data.fingerprint(), "rows": data.rows()}


def _evaluate_artifact(bench: Workbench, record: RunRecord) -> None:
    """Score a packed or deployed folder, the ``artifact`` of the configuration."""
    folder = Path(bench.config["artifact"])
    if bench.runtime is not None:
        _evaluate_deployed_artifact(bench, bench.runtime, record, folder)
        return
    file = _exported(folder / MODEL_FILE)
    load = lambda: load_packed(folder)[0]  # noqa: E731
    answered = evaluate_quantized(bench, load, file_digest(file))
    record.metrics.update(scores_of(_enter(record, "evaluate", answered)))
    record.metrics["quant/bytes_on_disk"] = file.stat().st_size


def _evaluate_deployed_artifact(
    bench: Workbench, runtime: Runtime, record: RunRecord, folder: Path
) -> None:
    file = _exported(folder / runtime.file_name)
    scored = evaluate_deployed(bench, runtime, folder, file_digest(file))
    stage = _enter(record, "evaluate_deployed", scored)
    record.metrics |= scores_of(stage, DEPLOYED_PREFIX)
    record.metrics[f"{DEPLOYED_PREFIX}bytes_on_disk"] = file.stat().st_size


def _exported(file: Path) -> Path:
    """The same; refused if it is not there."""
    if not file.is_file():
        raise QbertError(
            f"artifact: {file}: no such file: accepted a folder that was exported", DATA
        )
    return file


def _enter(record: RunRecord, name: str, stage: Stage) -> Stage:
    """Note a stage in the record, and make its key part of the fingerprint."""
    record.stages[name] = {
        "folder": str(stage.folder),
        "key": stage.key,
        "reused": stage.reused,
        "seconds": stage.seconds,
    }
    if stage.resumed_at:
        record.stages[name]["resumed_at"] = list(stage.resumed_at)
    keys = {each: entry["key"] for each, entry in record.stages.items()}
    record.fingerprint = key_hash({"name": record.name, "stages": keys})
    return stage
