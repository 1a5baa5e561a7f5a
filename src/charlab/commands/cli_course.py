"""Commands for a course: charlab course new, homework, check."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from charlab.commands.cli_options import FOLDER, SEED, project
from charlab.core.units import counted


@click.group(short_help="Workspaces for a class, and their check.")
def course() -> None:
    """Make workspaces for a class, fill in the homework, check what was handed in."""


@course.command("new", short_help="Make a student's workspace.")
@click.argument("folder", type=FOLDER)
@click.option("--student-seed", type=SEED, required=True, help="the student's own seed")
def course_new(folder: Path, student_seed: int) -> None:
    """Make a student's workspace in FOLDER: this project with another seed and a page of tasks."""
    from charlab.course.workspace import new_workspace

    new_workspace(project(), folder, student_seed)
    click.echo(f"{folder} made with seed {student_seed}; its TASKS.md lists the next steps")


@course.command("homework", short_help="Write the homework with blank answers.")
def course_homework() -> None:
    """Write homework/homework.md: your own figures and numbers, with blanks for the answers."""
    from charlab.course.workspace import fill_homework

    root = project()
    written = fill_homework(root)
    click.echo(f"{written.relative_to(root).as_posix()} written; fill in your answers there")


@course.command("check", short_help="Rerun a stage of a workspace and compare its outputs.")
@click.argument("folder", type=FOLDER)
@click.option("--stage", required=True, help="such as train, train-variant@gru, compare")
@click.option(
    "--run-their-code",
    is_flag=True,
    help="run the src/, stages/ and dvc.yaml of FOLDER, with all your rights, instead of yours",
)
def course_check(folder: Path, stage: str, run_their_code: bool) -> None:
    """Rerun a stage of the workspace in FOLDER in a copy, and compare its outputs.

    First list what differs from this project. Then run this project's code on the student's
    parameters and data; nothing else of the folder runs.

    Exit with 0 if all files are byte for byte the same, otherwise with 1.
    """
    from charlab.core.errors import printable
    from charlab.course.check import changes, check

    # Changes alone do not fail the check, since a task may ask for them.
    for line in changes(project(), folder):
        click.echo(printable(line))
    entries = check(project(), folder, stage, run_their_code=run_their_code)
    for entry in entries:
        click.echo(printable(f"{entry.verdict:10} {entry.path}"))
        for note in entry.notes:
            click.echo(printable(f"           {note}"))
    same = sum(entry.verdict == "identical" for entry in entries)
    click.echo(f"{stage}: {same} of {counted(len(entries), 'file')} identical")
    sys.exit(0 if same == len(entries) else 1)
