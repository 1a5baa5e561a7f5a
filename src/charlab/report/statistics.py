"""Compare two variants with Student's t, and correct for the number of comparisons (Holm).

With at least five seeds in common two variants are compared seed by seed, since the same seed means
the same batches: the mean of the ``n`` differences has the 95 % interval
``mean +- t s / sqrt(n)`` with ``n - 1`` degrees of freedom. With fewer, three differences say
too little about their own spread (an interval of two thousandths can come from three seeds by
chance). Then the spread is pooled over all variants with so many seeds:
``mean +- t S sqrt(1/n + 1/m)``, with the degrees of freedom of all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from charlab.core.sums import deviation, mean, total
from charlab.report.numbers import Column, Quantity

PAIRED_FROM = 5
"""Minimum number of common seeds for an interval that is paired by seed."""

EQUAL = 5e-6
"""Bound below which two losses in metrics/, of six significant digits, count as equal."""

LEVEL = 0.05
"""Probability of calling anything different in the whole study when nothing is."""

Verdict = Literal["equal", "unknown", "unclear", "clear"]


def within(t: float, freedom: int) -> float:
    """Return the probability that Student's t lies between -t and t.

    The closed form for whole degrees of freedom (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
    """
    if math.isinf(t):
        return 1.0
    angle = math.atan(abs(t) / math.sqrt(freedom))
    # Sine and cosine of the angle, by roots: those are rounded correctly everywhere.
    sine, cosine = abs(t) / math.sqrt(freedom + t * t), math.sqrt(freedom / (freedom + t * t))
    # Odd degrees start from the cosine, even ones from 1; each next term has two more powers.
    term = cosine if freedom % 2 else 1.0
    terms = [] if freedom == 1 else [term]
    for k in range(3 if freedom % 2 else 2, freedom - 1, 2):
        term *= (k - 1) / k * cosine * cosine
        terms.append(term)
    series = sine * total(terms)
    return 2 / math.pi * (angle + series) if freedom % 2 else series


@cache
def t_95(freedom: int) -> float:
    """Return the bound within which 95 % of Student's t lie, by bisection."""
    low, high = 0.0, 1000.0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle, freedom) < 0.95 else (low, middle)
    return high


@dataclass(frozen=True)
class Spread:
    """The pooled standard deviation of variants with the same number of seeds."""

    deviation: float
    freedom: int
    seeds: int


def pooled(groups: Sequence[Sequence[float]], seeds: int) -> Spread | None:
    """Return the pooled spread of groups of losses; None without two losses in any group."""
    groups = [group for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in groups)
    if not freedom:
        return None
    squares = total([(len(group) - 1) * deviation(group) ** 2 for group in groups])
    return Spread(math.sqrt(squares / freedom), freedom, seeds)


@dataclass(frozen=True)
class Difference:
    """The difference between the losses of two variants.

    Attributes
    ----------
    mean : Quantity
        Mean difference.
    low, high : Quantity or None
        Ends of the 95 % interval; None if no spread is known.
    p : float or None
        Probability of a difference this large by chance, before any correction.
    equal : bool
        True if the losses are the same at every common seed.
    """

    mean: Quantity
    low: Quantity | None
    high: Quantity | None
    p: float | None
    equal: bool

    @property
    def interval(self) -> str:
        """The 95 % interval in words; '' if there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.low.bits} to {self.high.bits}"

    @property
    def size_interval(self) -> str:
        """The 95 % interval of the difference without its sign; '' if there is none."""
        if self.low is None or self.high is None:
            return ""
        if self.mean.value >= 0 or self.high.value > 0:
            return self.interval
        return f"{abs(self.high).bits} to {abs(self.low).bits}"

    @property
    def excluded(self) -> Quantity | None:
        """The difference, in either direction, above which the interval excludes all."""
        if self.low is None or self.high is None:
            return None
        return max(abs(self.low), abs(self.high), key=lambda bound: bound.value)


def difference(more: Column, less: Column, paired: bool, spread: Spread | None) -> Difference:
    """Return the difference ``more`` - ``less`` of two columns of losses.

    Parameters
    ----------
    more, less : Column
        Losses by seed; if ``paired``, of the same seeds in the same order.
    paired : bool
        Whether the losses can be paired by seed.
    spread : Spread or None
        The pooled spread, used unless there are :data:`PAIRED_FROM` pairs.
    """
    middle = more.mean - less.mean
    pairs = list(zip(more.values, less.values, strict=True)) if paired else []
    equal = bool(pairs) and all(abs(a - b) < EQUAL for a, b in pairs)
    if len(pairs) >= PAIRED_FROM:
        own = [a - b for a, b in pairs]
        half = t_95(len(own) - 1) * deviation(own) / math.sqrt(len(own))
        middle = Quantity(mean(own), middle.formula)
        kind, extra, freedom = "paired", "", len(own) - 1
    elif spread is not None:
        half = t_95(spread.freedom) * spread.deviation
        half *= math.sqrt(1 / len(more) + 1 / len(less))
        kind, extra, freedom = "pooled", f", {spread.seeds}", spread.freedom
    else:
        return Difference(middle, None, None, None, equal)
    arguments = f"{more.formula}, {less.formula}{extra}"
    low = Quantity(middle.value - half, f"{kind}_low({arguments})")
    high = Quantity(middle.value + half, f"{kind}_high({arguments})")
    # The t statistic is the difference in units of its standard error.
    t = math.inf if half == 0 else abs(middle.value) / half * t_95(freedom)
    return Difference(middle, low, high, 1.0 if equal else 1 - within(t, freedom), equal)


def holm(values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number (Holm 1979), in the same order."""
    corrected = [0.0] * len(values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=lambda k: values[k])):
        # A corrected value is never below that of a smaller one.
        largest = max(largest, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = largest
    return corrected
