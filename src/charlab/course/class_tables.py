"""The instructor's tables of a class: one as CSV, one as Markdown, and a file for each student."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from charlab.core.errors import one_line, printable, shortened
from charlab.core.files import write_json, write_text
from charlab.core.folders import check_writable
from charlab.core.units import counted
from charlab.course.grading import autograde, automatic, rubric
from charlab.course.handed_in import CourseError
from charlab.course.submissions import Submission
from charlab.report.markdown import escape

COLUMNS = (
    *("student", "file", "points", "of", "stage", "rerun", "answers", "blanks", "exercise"),
    *("shared_with", "quoted", "code", "parameters", "problems"),
)
"""Columns of the table."""

TABLE = "table.csv"


def check_place(out: Path) -> None:
    """Make the folder for the tables, before trainings of an hour run for them.

    Raises
    ------
    CourseError
        If the folder has something else in it.
    WriteError
        If it cannot be written to.
    """
    check_writable(out)
    if any(out.iterdir()) and not (out / TABLE).is_file():
        raise CourseError(f"{out}: expected an empty folder, or one of an earlier check")


def write_class(out: Path, submissions: list[Submission]) -> None:
    """Write the tables of a class into a folder."""
    rows = [row(submission) for submission in submissions]
    write_text(out / TABLE, _csv(rows))
    write_text(out / "table.md", _markdown(rows, submissions))
    write_text(out / "rubric.md", rubric())
    names: dict[str, int] = {}
    for submission in submissions:
        # The name of a student is checked, that of a file that cannot be read is not.
        name = "".join(c if c.isalnum() or c in "-_. " else "_" for c in submission.student)[:80]
        names[name] = names.get(name, 0) + 1
        name += f"-{names[name]}" if names[name] > 1 else ""
        write_json(out / "students" / name / "autograde.json", autograde(submission))


def row(submission: Submission) -> dict[str, str]:
    """Return the row of one submission."""
    points = [item for item in automatic(submission) if item.score is not None]
    exercise = submission.exercise
    passed = "" if exercise is None else f"{sum(v.passed for v in exercise)} of {len(exercise)}"
    shares: dict[str, list[float]] = {}
    for entry in submission.shared:
        for name in set(entry.students) - {submission.student}:
            shares.setdefault(name, []).append(entry.share)
    code = [line for line in submission.changes if line.startswith("code")]
    return {
        "student": submission.student,
        "file": submission.path.name,
        "points": f"{sum(item.score or 0 for item in points):g}",
        "of": str(sum(item.most for item in points)),
        "stage": submission.stage,
        "rerun": submission.rerun or "not run",
        "answers": str(sum(bool(answer.text) for answer in submission.answers)),
        "blanks": str(len(submission.answers)),
        "exercise": passed or "not run",
        "shared_with": ", ".join(
            f"{name} ({counted(len(own), 'answer')}, up to {max(own):.0%})"
            for name, own in shares.items()
        ),
        "quoted": str(len(submission.quoted)),
        "code": str(len(code)),
        "parameters": str(len(submission.changes) - len(code)),
        "problems": "; ".join(submission.problems),
    }


def _csv(rows: list[dict[str, str]]) -> str:
    """Return rows as CSV that no spreadsheet takes for formulas."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in entry.items()} for entry in rows)
    return stream.getvalue()


def _cell(value: str) -> str:
    """Return a cell that starts with no character of a formula."""
    shown = one_line(value)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _markdown(rows: list[dict[str, str]], submissions: list[Submission]) -> str:
    """Return the table, and below it what it counts."""
    lines = ["# What was handed in", ""]
    lines += [f"| {' | '.join(COLUMNS)} |", "|" + ":---|" * len(COLUMNS)]
    lines += [
        f"| {' | '.join(escape(printable(entry[column])) for column in COLUMNS)} |"
        for entry in rows
    ]
    for submission in submissions:
        details = [*_details(submission)]
        if details:
            lines += ["", f"## {escape(submission.student)}", "", *details]
    return "\n".join(lines) + "\n"


def _details(submission: Submission) -> Iterator[str]:
    """Yield what an instructor looks up after the table."""
    for problem in submission.problems:
        yield f"- {escape(problem)}"
    for line in submission.changes[:12]:
        yield f"- {escape(line)}"
    if len(submission.changes) > 12:
        yield f"- and {len(submission.changes) - 12} more changes"
    for file in submission.files:
        for note in file.notes[:3]:
            yield f"- {escape(file.path)}: {escape(note)}"
    for verdict in submission.exercise or ():
        if not verdict.passed:
            yield f"- {escape(verdict.name)}: {escape(verdict.message)}"
    empty = [answer.key for answer in submission.answers if not answer.text]
    if empty:
        yield f"- no answer: {escape('; '.join(empty))}"
    for entry in submission.shared:
        other = next(name for name in entry.students if name != submission.student)
        yield (
            f"- {escape(entry.key)}: {entry.share:.0%} in common with {escape(other)}, such as "
            f"“{escape(shortened(entry.passage))}”"
        )
    for key in submission.quoted:
        yield f"- {escape(key)}: mostly quoted from the project's own texts"
