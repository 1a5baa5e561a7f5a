"""Run the exercise's solution with some lines changed, as a student could have written it."""

from __future__ import annotations

from pathlib import Path

from charlab.core.files import write_text
from charlab.course import exercise_child
from charlab.course.exercise import NETWORK, SOURCES, solution
from charlab.course.exercise_judge import Verdict, judge
from charlab.course.exercise_run import _results


def tried(folder: Path, changes: dict[str, str], name: str = NETWORK) -> list[Verdict]:
    """Return the verdicts on the solution with some lines changed, in this process."""
    for file in SOURCES:
        # The other file would take most of the time.
        write_text(folder / file, solution(file) if not changes else "")
    source = solution(name)
    for old, new in changes.items():
        assert old in source, f"the solution has no line {old!r}"
        source = source.replace(old, new)
    write_text(folder / name, source)
    out = folder / "out"
    out.mkdir()
    exercise_child.main(folder, out)
    return judge(*_results(folder, out))


def messages(verdicts: list[Verdict]) -> dict[str, str]:
    """Return the messages of the tests that failed, by the name of the test."""
    return {verdict.name: verdict.message for verdict in verdicts if not verdict.passed}
