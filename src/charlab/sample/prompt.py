"""Choose a prompt: the beginning of a paragraph or line of the text's validation split.

A fixed prompt would need characters that every text has, and would be ordinary in one text and
odd in another. Nothing was trained on the validation split, so its lines are new to the model.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.core.seeding import numpy_generator
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.vocabulary import UNKNOWN, Vocabulary

SHORTEST, LONGEST = 20, 40
"""Minimum and maximum characters of a prompt, where the text allows."""

CONSIDERED = 400_000
"""Maximum characters of val in which a prompt is sought."""

STARTS = (
    r"(?<=\n\n)\S[^\n]{19,39}",  # a paragraph
    r"(?<=\n)\S[^\n]{19,39}",  # a line
    r"(?<=\n)\S(?s:.{19,39})",  # a short line, and those after it
    r"(?<=[.!?…] )\S[^\n]{19,39}|(?<=[。！？])\S[^\n]{19,39}",  # a sentence
    r"(?<=\s)\S[^\n]{19,39}",  # a word
    r"(?s:.{20,40})",
    r"(?s:.+)",
)
"""Patterns of a prompt, the best kind first; the last one matches any text."""


def draw_prompt(data: EncodedText, seed: int) -> str:
    """Return the beginning of a paragraph, line or sentence of a text's validation split.

    It has 20 to 40 characters, and ends after a space if there is one. It depends on the text and
    the seed only, so all models of a text continue the same prompt.
    """
    ids: NDArray[np.integer[Any]] = np.asarray(data.val[:CONSIDERED])
    length = len(data.val) // data.segments
    # Neighboring pieces of an interleaved split are not continuous text.
    pieces = [data.vocab.decode(ids[at : at + length]) for at in range(0, len(ids), length)]
    for pattern in STARTS:
        # The unknown symbol is not a character of the text.
        starts = [m for piece in pieces for m in re.findall(pattern, piece) if UNKNOWN not in m]
        if starts:
            break
    else:
        return default_prompt(data.vocab)
    start: str = starts[int(numpy_generator(seed, "prompt").integers(len(starts)))]
    # Cut behind the last space, so that the model begins a word.
    word_ends = [m.end() for m in re.finditer(r"\s", start) if m.end() >= SHORTEST]
    return start[: word_ends[-1]] if word_ends else start


def default_prompt(vocab: Vocabulary) -> str:
    """Return a prompt for a model whose text is not at hand: a line break, space or any character.

    After a line break a model begins a line; after a space, a word.
    """
    for char in "\n ":
        if char in vocab.chars:
            return char
    return vocab.chars[vocab.counts.index(max(vocab.counts))]
