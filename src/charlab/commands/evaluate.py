"""Measure one model on any text, without DVC."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from charlab.commands.inputs import about
from charlab.core.errors import CharlabError, printable
from charlab.core.sums import mean
from charlab.core.units import bits, counted
from charlab.models.inference import load_with_vocabulary
from charlab.models.scoring import nats_per_char
from charlab.models.trained import load_trained
from charlab.vocab.vocabulary import UnknownCharacterError, Vocabulary, listed_characters

LEARNING_RATE = 5e-4
"""Learning rate of dynamic evaluation; results vary little within a factor of three."""

NAMED = 10
"""Maximum number of characters outside the vocabulary that are named."""


@dataclass(frozen=True)
class Outside:
    """The characters of a text that a model's vocabulary lacks.

    Attributes
    ----------
    counts : dict of str to int
        The commonest first.
    chars : int
        Characters of the whole text.
    """

    counts: dict[str, int]
    chars: int

    @property
    def total(self) -> int:
        """Number of such characters in the text."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        return (
            f"{self.total} of {counted(self.chars, 'character')} "
            f"({100 * self.total / self.chars:.2g} %) "
            f"{'is' if self.total == 1 else 'are'} not in the model's vocabulary: "
            f"{listed_characters(self.counts)}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the number of such characters, and the commonest, ready for JSON."""
        named = [
            {"char": char, "code_point": f"U+{ord(char):04X}", "count": count}
            for char, count in list(self.counts.items())[:NAMED]
        ]
        return {"outside": self.total, "outside_chars": named}


def known_part(text: str, vocab: Vocabulary, *, strict: bool) -> tuple[str, Outside]:
    """Return a text without the characters that a vocabulary lacks, and those characters.

    A vocabulary with an unknown symbol has no need to leave any out.

    Raises
    ------
    UnknownCharacterError
        If ``strict``, and there are any.
    """
    outside = Outside(vocab.outside(text), len(text))
    if strict and outside.counts:
        raise UnknownCharacterError(f"{outside}; without --strict the rest is measured")
    if not vocab.unknown and outside.counts:
        text = text.translate(dict.fromkeys(map(ord, outside.counts)))
    if len(text) < 2:
        left = f"; {outside}" if outside.counts else ""
        raise CharlabError(
            f"expected at least 2 characters, one to read and one to predict, found {len(text)} "
            f"that the model knows{left}"
        )
    return text, outside


@contextmanager
def progress_bar(label: str, chars: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal's standard error, and nothing elsewhere.

    Yields
    ------
    callable
        Adds a number of characters to those that were read.
    """
    if not sys.stderr.isatty():
        yield lambda chars: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=chars)
        yield lambda chars: bar.advance(task, chars)


def evaluate_alone(
    model: Path,
    text: str,
    *,
    strict: bool = False,
    dynamic: bool = False,
    learning_rate: float | None = None,
    source: Path | None = None,
) -> dict[str, Any]:
    """Return the loss of a text under the model in a folder.

    Characters that the vocabulary lacks are named on standard error.

    Parameters
    ----------
    model : Path
        A model directory.
    text : str
        At least two characters of the model's vocabulary. Without an unknown symbol, all other
        characters are removed before the model reads the text.
    strict : bool
        Stop if there are others.
    dynamic : bool
        Let the model learn while it reads (:mod:`charlab.evaluate.dynamic`).
    learning_rate : float, optional
        Learning rate of dynamic evaluation; :data:`LEARNING_RATE` by default.
    source : Path, optional
        The file of the text, which messages about the text begin with.

    Returns
    -------
    dict
        ``chars`` predicted (all but the first), ``nats``, ``bpc``; the same of ``dynamic``;
        ``outside``, the number of characters that the vocabulary lacks, and ``outside_chars``,
        the commonest of them.

    Raises
    ------
    CharlabError
        If text, model or learning rate cannot be used.
    """
    if learning_rate is not None and not dynamic:
        raise CharlabError("a learning rate is for dynamic evaluation only; add --dynamic")
    network, vocab = load_with_vocabulary(model)
    with about(source) if source else nullcontext():
        text, outside = known_part(text, vocab, strict=strict)
    if outside.counts:
        treated = "read as the unknown symbol" if vocab.unknown else "left out"
        name = f"{source}: " if source else ""
        click.echo(printable(f"charlab: {name}{outside}; {treated} (--strict stops)"), err=True)
    ids = vocab.encode(text)
    with progress_bar("evaluate", len(ids) - 1) as advance:
        # One loss for each character but the first, which has nothing before it.
        nats = mean(nats_per_char(network, ids, progress=advance))
    result = {"chars": len(ids) - 1, "nats": nats, "bpc": bits(nats)}
    if dynamic:
        rate = LEARNING_RATE if learning_rate is None else learning_rate
        learned = _dynamic(model, ids, rate)
        result |= {"dynamic_nats": learned, "dynamic_bpc": bits(learned), "learning_rate": rate}
    return result | outside.as_dict()


def _dynamic(model: Path, ids: np.ndarray[Any, Any], learning_rate: float) -> float:
    """Return the mean loss in nats under dynamic evaluation."""
    # Numba takes half a second to load, and nothing else here needs it.
    from charlab.evaluate.dynamic import Rates, dynamic_nats_per_char

    network, rates = load_trained(model), Rates(learning_rate)
    with progress_bar("dynamic evaluation", len(ids) - 1) as advance:
        return mean(dynamic_nats_per_char(network, ids, rates, progress=advance))
