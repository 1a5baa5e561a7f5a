"""Properties of a text that every model trained on it is compared with.

Input: an encoded text, and the files of the baselines stage. Output: the loss of the text's
best n-gram at every character of the test split, the training text indexed for finding
copies, and, for the built-in text, the ideal code length of each test character and the
distance of its dependency.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charlab.core.errors import CharlabError
from charlab.core.files import read_json
from charlab.core.folders import require_complete
from charlab.evaluate.novelty import TrainingText
from charlab.evaluate.trace import Floats
from charlab.vocab.arrays import map_array
from charlab.vocab.encoded_text import EncodedText

MAX_COPY_CHARS = 8_000_000
"""Maximum length of a training text that is searched for copies; its index takes 0.7 GB."""


@dataclass(frozen=True)
class Reference:
    """Properties of a text; None for each that is unknown.

    Attributes
    ----------
    ngram_order : int or None
        The n of the best n-gram.
    ngram_nats : ndarray of shape (test_chars,), or None
        Its loss of each character of the test split.
    floor : structured ndarray of shape (test_chars,), or None
        Fields ``nats``, ``forgotten``, ``distance`` and ``kind`` of each character of the
        test split, if the text is the built-in one (:class:`charlab.synthetic.text.Floor`).
    training : TrainingText or None
        The training text, indexed for finding copies.
    """

    ngram_order: int | None = None
    ngram_nats: Floats | None = None
    floor: NDArray[np.void] | None = None
    training: TrainingText | None = None


def load_reference(data: EncodedText, figures: Path, arrays: Path) -> Reference:
    """Collect the reference of a text from the files of the baselines stage.

    Parameters
    ----------
    data : EncodedText
        The encoded text.
    figures : Path
        data/baselines/<text>.json: the order that was best on the validation split.
    arrays : Path
        data/baselines/<text>: ngram.npy, the loss of each test character under the n-gram
        of that order, and floor.npy for the built-in text.

    Raises
    ------
    CharlabError
        If a file is missing or cannot be read.
    """
    require_complete(arrays, "run the baselines stage again")
    try:
        order = int(read_json(figures)["best_order"])
        nats: Floats = np.array(map_array(arrays / "ngram.npy"), np.float64)
        path = arrays / "floor.npy"  # only the built-in text has one
        floor: NDArray[np.void] | None = np.array(map_array(path)) if path.is_file() else None
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise CharlabError(
            f"{arrays}: not the baselines of a text ({error}); run the baselines stage again"
        ) from None
    training = index_training(data)
    # The baselines shorten a very long split, and its later segments then move forward.
    if not len(nats) or (len(nats) < len(data.test) and data.segments > 1):
        return Reference(floor=floor, training=training)
    return Reference(order, nats, floor, training)


def index_training(data: EncodedText) -> TrainingText | None:
    """Index the training text for finding copies, unless it is empty or too long."""
    if not 0 < len(data.train) <= MAX_COPY_CHARS:
        return None
    return TrainingText(data.vocab.decode(data.train))
