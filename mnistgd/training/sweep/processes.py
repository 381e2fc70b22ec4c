"""The trials of a sweep on this machine, several at a time, each in a process of its own."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

from mnistgd.datasets.dataset import Dataset
from mnistgd.system import parallel
from mnistgd.training.sweep.plan import Plan
from mnistgd.training.sweep.trial import DIED, Trial, run_trial


def in_processes(
    plan: Plan,
    numbers: Sequence[int],
    datasets: Mapping[bool, Dataset],
    *,
    jobs: int,
    withheld: Sequence[int] = (),
) -> Generator[tuple[Trial, bytes]]:
    """Trials of `plan` as they end, in so many processes, which have the images in common; see `run_trial`.

    One whose process died is run again when the others are done, and has failed if that dies as well.

    Parameters
    ----------
    plan : Plan
    numbers : sequence of int, of the trials that are to be run
    datasets : mapping from whether the images are deskewed to them
    jobs, withheld : see `parallel.as_ended`
    """

    def work(number: int) -> tuple[Trial, bytes]:
        settings = plan.settings(number)
        return run_trial(Trial.of(plan, number), settings, datasets[settings.deskew])

    def lost(number: int) -> tuple[Trial, bytes]:
        return replace(Trial.of(plan, number), error=DIED), b""

    died: list[int] = []
    for trial, content in parallel.as_ended(work, numbers, lost, jobs=jobs, withheld=withheld):
        if trial.error == DIED:
            died.append(trial.trial)
        else:
            yield trial, content
    yield from parallel.as_ended(work, died, lost, jobs=jobs, withheld=withheld)
