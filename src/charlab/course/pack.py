"""Pack a student's workspace into one zip file to hand in.

It has what a person reads and what a check needs: answers, exercise, params.yaml, dvc.lock, the
tables, the small outputs of each training, and the hashes of the large ones.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charlab.core.files import sha256_of
from charlab.course.archive import write_archive
from charlab.course.exercise import SOURCES
from charlab.course.handed_in import CourseError, plain_files
from charlab.course.homework import FRAME, HOMEWORK, STAMP, answers, results_hash
from charlab.course.student import FILE, Student, read_student
from charlab.course.workspace import git
from charlab.plan.params import load_params

MANIFEST = "outputs.json"
"""File of a zip file with the SHA-256 of each output of the trainings."""

SMALL = (".json", ".csv")
"""Suffixes of the outputs that are handed in themselves; of others, only their hashes are."""

VOCABULARY = "vocab.json"
"""The same in every training of a text."""

CODE = ("src", "stages", "dvc.yaml")
"""Code that a student may change; a check takes it from them only on request."""


@dataclass(frozen=True)
class Packed:
    """A zip file that was written.

    Attributes
    ----------
    path : Path
    owner : Student
    notes : list of str
        What a student may have forgotten.
    """

    path: Path
    owner: Student
    notes: list[str]


def pack(root: Path, out: Path | None = None) -> Packed:
    """Write the zip file of a workspace, by default beside its params.yaml.

    Raises
    ------
    CourseError
        If results, homework and parameters do not belong together, with what to do.
    """
    owner = read_student(root)
    if problems := [*_problems(root)]:
        raise CourseError("not ready to be handed in:\n" + "\n".join(f"- {p}" for p in problems))
    code = [*_changed_code(root)]
    outputs = {name: sha256_of(root / name) for name in _outputs(root)}
    names = [*_names(root), *filter(_is_small, outputs), *code]
    files = {name: (root / name).read_bytes() for name in names}
    files[MANIFEST] = (json.dumps(outputs, indent=0, sort_keys=True) + "\n").encode()
    path = out or root / f"{owner.student}.zip"
    write_archive(path, files)
    return Packed(path, owner, [*_notes(root, code)])


def _problems(root: Path) -> Iterator[str]:
    """Yield each reason not to pack a workspace, and what to do."""
    if not (root / HOMEWORK).is_file():
        yield (
            f"there is no {HOMEWORK}: run 'charlab fan-out', then 'charlab course homework', and "
            "answer its questions"
        )
    elif not (root / FRAME).is_file() or not (root / STAMP).is_file():
        yield f"{FRAME} or {STAMP} is missing: restore them, or make the homework anew"
    elif (root / STAMP).read_bytes().strip() != results_hash(root).encode():
        yield (
            f"the results have changed since {HOMEWORK} was written: rename the folder homework, "
            "run 'charlab course homework', and copy your answers into the new file"
        )
    missing = [name for name in SOURCES if not (root / "exercise" / name).is_file()]
    if missing:
        yield f"exercise/{missing[0]} is missing: restore it with 'git checkout exercise'"
    if changed := _out_of_date(root):
        shown = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" * (len(changed) > 5))
        yield (
            f"results are missing or do not belong to your params.yaml ({shown}): run 'charlab "
            "fan-out' until it says that everything is up to date"
        )


def _out_of_date(root: Path) -> list[str]:
    """Return the names of the stages that DVC would run again."""
    if not (root / "dvc.lock").is_file():
        return ["nothing was run"]
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "--json"],
        cwd=root, capture_output=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    try:
        return sorted(json.loads(done.stdout))
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise CourseError(
            f"{root}: 'dvc status' failed ({last}); 'charlab mend' may help, then repeat"
        ) from None


def _names(root: Path) -> Iterator[str]:
    """Yield the paths of the files that every workspace hands in itself."""
    yield from (FILE, "params.yaml", "dvc.lock")
    for folder in ("homework", "metrics", "data/own"):
        yield from plain_files(root, folder)
    yield from (f"exercise/{name}" for name in SOURCES)


def _is_small(output: str) -> bool:
    """Return whether an output is handed in itself."""
    return output.endswith(SMALL) and Path(output).name != VOCABULARY


def _outputs(root: Path) -> Iterator[str]:
    """Yield the paths of all outputs of the trainings that params.yaml names."""
    variants = load_params(root / "params.yaml").study.variants
    for folder in ("data/model", *(f"data/variants/{slug}" for slug in variants)):
        yield from plain_files(root, folder)


def _changed_code(root: Path) -> Iterator[str]:
    """Yield the files of the code that differ from the workspace's first commit."""
    first = git(root, "rev-list", "--max-parents=0", "HEAD").split()
    changed = git(root, "diff", "--name-only", "-z", "--no-ext-diff", first[-1], "--", *CODE)
    added = git(root, "ls-files", "-z", "--others", "--exclude-standard", "--", *CODE)
    for name in sorted({*changed.split("\0"), *added.split("\0")} - {""}):
        # A file that was removed cannot be handed in.
        if (root / name).is_file():
            yield name


def _notes(root: Path, code: list[str]) -> Iterator[str]:
    """Yield what a student may have forgotten, though it can be handed in as it is."""
    paths = (root / HOMEWORK, root / FRAME)
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths]
    if "\ufffd" in texts[0]:
        yield f"{HOMEWORK} has letters that are not UTF-8: save it in that encoding, and pack again"
    blanks = answers(*texts)
    empty = [answer.key for answer in blanks if not answer.text]
    if empty:
        yield f"{len(empty)} of {len(blanks)} answers are missing: {'; '.join(empty[:4])}"
    for name in SOURCES:
        if b"NotImplementedError" in (root / "exercise" / name).read_bytes():
            yield f"exercise/{name} still has blanks; 'charlab course exercise' tests it"
    if code:
        yield f"your changes of {', '.join(code[:4])} are handed in, too"
