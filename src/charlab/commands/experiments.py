"""Show DVC's experiments in a table that fits a terminal, or on a page.

``dvc exp show`` has a column for every file that a stage needs. It gives an experiment of the
queue that runs or has failed the metrics of the commit that it started from.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

DROPPED = "|".join(
    (
        # Files and folders, and the keys of the study, which the model does not read.
        r"params\.yaml$|metrics$|plots$|(data|src|stages)/|(study|texts)\.",
        # Metrics that say nothing about a changed key, whose column should fit beside the losses.
        r"train_bpc|parameters|train_chars|(ngram|ppmd|floor)_",
        r"Executor",
    )
)
"""Columns to leave out."""

KEPT = "Experiment|Created|val_bpc|test_bpc"
"""Columns to show even if all experiments have the same value."""


def show(root: Path, options: Sequence[str]) -> tuple[int, list[str]]:
    """Print the experiments of the last commit, below that commit's own numbers.

    Parameters
    ----------
    root : Path
        The project.
    options : sequence of str
        Further options of ``dvc exp show``, such as --all-commits or --sort-by.

    Returns
    -------
    tuple of int and list of str
        DVC's exit status, and the names of failed experiments.
    """
    from dvc.cli import main as dvc
    from dvc.repo import Repo

    fixed = ["--no-pager", "--only-changed", "--hide-workspace", "--hide-failed"]
    with without_borrowed():
        status = dvc(["exp", "show", *fixed, "--drop", DROPPED, "--keep", KEPT, *options])
    with Repo(str(root)) as repo:
        head = repo.scm.get_rev()
        failed = [
            entry.name or entry.stash_rev[:7]
            for entry, _ in repo.experiments.celery_queue.iter_failed()
            if entry.baseline_rev == head
        ]
    return status, sorted(failed)


@contextlib.contextmanager
def without_borrowed() -> Iterator[None]:
    """Let DVC show no metrics of an experiment that is not done: they are its baseline's.

    And no state of one that is done, which only those of the queue have: without any that runs,
    waits or has failed there is no column of states.
    """
    from dvc.repo.experiments import Experiments

    original = Experiments.show

    def show(experiments: Experiments, *arguments: Any, **options: Any) -> list[Any]:
        states: list[Any] = original(experiments, *arguments, **options)
        for entry in [entry for state in states for entry in state.experiments or []]:
            if entry.executor and entry.executor.state == "success":
                entry.executor = None
            elif entry.executor:
                for revision in entry.revs:
                    if revision.data:
                        revision.data.metrics.clear()
        return states

    Experiments.show = show
    try:
        yield
    finally:
        Experiments.show = original


def write_page(root: Path, path: Path) -> None:
    """Write the page of the last commit's experiments."""
    from charlab.commands.experiment_records import collect
    from charlab.commands.experiments_page import experiments_page
    from charlab.core.files import write_text

    write_text(path, experiments_page(collect(root)))
