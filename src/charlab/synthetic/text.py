"""The built-in text: a book in an invented language whose best possible loss is known.

One grammar (:mod:`charlab.synthetic.grammar`) is interpreted in three ways:
:func:`write` draws each choice, :func:`code_length` reads a text and finds out which were
made, :func:`next_distribution` asks what may come next. A text has one derivation only, so
-ln P(character | all before it) is exact for every character. Their mean is the *floor*: no
model can have a lower expected loss.

Some choices depend on what was said long before: a verb agrees with its subject, a
quotation must close, a rhyme is kept, the hero of a chapter is asked for. For those the
loss of a reader who knows the language but has forgotten that one thing is known as well.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from charlab.core.errors import CharlabError
from charlab.core.files import atomic
from charlab.synthetic.choices import Grammar, Told
from charlab.synthetic.grammar import Book

KINDS = ("", "agreement", "closing", "pronoun", "rhyme", "hero", "place", "year", "chapter")
"""What a character may depend on that is far back; the empty string: on nothing."""


class NotInventedError(CharlabError):
    """A text was not written by this grammar."""


def draw(grammar: Grammar, random: Random) -> Iterator[str]:
    """Yield the strings that are drawn when ``random`` answers a grammar's questions."""
    uniform = random.random  # the one method that is the same in every Python
    ask, position = next(grammar), 0
    while True:
        string = ask.choice.at(uniform())
        yield string
        ask = grammar.send(Told(string, position))
        position += len(string)


def iter_text(seed: int) -> Iterator[str]:
    """Yield the book number ``seed`` in small pieces, without end."""
    return draw(Book().write(), Random(f"charlab invented {seed}"))


def _limited(chars: int, seed: int) -> Iterator[str]:
    """Yield the first ``chars`` characters in pieces of some hundred thousand."""
    pieces = iter_text(seed)
    while chars > 0:
        piece = "".join(islice(pieces, min(chars // 4 + 1, 20_000)))[:chars]
        yield piece
        chars -= len(piece)


def write(chars: int, seed: int) -> str:
    """Return the first ``chars`` characters of the book number ``seed``.

    Examples
    --------
    >>> write(9, seed=1)
    'CHAPTER 1'
    """
    return "".join(_limited(chars, seed))


def write_file(path: Path, chars: int, seed: int) -> None:
    """Write the same to a file, atomically, in an amount of memory that does not grow."""
    with atomic(path) as stream:
        for piece in _limited(chars, seed):
            stream.write(piece.encode("utf-8"))


@dataclass(frozen=True)
class Floor:
    """The exact ideal code length of every character of a text.

    Attributes
    ----------
    nats : ndarray of shape (chars,), dtype=np.float64
        -ln P(character | all before it): no model can have a lower expected loss.
    forgotten : ndarray of shape (chars,), dtype=np.float64
        The same for a reader who knows the language but has forgotten what this character
        depends on.
    distance : ndarray of shape (chars,), dtype=np.int64
        How many characters back stands the nearest thing that tells it; 0 where nothing
        far back matters.
    kind : ndarray of shape (chars,), dtype str
        One of :data:`KINDS`.
    """

    nats: NDArray[np.float64]
    forgotten: NDArray[np.float64]
    distance: NDArray[np.int64]
    kind: NDArray[np.str_]

    @property
    def saved(self) -> NDArray[np.float64]:
        """What remembering saves at each character, in nats.

        It may be negative where something unlikely was said; its mean is not.
        """
        return self.forgotten - self.nats


class Reader:
    """Follows a text through a grammar, and finds out which choices were made.

    Attributes
    ----------
    nats, forgotten, distance, kind : array
        As in :class:`Floor`, of what was read so far; ``kind`` as a number in ``KINDS``.
    node : Node
        What was read of the present choice.
    """

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._ask = next(grammar)
        self.node = self._ask.choice.tree
        self.nats, self.forgotten = array("d"), array("d")
        self.distance, self.kind = array("q"), array("b")

    def read(self, text: str) -> None:
        """Take up a text, once.

        Raises
        ------
        NotInventedError
            If the grammar cannot have written it.
        """
        node, start = self.node, 0
        for position, char in enumerate(text):
            if char not in node.children:
                raise _refusal(text, position)
            node = node.children[char]
            self.nats.append(node.nats)
            self.forgotten.append(node.forgotten)
            # Where both readers expect the same, nothing far back matters.
            matters = node.matters and self._ask.told_at is not None
            self.distance.append(position - (self._ask.told_at or 0) if matters else 0)
            self.kind.append(KINDS.index(self._ask.kind) if matters else 0)
            if not node.children:
                self._ask = self._grammar.send(Told(node.string, start))
                node, start = self._ask.choice.tree, position + 1
        self.node = node


def _refusal(text: str, position: int) -> NotInventedError:
    return NotInventedError(
        f"character {text[position]!r} at position {position}, after "
        f"{text[max(0, position - 20) : position]!r}, cannot stand there: the text is not one "
        "that charlab's generator writes, so it has no known floor"
    )


def floor_of(text: str, grammar: Grammar) -> Floor:
    """Return the exact ideal code length of every character of what a grammar wrote."""
    reader = Reader(grammar)
    reader.read(text)
    return Floor(
        np.array(reader.nats),
        np.array(reader.forgotten),
        np.array(reader.distance, dtype=np.int64),
        np.array(KINDS)[np.array(reader.kind, dtype=np.int64)],
    )


def code_length(text: str) -> Floor:
    """Return the exact ideal code length of every character of a text from its start.

    Raises
    ------
    NotInventedError
        If the generator cannot have written the text.
    """
    return floor_of(text, Book().write())


def distribution_after(prefix: str, grammar: Grammar) -> dict[str, float]:
    """Return the probability of each character that may follow ``prefix`` in a grammar."""
    reader = Reader(grammar)
    reader.read(prefix)
    return {char: node.probability for char, node in reader.node.children.items()}


def next_distribution(prefix: str) -> dict[str, float]:
    """Return the probability of each character that may follow the start of a book.

    Raises
    ------
    NotInventedError
        If the generator cannot have written ``prefix``.
    """
    return distribution_after(prefix, Book().write())
