"""Comparison of a network with an n-gram, character by character.

Input: the losses of both on the same characters. Output: which of them is better on each kind
of character (the first of a word, a later one, a line break, ...), and the positions where
they differ most. These show what the network knows beyond the n - 1 characters that the
n-gram sees, and what the n-gram has memorized.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.core.sums import mean
from charlab.evaluate.survey import Block
from charlab.evaluate.trace import Floats, Ids
from charlab.exact.arrays import exp
from charlab.vocab.vocabulary import Vocabulary

EXAMPLES = 8
"""Maximum number of positions shown where the network is better, and where the n-gram is."""

CONTEXT = 40
"""Characters shown before each position."""

APART = 100
"""Minimum distance between two positions shown."""

PASSAGE = 240
"""Length of the passage in which both losses are shown at every character."""

KINDS = (
    "first letter of a word",
    "second or third letter",
    "later letter",
    "space",
    "line break",
    "digit",
    "quotation mark or bracket",
    "other mark",
)
"""Kinds of characters; each character has exactly one."""

_PAIRED = set('"“”„«»‘’()[]{}')


def kinds_of(ids: Ids, vocab: Vocabulary) -> NDArray[np.intp]:
    """Return the kind of each character of a text, as an index into :data:`KINDS`.

    Parameters
    ----------
    ids : ndarray of shape (chars,), integer
        The text.
    vocab : Vocabulary
        Its vocabulary.

    Returns
    -------
    ndarray of shape (chars,)
    """
    # One kind per symbol of the vocabulary; all letters are "later letter" at first.
    table = np.full(vocab.size, KINDS.index("other mark"), dtype=np.intp)
    table[: len(vocab.chars)] = [KINDS.index(_kind_alone(char)) for char in vocab.chars]
    kind = table[ids]  # (chars,)
    letter = kind == KINDS.index("later letter")
    position = np.arange(len(kind))
    in_word = position - np.maximum.accumulate(np.where(letter, -1, position))  # 1 for the first
    kind[letter & (in_word <= 3)] = KINDS.index("second or third letter")
    kind[letter & (in_word == 1)] = KINDS.index("first letter of a word")
    return kind


def _kind_alone(char: str) -> str:
    """Return the kind of a character regardless of its neighbors."""
    if char.isalpha():
        return "later letter"
    if char.isdigit():
        return "digit"
    if char in _PAIRED:
        return "quotation mark or bracket"
    return {"\n": "line break", " ": "space"}.get(char, "other mark")


@dataclass(frozen=True)
class _Losses:
    """Losses of both models at the same characters; every array has shape (measured,).

    Attributes
    ----------
    positions : ndarray
        Positions in the split, ascending.
    network, ngram : ndarray
        Nats at each position.
    """

    positions: NDArray[np.intp]
    network: Floats
    ngram: Floats

    @property
    def gain(self) -> Floats:
        """The nats that the network saves at each position."""
        return self.ngram - self.network


class AgainstNgram:
    """Comparison of the network's losses with those of an n-gram.

    Parameters
    ----------
    ids : ndarray of shape (chars,), integer
        The split that the blocks come from.
    vocab : Vocabulary
        Vocabulary of the ids.
    order : int
        The n of the n-gram.
    ngram_nats : ndarray of shape (chars,)
        The n-gram's loss of each character of the split.
    """

    def __init__(self, ids: Ids, vocab: Vocabulary, order: int, ngram_nats: Floats) -> None:
        self._ids, self._vocab = ids, vocab
        self._order, self._ngram_nats = order, ngram_nats
        self._positions: list[NDArray[np.intp]] = []
        self._nats: list[Floats] = []

    def add(self, block: Block) -> None:
        """Record the losses of one block."""
        # (T, B) -> (T * B,); the loss at a position is that of the character after it.
        self._positions.append(block.positions.ravel() + 1)
        self._nats.append(block.nats.ravel())

    def result(self) -> dict[str, Any] | None:
        """Return both means, the means by kind, the largest differences, and a passage."""
        if not self._nats:
            return None
        positions, network = np.concatenate(self._positions), np.concatenate(self._nats)
        order = np.argsort(positions)  # blocks come window by window
        positions = positions[order]
        losses = _Losses(positions, network[order], self._ngram_nats[positions])
        return {
            "order": self._order,
            "chars": len(positions),
            "network_nats": mean(losses.network),
            "ngram_nats": mean(losses.ngram),
            "network_better_share": mean(losses.gain > 0),
            "by_kind": self._by_kind(losses),
            "rnn_better": self._examples(losses, losses.gain),
            "ngram_better": self._examples(losses, -losses.gain),
            "passage": self._passage(losses),
        }

    def _by_kind(self, losses: _Losses) -> list[dict[str, Any]]:
        """Return a row with the means of both for each kind that occurs."""
        # Kinds depend on the whole word, so they are computed on the split, then selected.
        kinds = kinds_of(self._ids, self._vocab)[losses.positions]
        masks = {name: kinds == number for number, name in enumerate(KINDS)}
        return [
            {
                "kind": name,
                "chars": int(mask.sum()),
                "network_nats": mean(losses.network[mask]),
                "ngram_nats": mean(losses.ngram[mask]),
            }
            for name, mask in masks.items()
            if mask.any()
        ]

    def _examples(self, losses: _Losses, gain: Floats) -> list[dict[str, Any]]:
        """Describe the positions of the largest gain, no two of them close together."""
        positions, chosen = losses.positions, list[int]()
        # Rounded and stable, so that every machine takes equals in the order of the text.
        for k in np.argsort(-gain.round(9), kind="stable"):
            if gain[k] <= 0 or len(chosen) == EXAMPLES:
                break
            if all(abs(positions[k] - positions[other]) >= APART for other in chosen):
                chosen.append(int(k))
        return [
            {
                "context": self._text(max(0, positions[k] - CONTEXT), positions[k]),
                "char": self._text(positions[k], positions[k] + 1),
                "network_p": float(exp(-losses.network[k])),
                "ngram_p": float(exp(-losses.ngram[k])),
            }
            for k in chosen
        ]

    def _passage(self, losses: _Losses) -> dict[str, Any] | None:
        """Show both losses at every character of a typical stretch.

        Typical means that its mean gain is closest to the overall mean. It starts a word if
        any stretch without a gap does; None if there is no such stretch.
        """
        positions = losses.positions
        starts = np.arange(len(positions) - PASSAGE + 1)
        # Positions ascend, so a stretch has no gap if its ends are PASSAGE - 1 apart.
        starts = starts[positions[starts + PASSAGE - 1] - positions[starts] == PASSAGE - 1]
        starts_word = kinds_of(self._ids, self._vocab)[positions[starts]] == 0
        starts = starts[starts_word] if starts_word.any() else starts
        if not len(starts):
            return None
        # Mean gain of each stretch from running sums.
        sums = np.append(0.0, np.cumsum(losses.gain))
        means = (sums[starts + PASSAGE] - sums[starts]) / PASSAGE
        first = int(starts[np.argmin(np.abs(means - mean(losses.gain)).round(9))])
        stretch = slice(first, first + PASSAGE)
        return {
            "text": self._text(positions[first], positions[first] + PASSAGE),
            "network_nats": np.round(losses.network[stretch], 4).tolist(),
            "ngram_nats": np.round(losses.ngram[stretch], 4).tolist(),
        }

    def _text(self, first: int, last: int) -> str:
        return self._vocab.decode(np.asarray(self._ids[first:last]))
