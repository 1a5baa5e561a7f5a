"""The built-in text: a book in an invented language whose best possible loss is known.

One grammar (:mod:`charlab.synthetic.grammar`) has two interpreters: :func:`write` draws each
choice, and :func:`code_length` reads a text and infers the choices. A text has only one
derivation, so -ln P(character | all before it) is exact for every character. The mean is the
*floor*: no model can have a lower expected loss.

Some choices depend on distant text: a verb agrees with its subject, a quotation must close, a
rhyme is kept, the hero of a chapter is recalled. For those, the loss of a reader who knows the
language but has forgotten that one fact is exact as well.
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
from charlab.synthetic.choices import Answer, Grammar
from charlab.synthetic.grammar import Book

# The order is that of the indices in Reader.kind.
KINDS = ("", "agreement", "closing", "rhyme")
"""Kinds of dependency on distant text; the empty string means none."""


class NotInventedError(CharlabError):
    """A text that the grammar cannot have written."""


def draw(grammar: Grammar, random: Random) -> Iterator[str]:
    """Yield the strings of a grammar whose choices are drawn with ``random``."""
    uniform = random.random  # the only method with the same results in every Python
    ask, position = next(grammar), 0
    while True:
        string = ask.choice.at(uniform())
        yield string
        ask = grammar.send(Answer(string, position))
        position += len(string)


def _limited(chars: int, seed: int, growth: bool) -> Iterator[str]:
    """Yield a book in pieces of at most some hundred thousand characters."""
    pieces = draw(Book(chars, growth).write(), Random(f"charlab invented {seed}"))
    while chars > 0:
        # An estimate of the number of strings; if it is too low, the loop goes round again.
        piece = "".join(islice(pieces, min(chars // 4 + 1, 20_000)))[:chars]
        yield piece
        chars -= len(piece)


def write(chars: int, seed: int, growth: bool = True) -> str:
    """Return the book number ``seed`` of ``chars`` characters.

    Parameters
    ----------
    chars, seed : int
        Length and number of the book.
    growth : bool
        Whether distances grow from the start of the book.

    Examples
    --------
    >>> write(10, seed=1)
    'CHAPTER ON'
    """
    return "".join(_limited(chars, seed, growth))


def write_file(path: Path, chars: int, seed: int, growth: bool = True) -> None:
    """Write the text of :func:`write` to a file, atomically and in constant memory."""
    with atomic(path) as stream:
        for piece in _limited(chars, seed, growth):
            stream.write(piece.encode("utf-8"))


@dataclass(frozen=True)
class Floor:
    """The exact ideal code length of every character of a text.

    Attributes
    ----------
    nats : ndarray of shape (chars,), dtype=np.float64
        -ln P(character | all before it); no model can have a lower expected loss.
    forgotten : ndarray of shape (chars,), dtype=np.float64
        The same for a reader who knows the language but has forgotten what this character
        depends on.
    distance : ndarray of shape (chars,), dtype=np.int64
        Number of characters back to the nearest text that determines it; 0 if it depends on
        nothing distant.
    kind : ndarray of shape (chars,), dtype str
        One of :data:`KINDS`.
    """

    nats: NDArray[np.float64]
    forgotten: NDArray[np.float64]
    distance: NDArray[np.int64]
    kind: NDArray[np.str_]

    @property
    def saved(self) -> NDArray[np.float64]:
        """Nats per character that remembering saves.

        The value may be negative for an unlikely option; its mean is not.
        """
        return self.forgotten - self.nats


class Reader:
    """A parser that follows a text through a grammar and infers the choices.

    Attributes
    ----------
    nats, forgotten, distance, kind : array
        As in :class:`Floor`, of the text read so far; ``kind`` as an index into ``KINDS``.
    node : Node
        Position within the current choice.
    """

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._ask = next(grammar)
        self.node = self._ask.choice.tree
        self.nats, self.forgotten = array("d"), array("d")
        self.distance, self.kind = array("q"), array("b")

    def read(self, text: str) -> None:
        """Read a text; to be called once.

        Raises
        ------
        NotInventedError
            If the grammar cannot have written it.
        """
        # Arrays grow by one number per character, as memory for long texts matters.
        add_nats, add_forgotten = self.nats.append, self.forgotten.append
        add_distance, add_kind = self.distance.append, self.kind.append
        node, start, cue, kind = self.node, 0, self._ask.cue, KINDS.index(self._ask.kind)
        for position, char in enumerate(text):
            child = node.children.get(char)
            if child is None:
                raise _refusal(text, position)
            node = child
            add_nats(node.nats)
            add_forgotten(node.forgotten)
            # If both readers expect the same, the character depends on nothing distant.
            if node.matters and cue is not None:
                add_distance(position - cue)
                add_kind(kind)
            else:
                add_distance(0)
                add_kind(0)
            # At a leaf the choice is known, and the grammar asks the next question.
            if not node.children:
                self._ask = self._grammar.send(Answer(node.string, start))
                node, start = self._ask.choice.tree, position + 1
                cue, kind = self._ask.cue, KINDS.index(self._ask.kind)
        self.node = node


def _refusal(text: str, position: int) -> NotInventedError:
    return NotInventedError(
        f"character {text[position]!r} at position {position}, after "
        f"{text[max(0, position - 20) : position]!r}, is impossible there: expected a text by "
        "charlab's generator, so this one has no known floor"
    )


def floor_of(text: str, grammar: Grammar) -> Floor:
    """Return the exact ideal code length of every character of a grammar's text."""
    reader = Reader(grammar)
    reader.read(text)
    return Floor(
        np.array(reader.nats),
        np.array(reader.forgotten),
        np.array(reader.distance, dtype=np.int64),
        np.array(KINDS)[np.array(reader.kind, dtype=np.int64)],
    )


def code_length(text: str, chars: int | None = None, growth: bool = True) -> Floor:
    """Return the exact ideal code length of every character of a book from its start.

    Parameters
    ----------
    text : str
        The book, or its start.
    chars : int, optional
        Length of the whole book if this is only its start.
    growth : bool
        Whether distances grow, as in :func:`write`.

    Raises
    ------
    NotInventedError
        If the generator cannot have written the text.
    """
    return floor_of(text, Book(len(text) if chars is None else chars, growth).write())
