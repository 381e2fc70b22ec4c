"""``mnistgd sweep``: many runs, and which settings are best."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mnistgd.cli import console, displays, fonts, inputs, options, outputs, signals, tables
from mnistgd.cli.data_options import with_data_options
from mnistgd.cli.settings_options import with_settings
from mnistgd.cli.workers import workers_at
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import ClusterError, DataError, MnistgdError, OutputError, StoppedError, UsageError
from mnistgd.model.settings import Settings
from mnistgd.system.words import counted

if TYPE_CHECKING:
    from mnistgd.datasets.dataset import Dataset
    from mnistgd.model.model import Model
    from mnistgd.training.cluster.connection import Cluster
    from mnistgd.training.sweep.folder import SweepFolder
    from mnistgd.training.sweep.plan import Plan
    from mnistgd.training.sweep.ranking import Group
    from mnistgd.training.sweep.trial import Trial

MANY = 10_000
"""Trials, beyond which a sweep begins with ``--yes`` alone."""

OWN = {"jobs", "cluster", "resume", "plot", "_font", "yes", "as_json", "quiet", "offline"}
"""Options that a sweep which is taken up again does not have in its plan."""

_sweep: dict[str, Any] = {"rich_help_panel": "Sweep"}


@with_settings(Settings, several={"validation": "0.1"})
@with_data_options
def sweep(
    context: typer.Context,
    random: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Draw N combinations of the values, each with every seed.", **_sweep
        ),
    ] = None,
    draw_seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Decides what --random draws.", **_sweep)
    ] = 0,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Trials at a time, each in a process of its own.",
            show_default="processors",
            **_sweep,
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Run them on workers of Dask: tcp://HOST:8786, a scheduler file, or local:N.",
            **_sweep,
        ),
    ] = None,
    keep: Annotated[
        Literal["winner", "all"], typer.Option(help="Whose weights files stay in the folder.", **_sweep)
    ] = "winner",
    yes: Annotated[
        bool, typer.Option("--yes", help=f"Begin, though there are more than {MANY:,} trials.", **_sweep)
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Go on with a sweep; its folder has all settings.", **_sweep),
    ] = None,
    data: options.Data = "mnist",
    reading: DataOptions = PLAINLY,
    class_names: options.ClassNames = None,
    offline: options.Offline = False,
    out: Annotated[str, options.out("The folder to make, and to write to.", metavar="FOLDER")] = "sweep",
    plot: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Draw the result: .png, .svg or .pdf.")
    ] = None,
    _font: fonts.Font = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    **values: Any,
) -> None:
    """Train with each combination of settings, and keep the best.

    An option takes several values with commas between them: 0.1,0.3,1. Whole numbers may be a range, its end
    excluded: 0:5 or 0:10:2; and log:1e-4:1:7 are seven numbers, evenly spaced on a logarithmic scale. Layers
    of one network have a plus between them: --hidden none,64,64+32 are three networks. Training images that
    are set aside decide which is best, and the test images are for that one alone.
    """
    from mnistgd.training.sweep import folder as sweep_folder
    from mnistgd.training.sweep.folder import SweepFolder
    from mnistgd.training.sweep.plan import MOST
    from mnistgd.training.sweep.workers import bring

    if jobs is not None and cluster is not None:
        raise UsageError("--jobs means nothing with --cluster", "leave one of them out")
    if resume is None:
        folder = Path(out)
        plan = _plan(values, random, draw_seed, keep, data, reading, inputs.class_names(class_names))
        if MANY < len(plan) <= MOST and not yes:
            raise UsageError(
                f"these are {len(plan):,} trials", "--random N draws some; --yes begins with all"
            )
        plan.check()
        sweep_folder.check_free(folder)
    else:
        folder, plan = resume, sweep_folder.load_plan(resume)
        _check_alone(context, folder)
    claimed = outputs.claim(
        charts={"--plot": plot},
        read=[inputs.images_place(plan.data), plan.reading.test_data, plan.mask],
        as_json=as_json,
    )
    if plot is not None:
        if not plan.varied:
            raise UsageError("--plot has nothing to draw: no option takes several values", "leave it out")
        from mnistgd.figures.plots import new_figure

        new_figure()  # what that lacks is said before hours of work
    workers = workers_at(context, cluster, None, quiet=quiet) if cluster is not None else None
    datasets = _datasets(plan, offline=offline, quiet=quiet)
    if workers is not None:
        with displays.Reporter(quiet=quiet) as reporter, console.stage("bringing the images"):
            bring(workers, datasets, reporter)
    if resume is None:
        one = next(iter(datasets.values()))
        plan = replace(plan, sha256=one.sha256, labels_sha256=one.labels_sha256)
        sweep_folder.begin(folder, plan, shlex.join(["mnistgd", *sys.argv[1:]]))
    with SweepFolder(folder, plan) as kept:
        _run(kept, _trials(kept, datasets, workers or jobs), quiet=quiet)
        with console.stage("testing"):
            model = kept.crown(datasets)
    groups = kept.ranking()
    picture = {} if plot is None else {plot: _picture(groups, plot)}
    claimed.finish(_document(kept, groups, model, plot), _summary(kept, groups, model, plot), files=picture)


def _plan(
    values: Mapping[str, Any],
    random: int | None,
    draw_seed: int,
    keep: str,
    data: str,
    reading: DataOptions,
    class_names: tuple[str, ...] | None,
) -> Plan:
    """What the command line asks for, wherever it is taken up again."""
    from mnistgd.model.freeze import pack_mask, read_mask
    from mnistgd.training.sweep.plan import FIELDS, Plan

    (mask,) = values["freeze"]
    if mask is not None:
        values = {**values, "freeze": (pack_mask(read_mask(Path(mask))),)}
    return Plan(
        {name: values[name] for name in FIELDS},
        draws=random,
        draw_seed=draw_seed,
        keep_all=keep == "all",
        data=str(Path(data).absolute()) if inputs.images_place(data) else data,
        reading=reading.absolute(),
        class_names=class_names,
        mask=mask and str(Path(mask).absolute()),
    )


def _check_alone(context: typer.Context, folder: Path) -> None:
    """Let nothing but the folder say what its sweep is.

    Raises
    ------
    UsageError
        If an option of the command line does.
    """
    for option in context.command.params:
        if option.name not in OWN and options.is_typed(context, option.name or ""):
            message = f"{option.opts[0]} and --resume contradict each other"
            raise UsageError(message, f"leave it out: {folder} has all settings")


def _datasets(plan: Plan, *, offline: bool, quiet: bool) -> dict[bool, Dataset]:
    """The images, straightened or not, as trials of the plan ask for them.

    Raises
    ------
    DataError
        If they have changed since the sweep was begun.
    """
    datasets = {
        deskew: inputs.dataset(
            plan.data, plan.class_names, offline=offline, deskew=deskew, reading=plan.reading, quiet=quiet
        )
        for deskew in plan.values["deskew"]
    }
    for dataset in datasets.values():
        if plan.sha256 and not dataset.is_of(plan.sha256, plan.labels_sha256):
            message = f"the images of {dataset.source} have changed since the sweep was begun"
            raise DataError(message, "begin another one with --out")
    return datasets


def _trials(
    kept: SweepFolder, datasets: Mapping[bool, Dataset], where: Cluster | int | None
) -> Generator[tuple[Trial, bytes]]:
    """Run the trials that are to come, in so many processes or on the workers of a cluster."""
    from mnistgd.system.parallel import processors
    from mnistgd.training.sweep.processes import in_processes
    from mnistgd.training.sweep.workers import on_workers

    if where is None or isinstance(where, int):
        jobs = where or processors()
        return in_processes(kept.plan, kept.to_come, datasets, jobs=jobs, withheld=kept.files)
    return on_workers(kept.plan, kept.to_come, datasets, where)


def _run(kept: SweepFolder, trials: Generator[tuple[Trial, bytes]], *, quiet: bool) -> None:
    """Run the trials that are to come, and keep what comes of them.

    Raises
    ------
    StoppedError
        If it is told to stop, there are no workers any more, or what came of a trial cannot be written.
    """
    from mnistgd.cli.progress import SweepProgress
    from mnistgd.system.files import quoted

    count = len(kept.plan)
    try:
        with (
            SweepProgress(count, len(kept.trials), quiet=quiet) as show,
            console.stage("training"),
            closing(trials),
        ):
            for trial, content in trials:
                with signals.held():
                    kept.add(trial, content)
                show(trial, kept.best)
    except (KeyboardInterrupt, signals.Terminated, ClusterError, OutputError) as stop:
        code = 1 if isinstance(stop, MnistgdError) else signals.asked_to_end() or signals.INTERRUPTED
        why = stop.message if isinstance(stop, MnistgdError) else signals.WORDS[code]
        message = f"{why} after {len(kept.trials)} of {counted(count, 'trial')}"
        hint = f"go on with: mnistgd sweep --resume {quoted(kept.path)}"
        raise StoppedError(message, hint, code=code) from stop


def _document(kept: SweepFolder, groups: Sequence[Group], model: Model, plot: str | None) -> dict[str, Any]:
    from mnistgd.training.sweep.folder import WINNER

    plan, winner = kept.plan, groups[0].best
    return {
        "folder": str(kept.path),
        "trials": len(kept.trials),
        "failed": sum(trial.error is not None for trial in kept.trials.values()),
        "results": [
            {
                "settings": group.settings,
                "trials": len(group.trials),
                "failed": len(group.trials) - len(group.done),
                "error": group.error,
                "validation_accuracy": group.mean("validation_accuracy"),
                "validation_accuracy_deviation": group.deviation("validation_accuracy"),
                "validation_loss": group.mean("validation_loss"),
                "validation_loss_deviation": group.deviation("validation_loss"),
                "seconds": group.mean("seconds"),
            }
            for group in groups
        ],
        "winner": {
            "command": plan.command(winner.trial),
            "settings": model.settings.as_json(),
            "validation_accuracy": winner.validation_accuracy,
            "validation_loss": winner.validation_loss,
            "test_accuracy": model.record["results"]["test_accuracy"],
            "test_loss": model.record["results"]["test_loss"],
            "weights": str(kept.path / WINNER),
        },
        "data": model.record["data"],
        **({"plot": plot} if plot is not None else {}),
    }


def _summary(kept: SweepFolder, groups: Sequence[Group], model: Model, plot: str | None) -> list[str]:
    from mnistgd.training.sweep.folder import WINNER

    winner, results = groups[0].best, model.record["results"]
    lines = tables.table(_rows(groups[: tables.MANY]), ">")
    if left := len(groups) - tables.MANY:
        lines += [f"and {left:,} more: --json lists all of them"] if left > 0 else []
    lines += [
        "",
        f"winner         {kept.plan.command(winner.trial)}",
        f"validation     {winner.validation_accuracy:.2%}, loss {winner.validation_loss:.4f}",
        f"test accuracy  {results['test_accuracy']:.2%}",
        f"test loss      {results['test_loss']:.4f}",
        f"weights        {kept.path / WINNER}",
    ]
    return [*lines, f"plot           {plot}"] if plot is not None else lines


def _rows(groups: Sequence[Group]) -> list[list[str]]:
    """A table of settings and what came of them, with headings."""
    from mnistgd.training.sweep.plan import value_in_words

    several = any(len(group.trials) > 1 for group in groups)
    failed = any(group.error is not None for group in groups)
    rows = [
        [
            *(name.replace("_", " ") for name in groups[0].settings),
            "validation",
            *(["±"] if several else []),
            "loss",
            "time",
            *(["failed"] if failed else []),
        ]
    ]
    for group in groups:
        accuracy, deviation = group.mean("validation_accuracy"), group.deviation("validation_accuracy")
        loss, seconds = group.mean("validation_loss"), group.mean("seconds")
        lost = len(group.trials) - len(group.done)
        rows.append(
            [
                *(value_in_words(name, value) for name, value in group.settings.items()),
                _cell(accuracy, "{:.2%}"),
                *([_cell(deviation, "{:.2%}")] if several else []),
                _cell(loss, "{:.4f}"),
                _cell(seconds, "{:.1f} s"),
                *([f"{lost}/{len(group.trials)}" if lost else ""] if failed else []),
            ]
        )
    return rows


def _cell(value: float | None, words: str) -> str:
    return "–" if value is None else words.format(value)


def _picture(groups: Sequence[Group], plot: str) -> bytes:
    from mnistgd.figures.plots import file_of
    from mnistgd.figures.sweep import Point, sweep_figure
    from mnistgd.training.sweep.plan import value_in_words
    from mnistgd.training.sweep.ranking import Group

    def drawn(name: str, value: Any) -> float | str:
        return value if type(value) in (int, float) else value_in_words(name, value)

    if not groups[0].settings:  # then the trials differ in nothing but the seed
        groups = [
            Group((trial,)) for group in groups for trial in sorted(group.trials, key=lambda one: one.order)
        ]
    points = [
        Point(
            {
                name.replace("_", " "): drawn(name, value)
                for name, value in (group.settings or group.trials[0].settings).items()
            },
            group.mean("validation_accuracy"),
            group.deviation("validation_accuracy"),
        )
        for group in groups
    ]
    with console.stage("drawing"):
        return file_of(sweep_figure(points), outputs.chart_kind(plot))
