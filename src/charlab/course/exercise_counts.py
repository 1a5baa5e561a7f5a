"""Judge a sampler by the characters that it drew: chi-square, and a text that is certain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from charlab.core.errors import shortened
from charlab.course.exercise import SAMPLER
from charlab.course.exercise_cases import DRAWN, DRAWS, LENGTH, PROMPT, VOCAB, Draw, counted_on

Array = NDArray[np.float64]
Arrays = Mapping[str, Array]

CHI_SQUARE = 27.86
"""The 1 - 4e-5 quantile of chi-square with VOCAB - 1 = 5 degrees of freedom."""

UNUSED = (
    "the generator that was passed in is not used; draw with generator.choice, so that the same "
    "seed writes the same text"
)


def errors_before(file: str, key: str, errors: Mapping[str, str]) -> Iterator[str]:
    """Yield the errors that kept a test from running."""
    for name in (file, key):
        if name in errors:
            yield _shortened_error(errors[name])


def _shortened_error(text: str) -> str:
    """Return a student's error message in one line of at most 300 characters."""
    pieces = [text[start : start + 80] for start in range(0, min(len(text), 300), 80)]
    return "".join(map(shortened, pieces))


def named(draw: Draw) -> str:
    """Return a name for the test of one temperature."""
    return f"draws at temperature {draw.temperature:g}" + (
        f", logits near {draw.shift:g}" if draw.shift else ""
    )


def _softmax(scores: Array) -> Array:
    """Return probabilities in proportion to exp(scores)."""
    exponentials = np.exp(scores - scores.max())
    p: Array = exponentials / exponentials.sum()
    return p


def count_problems(number: int, arrays: Arrays, errors: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the counts of the characters drawn at one temperature."""
    key, draw = f"draw {number}", DRAWN[number]
    for problem in errors_before(SAMPLER, key, errors):
        yield problem + (_reason(draw) if "NaN" in problem else "")
    counts = arrays.get(f"{key}/counts", np.empty(0))
    if counts.shape != (VOCAB,) or counts.sum() != DRAWS:
        yield f"expected {DRAWS} numbers from 0 to {VOCAB - 1}, found others"
        return
    logits = draw.logits()
    logits = logits - logits.max()
    likeliest = np.eye(VOCAB)[logits.argmax()]
    if draw.temperature == 0:
        if counts[logits.argmax()] != DRAWS:
            yield "at temperature 0 the likeliest character must be chosen every time"
        return
    unused = "" if arrays.get(f"{key}/used", np.array(0.0)).any() else UNUSED
    right = _softmax(logits / draw.temperature)
    if _chi_square(counts, right) < CHI_SQUARE:
        if unused:
            yield unused
        return
    wrong = {
        "the temperature has no effect": _softmax(logits),
        "the logits are multiplied by the temperature; divide them": _softmax(
            logits * draw.temperature
        ),
        "always the likeliest character is chosen; draw by the probabilities": likeliest,
        "all characters are alike; pass p to generator.choice": np.full(VOCAB, 1 / VOCAB),
    }
    known = [words for words, p in wrong.items() if _chi_square(counts, p) < CHI_SQUARE]
    hint = known[0] if known else "the counts do not fit exp(logits / T), normalized"
    yield (
        f"chi-square {_chi_square(counts, right):.3g} with {VOCAB - 1} degrees of freedom, "
        f"expected below {CHI_SQUARE}; {hint}"
        f"{unused and '; '}{unused}"
    )


def _reason(draw: Draw) -> str:
    """Return the usual cause of NaN among the probabilities of one temperature."""
    if draw.temperature == 0:
        return "; at temperature 0 choose the likeliest character, without a division"
    return "; subtract the largest logit before exp, which overflows" if draw.shift else ""


def _chi_square(counts: Array, p: Array) -> float:
    """Return Pearson's statistic; infinite if something impossible was drawn."""
    if counts[p == 0].any():
        return float("inf")
    expected = DRAWS * p[p > 0]
    return float(((counts[p > 0] - expected) ** 2 / expected).sum())


def text_problems(arrays: Arrays, errors: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with a text written from a network whose next character is certain."""
    yield from errors_before(SAMPLER, "sample", errors)
    ids = [*arrays.get("sample/ids", np.empty(0)).reshape(-1).astype(int)]
    read = [*arrays.get("sample/read", np.empty(0)).reshape(-1).astype(int)]
    right = list(counted_on(PROMPT, LENGTH))
    if read[: len(PROMPT)] != list(PROMPT):
        yield f"the network must first read the prompt {list(PROMPT)}; it read {_few(read)}"
    if len(ids) == LENGTH + len(PROMPT) and ids[: len(PROMPT)] == list(PROMPT):
        yield "the text must not contain the prompt"
    if len(ids) != LENGTH:
        yield f"expected {LENGTH} characters, found {len(ids)}"
    # Whether or not the last character was read, too.
    fed = read[len(PROMPT) : len(PROMPT) + LENGTH - 1]
    if ids != right and fed != ids[: LENGTH - 1]:
        yield f"what was drawn must be the next input; drawn {_few(ids)}, read {_few(fed)}"
    # Without what it has read before, the network counts twice the last character.
    if ids != right and all(after == 2 * char % VOCAB for char, after in pairwise(ids)):
        yield "the state is lost between characters; pass the state of one step to the next"
    # With the state after the prompt at every step, the sum stays that of the prompt.
    kept = sum(PROMPT)
    if ids != right and all(after == (2 * c + kept) % VOCAB for c, after in pairwise(ids)):
        yield "the state stays that of the prompt; keep the state that each step returns"
    if ids != right:
        yield f"expected {right}, found {_few(ids)}"


def _few(ids: list[int]) -> str:
    """Return at most a dozen characters of a student's list."""
    return str([int(i) for i in ids[:12]])
