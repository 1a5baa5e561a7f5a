"""Commands on the whole pipeline: study, params, experiments, watch, fan-out, mend, sweep."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charlab.commands.cli_options import COUNT, FILE, project
from charlab.core.errors import CharlabError
from charlab.core.units import counted

if TYPE_CHECKING:
    from charlab.commands.study import Studies


PAGE = "experiments.html"
"""File for the page of experiments, in the project's folder."""

WORKERS = click.option(
    "--workers", type=COUNT, help="maximum number of stages at a time [default: one per core]"
)


@click.command(short_help="List the studies, or go to the branch of one.")
@click.argument("name", required=False)
@click.option("--run", is_flag=True, help="bring it up to date, and commit its results there")
@click.option("--back", is_flag=True, help="return from studies to your own branch")
@WORKERS
def study(name: str | None, run: bool, back: bool, workers: int | None) -> None:
    """Go to the study NAME, on a git branch of that name; without NAME, list the studies.

    The branch is made from the current commit if there is none. Your own branches are left as
    they are; nothing is committed on them.
    """
    from charlab.commands.mend import alone
    from charlab.commands.study import Studies
    from charlab.commands.study_names import show_studies

    studies = Studies(project())
    if back and (name or run):
        raise click.UsageError("--back goes without a name and without --run")
    if back or name:
        # A run in another terminal would lose the data that it reads.
        with alone(studies.root):
            _echo(studies.choose(name) if name else studies.back())
    if run:
        _run_study(studies, workers)
    if not (name or run or back):
        show_studies(studies.names(), studies.root)


def _echo(lines: list[str]) -> None:
    """Print each line that is not empty."""
    for line in filter(None, lines):
        click.echo(line)


def _run_study(studies: Studies, workers: int | None) -> None:
    """Bring the current study up to date, and commit its results on its branch."""
    start = studies.start_of_run()
    try:
        _bring_up_to_date(studies.root, workers)
    except (CharlabError, KeyboardInterrupt):
        back = "; 'charlab study --back' returns to your branch" if start else ""
        click.echo(f"not finished: the same command goes on from here{back}", err=True)
        raise
    _echo([studies.record(start)])


@click.command(
    short_help="Show the experiments in a table that fits a terminal.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--page",
    type=FILE,
    is_flag=False,
    flag_value=PAGE,
    help=f"write losses, learning curves and samples side by side as HTML [default: {PAGE}]",
)
@click.option("--open", "show_page", is_flag=True, help="write the page, and open it in a browser")
def experiments(options: tuple[str, ...], page: Path | None, show_page: bool) -> None:
    """Show DVC's experiments below the last commit's own numbers, in about 100 columns.

    OPTIONS are those of 'dvc exp show', which has more columns: --all-commits, --sort-by test_bpc.
    They do not change the page, which is about the last commit's experiments.
    """
    from charlab.commands.experiments import show, write_page

    root = project()
    if page or show_page:
        # Before the change of folder. Links stay: the end of /dev/stdout may have no name.
        page = root / PAGE if page in (None, Path(PAGE)) else page.absolute()
    os.chdir(root)
    status, failed = show(root, options)
    for name in failed:
        click.echo(f"failed: {name}; 'dvc queue logs {name}' says why")
    if page:
        write_page(root, page)
        click.echo(f"page: {page}")
    # On a machine without a browser, the line above says where the page is.
    if show_page and page:
        import webbrowser

        webbrowser.open(page.as_uri())
    sys.exit(status)


@click.command(short_help="Show running trainings and their curves.")
@click.option("--once", is_flag=True, help="print one picture, and leave; 1 if nothing runs")
def watch(once: bool) -> None:
    """Show the trainings that run in the project: losses, curves, speed and time left.

    All are found, however they were started: dvc repro, charlab fan-out, dvc exp run and DVC's
    queue. Figures come from checkpoints, every ten seconds, or from logs if there are any. Ctrl-C
    leaves; the trainings go on. Without a terminal it is as with --once, whose exit status is 0 if
    a training runs, and 1 if none does.
    """
    from charlab.commands.watch import watch as show

    runs = show(project().resolve(), once)
    sys.exit(0 if runs or not once else 1)


@click.command(short_help="Print the reference of all keys of params.yaml.")
def params() -> None:
    """Print each key of params.yaml with its default, allowed values and meaning, as Markdown."""
    from charlab.plan.document import reference

    click.echo(reference(), nl=False)


@click.command(short_help="Run 'dvc repro' with independent stages in parallel.")
@WORKERS
@click.option("--scheduler", metavar="ADDRESS", help="run on the workers of this Dask scheduler")
@click.option("--sbatch", is_flag=True, help="only print a script that runs the stages on SLURM")
@click.option("--dry", is_flag=True, help="only print which stages would run, and for how long")
def fan_out(workers: int | None, scheduler: str | None, sbatch: bool, dry: bool) -> None:
    """Bring the pipeline up to date like 'dvc repro', with independent stages in parallel.

    First remove the results of texts and variants that params.yaml no longer names, which DVC's
    cache keeps, and mend what a killed DVC has left (see 'charlab mend'). Interrupted or killed,
    its stages end with it; the same command goes on, trainings from their checkpoints.

    Other machines share nothing with this one but the default DVC remote: docs/cluster.md.
    """
    if scheduler and (workers or sbatch):
        raise click.UsageError("--scheduler goes without --workers and without --sbatch")
    if dry:
        _plan(project(), cluster=bool(scheduler or sbatch))
    elif sbatch:
        _print_script(project(), workers)
    else:
        _bring_up_to_date(project(), workers, scheduler)


def _plan(root: Path, cluster: bool) -> None:
    """Print the stages that would run."""
    from charlab.commands.pipeline import Pipeline, expected_minutes, plan_lines

    _echo(list(plan_lines(Pipeline.read(root), expected_minutes(root), cluster)))


def _print_script(root: Path, workers: int | None) -> None:
    """Print a script for SLURM, unless nothing is out of date."""
    from charlab.commands.cluster import check_committed
    from charlab.commands.pipeline import Pipeline, expected_minutes
    from charlab.commands.remote import Remote
    from charlab.commands.sbatch import script
    from charlab.course.workspace import git

    check_committed(root)
    remote, pipeline = Remote.of(root), Pipeline.read(root)
    if not pipeline.distributable:
        raise CharlabError("no stage for other machines is out of date; 'dvc repro' runs the rest")
    commit = git(root, "rev-parse", "HEAD").strip()
    click.echo(script(root, pipeline, remote, commit, expected_minutes(root), workers), nl=False)


def _bring_up_to_date(root: Path, workers: int | None, scheduler: str | None = None) -> None:
    """Run what is out of date, and print how much that was."""
    from charlab.commands.children import StoppedError
    from charlab.commands.fan_out import fan_out as run
    from charlab.commands.fan_out import run_here
    from charlab.commands.mend import alone
    from charlab.core.machine import usable_cores

    started = time.perf_counter()
    # Stages and their logs have paths relative to the project's folder.
    os.chdir(root)
    if scheduler:
        from charlab.commands.cluster import Cluster, check_committed

        check_committed(root)
        runner = Cluster(root, scheduler).run
    else:
        runner = partial(run_here, workers or usable_cores())
    try:
        with alone(root):
            _mend(root)
            _remove_leftovers(root)
            count = run(root, runner)
    except StoppedError as stopped:
        here = "recorded, and the same command goes on, trainings from their checkpoints"
        done = "pushed, and the same command goes on" if scheduler else here
        click.echo(f"charlab: stopped by {stopped}; what is done is {done}", err=True)
        sys.exit(128 + stopped.number)
    if count:
        stages = counted(count, "stage")
        click.echo(f"{stages} brought up to date in {time.perf_counter() - started:.0f} s")
    else:
        click.echo("everything is up to date")


@click.command(short_help="Mend what a killed 'dvc' or a damaged disk has left behind.")
def mend() -> None:
    """Mend DVC's files, and replace or remove damaged results.

    A dvc.lock or a list of running stages that a killed DVC has left half-written is restored. A
    result in DVC's cache whose content is not what dvc.lock records is replaced by the intact one
    in data/, or else removed, since DVC would restore it as if it were whole. The copy of an
    experiment of 'dvc exp run --temp' that was killed is removed. 'charlab fan-out' does the same
    before it runs.
    """
    if not _mend(project()):
        click.echo("nothing to mend")


def _mend(root: Path) -> bool:
    """Mend a project; print one line for each thing mended, and return whether there were any."""
    from charlab.commands.mending import mend_all

    messages = mend_all(root)
    for message in messages:
        click.echo(f"mended: {message}", err=True)
    return bool(messages)


def _remove_leftovers(root: Path) -> None:
    """Remove results that params.yaml no longer names; print one line for each folder."""
    from charlab.commands.leftovers import remove_leftovers
    from charlab.plan.params import load_params

    # DVC hashes whole folders as inputs of stages such as evaluate-variants.
    removed: dict[Path, list[str]] = {}
    for path in remove_leftovers(load_params(root / "params.yaml"), root / "data"):
        removed.setdefault(path.parent.relative_to(root), []).append(path.name)
    for folder, names in removed.items():
        click.echo(f"removed from {folder.as_posix()}, not in params.yaml: {', '.join(names)}")


@click.command(short_help="Tune learning rates on val, and write a table of all runs.")
@click.argument("spec", type=FILE, required=False)
@click.option("--workers", type=COUNT, help="trainings at a time [default: one per core]")
@click.option("--out", type=FILE, help="the table [default: SPEC with the suffix .csv]")
@click.option("--dry", is_flag=True, help="print what would be trained, and train nothing")
def sweep(spec: Path | None, workers: int | None, out: Path | None, dry: bool) -> None:
    """Train each candidate learning rate of SPEC for a short time, and mark each family's best.

    SPEC is a YAML file [default: studies/tuning.yaml]; docs/tuning.md describes it. Texts and
    defaults come from params.yaml; the encoded texts must be there ('dvc repro vocab@SLUG').

    The best has the lowest loss on val, averaged over the seeds; test is not read. Interrupted,
    the same command goes on. No weights are kept.
    """
    from charlab.commands.sweep import Sweep, plan_lines
    from charlab.core.files import write_text
    from charlab.core.folders import check_writable
    from charlab.core.machine import usable_cores

    root = project()
    path = spec or root / "studies" / "tuning.yaml"
    table = out or path.with_suffix(".csv")
    planned = Sweep.of(path, root)
    if dry:
        _echo(list(plan_lines(planned)))
        return
    if table.is_file() or not table.exists():  # else a device, such as /dev/stdout
        check_writable(table.parent)
    planned.run(workers or usable_cores())
    write_text(table, planned.csv())
    for warning in planned.warnings():
        click.echo(f"charlab sweep: {warning}", err=True)
    click.echo(f"{table}: {counted(len(planned.jobs), 'training')}")
