"""TASKS.md: the course sheet's parts, with the commands for each in a student's workspace."""

from __future__ import annotations

from charlab.course.sheet import SHEET, Part, part_of
from charlab.course.student import Student
from charlab.plan.params import Params
from charlab.plan.study import ComparisonParams
from charlab.report.markdown import templates


def tasks_page(params: Params, owner: Student) -> str:
    """Return the page of tasks: set-up, each part's questions, commands and minutes, and hand-in.

    Commands are made of slugs alone. Titles and questions, which are free text, stand outside of
    the blocks that a student may paste into a shell.
    """
    comparisons = params.study.comparisons.items()
    # A part of the sheet, and the comparisons that answer its questions.
    parts: list[tuple[Part, list[tuple[str, ComparisonParams]]]] = [
        (part, [(slug, entry) for slug, entry in comparisons if part_of(entry) == part.number])
        for part in SHEET
    ]
    return (
        templates("charlab.course")
        .get_template("tasks.md.j2")
        .render(
            study=params.study,
            parts=parts,
            more=[(slug, entry) for slug, entry in comparisons if not part_of(entry)],
            minutes=sum(part.minutes for part in SHEET),
            owner=owner,
            chars={slug: text.chars for slug, text in params.texts.items()},
        )
    )
