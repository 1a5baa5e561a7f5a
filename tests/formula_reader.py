"""Evaluate the formulas of report/numbers.csv from the files alone, with nothing of the report.

The statistics are written a second time here: Student's t by numerical integration, the pooled
spread and Holm's correction from metrics/seeds.csv.
"""

from __future__ import annotations

import csv
import json
import math
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

Row = dict[str, str]


def t_mass(t: float, freedom: int) -> float:
    """Return the probability that Student's t lies between -t and t, by Simpson's rule."""
    if math.isinf(t):
        return 1.0
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    scale = math.exp(scale) / math.sqrt(freedom)
    # With x = sqrt(freedom) tan(a) the integral has finite ends.
    end, steps = math.atan(t / math.sqrt(freedom)), 200
    ys = [math.cos(end * k / steps) ** (freedom - 1) for k in range(steps + 1)]
    simpson = ys[0] + ys[-1] + 4 * sum(ys[1:-1:2]) + 2 * sum(ys[2:-1:2])
    return 2 * scale * math.sqrt(freedom / math.pi) * simpson * end / steps / 3


@cache
def t_bound(freedom: int) -> float:
    """Return the bound within which 95 % of Student's t lie."""
    low, high = 0.0, 100.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if t_mass(middle, freedom) < 0.95 else (low, middle)
    return low


class Reader:
    """Evaluates formulas over the tables below a folder."""

    def __init__(self, root: Path, study: dict[str, Any], split: str = "test") -> None:
        self.root, self.study, self.split = root, study, split
        self.tables: dict[str, list[Row]] = {}
        self.spreads: dict[int, tuple[float, int]] = {}
        self.names: dict[str, Any] = {}
        for path in [*(root / "metrics").glob("*.csv"), *(root / "plots").glob("*.csv")]:
            with path.open(encoding="utf-8", newline="") as file:
                self.tables[path.stem] = list(csv.DictReader(file))

    def value(self, formula: str) -> str:
        """Return the printed form of a formula."""
        if not self.names:
            plain = {"mean": fmean, "deviation": stdev, "max": max, "min": min, "len": len}
            own = {name: getattr(self, name) for name in vars(Reader) if name[0] != "_"}
            self.names = plain | {"abs": abs} | own
        return str(eval(formula, {"__builtins__": {}}, self.names))

    def col(self, table: str, column: str, **where: Any) -> list[float]:
        """Return the numbers of a column in the rows that meet the conditions."""

        def meets(row: Row) -> bool:
            for key, wanted in where.items():
                values = wanted if isinstance(wanted, list) else [wanted]
                if not any(self._same(row[key], value) for value in values):
                    return False
            return True

        return [float(r[column]) for r in self.tables.get(table, []) if meets(r) and r[column]]

    @staticmethod
    def _same(text: str, value: Any) -> bool:
        return text == value if isinstance(value, str) else bool(text) and float(text) == value

    def only(self, values: list[float]) -> float:
        """Return the one value."""
        (value,) = values
        return value

    def over(self, values: list[float], divisor: float) -> list[float]:
        """Return every value divided by a number."""
        return [value / divisor for value in values]

    def model(self, name: str) -> float:
        """Return a number of metrics/model.json."""
        return float(json.loads((self.root / "metrics" / "model.json").read_text())[name])

    # Runs

    def _runs(self, slug: str) -> list[Row]:
        return [row for row in self.tables["seeds"] if row["variant"] == slug]

    def _limit(self, text: str) -> float:
        (vocabulary,) = (r["vocabulary"] for r in self.tables["texts"] if r["text"] == text)
        return math.log2(float(vocabulary)) if vocabulary else math.inf

    def _kind(self, row: Row) -> str:
        if row["diverged_at_step"]:
            return "diverged"
        known = bool(row["val_bpc"])
        return "finished" if known and float(row["val_bpc"]) < self._limit(row["text"]) else "stuck"

    def runs(self, slug: str, kind: str) -> int:
        """Return the number of runs of a variant of a kind."""
        return sum(kind in ("all", self._kind(row)) for row in self._runs(slug))

    def _finished(self, slug: str) -> dict[int, float]:
        rows = [row for row in self._runs(slug) if self._kind(row) == "finished"]
        return {int(row["seed"]): float(row[f"{self.split}_bpc"]) for row in rows}

    def _pooled(self, seeds: int) -> tuple[float, int]:
        if seeds not in self.spreads:
            self.spreads[seeds] = self._pooled_now(seeds)
        return self.spreads[seeds]

    def _exact(self, slug: str) -> bool:
        """Whether a variant is trained with the same bits on every processor."""
        given: dict[str, Any] = {}
        for layer in (self.study["defaults"], self.study["variants"][slug]):
            given |= (layer.get("model") or {}) | (layer.get("train") or {})
        return (given.get("backend", "exact"), given.get("device", "cpu")) == ("exact", "cpu")

    def _pooled_now(self, seeds: int) -> tuple[float, int]:
        having = [
            slug
            for slug, rows in groupby(self.tables["seeds"], key=lambda row: row["variant"])
            if len(list(rows)) == seeds
        ]
        exact = [slug for slug in having if self._exact(slug)]
        groups = [list(self._finished(slug).values()) for slug in exact or having]
        groups = [group for group in groups if len(group) > 1]
        freedom = sum(len(group) - 1 for group in groups)
        return math.sqrt(sum((len(g) - 1) * stdev(g) ** 2 for g in groups) / freedom), freedom

    # Intervals

    def _paired(self, a: list[float], b: list[float]) -> tuple[float, float, int]:
        differences = [x - y for x, y in zip(a, b, strict=True)]
        error = stdev(differences) / math.sqrt(len(differences))
        return fmean(differences), error, len(differences) - 1

    def _unpaired(self, a: list[float], b: list[float], seeds: int) -> tuple[float, float, int]:
        spread, freedom = self._pooled(seeds)
        return fmean(a) - fmean(b), spread * math.sqrt(1 / len(a) + 1 / len(b)), freedom

    def paired_low(self, a: list[float], b: list[float]) -> float:
        """Return the lower end of the interval of the differences by seed."""
        mean, error, freedom = self._paired(a, b)
        return mean - t_bound(freedom) * error

    def paired_high(self, a: list[float], b: list[float]) -> float:
        """Return the upper end of the interval of the differences by seed."""
        mean, error, freedom = self._paired(a, b)
        return mean + t_bound(freedom) * error

    def pooled_low(self, a: list[float], b: list[float], seeds: int) -> float:
        """Return the lower end of the interval from the pooled spread."""
        mean, error, freedom = self._unpaired(a, b, seeds)
        return mean - t_bound(freedom) * error

    def pooled_high(self, a: list[float], b: list[float], seeds: int) -> float:
        """Return the upper end of the interval from the pooled spread."""
        mean, error, freedom = self._unpaired(a, b, seeds)
        return mean + t_bound(freedom) * error

    # The whole study

    @cached_property
    def _family(self) -> dict[tuple[str, str], float]:
        """The p value of each variant beside the best on val, before the correction."""
        values = {}
        for slug, comparison in self.study["comparisons"].items():
            variants = list(dict.fromkeys(comparison["variants"]))
            texts = {self._runs(name)[0]["text"] for name in variants}
            held = [name for name in variants if self._finished(name)]
            if len(texts) > 1 or not held:
                continue
            val = {
                name: fmean(
                    float(r["val_bpc"]) for r in self._runs(name) if self._kind(r) == "finished"
                )
                for name in held
            }
            best = min(held, key=lambda name: val[name])
            for name in held:
                p = None if name == best else self._p(name, best)
                if p is not None:
                    values[slug, name] = p
        return values

    def _p(self, name: str, best: str) -> float | None:
        one, other = self._finished(name), self._finished(best)
        common = sorted(one.keys() & other.keys())
        if one == other:
            return None
        if len(common) >= 5:
            a, b = [one[s] for s in common], [other[s] for s in common]
            if a == b:
                return None
            mean, error, freedom = self._paired(a, b)
        else:
            seeds = min(len(self._runs(name)), len(self._runs(best)))
            try:
                mean, error, freedom = self._unpaired([*one.values()], [*other.values()], seeds)
            except ZeroDivisionError:
                return None
        return 1 - t_mass(abs(mean) / error if error else math.inf, freedom)

    @cached_property
    def _holm(self) -> dict[tuple[str, str], float]:
        corrected = {}
        for exact in (True, False):
            family = {
                pair: p
                for pair, p in self._family.items()
                if all(map(self._exact, self.study["comparisons"][pair[0]]["variants"])) == exact
            }
            ordered, least = sorted(family, key=lambda pair: family[pair]), 0.0
            for k, pair in enumerate(ordered):
                least = max(least, min(1.0, (len(ordered) - k) * family[pair]))
                corrected[pair] = least
        return corrected

    def holm_p(self, comparison: str, variant: str) -> float:
        """Return the corrected p value of a variant beside the best."""
        return self._holm[comparison, variant]

    def told_apart(self) -> int:
        """Return the number of differences that stand after the correction."""
        return sum(p < 0.05 for p in self._holm.values())

    def compared(self) -> int:
        """Return the number of differences."""
        return len(self._holm)

    # Forms

    def bits(self, value: float) -> str:
        """Return three decimals."""
        text = f"{value:.3f}"
        return "0.000" if float(text) == 0 else text.replace("-", "−")

    def amount(self, value: float) -> str:
        """Return three decimals, or words for less."""
        return "less than 0.001" if 0 < value < 0.0005 else self.bits(value)

    def percent(self, value: float) -> str:
        """Return whole percent."""
        text = f"{100 * value:.0f} %"
        return "0 %" if text == "-0 %" else text.replace("-", "−")

    def percent1(self, value: float) -> str:
        """Return percent with a decimal."""
        text = f"{100 * value:.1f} %"
        return "0.0 %" if text == "-0.0 %" else text.replace("-", "−")

    def whole(self, value: float) -> str:
        """Return a whole number."""
        return f"{value:,.0f}"

    def tenths(self, value: float) -> str:
        """Return one decimal."""
        return f"{value:.1f}"

    def millions(self, value: float) -> str:
        """Return millions from a tenth of a million on."""
        return f"{value / 1e6:.3g} million" if value >= 1e5 else f"{value:,.0f}"

    def power(self, value: float) -> str:
        """Return two significant digits."""
        if value == 0 or 0.001 <= abs(value) < 1000:
            return f"{value:#.2g}" if 0 < abs(value) < 10 else f"{value:.0f}"
        mantissa, exponent = f"{value:.1e}".split("e")
        digits = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{mantissa} × 10{digits}"

    def chance(self, value: float) -> str:
        """Return percent, or one in so many."""
        return f"{100 * value:.1f} %" if value >= 0.001 or value == 0 else f"1 in {1 / value:,.0f}"

    def p(self, value: float) -> str:
        """Return two decimals of a probability."""
        return "< 0.01" if value < 0.01 else f"{value:.2f}"
