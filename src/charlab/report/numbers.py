"""Numbers of the report that remember how they were computed from the tables.

A :class:`Quantity` is a value with its formula, a Python expression over the tables of metrics/ and
plots/, such as ``mean(col('seeds', 'test_bpc', variant='gru'))``. Shown in a sentence, it carries
its formula along, between three characters that no text contains; :func:`without_formulas` takes
them out, and :func:`formulas` lists them for report/numbers.csv. A test evaluates every formula
again from the files alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from charlab.core.sums import deviation
from charlab.core.sums import mean as exact_mean

OPEN, BETWEEN, CLOSE = "\ue000", "\ue001", "\ue002"
"""Characters of the private use area around a number: OPEN formula BETWEEN printed CLOSE."""

SHOWN = re.compile(f"{OPEN}([^{BETWEEN}]*){BETWEEN}([^{CLOSE}]*){CLOSE}")

MINUS = "\N{MINUS SIGN}"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def bits(value: float) -> str:
    """Return a loss or a difference to three decimals, with a real minus sign."""
    text = f"{value:.3f}"
    return "0.000" if float(text) == 0 else text.replace("-", MINUS)


def _amount(value: float) -> str:
    """Return a positive difference so that a small one is not rounded to 0."""
    return bits(value) if value >= 0.0005 or value == 0 else "less than 0.001"


def _percent(value: float, digits: int) -> str:
    """Return a share in percent, without the sign of a negative zero."""
    text = f"{100 * value:.{digits}f} %"
    return text.lstrip("-") if float(text[:-2]) == 0 else text.replace("-", MINUS)


def _millions(value: float) -> str:
    """Return a large count in words, so that all counts near a million have one unit."""
    return f"{value / 1e6:.3g} million" if value >= 1e5 else f"{value:,.0f}"


def _power(value: float) -> str:
    """Return a number of any size with two significant digits, such as 3.0 × 10⁻⁵."""
    if value == 0 or 0.001 <= abs(value) < 1000:
        # '#' keeps the last zero: 0.030 has two significant digits, 0.03 has one.
        return f"{value:#.2g}" if 0 < abs(value) < 10 else f"{value:.0f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def _chance(value: float) -> str:
    """Return a probability in percent, a small one as '1 in so many'."""
    return f"{100 * value:.1f} %" if value >= 0.001 or value == 0 else f"1 in {1 / value:,.0f}"


FORMS: dict[str, Callable[[float], str]] = {
    "bits": bits,
    "amount": _amount,
    "percent": lambda value: _percent(value, 0),
    "percent1": lambda value: _percent(value, 1),
    "whole": lambda value: f"{value:,.0f}",
    "tenths": lambda value: f"{value:.1f}",
    "millions": _millions,
    "power": _power,
    "chance": _chance,
    "p": lambda value: "< 0.01" if value < 0.01 else f"{value:.2f}",
}
"""Functions that write a number as text, by name."""


@dataclass(frozen=True)
class Quantity:
    """A value, and the expression that computes it from the tables."""

    value: float
    formula: str

    def __sub__(self, other: Quantity) -> Quantity:
        """Return the difference of two quantities."""
        return Quantity(self.value - other.value, f"({self.formula} - {other.formula})")

    def __abs__(self) -> Quantity:
        """Return the absolute value."""
        return Quantity(abs(self.value), f"abs({self.formula})")

    def shown(self, form: str) -> str:
        """Return the value as text in one of :data:`FORMS`, with its formula inside."""
        text = FORMS[form](self.value)
        return f"{OPEN}{form}({self.formula}){BETWEEN}{text}{CLOSE}"

    @property
    def bits(self) -> str:
        """The value to three decimals."""
        return self.shown("bits")

    @property
    def amount(self) -> str:
        """The absolute value to three decimals, in words if it is smaller."""
        return abs(self).shown("amount")

    @property
    def percent(self) -> str:
        """The value in whole percent."""
        return self.shown("percent")

    @property
    def whole(self) -> str:
        """The value as a whole number."""
        return self.shown("whole")


@dataclass(frozen=True)
class Column:
    """Values of one column in some rows of a table, and the expression that selects them."""

    values: tuple[float, ...]
    formula: str

    def over(self, divisor: Quantity) -> Column:
        """Return every value divided by a quantity."""
        values = tuple(value / divisor.value for value in self.values)
        return Column(values, f"over({self.formula}, {divisor.formula})")

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self.values)

    def _reduced(self, name: str, value: float) -> Quantity:
        return Quantity(value, f"{name}({self.formula})")

    @property
    def mean(self) -> Quantity:
        """The mean; NaN of nothing."""
        return self._reduced("mean", exact_mean(self.values))

    @property
    def deviation(self) -> Quantity:
        """The sample standard deviation; NaN of fewer than two values."""
        return self._reduced("deviation", deviation(self.values))

    @property
    def largest(self) -> Quantity:
        """The largest value."""
        return self._reduced("max", max(self.values))

    @property
    def smallest(self) -> Quantity:
        """The smallest value."""
        return self._reduced("min", min(self.values))

    @property
    def count(self) -> Quantity:
        """The number of values."""
        return self._reduced("len", len(self.values))

    @property
    def only(self) -> Quantity | None:
        """The one value; None if there are none or several."""
        return self._reduced("only", self.values[0]) if len(self.values) == 1 else None


def selected(table: str, column: str, values: Iterable[Any], where: dict[str, Any]) -> Column:
    """Return a column with the formula that selects it, without its empty fields."""
    conditions = "".join(f", {key}={value!r}" for key, value in where.items())
    known = tuple(float(v) for v in values if v is not None and not math.isnan(float(v)))
    return Column(known, f"col({table!r}, {column!r}{conditions})")


def without_formulas(text: str) -> str:
    """Return a text with its numbers as they are printed."""
    return SHOWN.sub(lambda match: match[2], text)


def numbered(text: str) -> tuple[str, list[str]]:
    """Return a text whose numbers carry the place of their formula in a list, and the list.

    Formulas in a text would be read as Markdown.
    """
    found = [match[1] for match in SHOWN.finditer(text)]
    places = iter(range(len(found)))
    return SHOWN.sub(lambda match: f"{OPEN}{next(places)}{BETWEEN}{match[2]}{CLOSE}", text), found


def formulas(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the printed form and the formula of each number in a text."""
    for number, line in enumerate(text.split("\n"), start=1):
        for match in SHOWN.finditer(line):
            yield number, match[2], match[1]
