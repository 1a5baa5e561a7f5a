"""Answers that two students share, and answers that are quoted from the project's own texts.

A text is compared by its runs of five words. Upper and lower case, punctuation and line breaks make
no difference, and runs that stand in the homework's frame, which every student has, do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from charlab.course.homework import Answer

WORDS = 5
"""Words of a run."""

FEWEST = 8
"""Runs of its own that an answer needs to be compared: about a dozen words."""

Runs = frozenset[tuple[str, ...]]


@dataclass(frozen=True)
class Shared:
    """An answer that two students have in common.

    Attributes
    ----------
    key : str
        Name of the question.
    students : tuple of str
    share : float
        Runs in both, as a share of those of the shorter answer.
    passage : str
        The longest passage of the first one's, each run of which the other has, too.
    """

    key: str
    students: tuple[str, str]
    share: float
    passage: str


def words(text: str) -> list[str]:
    """Return the words of a text in their normal form."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def runs(text: str) -> Runs:
    """Return the runs of words of a text."""
    listed = words(text)
    return frozenset(tuple(listed[i : i + WORDS]) for i in range(len(listed) - WORDS + 1))


def shared_answers(
    classes: Mapping[str, list[Answer]], template: Runs, threshold: float
) -> list[Shared]:
    """Return the answers that two students share, those with the largest share first.

    Parameters
    ----------
    classes : mapping of str to list of Answer
        The answers of each student.
    template : set of tuple of str
        Runs that do not count.
    threshold : float
        Smallest share that is reported.
    """
    by_key: dict[str, list[tuple[str, str, Runs]]] = {}
    for student, answers in classes.items():
        for answer in answers:
            own = runs(answer.text) - template
            if len(own) >= FEWEST:
                by_key.setdefault(answer.key, []).append((student, answer.text, own))
    shared = []
    for key, entries in by_key.items():
        for (one, text, own), (other, other_text, theirs) in combinations(entries, 2):
            share = len(own & theirs) / min(len(own), len(theirs))
            if share >= threshold:
                passage = longest_passage(text, runs(other_text))
                shared.append(Shared(key, (one, other), share, passage))
    return sorted(shared, key=lambda entry: (-entry.share, entry.key, entry.students))


def longest_passage(text: str, others: Runs) -> str:
    """Return the longest passage of a text each run of which is among others."""
    # One pass: two answers of a megabyte each must not hold up the check of a class.
    listed = words(text)
    best = end = length = 0
    for start in range(len(listed) - WORDS + 1):
        length = length + 1 if tuple(listed[start : start + WORDS]) in others else 0
        if length > best:
            best, end = length, start + WORDS
    return " ".join(listed[end - best - WORDS + 1 : end]) if best else ""


def quoted_share(text: str, source: Runs, template: Runs) -> float:
    """Return the share of an answer's own runs that stand in another text, 0 if it is short."""
    own = runs(text) - template
    return len(own & source) / len(own) if len(own) >= FEWEST else 0.0
