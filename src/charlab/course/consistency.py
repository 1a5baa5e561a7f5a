"""Compare the parts of a submission with each other, without running anything.

One training is run again; this reads all of them. Numbers that were changed by hand in one file
mostly contradict another: the hashes of the packed outputs, or the table of all runs.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path

from charlab.core.errors import shortened
from charlab.core.files import sha256_of
from charlab.course.check import manifest
from charlab.course.handed_in import plain_files
from charlab.course.outputs import few
from charlab.course.student import BLOCK, student_seed
from charlab.plan.params import load_params

TABLE = "metrics/seeds.csv"
"""Table of the losses of every run, which follow from the runs' own files."""

LOSSES = ("val_bpc", "test_bpc")
"""Columns of the table that a run's metrics.json has, too."""

ROUNDED = 1e-4
"""Relative difference that rounding in the table explains."""

SHOWN = 4
"""Maximum number of contradictions that are listed."""

MAX_BYTES = 2_000_000
"""Maximum size of a table or a file of metrics that is read."""


def contradictions(folder: Path) -> list[str]:
    """Return what in a folder or an unpacked zip file contradicts the rest of it.

    Of many lines, the first few and the number of the others.
    """
    return few([*_changed_outputs(folder), *_changed_losses(folder)], SHOWN)


def _changed_outputs(folder: Path) -> Iterator[str]:
    """Yield the outputs of trainings that are not the files whose hashes were packed."""
    for name, packed in sorted((manifest(folder) or {}).items()):
        if plain_files(folder, name) == [name] and sha256_of(folder / name) != packed:
            yield f"{shortened(name)} was changed after it was packed"


def _changed_losses(folder: Path) -> Iterator[str]:
    """Yield the runs whose losses in the table of all runs are not those in their own files."""
    if not _readable(folder, TABLE):
        return
    try:
        with (folder / TABLE).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                yield from _compared(folder, row)
    except (ValueError, TypeError, AttributeError, csv.Error, RecursionError) as error:
        yield f"{TABLE} cannot be compared with the runs ({shortened(error)})"


def _compared(folder: Path, row: dict[str, str]) -> Iterator[str]:
    """Yield a sentence for each loss of one row that its run contradicts."""
    name = f"data/variants/{row.get('variant')}/{row.get('seed')}/metrics.json"
    if not _readable(folder, name):
        return
    metrics = json.loads((folder / name).read_text(encoding="utf-8"))
    for column in LOSSES:
        # A run that diverged at once has no loss.
        if not row.get(column) or metrics.get(column) is None:
            continue
        if not math.isclose(float(row[column]), float(metrics[column]), rel_tol=ROUNDED):
            yield (
                f"{shortened(name)} has the {column} {shortened(metrics[column])}, {TABLE} "
                f"{shortened(row[column])}"
            )


def _readable(folder: Path, name: str) -> bool:
    """Return whether a path is a plain file of a size that may be read."""
    return plain_files(folder, name) == [name] and (folder / name).stat().st_size <= MAX_BYTES


def foreign_seeds(folder: Path, student: str) -> list[int]:
    """Return the seeds in params.yaml that do not belong to a student."""
    plain_files(folder, "params.yaml")
    params = load_params(folder / "params.yaml")
    block = student_seed(student) // BLOCK
    lists = [params.study.seeds_of(slug) for slug in params.study.variants]
    seeds = {params.seed, *(seed for own in lists for seed in own)}
    return sorted(seed for seed in seeds if seed // BLOCK != block)
