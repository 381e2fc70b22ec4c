"""Workers that compute what a command asks for, while stderr says what takes a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnistgd.cli import console, displays
from mnistgd.system.words import counted

if TYPE_CHECKING:
    import typer

    from mnistgd.training.cluster.connection import Cluster
    from mnistgd.training.run import Run


def workers_at(context: typer.Context, address: str, count: int | None, *, quiet: bool) -> Cluster:
    """The workers at an address until the command ends; errors as for `cluster.connection.connected`."""
    from mnistgd.training.cluster.connection import connected

    with displays.Reporter(quiet=quiet) as reporter, console.stage("reaching the workers"):
        cluster: Cluster = context.with_resource(connected(address, count, reporter))
    return cluster


def divide(run: Run, cluster: Cluster, *, quiet: bool) -> None:
    """Let the workers compute the gradients of a run; whether that pays is said first."""
    from mnistgd.training.cluster.spread import pays, spread

    count = len(cluster.workers)
    with displays.Reporter(quiet=quiet) as reporter, console.stage("dividing the images"):
        if not pays(run, count):
            workers = counted(count, "worker")
            reporter.notice(f"with batches of {run.batch_size} one machine is quicker than {workers}")
        spread(run, cluster, reporter)
