"""Commands for a course: charlab course start, exercise, homework, pack, check."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from charlab.commands.cli_options import COUNT, FOLDER, project
from charlab.core.units import counted


@click.group(short_help="Workspaces for a class, and their check.")
def course() -> None:
    """Make workspaces for a class, fill in the homework, check what was handed in."""


@course.command("start", short_help="Make a student's workspace.")
@click.argument("folder", type=FOLDER)
@click.option("--student", required=True, metavar="ID", help="name or number; the seeds follow")
@click.option("--study", default="student", show_default=True, help="a study in studies/")
@click.option("--book", type=COUNT, help="a Gutenberg book in place of the built-in text")
def course_start(folder: Path, student: str, study: str, book: int | None) -> None:
    """Make a student's workspace in FOLDER: this project, a small study, tasks and an exercise.

    The seeds follow from ID, so that no two students have the same runs.
    """
    from charlab.course.workspace import new_workspace

    owner = new_workspace(project(), folder, student, study, book)
    click.echo(f"{folder} made with seed {owner.seed}; its TASKS.md lists the next steps")


@course.command("exercise", short_help="Test the network and the sampler that you wrote.")
def course_exercise() -> None:
    """Test exercise/rnn_by_hand.py and exercise/sampler_by_hand.py, and say what is wrong.

    Exit with 0 if every test passes, otherwise with 1.
    """
    from charlab.core.errors import printable
    from charlab.course.exercise_run import run_exercise

    verdicts = run_exercise(project() / "exercise")
    for verdict in verdicts:
        click.echo(printable(f"{'passed' if verdict.passed else 'FAILED'}  {verdict.name}"))
        if not verdict.passed:
            click.echo(printable(f"        {verdict.message}"))
    passed = sum(verdict.passed for verdict in verdicts)
    click.echo(f"{passed} of {counted(len(verdicts), 'test')} passed")
    sys.exit(0 if passed == len(verdicts) else 1)


@course.command("homework", short_help="Write the homework with blank answers.")
def course_homework() -> None:
    """Write homework/homework.md: your own figures and numbers, with blanks for the answers."""
    from charlab.course.homework import fill_homework

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
