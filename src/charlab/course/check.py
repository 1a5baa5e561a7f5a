"""Rerun a stage of a student's workspace, and compare the outputs byte for byte.

The stage runs in a copy, so the workspace is only read. For a file that differs, the check lists
the values that differ.
"""

from __future__ import annotations

import csv
import filecmp
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from charlab.core.units import counted
from charlab.course.workspace import CourseError, copy_project, project_files

CODE = ("src/", "stages/", "dvc.yaml")
"""Files that determine a stage's outputs, together with params.yaml and the texts."""

SHOWN = 5
"""Maximum number of differences listed for one file."""


@dataclass(frozen=True)
class CheckedFile:
    """An output file of a stage, and the result of its comparison.

    Attributes
    ----------
    path : str
        Path in the workspace.
    verdict : str
        ``identical`` or ``different``; ``missing`` if only the new run wrote the file,
        ``extra`` if only the workspace has it.
    notes : list of str
        The differences, in words.
    """

    path: str
    verdict: str
    notes: list[str]


def check(workspace: Path, stage: str) -> list[CheckedFile]:
    """Rerun a stage in a copy of a workspace, and compare its outputs.

    Parameters
    ----------
    workspace : Path
        The folder that a student handed in, with its data/.
    stage : str
        Name of the stage for DVC: ``train``, ``train-variant@gru``, ``compare``.

    Returns
    -------
    list of CheckedFile
        One for each file, by path.

    Raises
    ------
    CourseError
        If the stage was never run in the workspace, or fails now.
    """
    outputs = outputs_of(workspace, stage)
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        copy = Path(name) / "workspace"
        copy_project(workspace, copy)
        if (workspace / "data").is_dir():
            shutil.copytree(workspace / "data", copy / "data", dirs_exist_ok=True)
        # None of the student's files may pass for a result of the new run.
        for output in outputs:
            _remove(copy / output)
        _run_again(copy, stage)
        return [file for output in outputs for file in _compared(workspace, copy, output)]


def outputs_of(workspace: Path, stage: str) -> list[str]:
    """Return the outputs of a stage from the dvc.lock of a workspace.

    Raises
    ------
    CourseError
        If dvc.lock is missing or unreadable, or has no such stage.
    """
    lock = workspace / "dvc.lock"
    try:
        stages = yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        raise CourseError(
            f"{lock}: no record of a run; the student runs 'charlab fan-out' and hands in the "
            "whole folder, with dvc.lock and data/"
        ) from None
    if stage not in stages:
        raise CourseError(
            f"{lock}: no stage {stage!r} was run; there are {', '.join(sorted(stages))}"
        )
    return [str(out["path"]) for out in stages[stage].get("outs", [])]


def changed_code(project: Path, workspace: Path) -> list[str]:
    """Return the code files that differ between a project and a workspace."""
    ours, theirs = (
        {name for name in project_files(root) if name.startswith(CODE)}
        for root in (project, workspace)
    )
    both = ours & theirs
    # shallow=False compares contents: a copy may have another date.
    changed = {n for n in both if not filecmp.cmp(project / n, workspace / n, shallow=False)}
    return sorted(changed | (ours ^ theirs))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _run_again(copy: Path, stage: str) -> None:
    """Run one stage without reading or writing the student's DVC cache."""
    # DVC requires a git repository.
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True, capture_output=True)
    command = [sys.executable, "-m", "dvc", "repro", "--single-item", "--force"]
    # The student's cache could supply a forged result without running anything.
    command += ["--no-run-cache", "--no-commit", stage]
    # The stage's "python" is this interpreter even if its environment is not activated.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path}
    # Not every program writes UTF-8 to a pipe; a message with a few odd letters is good enough.
    done = subprocess.run(
        command, cwd=copy, env=environment, check=False,
        capture_output=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    if done.returncode:
        output = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise CourseError(f"stage {stage} failed in the new run:\n{output}")


def _compared(workspace: Path, copy: Path, output: str) -> Iterator[CheckedFile]:
    """Compare each file of one output, which may be a file or a folder."""
    # given: handed in by the student; made: by the new run.
    given, made = (_files(root / output) for root in (workspace, copy))
    for name in sorted(given.keys() | made.keys()):
        path = f"{output}/{name}" if name else output
        if name not in given:
            yield CheckedFile(path, "missing", [])
        elif name not in made:
            yield CheckedFile(path, "extra", [])
        elif filecmp.cmp(given[name], made[name], shallow=False):
            yield CheckedFile(path, "identical", [])
        else:
            yield CheckedFile(path, "different", _differences(given[name], made[name]))


def _files(path: Path) -> dict[str, Path]:
    """Return the files below a folder by relative path; a file is its own only entry."""
    if path.is_file():
        return {"": path}
    return {p.relative_to(path).as_posix(): p for p in path.rglob("*") if p.is_file()}


def _differences(given: Path, made: Path) -> list[str]:
    """List the values that differ between two JSON or CSV files."""
    readers = {".json": _json_values, ".csv": _csv_values}
    reader = readers.get(given.suffix)
    if reader is None:
        size = counted(given.stat().st_size, "byte")
        return [f"{size} handed in, {made.stat().st_size} when run again"]
    try:
        before, after = dict(reader(given)), dict(reader(made))
    except (ValueError, UnicodeDecodeError, csv.Error) as error:
        return [f"cannot be read ({error})"]
    # Keys that only one of the files has are included: get returns None for the other.
    keys = [k for k in before.keys() | after.keys() if before.get(k) != after.get(k)]
    notes = [_difference(key, before.get(key), after.get(key)) for key in sorted(keys)]
    more = [f"and {len(notes) - SHOWN} more"] if len(notes) > SHOWN else []
    return notes[:SHOWN] + more or ["the same values, written otherwise"]


def _difference(key: str, before: Any, after: Any) -> str:
    """Describe one value that differs."""
    numbers = [_number(value) for value in (before, after)]
    text = f"{key}: {before} handed in, {after} when run again"
    if numbers[0] is None or numbers[1] is None:
        return text
    return f"{text} (difference {numbers[0] - numbers[1]:.3g})"


def _number(value: Any) -> float | None:
    """Return a value as a number, or None if it is not one."""
    try:
        # A flag is not a number, although float(True) is 1.0.
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _json_values(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield every value of a JSON file with its path, such as ``samples[0].text``."""
    return _leaves(json.loads(path.read_text(encoding="utf-8")), "")


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Yield the values below ``key`` that are neither lists nor objects."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _leaves(entry, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            yield from _leaves(entry, f"{key}[{place}]")
    else:
        yield key, value


def _csv_values(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every field of a CSV file with its row and column."""
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), start=1):
            for name, value in row.items():
                yield f"row {number}, {name}", value
