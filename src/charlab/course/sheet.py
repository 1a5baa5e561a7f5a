"""The course sheet: its parts, their questions, and the points for each.

The numbers are those of the sheet: 2.1 to 2.3 are about the network written by hand, Tasks 1 to 6
are experiments. TASKS.md, the rubric and the automatic points are all made from this one table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from charlab.plan.study import ComparisonParams


@dataclass(frozen=True)
class Part:
    """A part of the course sheet.

    Attributes
    ----------
    number : str
        As on the sheet: ``2.1``, ``Task 3``.
    title : str
    minutes : int
        Time to read the figures and to write, without the training.
    questions : tuple of str
        What an answer must say.
    points : int
        Points for the content, given by a person.
    """

    number: str
    title: str
    minutes: int
    questions: tuple[str, ...]
    points: int

    @property
    def heading(self) -> str:
        """The number and the title, as a heading."""
        return f"{self.number}{':' if self.number.startswith('Task') else ''} {self.title}"


SHEET = (
    Part(
        "2.1",
        "The model",
        20,
        (
            "What are W_xh, W_hh and W_hy, which shapes do they have, and what does a product with "
            "a one-hot vector do?",
            "Why tanh? What would happen with a function without bounds, or with a sigmoid?",
            "How does the hidden state start, and what is carried from one chunk to the next?",
        ),
        5,
    ),
    Part(
        "2.2",
        "Training",
        20,
        (
            "Which loss, and why cross-entropy?",
            "How are the weights updated? What does Adagrad's memory hold?",
            "What is clipping, what does np.clip do to the direction of a gradient, and what does "
            "clipping by norm do?",
        ),
        5,
    ),
    Part(
        "2.3",
        "Generation",
        20,
        (
            "How is the next character chosen? Explain the lines of your sampler.",
            "What does the temperature do, from 0.2 to 2?",
            "Why draw at all, instead of taking the likeliest character?",
        ),
        5,
    ),
    Part(
        "Task 1",
        "dropout",
        25,
        (
            "What happens to the losses on train and on val, and why?",
            "Where must dropout stand to act in a network of one layer, and in one of two?",
            "Does what is written get better or worse?",
        ),
        7,
    ),
    Part(
        "Task 2",
        "activations",
        25,
        (
            "What do ReLU and sigmoid change in the losses, beyond the spread of the seeds?",
            "How do you explain it by the slope and the bounds of each function?",
            "What is written with each?",
        ),
        7,
    ),
    Part(
        "Task 3",
        "RNN, GRU, LSTM",
        25,
        (
            "Which cell has the lowest loss on val, at equal size and at equally many parameters?",
            "Which cell remembers furthest, and how can you tell?",
            "What is written by each?",
        ),
        7,
    ),
    Part(
        "Task 4",
        "hidden size, sequence length, learning rate",
        25,
        (
            "What does each setting change, in the loss and in the time?",
            "Which would you choose, by val alone?",
            "How does what is written change?",
        ),
        7,
    ),
    Part(
        "Task 5",
        "texts and languages",
        25,
        (
            "Which text is easier for the network, each beside its own n-gram?",
            "What is hard in each text: vocabulary, word length, layout?",
            "What does the network write in each, and what is wrong in it?",
        ),
        7,
    ),
    Part(
        "Task 6",
        "an article",
        40,
        (
            "A journal article that uses an LSTM or a GRU on something that is not text: authors, "
            "year, title, journal, DOI.",
            "What goes in, what comes out, and why this kind of network?",
            "What did the authors learn?",
        ),
        11,
    ),
)
"""All parts, in the order of the sheet."""

PART_OF_SECTION = {
    "dropout": "Task 1",
    "activations": "Task 2",
    "cells": "Task 3",
    "sizes": "Task 4",
    "texts": "Task 5",
}
"""Part to which the comparisons of a section of the report belong."""


def part_of(comparison: ComparisonParams) -> str:
    """Return the number of the part that a comparison belongs to; empty if it is on no sheet."""
    if comparison.section == "training":
        return "2.1" if comparison.vary in ("state", "initial_state") else "2.2"
    return PART_OF_SECTION.get(comparison.section, "")


def part_of_heading(heading: str) -> str:
    """Return the number of the part that a heading of the report names; empty if it names none.

    Examples
    --------
    >>> part_of_heading("Task 3: RNN, GRU, LSTM"), part_of_heading("2.2 Training")
    ('Task 3', '2.2')
    """
    match = re.match(r"(?:Section\s+)?(2\.[123]|Task\s+[1-6])\b", heading.strip(), re.IGNORECASE)
    return " ".join(match[1].split()).capitalize() if match else ""
