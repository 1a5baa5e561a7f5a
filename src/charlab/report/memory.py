"""State what is remembered over which distance in the built-in text, and when it was learned.

Input is metrics/memory.csv: for each variant, seed, snapshot and range of distances, the share of
what memory is worth there that the network realizes. 1 is the least possible loss, 0 that of a
reader who knows every rule and has forgotten the thing; below 0 is worse than that.
"""

from __future__ import annotations

from collections.abc import Sequence

from charlab.plots.registry import ENOUGH
from charlab.report.markdown import escape, listed
from charlab.report.numbers import Quantity
from charlab.report.observations import Table
from charlab.report.standings import contenders_of
from charlab.report.study import StudyResults

HALF = 0.5
"""Share from which a distance counts as learned."""

NEAREST = 4
"""Distance, in characters, below which there is nothing to remember that a short context lacks."""

FAR = (32, 128)
"""Range of distances, in characters, that decides who remembers."""


def remembered(results: StudyResults, variants: Sequence[str]) -> list[str]:
    """Return those of the variants that the table of memory has."""
    return [slug for slug in dict.fromkeys(variants) if results.rows("memory", slug)]


def bins(results: StudyResults, variants: Sequence[str]) -> list[tuple[int, int]]:
    """Return the ranges of distances with enough characters in the rows of any variant."""
    return sorted(
        {
            (int(row["low"]), int(row["high"]))
            for slug in variants
            for row in results.rows("memory", slug)
            if row["chars_in_bin"] >= ENOUGH
        }
    )


def far_bins(results: StudyResults, variants: Sequence[str]) -> list[tuple[int, int]]:
    """Return the ranges of distances within :data:`FAR`."""
    return [
        (low, high) for low, high in bins(results, variants) if FAR[0] <= low and high <= FAR[1]
    ]


def share(results: StudyResults, slug: str, low: int, chars: int | None = None) -> Quantity | None:
    """Return the share realized in a range of distances, the mean of the seeds.

    Parameters
    ----------
    low : int
        The smallest distance of the range.
    chars : int, optional
        Characters read; the last snapshot if it is not given.
    """
    when = last_snapshot(results, slug) if chars is None else chars
    column = results.column("memory", "share", variant=slug, chars=when, low=low)
    return column.mean if len(column) else None


def last_snapshot(results: StudyResults, slug: str) -> int:
    """Return the characters read at the end of a training; -1 if it has no rows."""
    return int(max(results.column("memory", "chars", variant=slug).values, default=-1))


def acquired(results: StudyResults, slug: str, low: int) -> Quantity | None:
    """Return the characters read when half of what a distance is worth was first realized."""
    for chars in sorted(set(results.column("memory", "chars", variant=slug).values)):
        reached = share(results, slug, low, int(chars))
        if reached is not None and reached.value >= HALF:
            return results.column("memory", "chars", variant=slug, chars=int(chars)).smallest
    return None


def far_share(results: StudyResults, slug: str) -> Quantity | None:
    """Return the smallest share realized in the ranges within :data:`FAR`."""
    shares = [share(results, slug, low) for low, _ in far_bins(results, [slug])]
    known = [one for one in shares if one is not None]
    return min(known, key=lambda one: one.value, default=None)


def memory_table(results: StudyResults, variants: Sequence[str]) -> Table | None:
    """Return the share realized at the end, by variant and distance."""
    own = remembered(results, variants)
    ranges = [pair for pair in bins(results, own) if pair[1] >= NEAREST]
    rows, contenders = [], contenders_of(results)
    for slug in own:
        shares = [share(results, slug, low) for low, _ in ranges]
        # A network whose every run failed says nothing about memory.
        known = bool(contenders[slug].finished)
        cells = ["–" if one is None or not known else one.percent for one in shares]
        rows.append([escape(results.styles[slug].label), *cells])
    header = ["distance", *(f"{low}–{high}" for low, high in ranges)]
    note = "Share of what memory is worth that is realized, by distance in characters; test."
    return Table(header, rows, note) if rows and ranges else None


def acquisition(results: StudyResults, variants: Sequence[str]) -> list[str]:
    """Report when each variant had learned the far distances."""
    own = remembered(results, variants)
    far = far_bins(results, own)
    if not far:
        return []
    low, high = far[-1]
    parts = []
    for slug in own:
        when = acquired(results, slug, low)
        reached = "not within its training" if when is None else f"after {when.shown('millions')}"
        parts.append(f"**{escape(results.styles[slug].label)}** {reached}")
    return [
        f"Half of what memory is worth at {low} to {high} characters was realized, by characters "
        f"read: {listed(parts)}."
    ]
