"""Distributions of the next character, from the tree of a reader's current choice."""

from __future__ import annotations

import math

from charlab.synthetic.choices import Grammar
from charlab.synthetic.grammar import Book
from charlab.synthetic.text import Reader


def distribution_after(prefix: str, grammar: Grammar) -> dict[str, float]:
    """Return the probability of each possible next character of a grammar's text."""
    reader = Reader(grammar)
    reader.read(prefix)
    return {char: math.exp(-node.nats) for char, node in reader.node.children.items()}


def next_distribution(prefix: str, chars: int) -> dict[str, float]:
    """Return the probability of each possible next character of a book of a length."""
    return distribution_after(prefix, Book(chars).write())
