"""The choices of a grammar, and the exact probability of each character.

A grammar is a coroutine: it yields a question (:class:`Ask`) and receives the chosen string and
its position (:class:`Answer`). No option of a choice is a prefix of another, so a reader of the
text knows which one was taken, and the probability of each character is exact. With W(u) the
probability of all options that start with u,

    P(character x | u, the part of the option read so far) = W(u x) / W(u).

A choice may have a second distribution, that of a reader who has forgotten what it depends on.
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

from charlab.core.units import nats

Options = Mapping[str, float]

SAME = 1e-9
"""Difference of two code lengths, in nats, below which they differ by rounding only."""


@dataclass(slots=True)
class Node:
    """A node in the tree of a choice's options, one character per level.

    Attributes
    ----------
    children : dict of str to Node
        Nodes by the next character; empty at the end of an option.
    string : str
        Characters read so far.
    nats, forgotten : float
        Code length of the character that led here, for a reader who remembers what the choice
        depends on, and for one who has forgotten it.
    matters : bool
        Whether the two differ.
    """

    children: dict[str, Node]
    string: str = ""
    nats: float = 0.0
    forgotten: float = 0.0
    matters: bool = False


class Choice:
    """A draw from several strings, none of which is a prefix of another.

    Parameters
    ----------
    options : mapping of str to float
        Each string's probability, up to a common factor.
    forgotten : mapping of str to float, optional
        The same for a reader who has forgotten what the choice depends on.

    Attributes
    ----------
    options : dict of str to float
        Each string's probability.

    Raises
    ------
    ValueError
        If one string is a prefix of another, or impossible for the forgetful reader.
    """

    def __init__(self, options: Options, forgotten: Options | None = None) -> None:
        self.options = scaled(options)
        self._forgotten = self.options if forgotten is None else scaled(forgotten)
        # In sorted order, a prefix of any string is a prefix of its successor.
        for string, following in pairwise(sorted({*self.options, *self._forgotten})):
            if following.startswith(string):
                raise ValueError(f"option {string!r} is a prefix of option {following!r}")
        if unexpected := self.options.keys() - self._forgotten.keys():
            raise ValueError(f"options {sorted(unexpected)} are impossible for a forgetful reader")
        self._strings = tuple(self.options)
        # The last bound is left out, so that rounding never leads past the end.
        self._bounds = tuple(accumulate(self.options.values()))[:-1]

    def at(self, place: float) -> str:
        """Return the option at a point of [0, 1), divided in proportion to the probabilities."""
        return self._strings[bisect(self._bounds, place)]

    @cached_property
    def tree(self) -> Node:
        """The options as a tree of characters."""
        known, forgotten = _masses(self.options), _masses(self._forgotten)
        root = Node({})
        nodes = {"": root}
        # By length, so that the parent of each node exists; the first is the empty string.
        for read in sorted(known, key=len)[1:]:
            before = read[:-1]
            p = min(known[read] / known[before], 1.0)
            known_nats = nats(p)
            other = nats(min(forgotten[read] / forgotten[before], 1.0))
            node = Node({}, read, known_nats, other, abs(known_nats - other) > SAME)
            nodes[read] = nodes[before].children[read[-1]] = node
        return root


def _masses(options: Options) -> dict[str, float]:
    """Return W: the probability of all options that start with each string."""
    # Summed exactly at the end: the order of the options must not matter.
    parts = defaultdict(list)
    for string, p in options.items():
        for end in range(len(string) + 1):
            parts[string[:end]].append(p)
    return {read: math.fsum(several) for read, several in parts.items()}


class Ask(NamedTuple):
    """A question of the grammar to its interpreter.

    Attributes
    ----------
    choice : Choice
        The possible strings.
    cue : int or None
        Position in the text of the nearest string that determines the choice's distribution.
    kind : str
        Kind of dependency, one of :data:`charlab.synthetic.text.KINDS`.
    """

    choice: Choice
    cue: int | None = None
    kind: str = ""


class Answer(NamedTuple):
    """The chosen string, and its position in the text."""

    string: str
    position: int


Grammar = Generator[Ask, Answer, None]
Part = Generator[Ask, Answer, Answer]


def scaled(options: Options, weight: float = 1.0) -> dict[str, float]:
    """Scale probabilities to a sum of ``weight``; ``fsum`` rounds the same in every Python."""
    total = math.fsum(options.values())
    return {string: weight * p / total for string, p in options.items()}


def mixed(*parts: tuple[float, Options]) -> dict[str, float]:
    """Return a mixture of distributions, each scaled to its weight."""
    result: dict[str, float] = {}
    for weight, options in parts:
        for string, p in scaled(options, weight).items():
            result[string] = result.get(string, 0.0) + p
    return result


def product(strings: Options, ends: Options) -> dict[str, float]:
    """Return every string with every end, drawn independently."""
    return {s + e: p * q for s, p in strings.items() for e, q in ends.items()}


def followed(options: Options, end: str) -> dict[str, float]:
    """Return the same options with ``end`` appended."""
    return {string + end: p for string, p in options.items()}
