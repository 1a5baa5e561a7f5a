"""Run one stage of a student's workspace again, and compare with what was handed in.

What enters is a workspace and the name of a stage; what leaves says for each file of the
stage's outputs whether it is the same to the byte, and where it is not, which numbers
differ by how much. The workspace itself is only read: the stage runs in a copy of it.
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

from charlab.course.workspace import CourseError, copy_project, project_files

CODE = ("src/", "stages/", "dvc.yaml")
"""What decides, beside params.yaml and the texts, what a stage computes."""

SHOWN = 5
"""Numbers that are named for one file; there may be more."""


@dataclass(frozen=True)
class Found:
    """One file of a stage's outputs.

    Attributes
    ----------
    path : str
        In the workspace.
    verdict : str
        ``identical``, ``different``, or where it is not: ``missing`` from what was handed in,
        ``extra`` there.
    notes : list of str
        What differs, for a person.
    """

    path: str
    verdict: str
    notes: list[str]


def check(workspace: Path, stage: str) -> list[Found]:
    """Run a stage again in a copy of a workspace, and compare.

    Parameters
    ----------
    workspace : Path
        What a student handed in, with its data/.
    stage : str
        As DVC calls it: ``train``, ``train-variant@gru``, ``compare``.

    Returns
    -------
    list of Found
        One for each file, by path.

    Raises
    ------
    CourseError
        If the stage was never run there, or fails when it is run again.
    """
    outputs = outputs_of(workspace, stage)
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        copy = Path(name) / "workspace"
        copy_project(workspace, copy)
        if (workspace / "data").is_dir():
            shutil.copytree(workspace / "data", copy / "data", dirs_exist_ok=True)
        for output in outputs:
            _remove(copy / output)
        _run_again(copy, stage)
        return [found for output in outputs for found in _compared(workspace, copy, output)]


def outputs_of(workspace: Path, stage: str) -> list[str]:
    """Return what a stage wrote, as the workspace's dvc.lock has it."""
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
    """Return the files of code in which a workspace differs from the project."""
    ours, theirs = (
        {name for name in project_files(root) if name.startswith(CODE)}
        for root in (project, workspace)
    )
    both = ours & theirs
    changed = {n for n in both if not filecmp.cmp(project / n, workspace / n, shallow=False)}
    return sorted(changed | (ours ^ theirs))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _run_again(copy: Path, stage: str) -> None:
    """Run one stage, neither from DVC's cache nor into the student's."""
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True, capture_output=True)
    command = [sys.executable, "-m", "dvc", "repro", "--single-item", "--force"]
    command += ["--no-run-cache", "--no-commit", stage]
    # The stage's own "python" is this one, also where its environment is not activated.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        told = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise CourseError(f"stage {stage} failed when it was run again:\n{told}")


def _compared(workspace: Path, copy: Path, output: str) -> Iterator[Found]:
    """Yield what became of each file of one output, a file or a folder."""
    given, made = (_files(root / output) for root in (workspace, copy))
    for name in sorted(given.keys() | made.keys()):
        path = f"{output}/{name}" if name else output
        if name not in given:
            yield Found(path, "missing", [])
        elif name not in made:
            yield Found(path, "extra", [])
        elif filecmp.cmp(given[name], made[name], shallow=False):
            yield Found(path, "identical", [])
        else:
            yield Found(path, "different", _differences(given[name], made[name]))


def _files(path: Path) -> dict[str, Path]:
    if path.is_file():
        return {"": path}
    return {p.relative_to(path).as_posix(): p for p in path.rglob("*") if p.is_file()}


def _differences(given: Path, made: Path) -> list[str]:
    """Name the numbers and words that differ between two files of JSON or CSV."""
    readers = {".json": _json_values, ".csv": _csv_values}
    reader = readers.get(given.suffix)
    if reader is None:
        return [f"{given.stat().st_size} bytes handed in, {made.stat().st_size} when run again"]
    try:
        before, after = dict(reader(given)), dict(reader(made))
    except (ValueError, UnicodeDecodeError, csv.Error) as error:
        return [f"cannot be read ({error})"]
    keys = [k for k in before.keys() | after.keys() if before.get(k) != after.get(k)]
    notes = [_difference(key, before.get(key), after.get(key)) for key in sorted(keys)]
    more = [f"and {len(notes) - SHOWN} more"] if len(notes) > SHOWN else []
    return notes[:SHOWN] + more or ["the same values, written otherwise"]


def _difference(key: str, before: Any, after: Any) -> str:
    numbers = [_number(value) for value in (before, after)]
    text = f"{key}: {before} handed in, {after} when run again"
    if numbers[0] is None or numbers[1] is None:
        return text
    return f"{text} (difference {numbers[0] - numbers[1]:.3g})"


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _json_values(path: Path) -> Iterator[tuple[str, Any]]:
    def walk(value: Any, key: str) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict):
            for name, entry in value.items():
                yield from walk(entry, f"{key}.{name}" if key else str(name))
        elif isinstance(value, list):
            for place, entry in enumerate(value):
                yield from walk(entry, f"{key}[{place}]")
        else:
            yield key, value

    return walk(json.loads(path.read_text(encoding="utf-8")), "")


def _csv_values(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), start=1):
            for name, value in row.items():
                yield f"row {number}, {name}", value
