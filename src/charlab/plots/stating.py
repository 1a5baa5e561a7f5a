"""Phrases of the sentences that state what a figure shows, for its alternative text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from charlab.core.sums import mean
from charlab.plots.style import number, short

MOST = 8
"""Maximum number of items that a sentence lists in full."""


def bits(value: float) -> str:
    """Return a loss as the tables of the report print it."""
    return f"{value:.3f}"


def percent(share: float) -> str:
    """Return a share of 1 in whole percent."""
    return f"{100 * share:.0f} %".replace("-0 %", "0 %")


def ranked(values: Mapping[str, float], show: Callable[[float], str] = bits) -> str:
    """List names with their values, the lowest first; of many, the first and last three."""
    order = sorted((item for item in values.items() if item[1] == item[1]), key=lambda i: i[1])
    items = [f"{name} {show(value)}" for name, value in order]
    if len(items) > MOST:
        items[3:-3] = [f"{len(items) - 6} more"]
    return "; ".join(items) or "none"  # labels have commas


def listed(items: Iterable[str]) -> str:
    """Join items with semicolons; of many, the first ones."""
    shown = list(items)
    if len(shown) > MOST:
        shown[MOST:] = [f"and {len(shown) - MOST} more"]
    return "; ".join(shown)


def means(rows: pd.DataFrame, by: str, column: str) -> dict[Any, float]:
    """Return the mean of a column by the values of another, in the order of the rows."""
    return {key: mean(own[column]) for key, own in rows.groupby(by, sort=False)}


def course(x: Sequence[float], y: Sequence[float]) -> str:
    """Describe a loss over characters read: its first, last and lowest value."""
    known = [(at, value) for at, value in zip(x, y, strict=True) if value == value]
    if not known:
        return "no value"
    (first, before), (last, after) = known[0], known[-1]
    where, lowest = min(known, key=lambda point: point[1])
    text = f"from {bits(before)} at {short(first)} characters to {bits(after)} at {short(last)}"
    return text if lowest == after else f"{text}, lowest {bits(lowest)} at {short(where)}"


def extent(table: pd.DataFrame) -> str:
    """Describe the last column of numbers of any table: its lowest and highest value, and where."""
    columns = table.select_dtypes("number").columns
    if not len(columns) or table[columns[-1]].isna().all():
        return f"{len(table)} rows"
    values = table[columns[-1]].to_numpy(dtype=float)
    texts = table.select_dtypes(exclude="number").columns[:1]
    ends = [
        number(float(values[k])) + "".join(f" ({table[name].iloc[k]})" for name in texts)
        for k in (int(np.nanargmin(values)), int(np.nanargmax(values)))
    ]
    return f"{columns[-1]} from {ends[0]} to {ends[1]}"
