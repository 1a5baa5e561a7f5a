"""Compare the outputs of a stage with those handed in, file by file and value by value."""

from __future__ import annotations

import csv
import filecmp
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charlab.core.errors import shortened
from charlab.core.files import sha256_of
from charlab.core.units import counted

LARGE = 20_000_000
"""Size in bytes above which the values of a file are not compared: they are read as a whole."""

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


def compared(
    handed_in: Path, copy: Path, output: str, hashes: Mapping[str, str] | None = None
) -> Iterator[CheckedFile]:
    """Compare each file of one output, which may be a file or a folder.

    Parameters
    ----------
    handed_in, copy : Path
        Folders with the output as handed in, and as the new run wrote it; without links.
    output : str
        Path of the output in both.
    hashes : mapping of str to str, optional
        SHA-256 of files of which only that was handed in, by path.
    """
    hashes = hashes or {}
    # given: handed in by the student; made: by the new run.
    given, made = (files_of(root / output) for root in (handed_in, copy))
    prefix = f"{output}/"
    hashed = {path.removeprefix(prefix) for path in hashes if path.startswith(prefix)}
    for name in sorted(given.keys() | made.keys() | hashed):
        path = f"{output}/{name}" if name else output
        if name in made and name not in given and path in hashes:
            same = sha256_of(made[name]) == hashes[path]
            note = [] if same else ["another SHA-256 than the one handed in"]
            yield CheckedFile(path, "identical" if same else "different", note)
        elif name in made and name not in given:
            yield CheckedFile(path, "missing", [])
        elif name not in made:
            yield CheckedFile(path, "extra", [])
        elif filecmp.cmp(given[name], made[name], shallow=False):
            yield CheckedFile(path, "identical", [])
        else:
            yield CheckedFile(path, "different", _differences(given[name], made[name]))


def files_of(path: Path) -> dict[str, Path]:
    """Return the files below a folder by relative path; a file is its own only entry."""
    if path.is_file():
        return {"": path}
    return {p.relative_to(path).as_posix(): p for p in path.rglob("*") if p.is_file()}


def _differences(given: Path, made: Path) -> list[str]:
    """List the values that differ between two JSON or CSV files."""
    readers = {".json": _json_values, ".csv": _csv_values}
    reader = readers.get(given.suffix)
    sizes = given.stat().st_size, made.stat().st_size
    if reader is None or max(sizes) > LARGE:
        return [f"{counted(sizes[0], 'byte')} handed in, {sizes[1]} when run again"]
    try:
        before, after = dict(reader(given)), dict(reader(made))
    except (ValueError, csv.Error, RecursionError) as error:
        return [f"cannot be read ({shortened(error)})"]
    # Keys that only one of the files has are included: get returns None for the other.
    keys = [k for k in before.keys() | after.keys() if before.get(k) != after.get(k)]
    notes = [_difference(key, before.get(key), after.get(key)) for key in sorted(keys)]
    return few(notes, SHOWN) or ["the same values, written otherwise"]


def few(lines: list[str], most: int) -> list[str]:
    """Return the first lines, and how many others there are."""
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return lines[:most] + more


def _difference(key: str, before: Any, after: Any) -> str:
    """Describe one value that differs."""
    numbers = [_number(value) for value in (before, after)]
    shown = [shortened(value) for value in (key, before, after)]
    text = f"{shown[0]}: {shown[1]} handed in, {shown[2]} when run again"
    if numbers[0] is None or numbers[1] is None:
        return text
    return f"{text} (difference {numbers[0] - numbers[1]:.3g})"


def _number(value: Any) -> float | None:
    """Return a value as a number, or None if it is not one."""
    try:
        # A flag is not a number, although float(True) is 1.0.
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _json_values(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield every value of a JSON file with its path, such as ``samples[0].text``."""
    return leaves(json.loads(path.read_text(encoding="utf-8")), "")


def leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Yield the values below ``key`` that are neither lists nor objects."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from leaves(entry, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            yield from leaves(entry, f"{key}[{place}]")
    else:
        yield key, value


def _csv_values(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every field of a CSV file with its row and column."""
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), start=1):
            for name, value in row.items():
                yield f"row {number}, {name}", value
