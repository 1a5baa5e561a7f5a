"""A network against an n-gram, character by character.

What enters is the loss of both at the same characters; what leaves is who is better at
which kind of character (the first of a word, a later one, a line break, ...), and the
places where they differ most: there one sees what the network knows beyond the n - 1
characters that the n-gram knows, and what the n-gram has learnt by heart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.evaluate.survey import Block
from charlab.evaluate.trace import Floats, Ids
from charlab.vocab.vocabulary import Vocabulary

EXAMPLES = 8
"""Places shown for each of the two."""

CONTEXT = 40
"""Characters shown before each place."""

APART = 100
"""Two places that are shown are at least this many characters apart."""

PASSAGE = 240
"""Characters of the passage in which both are shown at every character."""

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
"""Every character is of one of these kinds."""

_PAIRED = set('"“”„«»‘’()[]{}')


def kinds_of(ids: Ids, vocab: Vocabulary) -> NDArray[np.intp]:
    """Return the kind of each character of a text, as an index into :data:`KINDS`.

    Parameters
    ----------
    ids : ndarray of shape (chars,), integer

    Returns
    -------
    ndarray of shape (chars,)
    """
    # One kind per symbol of the vocabulary, letters as "later letter" for a start.
    table = np.full(vocab.size, KINDS.index("other mark"), dtype=np.intp)
    table[: len(vocab.chars)] = [KINDS.index(_kind_alone(char)) for char in vocab.chars]
    kind = table[ids]
    letter = kind == KINDS.index("later letter")
    place = np.arange(len(kind))
    in_word = place - np.maximum.accumulate(np.where(letter, -1, place))  # 1 for the first
    kind[letter & (in_word <= 3)] = KINDS.index("second or third letter")
    kind[letter & (in_word == 1)] = KINDS.index("first letter of a word")
    return kind


def _kind_alone(char: str) -> str:
    if char.isalpha():
        return "later letter"
    if char.isdigit():
        return "digit"
    if char in _PAIRED:
        return "quotation mark or bracket"
    return {"\n": "line break", " ": "space"}.get(char, "other mark")


class AgainstNgram:
    """Collects the network's losses, to set them beside the n-gram's.

    Parameters
    ----------
    ids : ndarray of shape (chars,), integer
        The split that the blocks come from.
    vocab : Vocabulary
        What the ids stand for.
    order : int
        The n of the n-gram.
    ngram_nats : ndarray of shape (chars,)
        The n-gram's loss of each character of the split.
    """

    def __init__(self, ids: Ids, vocab: Vocabulary, order: int, ngram_nats: Floats) -> None:
        self._ids, self._vocab = ids, vocab
        self._order, self._ngram_nats = order, ngram_nats
        self._places: list[NDArray[np.intp]] = []
        self._nats: list[Floats] = []

    def add(self, block: Block) -> None:
        """Note the losses of one block."""
        self._places.append(block.positions.ravel() + 1)
        self._nats.append(block.trace.nats(block.targets).ravel())

    def result(self) -> dict[str, Any] | None:
        """Return both means, the means by kind, the places that differ most, and a passage."""
        if not self._nats:
            return None
        places, network = np.concatenate(self._places), np.concatenate(self._nats)
        order = np.argsort(places)
        places, network = places[order], network[order]
        ngram = self._ngram_nats[places]
        gain = ngram - network
        return {
            "order": self._order,
            "chars": len(places),
            "network_nats": float(network.mean()),
            "ngram_nats": float(ngram.mean()),
            "network_better_share": float((gain > 0).mean()),
            "by_kind": self._by_kind(places, network, ngram),
            "rnn_better": self._examples(places, network, ngram, gain),
            "ngram_better": self._examples(places, network, ngram, -gain),
            "passage": self._passage(places, network, ngram),
        }

    def _by_kind(
        self, places: NDArray[np.intp], network: Floats, ngram: Floats
    ) -> list[dict[str, Any]]:
        kinds = kinds_of(self._ids, self._vocab)[places]
        chosen = {name: kinds == number for number, name in enumerate(KINDS)}
        return [
            {
                "kind": name,
                "chars": int(where.sum()),
                "network_nats": float(network[where].mean()),
                "ngram_nats": float(ngram[where].mean()),
            }
            for name, where in chosen.items()
            if where.any()
        ]

    def _examples(
        self, places: NDArray[np.intp], network: Floats, ngram: Floats, gain: Floats
    ) -> list[dict[str, Any]]:
        """Describe the places of the largest gain, no two of them close together."""
        found: list[int] = []
        for k in np.argsort(-gain.round(9), kind="stable"):
            if gain[k] <= 0 or len(found) == EXAMPLES:
                break
            if all(abs(places[k] - places[other]) >= APART for other in found):
                found.append(int(k))
        return [
            {
                "context": self._text(max(0, places[k] - CONTEXT), places[k]),
                "char": self._text(places[k], places[k] + 1),
                "network_p": float(np.exp(-network[k])),
                "ngram_p": float(np.exp(-ngram[k])),
            }
            for k in found
        ]

    def _passage(
        self, places: NDArray[np.intp], network: Floats, ngram: Floats
    ) -> dict[str, Any] | None:
        """Show both at every character of a typical stretch.

        Typical is the one whose mean gain is nearest to that of all. It starts a word, if any
        stretch without a gap does; None if there is none.
        """
        starts = np.arange(len(places) - PASSAGE + 1)
        starts = starts[places[starts + PASSAGE - 1] - places[starts] == PASSAGE - 1]
        word = kinds_of(self._ids, self._vocab)[places[starts]] == 0
        starts = starts[word] if word.any() else starts
        if not len(starts):
            return None
        gain = ngram - network
        sums = np.append(0.0, np.cumsum(gain))
        means = (sums[starts + PASSAGE] - sums[starts]) / PASSAGE
        first = int(starts[np.argmin(np.abs(means - gain.mean()).round(9))])
        return {
            "text": self._text(places[first], places[first] + PASSAGE),
            "network_nats": np.round(network[first : first + PASSAGE], 4).tolist(),
            "ngram_nats": np.round(ngram[first : first + PASSAGE], 4).tolist(),
        }

    def _text(self, first: int, last: int) -> str:
        return self._vocab.decode(np.asarray(self._ids[first:last]))
