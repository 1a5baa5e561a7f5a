"""The choices of a grammar, and how likely each character of what was chosen is.

A grammar is a coroutine: it yields what it asks (:class:`Ask`) and is told the string that
was chosen and where it stands (:class:`Told`). Of a choice's options none begins another,
so whoever reads the text knows which was taken, and the probability of each character is
exact: with W(u) the probability of all options that begin with u,

    P(character x | u, the part of this option that was read) = W(u x) / W(u).

A choice may have a second distribution, that of a reader who has forgotten what the choice
depends on.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections import defaultdict
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

Options = Mapping[str, float]

SAME = 1e-9
"""Two code lengths that differ by less, in nats, differ by rounding only."""


@dataclass(slots=True)
class Node:
    """A place among a choice's options: what was read of one of them.

    Attributes
    ----------
    children : dict of str to Node
        By the next character; empty where the option ends.
    string : str
        What was read.
    probability : float
        Of the character that led here.
    nats, forgotten : float
        Code length of the character that led here, for a reader who remembers what the
        choice depends on, and for one who does not.
    matters : bool
        Whether these two differ.
    """

    children: dict[str, Node]
    string: str = ""
    probability: float = 1.0
    nats: float = 0.0
    forgotten: float = 0.0
    matters: bool = False


class Choice:
    """A draw of one of several strings, none of which begins another.

    Parameters
    ----------
    options : mapping of str to float
        Each string's probability; they are brought to a sum of 1.
    forgotten : mapping of str to float, optional
        The same for a reader who has forgotten what the choice depends on.

    Attributes
    ----------
    options : dict of str to float
        Each string's probability.

    Raises
    ------
    ValueError
        If one string begins another, or cannot be expected by who has forgotten.
    """

    def __init__(self, options: Options, forgotten: Options | None = None) -> None:
        self.options = scaled(options)
        self._forgotten = self.options if forgotten is None else scaled(forgotten)
        for string, following in pairwise(sorted({*self.options, *self._forgotten})):
            if following.startswith(string):
                raise ValueError(f"option {string!r} begins option {following!r}")
        if unexpected := self.options.keys() - self._forgotten.keys():
            raise ValueError(f"options {sorted(unexpected)} are none of a forgetful reader's")
        self._strings = tuple(self.options)
        # Without the last, so that rounding never leads past the end.
        self._bounds = tuple(accumulate(self.options.values()))[:-1]

    def at(self, place: float) -> str:
        """Return the option at a place in [0, 1), where each takes up its probability."""
        return self._strings[bisect(self._bounds, place)]

    @cached_property
    def tree(self) -> Node:
        """The options as a tree of characters."""
        known, forgotten = _masses(self.options), _masses(self._forgotten)
        root = Node({})
        nodes = {"": root}
        for read in sorted(known, key=len)[1:]:
            before = read[:-1]
            p = min(known[read] / known[before], 1.0)
            nats = 0.0 - math.log(p)  # 0, not -0, where p is 1
            other = 0.0 - math.log(min(forgotten[read] / forgotten[before], 1.0))
            node = Node({}, read, p, nats, other, abs(nats - other) > SAME)
            nodes[read] = nodes[before].children[read[-1]] = node
        return root


def _masses(options: Options) -> dict[str, float]:
    """Return W: the probability of all options that begin with each string."""
    parts = defaultdict(list)
    for string, p in options.items():
        for end in range(len(string) + 1):
            parts[string[:end]].append(p)
    return {read: math.fsum(several) for read, several in parts.items()}


class Ask(NamedTuple):
    """What the grammar asks of whoever interprets it.

    Attributes
    ----------
    choice : Choice
        What may come.
    told_at : int or None
        Where in the text stands the nearest thing that tells what the choice depends on.
    kind : str
        What kind of dependency it is.
    """

    choice: Choice
    told_at: int | None = None
    kind: str = ""


class Told(NamedTuple):
    """The answer: the string that was chosen, and where in the text it begins."""

    string: str
    position: int


Grammar = Generator[Ask, Told, None]
Part = Generator[Ask, Told, Told]


def scaled(options: Options, weight: float = 1.0) -> dict[str, float]:
    """Bring probabilities to a sum; ``fsum`` rounds alike in every Python."""
    total = math.fsum(options.values())
    return {string: weight * p / total for string, p in options.items()}


def mixed(*parts: tuple[float, Options]) -> dict[str, float]:
    """Return a mixture of distributions, each of which is brought to its weight."""
    result: dict[str, float] = {}
    for weight, options in parts:
        for string, p in scaled(options, weight).items():
            result[string] = result.get(string, 0.0) + p
    return result


def product(strings: Options, ends: Options) -> dict[str, float]:
    """Return every string with every end, drawn apart from each other."""
    return {s + e: p * q for s, p in strings.items() for e, q in ends.items()}


def followed(options: Options, end: str) -> dict[str, float]:
    """Return the same options with an end."""
    return {string + end: p for string, p in options.items()}
