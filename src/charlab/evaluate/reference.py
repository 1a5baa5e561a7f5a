"""What is known of a text itself, to set beside every model that was trained on it.

What enters is a numbered text; what leaves is the loss of its best n-gram at every
character of the test split, the training text made ready for looking up samples, and,
for the built-in text, the ideal code length of each character and the distance of what
it depends on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.baselines.ngram import nats_by_order
from charlab.evaluate.novelty import TrainingText
from charlab.evaluate.trace import Floats
from charlab.synthetic.text import Floor, code_length
from charlab.vocab.vocabulary import EncodedText

MAX_NGRAM_CHARS = 20_000_000
"""Above this length of the training text no n-gram is fitted."""

MAX_COPY_CHARS = 8_000_000
"""Above this length of the training text (half a gigabyte) no copies are looked for in it."""

NGRAM_ORDERS = (3, 4, 5, 6, 7, 8)
"""The n-gram to compare with is the best of these on the validation split."""


@dataclass(frozen=True)
class Reference:
    """What every model of a text is set beside; None where there is nothing.

    Attributes
    ----------
    ngram_order : int or None
        The n of the best n-gram.
    ngram_nats : ndarray of shape (test_chars,), or None
        Its loss of each character of the test split.
    floor : Floor or None
        Of the characters of the test split, if the text is the built-in one.
    training : TrainingText or None
        The training text, ready for looking up samples.
    """

    ngram_order: int | None = None
    ngram_nats: Floats | None = None
    floor: Floor | None = None
    training: TrainingText | None = None


def refer(data: EncodedText, invented_text: str | None = None) -> Reference:
    """Fit the n-gram, and compute the floor, once for all the models of a text.

    Parameters
    ----------
    data : EncodedText
        The numbered text.
    invented_text : str, optional
        The whole text as the built-in generator wrote it; None for any other text. There is
        a floor only if ``data`` stands for that very text: ``corpus.clean`` may change it.
    """
    order, ngram = _best_ngram(data)
    copied = 0 < len(data.train) <= MAX_COPY_CHARS
    training = TrainingText(data.vocab.decode(data.train)) if copied else None
    places = places_of_test(data)
    if invented_text is None or not _stands_for(data, invented_text, places):
        return Reference(order, ngram, training=training)
    floor = part_of(code_length(invented_text), places)
    return Reference(order, ngram, floor, training)


def part_of(floor: Floor, chosen: NDArray[Any]) -> Floor:
    """Return the floor of some characters: ``chosen`` is their places, or a mask."""
    return Floor(
        floor.nats[chosen], floor.forgotten[chosen], floor.distance[chosen], floor.kind[chosen]
    )


def _best_ngram(data: EncodedText) -> tuple[int | None, Floats | None]:
    empty = 0 in (len(data.train), len(data.val), len(data.test))
    if empty or len(data.train) > MAX_NGRAM_CHARS:
        return None, None
    splits: list[NDArray[np.integer[Any]]] = [np.asarray(data.val), np.asarray(data.test)]
    nats = nats_by_order(
        np.asarray(data.train), data.vocab.size, NGRAM_ORDERS, splits, data.segments
    )
    order = min(nats, key=lambda n: float(nats[n][0].mean()))
    return order, nats[order][1]


def places_of_test(data: EncodedText) -> NDArray[np.intp]:
    """Return where in the whole text each character of the test split stands.

    Each of the text's equal pieces gives its last part to the test split.
    """
    sizes = [len(part) // data.segments for part in (data.train, data.val, data.test)]
    piece = np.arange(data.segments, dtype=np.intp)[:, None] * sum(sizes)
    return (piece + sizes[0] + sizes[1] + np.arange(sizes[2])).ravel()


def _stands_for(data: EncodedText, text: str, places: NDArray[np.intp]) -> bool:
    """Whether the test split is what stands at ``places`` of ``text``."""
    if len(places) == 0 or places[-1] >= len(text):
        return False
    known = set(data.vocab.chars)
    expected = "".join(text[place] for place in places)
    if not data.vocab.unknown and not known.issuperset(expected):
        return False
    return bool(np.array_equal(data.vocab.encode(expected), data.test))
