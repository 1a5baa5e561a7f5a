"""Points: which are given automatically, which by a person, and how they are written down.

The automatic points of a student are in ``autograde.json``, in the form of Gradescope's
``results.json``: a list ``tests`` with ``name``, ``score`` and ``max_score``. The rubric has the
same items, and those that a person grades.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from charlab.course.exercise_judge import Verdict
from charlab.course.sheet import SHEET
from charlab.course.submissions import Submission
from charlab.report.markdown import templates

RERUN, GRADIENTS, SAMPLER, ANSWERED = 10, 12, 8, 1
"""Automatic points: of the training that was run again, of each half of the exercise, and of each
part of the course sheet whose blanks all have an answer."""


@dataclass(frozen=True)
class Points:
    """The automatic points of one item.

    Attributes
    ----------
    name : str
    score : float, optional
        None if the item was not checked.
    most : int
    output : str
        The reason, for the student.
    """

    name: str
    score: float | None
    most: int
    output: str


def automatic(submission: Submission) -> list[Points]:
    """Return the automatic points of a submission."""
    return [_rerun(submission), *_exercise(submission), *_answered(submission)]


def _rerun(submission: Submission) -> Points:
    """Return the points of the training that was run again."""
    name = "A training run again gives the same bytes"
    if not submission.rerun:
        return Points(name, None, RERUN, "not run again")
    reason = f"{submission.stage}: {submission.rerun}"
    if submission.foreign:
        # Anybody can hand in a run of somebody else, which is identical, too.
        return Points(name, 0, RERUN, f"{reason}, but not with the seeds of {submission.student}")
    return Points(name, RERUN if submission.rerun == "identical" else 0, RERUN, reason)


def _exercise(submission: Submission) -> Iterator[Points]:
    """Yield the points of both halves of the exercise."""
    for group, most in (("gradients", GRADIENTS), ("sampler", SAMPLER)):
        name = f"Exercise: {group}"
        if submission.exercise is None:
            yield Points(name, None, most, "not run")
            continue
        verdicts = [verdict for verdict in submission.exercise if verdict.group == group]
        passed = sum(verdict.passed for verdict in verdicts)
        yield Points(name, round(most * passed / len(verdicts), 1), most, _failed(verdicts))


def _failed(verdicts: list[Verdict]) -> str:
    """Return the messages of the tests that failed."""
    lines = [f"{verdict.name}: {verdict.message}" for verdict in verdicts if not verdict.passed]
    return "\n".join(lines) or "all tests passed"


def _answered(submission: Submission) -> Iterator[Points]:
    """Yield the points for having written something in each blank of a part."""
    for part in SHEET:
        blanks = [answer for answer in submission.answers if answer.part == part.number]
        given = sum(bool(answer.text) for answer in blanks)
        share = given / len(blanks) if blanks else 0
        output = f"{given} of {len(blanks)} blanks have an answer" if blanks else "no blanks"
        yield Points(f"{part.heading}: answered", round(ANSWERED * share, 2), ANSWERED, output)


def autograde(submission: Submission) -> dict[str, Any]:
    """Return the automatic points of a submission in the form of Gradescope's results.json."""
    points = automatic(submission)
    checked = [item for item in points if item.score is not None]
    tests = [
        {
            "number": str(number),
            "name": item.name,
            "score": item.score,
            "max_score": item.most,
            "status": "passed" if item.score == item.most else "failed",
            "output": item.output,
        }
        for number, item in enumerate(checked, start=1)
    ]
    return {
        "score": round(sum(item.score or 0 for item in checked), 2),
        "tests": tests,
        "extra_data": {
            "student": submission.student,
            "not_checked": [item.name for item in points if item.score is None],
            "by_hand": [{"name": part.heading, "max_score": part.points} for part in SHEET],
        },
    }


def rubric() -> str:
    """Return the rubric: every item with its points, in Markdown."""
    by_hand = sum(part.points for part in SHEET)
    by_itself = RERUN + GRADIENTS + SAMPLER + ANSWERED * len(SHEET)
    return (
        templates("charlab.course")
        .get_template("rubric.md.j2")
        .render(
            parts=SHEET, rerun=RERUN, gradients=GRADIENTS, sampler=SAMPLER, answered=ANSWERED,
            by_hand=by_hand, by_itself=by_itself,
        )
    )  # fmt: skip
