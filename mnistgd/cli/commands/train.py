"""``mnistgd train``: images in, a weights file out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mnistgd.cli import console, inputs, options, outputs, signals, train_options
from mnistgd.cli import resume as resuming
from mnistgd.cli.data_options import with_data_options
from mnistgd.cli.settings_options import with_settings
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import ClusterError, MnistgdError, StoppedError, UsageError, WeightsError
from mnistgd.model.settings import Settings
from mnistgd.system.words import counted

if TYPE_CHECKING:
    from mnistgd.cli.live import Live
    from mnistgd.model.model import Model
    from mnistgd.training.keeping import Checkpointer, HistoryLog
    from mnistgd.training.run import TrainState
    from mnistgd.training.snapshots import Recorder

ENDINGS = {"out": ".npz", "checkpoint": ".npz", "log": ".jsonl"}


@with_settings(Settings)
@with_data_options
def train(
    context: typer.Context,
    data: options.Data = "mnist",
    reading: DataOptions = PLAINLY,
    class_names: options.ClassNames = None,
    offline: options.Offline = False,
    out: train_options.Out = str(options.WEIGHTS_FILE),
    frames: train_options.Frames = None,
    live: train_options.Live = False,
    log: train_options.Log = None,
    checkpoint: train_options.Checkpoint = None,
    every: train_options.Every = 1,
    resume: train_options.Resume = None,
    cluster: train_options.Cluster = None,
    workers: train_options.Workers = None,
    min_accuracy: options.MinAccuracy = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    **values: Any,
) -> None:
    """Train the network and write its weights to a file.

    --loss squared-error is the network of Trask, Grokking Deep Learning, chapter 5. That of Nielsen, Neural
    Networks and Deep Learning, chapter 1: --loss squared-error --output sigmoid --hidden 30
    --activation sigmoid --init normal --batch-size 10 --learning-rate 3 --schedule constant --epochs 30.
    """
    from mnistgd.cli.live import check_live, live_for
    from mnistgd.cli.workers import divide, workers_at
    from mnistgd.model import weights_file
    from mnistgd.model.freeze import pack_mask, read_mask
    from mnistgd.training import snapshots
    from mnistgd.training.checkpoint import checkpoint_path
    from mnistgd.training.keeping import Checkpointer, HistoryLog
    from mnistgd.training.result import finished_model
    from mnistgd.training.run import Run
    from mnistgd.training.snapshots import Recorder

    freeze = values["freeze"]
    if freeze is not None:
        values["freeze"] = pack_mask(read_mask(Path(freeze)))
    names = inputs.class_names(class_names)
    named = resuming.named_options(context)
    saved = None
    if resume is None:
        settings = Settings(**values)
    else:
        saved = resuming.load_for_resume(resume, values, names, named)
        settings, names = saved.settings, saved.class_names
        reading = reading.over(saved.reading)
        data, out = (data if "data" in named else saved.data), (out if "out" in named else saved.out)
        log = log or (Path(saved.log) if saved.log else None)
        checkpoint = checkpoint or resume
    if workers is not None and cluster is None:
        raise UsageError("--workers means nothing without --cluster", "add --cluster ADDRESS, or local:N")
    # One of several machines may be lost at any time: what was done by then is kept without being asked for.
    rescue = checkpoint_path(Path(out)) if cluster and not checkpoint and out != outputs.STDOUT else None
    chosen = {"out", "log"} - named if saved is not None else set()  # by the file, which may be anyone's
    snapshots_file = _snapshots_file(settings, out) if frames else None
    claimed = outputs.claim(
        files={"--out": out},
        on_disk={"--checkpoint": checkpoint, "--cluster": rescue, "--log": log, "--frames": snapshots_file},
        read=[inputs.images_place(data), reading.test_data, freeze, None if resume == checkpoint else resume],
        endings={f"--{name}": ending for name, ending in ENDINGS.items() if name not in chosen},
        as_json=as_json,
    )
    if live:
        check_live(settings, quiet=quiet)

    connection = workers_at(context, cluster, workers, quiet=quiet) if cluster is not None else None
    dataset = inputs.dataset(
        data, names, offline=offline, deskew=settings.deskew, reading=reading, quiet=quiet
    )
    if saved is not None:
        resuming.check_images(saved, dataset, "data" in named)

    run = Run(dataset, settings)
    if connection is not None:
        divide(run, connection, quiet=quiet)
    start = run.start() if saved is None else saved.resume(run)
    to_come = partial(_lines_to_come, out, snapshots_file)
    pictures = live_for(run, dataset.class_names, to_come) if live else None
    if resume is not None and log is not None and "log" in chosen:
        resuming.check_place(resume, "--log", str(log))
    done, spent = (saved.history, saved.seconds) if saved is not None else ([], 0.0)
    history = HistoryLog(log, done, spent, follow="log" not in chosen)
    checkpointer = Checkpointer(checkpoint, every, history, data=data, out=out) if checkpoint else None
    keeper = checkpointer or (Checkpointer(rescue, 1, history, data=data, out=out) if rescue else None)
    recorder = Recorder(start, frames) if frames else None
    stopped = partial(resuming.stopped, checkpointer=keeper, cluster=connection)
    last = _trained(start, pictures, history, checkpointer, recorder, stopped, quiet=quiet)
    seconds = history.seconds()
    untested = None
    with console.stage("testing"):
        try:
            model = finished_model(last)
        except (MemoryError, WeightsError) as error:
            untested = console.out_of_memory(error) if isinstance(error, MemoryError) else error.message
            model = finished_model(last, tested=False)
    if resume is not None and "out" in chosen and out != outputs.STDOUT:
        resuming.check_place(resume, "--out", out)
    outputs.deliver(weights_file.file_bytes(model), out, follow="out" not in chosen)
    if untested is not None:
        where = "stdout" if out == outputs.STDOUT else out
        raise MnistgdError(
            f"{untested}; the weights went to {where}, untested", "mnistgd evaluate tests them"
        )
    if recorder is not None:
        with console.stage("testing the snapshots"):
            kept = recorder.snapshots(last, model)
        outputs.deliver(snapshots.file_bytes(kept), str(snapshots_file))
    claimed.finish(
        _document(model, seconds, out, snapshots_file),
        _summary(model.record["results"], seconds, out, snapshots_file),
    )
    if not (as_json or quiet or out == outputs.STDOUT):
        console.note(_way_on(model.settings, out, snapshots_file))
    outputs.check_gate(model.record["results"]["test_accuracy"], min_accuracy)


def _trained(
    start: TrainState,
    pictures: Live | None,
    history: HistoryLog,
    checkpointer: Checkpointer | None,
    recorder: Recorder | None,
    stopped: Callable[[TrainState, str, int], StoppedError],
    *,
    quiet: bool,
) -> TrainState:
    """Where the run ends that begins at `start`; as it goes on it is shown, and written down.

    Raises
    ------
    StoppedError
        If it is told to stop, or memory runs out or a worker is lost once it has begun.
    """
    from mnistgd.cli.progress import TrainingProgress

    last = start
    with (
        closing(history),
        TrainingProgress(quiet=quiet, live=pictures) as show,
        console.stage("training"),
        signals.noted() as asked_to_stop,
    ):

        def stop_if_asked(now: TrainState) -> None:
            nonlocal last
            last = now
            if asked_to_stop:
                code = asked_to_stop[0]
                raise stopped(now, signals.WORDS[code], code)

        # Whoever may stop it comes when the history is as long as the run.
        readers = [
            reader for reader in (show, history, stop_if_asked, checkpointer, recorder) if reader is not None
        ]
        try:
            return start.run.finish(*readers, start=start)
        except (MemoryError, ClusterError) as error:
            if last is start:
                raise
            why = console.out_of_memory(error) if isinstance(error, MemoryError) else error.message
            raise stopped(last, why, 1) from error


def _snapshots_file(settings: Settings, out: str) -> Path:
    """Where a run whose weights go to `out` keeps its snapshots.

    Raises
    ------
    UsageError
        If its weights go to stdout, or its digits have no pictures.
    """
    from mnistgd.training.snapshots import snapshots_path

    if out == outputs.STDOUT:
        raise UsageError(
            "--frames writes beside the weights file, and --out - is none", "name a file with --out"
        )
    if settings.hidden:
        raise UsageError(
            "--frames keeps pictures of digits, and with hidden layers they have none", "leave it out"
        )
    return snapshots_path(Path(out))


def _document(model: Model, seconds: float, out: str, snapshots_file: Path | None) -> dict[str, Any]:
    return {
        **model.record["results"],
        "seconds": round(seconds, 3),
        "weights": out,
        **({"frames": str(snapshots_file)} if snapshots_file else {}),
        "data": model.record["data"],
        "settings": model.settings.as_json(),
    }


def _way_on(settings: Settings, out: str, snapshots_file: Path | None) -> str:
    """How to look at what the run has written."""
    from mnistgd.system.files import quoted

    command = f"next: mnistgd {'animate' if snapshots_file else 'show-weights'}"
    if settings.hidden:
        command += " --layer 1"
    if out != str(options.WEIGHTS_FILE):
        command += f" --weights {quoted(out)}"
    return command


def _lines_to_come(out: str, snapshots_file: Path | None, last: TrainState) -> list[str]:
    """As many lines, as long, as a run that ends here will say on a terminal."""
    lines = [_way_on(last.run.settings, out, snapshots_file)]
    if console.is_terminal(sys.stdout):
        results = {"test_accuracy": 0, "test_loss": 0, "steps": last.step, "epochs": last.epoch}
        if last.validation is not None:
            results |= {"validation_accuracy": 0, "validation_loss": 0}
        lines += _summary(results | {"stopped": last.stopped}, 0, out, snapshots_file)
    return lines


def _summary(results: Mapping[str, Any], seconds: float, out: str, snapshots_file: Path | None) -> list[str]:
    lines = [f"test accuracy  {results['test_accuracy']:.2%}", f"test loss      {results['test_loss']:.4f}"]
    if "validation_loss" in results:
        score = f"{results['validation_accuracy']:.2%}, loss {results['validation_loss']:.4f}"
        lines.append(f"validation     {score}")
    done = f"{counted(results['steps'], 'step')} in {counted(results['epochs'], 'epoch')}"
    lines.append(f"trained in     {seconds:.1f} s, {done}")
    if results.get("stopped"):
        lines.append(f"stopped        {results['stopped']}")
    lines.append(f"weights        {out}")
    if snapshots_file is not None:
        lines.append(f"snapshots      {snapshots_file}")
    return lines
