"""The homework: the report of a student's own runs, with blanks in place of findings.

Beside homework.md, in which the student writes, ``homework`` keeps frame.md, the same file as it
was before. Lines that are not in the frame are the student's.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from charlab.core.files import sha256_of, write_text
from charlab.course.exercise import BLANKS, SOURCES, blanked, solution
from charlab.course.handed_in import CourseError
from charlab.course.sheet import SHEET, part_of_heading
from charlab.plan.params import load_params
from charlab.report.markdown import escape
from charlab.report.render import render

MARKERS = ("**My answer", "**What I remember")
"""Starts of the lines above a blank."""

YOURS = "*The code that stands here in the report is your exercise.*"
"""Line in place of a solution."""

PROMPTS = {
    "Where the network overtakes counting": (
        "What can a network do that counting cannot, and from how many characters on does it show?",
    ),
    "The lines that matter": (
        "Explain these lines, and those that you wrote in exercise/rnn_by_hand.py.",
    ),
    "How far back": (
        "What is the share of memory that is realized, and over which distances is it left?",
    ),
}
"""Questions of sections that are in the report, and not on the sheet."""

FOLDER = "homework"
HOMEWORK = f"{FOLDER}/homework.md"
FRAME = f"{FOLDER}/frame.md"
STAMP = f"{FOLDER}/results.sha256"
"""File with the hash of the results that the homework shows."""


@dataclass(frozen=True)
class Answer:
    """One blank of a homework, and what a student wrote there.

    Attributes
    ----------
    part : str
        Number of the part of the course sheet; empty outside of all parts.
    heading : str
        The nearest heading above it.
    place : int
        1 for the first blank below that heading.
    text : str
        The student's lines; empty if there are none.
    """

    part: str
    heading: str
    place: int
    text: str

    @property
    def key(self) -> str:
        """Name of the blank, the same for all students of a class."""
        return f"{self.heading} ({self.place})"


def fill_homework(root: Path) -> Path:
    """Write the homework of a workspace: its figures and numbers, with blanks for the answers.

    Returns
    -------
    Path
        ``homework/homework.md``.

    Raises
    ------
    CourseError
        If there are no results yet, or if there is a homework, which may contain answers.
    """
    out = root / FOLDER
    if (root / HOMEWORK).exists():
        raise CourseError(
            f"{root / HOMEWORK}: this homework may contain your answers; "
            "rename the folder to get a new one"
        )
    if not (root / "metrics" / "model.json").is_file():
        raise CourseError(f"{root}: no results yet; run 'charlab fan-out' (or 'dvc repro') first")
    # The same templates as the report's, with blanks in place of findings.
    metrics, plots, data = (root / name for name in ("metrics", "plots", "data"))
    render(load_params(root / "params.yaml"), metrics, plots, data, out, blank=True)
    text = without_solutions((out / "report.md").read_text(encoding="utf-8"))
    text = with_questions(text)
    (out / "report.md").unlink()
    for name in (HOMEWORK, FRAME):
        write_text(root / name, text)
    write_text(root / STAMP, results_hash(root) + "\n")
    return root / HOMEWORK


def with_questions(text: str) -> str:
    """Return a homework with questions below the heading of each task, and of other sections.

    The parts 2.1 to 2.3 have theirs already, each above its blank.
    """
    questions = {part.number: part.questions for part in SHEET if part.number.startswith("Task")}

    def asked(match: re.Match[str]) -> str:
        listed = PROMPTS.get(match[1]) or questions.get(part_of_heading(match[1]), ())
        lines = (f"{number}. {escape(line)}" for number, line in enumerate(listed, start=1))
        return "\n".join([match[0], *([""] if listed else []), *lines])

    return re.sub(r"^##+ (.*)$", asked, text, flags=re.MULTILINE)


def without_solutions(text: str) -> str:
    """Return a report without Python code that a student is to write.

    Code stays if every line of it is in the files of the exercise as they are handed out.
    """
    given = {
        line.strip()
        for name in SOURCES
        for line in blanked(solution(name), BLANKS[name]).splitlines()
    }

    def kept(match: re.Match[str]) -> str:
        return match[0] if {line.strip() for line in match[1].splitlines()} <= given else YOURS

    return re.sub(r"^```python\n(.*?)^```$", kept, text, flags=re.MULTILINE | re.DOTALL)


def results_hash(root: Path) -> str:
    """Return a hash of the tables that a homework is made of."""
    tables = sorted((root / "metrics").rglob("*.*"))
    lines = [f"{path.name} {sha256_of(path)}\n" for path in tables if path.is_file()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def answers(homework: str, frame: str) -> list[Answer]:
    """Return the blanks of a frame, with what a student wrote below each.

    The student's text is every line that is not in the frame, and belongs to the blank above it.
    So it does not matter whether it is inside of the box or below it.
    """
    blanks = _blanks(frame)
    template = {_bare(line) for line in frame.splitlines()}
    written: dict[tuple[str, int], list[str]] = {}
    current: tuple[str, int] | None = None
    seen: dict[str, int] = {}
    heading = ""
    for line in homework.splitlines():
        bare = _bare(line)
        if line.startswith("#") and bare in template:
            heading = bare
        elif bare.startswith(MARKERS):
            seen[heading] = seen.get(heading, 0) + 1
            current = heading, seen[heading]
            # A student may write in the line of the marker itself.
            bare = "" if bare in template else bare.split("**", 2)[-1].strip()
        if current and bare and bare not in template:
            written.setdefault(current, []).append(bare)
    return [
        Answer(part, heading, place, "\n".join(written.get((heading, place), ())))
        for part, heading, place in blanks
    ]


def _blanks(frame: str) -> list[tuple[str, str, int]]:
    """Return the part, the heading and the place of each blank."""
    blanks: list[tuple[str, str, int]] = []
    # Parts of the headings that a line is below, by their level.
    parts: dict[int, str] = {}
    heading, place = "", 0
    for line in frame.splitlines():
        if match := re.match(r"(#+)\s", line):
            heading, place, level = _bare(line), 0, len(match[1])
            parts = {depth: part for depth, part in parts.items() if depth < level}
            parts[level] = part_of_heading(heading)
        elif _bare(line).startswith(MARKERS):
            place += 1
            named = [part for _, part in sorted(parts.items()) if part]
            blanks.append((named[-1] if named else "", heading, place))
    return blanks


def _bare(line: str) -> str:
    """Return a line without the marks of headings, quotes and blanks."""
    return re.sub(r"^[>#\s]+", "", line).strip().strip("…").strip()
