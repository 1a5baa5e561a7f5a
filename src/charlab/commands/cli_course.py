"""Commands for a course: charlab course start, exercise, homework, pack, check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charlab.commands.cli_options import COUNT, FILE, FOLDER, SEED, FiniteRange, project
from charlab.core.units import counted

if TYPE_CHECKING:
    from charlab.course.submissions import Options


@click.group(short_help="Workspaces for a class, and their check.")
def course() -> None:
    """Make workspaces for a class, test the exercise, fill in the homework, pack and check it."""


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

    def say(printed: str) -> None:
        click.echo("Printed by your code:")
        for line in printed.splitlines():
            click.echo(printable(f"    {line}"))

    verdicts = run_exercise(project() / "exercise", say=say)
    above = ""
    for verdict in verdicts:
        click.echo(printable(f"{'passed' if verdict.passed else 'FAILED'}  {verdict.name}"))
        if not verdict.passed:
            # One error may keep several tests from running.
            shown = "the same" if verdict.message == above else verdict.message
            click.echo(printable(f"        {shown}"))
        above = verdict.message
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


@course.command("pack", short_help="Write one zip file to hand in.")
@click.option("--out", "-o", type=FILE, help="the zip file [default: STUDENT.zip]")
def course_pack(out: Path | None) -> None:
    """Write one zip file to hand in: answers, exercise, params.yaml, dvc.lock, small results.

    Results that do not belong to params.yaml, or to the homework, are refused, with what to do.
    """
    from charlab.course.pack import pack

    packed = pack(project(), out)
    for note in packed.notes:
        click.echo(f"note: {note}")
    size = packed.path.stat().st_size / 1e6
    click.echo(f"{packed.path.name} written ({size:.1f} MB); hand in this file")


@course.command("check", short_help="Check a workspace, a zip file, or those of a whole class.")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--stage", help="stage to run again, such as train, train-variant@gru, compare")
@click.option("--draw", type=SEED, help="number that draws a training for each student")
@click.option(
    "--run-their-code",
    is_flag=True,
    help="run the exercise and the changed code of PATH, with all your rights",
)
@click.option(
    "--out", "-o", type=FOLDER, default=Path("grading"), show_default=True, help="for a class"
)
@click.option(
    "--similar",
    type=FiniteRange(0.05, 1),
    default=0.5,
    show_default=True,
    help="share from which two answers count as shared",
)
@click.option("--minutes", type=COUNT, default=10, show_default=True, help="time for each training")
def course_check(
    path: Path, stage: str | None, draw: int | None, out: Path, **options: Any
) -> None:
    """Check what was handed in: run a stage again, and compare its outputs byte for byte.

    PATH is a workspace, a zip file of 'charlab course pack', or a folder of them. For a folder, a
    table of all students is written, with their automatic points; for one, what differs is listed.

    This project's code runs on the student's parameters; nothing else of PATH runs, unless
    --run-their-code says so. With one PATH, exit with 0 if all files are byte for byte the same,
    otherwise with 1.
    """
    from charlab.core.errors import CharlabError
    from charlab.course.submissions import Options

    if stage is not None and draw is not None:
        raise CharlabError("give either --stage or --draw, not both")
    chosen = Options(
        stage, draw, options["run_their_code"], options["similar"], 60 * options["minutes"]
    )
    if path.is_file() or (path / "params.yaml").is_file():
        _check_one(path, chosen)
    else:
        _check_class(path, out, chosen)


def _check_one(path: Path, options: Options) -> None:
    """List what differs in one workspace or zip file, and run a stage of it again."""
    from charlab.core.errors import CharlabError, printable
    from charlab.course.changes import changes
    from charlab.course.check import check
    from charlab.course.consistency import contradictions
    from charlab.course.stage_files import drawn_stage
    from charlab.course.student import read_student
    from charlab.course.submissions import opened
    from charlab.plan.params import load_params

    if options.stage is None and options.draw is None:
        raise CharlabError("name the stage to run again (--stage train), or draw one (--draw 7)")
    with opened(path) as folder:
        # Changes alone do not fail the check, since a task may ask for them.
        for line in (*changes(project(), folder), *contradictions(folder)):
            click.echo(printable(line))
        stage = options.stage or drawn_stage(
            load_params(folder / "params.yaml"), options.draw or 0, read_student(folder).student
        )
        entries = check(
            project(), folder, stage, run_their_code=options.run_their_code, seconds=options.seconds
        )
    for entry in entries:
        click.echo(printable(f"{entry.verdict:10} {entry.path}"))
        for note in entry.notes:
            click.echo(printable(f"           {note}"))
    same = sum(entry.verdict == "identical" for entry in entries)
    click.echo(f"{stage}: {same} of {counted(len(entries), 'file')} identical")
    sys.exit(0 if same == len(entries) else 1)


def _check_class(folder: Path, out: Path, options: Options) -> None:
    """Check a folder of zip files, and write the instructor's tables."""
    from charlab.core.errors import printable
    from charlab.course.class_tables import check_place, write_class
    from charlab.course.submissions import check_class

    check_place(out)
    submissions = check_class(project(), folder, options, lambda line: click.echo(printable(line)))
    write_class(out, submissions)
    click.echo(
        f"{counted(len(submissions), 'student')}; {out / 'table.md'} and {out / 'table.csv'}"
    )
