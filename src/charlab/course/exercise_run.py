"""Run the tests of an exercise in a process of its own, and return their verdicts."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from charlab.core.errors import shortened
from charlab.course.exercise import SOURCES
from charlab.course.exercise_child import ARRAYS, ERRORS, WHERE
from charlab.course.exercise_judge import Array, Verdict, judge
from charlab.course.handed_in import Copier, CourseError
from charlab.course.limits import run_limited

SECONDS = 120
"""Time after which an exercise is ended."""

MAX_BYTES = 20_000_000
"""Maximum size of each file that an exercise returns."""


def run_exercise(
    folder: Path, seconds: float = SECONDS, say: Callable[[str], None] | None = None
) -> list[Verdict]:
    """Run a student's exercise, and judge what it returns.

    The code of ``folder`` runs, in a process with limited time and memory.

    Parameters
    ----------
    folder : Path
        Folder with the files of the exercise.
    seconds : float
        Time after which it is ended.
    say : callable, optional
        Gets what the exercise printed, if anything: its last 4,000 bytes.

    Raises
    ------
    CourseError
        If a file is missing, or if the exercise ended without results.
    """
    missing = [name for name in SOURCES if not (folder / name).is_file()]
    if missing:
        raise CourseError(
            f"{folder} has no {' and no '.join(missing)}; 'charlab course start' makes them, and "
            "'git checkout exercise' restores them"
        )
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        out = Path(name)
        copier = Copier(folder)
        for source in SOURCES:
            copier.copy(source, out / "exercise")
        # -P: the folder's files must not pass for Python's modules.
        command = [sys.executable, "-P", "-m", "charlab.course.exercise_child"]
        status, output = run_limited(
            [*command, str(out / "exercise"), name, str(seconds)], out, seconds
        )
        if say and output.strip():
            say(output.strip())
        if status is None:
            raise CourseError(
                f"{folder}: the exercise was ended after {seconds:g} seconds; look for a loop that "
                f"never ends{_where(out / WHERE)}"
            )
        if status != 0 or not (out / ARRAYS).is_file() or not (out / ERRORS).is_file():
            last = (output.strip().splitlines() or ["no output"])[-1]
            raise CourseError(f"{folder}: the exercise ended without results ({shortened(last)})")
        return judge(*_results(folder, out))


def _where(path: Path) -> str:
    """Return the line that an exercise was at after a quarter of its time; empty if unknown."""
    if path.is_symlink() or not path.is_file():
        return ""
    # Innermost calls come first.
    traceback = path.read_bytes()[:MAX_BYTES].decode("utf-8", "replace")
    names = "|".join(map(re.escape, SOURCES))
    match = re.search(rf"({names})\", line (\d+)", traceback)
    return f", near {match[1]} line {match[2]}" if match else ""


def _results(folder: Path, out: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """Read the arrays and errors of a run, as data that nobody vouches for."""
    try:
        for name in (ARRAYS, ERRORS):
            path = out / name
            if path.is_symlink() or path.stat().st_size > MAX_BYTES:
                raise ValueError(f"{name} is too large")
        with zipfile.ZipFile(out / ARRAYS) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
                raise ValueError(f"{ARRAYS} is too large")
        # Without pickle, which could run code.
        with np.load(out / ARRAYS, allow_pickle=False) as loaded:
            arrays = {name: np.asarray(loaded[name], np.float64) for name in loaded.files}
        errors = json.loads((out / ERRORS).read_text(encoding="utf-8"))
        return arrays, {str(key): str(value) for key, value in dict(errors).items()}
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile, RecursionError) as error:
        raise CourseError(f"{folder}: the exercise's results cannot be read ({error})") from None
