"""Compare what stages make of trainings that are only close to the recorded ones.

A training by torch's layers or by NumPy differs a little between processors, and with it whatever
shows it. Everything else has to be the same: each file, each row of a table and each line of the
report that does not name such a training.
"""

from __future__ import annotations

import csv
import filecmp
from collections.abc import Collection
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from charlab.course.outputs import files_of
from charlab.plan.params import load_params
from charlab.report.markdown import escape

SHOWN = ("brief.pdf", "index.html")
"""Files that show lines of report.md in another form, and cannot be compared line by line."""

REPORT, NUMBERS = "report.md", "numbers.csv"


@dataclass(frozen=True)
class Names:
    """The names under which some variants appear.

    Attributes
    ----------
    variants : frozenset of str
        Their slugs.
    comparisons : frozenset of str
        The slugs of the comparisons that they are in.
    labels : frozenset of str
        Their labels, as figures and as Markdown have them.
    """

    variants: frozenset[str]
    comparisons: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()

    def in_file(self, path: Path) -> bool:
        """Return whether a file is named after a variant, or is the figure of a comparison."""
        ends = tuple(f"_{slug}" for slug in self.comparisons)
        return path.stem in self.variants or (bool(ends) and path.stem.endswith(ends))

    def in_row(self, row: Collection[str]) -> bool:
        """Return whether a row of a table is of a variant or comparison, or a formula names one."""
        slugs = self.variants | self.comparisons
        return any(field in slugs or any(f"'{slug}'" in field for slug in slugs) for field in row)

    def in_line(self, line: str) -> bool:
        """Return whether a line of the report has a variant's label, or a comparison's figure."""
        figures = (f"_{slug}.svg" for slug in self.comparisons)
        return any(name in line for name in (*self.labels, *figures))


def names_of(root: Path, variants: Collection[str]) -> Names:
    """Return the names of some variants of a project."""
    params = load_params(root / "params.yaml")
    return Names(
        frozenset(variants),
        frozenset(
            slug
            for slug, comparison in params.study.comparisons.items()
            if not set(variants).isdisjoint(comparison.variants)
        ),
        frozenset(
            form for slug in variants for form in (params.labels[slug], escape(params.labels[slug]))
        ),
    )


def first_difference(recorded: Path, made: Path, names: Names) -> str | None:
    """Return the first difference between two folders that is not one of some variants.

    Parameters
    ----------
    recorded, made : Path
        A folder of results as it was recorded, and that of the new run.
    names : Names
        The variants that may differ.
    """
    files = [files_of(root) for root in (recorded, made)]
    for name in sorted(files[0].keys() | files[1].keys()):
        # The name of an output that is itself a file is empty.
        if names.in_file(recorded / name):
            continue
        one, other = (own.get(name) for own in files)
        if one is None or other is None:
            return f"{name}: only one of the two runs wrote it"
        if _same(one, other):
            continue
        if difference := _difference(one, other, names):
            return f"{name}: {difference}"
    return None


def uncompared(recorded: Path, made: Path) -> list[str]:
    """Return the files that differ and are not compared, since they show report.md."""
    pairs = ((recorded / name, made / name) for name in SHOWN)
    return [
        one.name
        for one, other in pairs
        if one.is_file() and other.is_file() and not _same(one, other)
    ]


def _same(recorded: Path, made: Path) -> bool:
    return filecmp.cmp(recorded, made, shallow=False)


def _difference(recorded: Path, made: Path, names: Names) -> str | None:
    """Return the first difference between two files outside of the variants' rows and lines."""
    if recorded.name in SHOWN:
        return None
    if recorded.suffix == ".csv":
        return _first([_rows(path, names) for path in (recorded, made)])
    if recorded.name == REPORT:
        return _first([_lines(path, names) for path in (recorded, made)])
    return "differs, and names none of them"


def _first(pair: list[list[str]]) -> str | None:
    """Return the first pair of lines that differ."""
    for one, other in zip_longest(*pair, fillvalue="nothing"):
        if one != other:
            return f"recorded {one}, made again {other}"
    return None


def _rows(path: Path, names: Names) -> list[str]:
    """Return the rows of a table that name none of the variants."""
    # A line more or less above a number changes only where it stands.
    first = 1 if path.name == NUMBERS else 0
    with path.open(encoding="utf-8", newline="") as stream:
        return [",".join(row[first:]) for row in csv.reader(stream) if not names.in_row(row)]


def _lines(path: Path, names: Names) -> list[str]:
    """Return the lines of the report that neither name a variant nor have a number from one."""
    with path.with_name(NUMBERS).open(encoding="utf-8", newline="") as stream:
        of_them = {row["line"] for row in csv.DictReader(stream) if names.in_row(row.values())}
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return [line for k, line in lines if str(k) not in of_them and not names.in_line(line)]
