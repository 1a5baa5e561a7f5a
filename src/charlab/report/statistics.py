"""Compare two variants paired by seed, with Student's t.

The mean of the ``n`` differences by seed has the 95 % interval
``mean +- t_{0.975, n-1} s / sqrt(n)``, where ``s`` is their sample standard deviation. Trainings
with the same seed share batches and random numbers, so the effect of the seed cancels.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# 97.5th percentiles of Student's t for 1 to 19 degrees of freedom.
T_975 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093),
)

EQUAL = 5e-6
"""Bound below which two losses in metrics/, of six significant digits, count as equal."""

Verdict = Literal["equal", "unknown", "unclear", "clear"]


@dataclass(frozen=True)
class Difference:
    """The difference between the losses of two variants, over the seeds that both have.

    Attributes
    ----------
    mean : float
        Mean difference in bits per character.
    half_width : float or None
        Half of the 95 % interval; None with fewer than two seeds.
    verdict : str
        ``equal`` at every seed, ``unknown`` with one seed, ``unclear`` if the interval
        includes 0, ``clear`` if it does not.
    """

    mean: float
    half_width: float | None
    verdict: Verdict

    @property
    def interval(self) -> str:
        """The 95 % interval in words; '' if there is none."""
        if self.half_width is None:
            return ""
        low, high = self.mean - self.half_width, self.mean + self.half_width
        return f"{number(low)} to {number(high)}"


def difference(more: Mapping[int, float], less: Mapping[int, float]) -> Difference:
    """Return the mean of ``more`` - ``less`` over their common seeds, with a verdict.

    Raises
    ------
    ValueError
        If they have no seed in common.
    """
    differences = [more[seed] - less[seed] for seed in sorted(more.keys() & less.keys())]
    if not differences:
        raise ValueError(
            f"no seed in common: one variant has seeds {sorted(more)}, the other {sorted(less)}; "
            "train both with the same study.seeds"
        )
    mean = statistics.fmean(differences)
    half = half_width(differences)
    # Equal comes before unknown: one seed suffices to see that a setting has no effect.
    if all(abs(value) < EQUAL for value in differences):
        return Difference(0.0, half, "equal")
    if half is None:
        return Difference(mean, None, "unknown")
    return Difference(mean, half, "clear" if abs(mean) > half else "unclear")


def half_width(values: list[float]) -> float | None:
    """Return half of the 95 % interval of the mean; None with fewer than two values."""
    n = len(values)
    if n < 2:
        return None
    # Beyond 19 degrees of freedom the last value gives an interval that is slightly too wide.
    return T_975[min(n - 1, len(T_975)) - 1] * statistics.stdev(values) / math.sqrt(n)


def number(value: float) -> str:
    """Return a loss or a difference to three decimals, with a real minus sign."""
    text = f"{value:.3f}"
    if float(text) == 0:
        text = "0.000"  # not "-0.000"
    return text.replace("-", "−")


def amount(value: float) -> str:
    """Return the absolute value of a difference in words that do not round it to 0."""
    return number(abs(value)) if abs(value) >= 0.0005 else "less than 0.001"
