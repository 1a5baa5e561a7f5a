"""Sentences computed from results: who won, by how much, and whether that is more than chance.

What enters are losses by variant and seed in bits per character; what leaves are
sentences in Markdown. Nothing here knows a result: other numbers give other sentences,
and equal numbers give "no difference".
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from charlab.report.statistics import Difference, amount, difference, number


@dataclass(frozen=True)
class Entry:
    """One variant in a comparison.

    Attributes
    ----------
    title : str
        Its name for a reader.
    losses : dict
        Bits per character by seed.
    value : str
        What the key that the comparison varies is for it; '' if none is named.
    """

    title: str
    losses: dict[int, float]
    value: str = ""

    @property
    def mean(self) -> float:
        """Mean loss over the seeds."""
        return statistics.fmean(self.losses.values())

    @property
    def name(self) -> str:
        """The title in bold, so that its commas are not taken for the sentence's."""
        return f"**{escape(self.title)}**"


def escape(text: str) -> str:
    """Return text that Markdown and HTML show as it is."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#~$])", r"\\\1", text)


def listed(words: Sequence[str]) -> str:
    """Join words with commas and a last 'and'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def ranking(entries: Sequence[Entry], measure: str, unit: str = " bits per character") -> list[str]:
    """Say which variant has the lowest loss, and which cannot be told apart from it.

    Parameters
    ----------
    entries : sequence of Entry
        At least one; the same seeds in all.
    measure : str
        What the numbers are, such as "test loss".
    unit : str
        What is written after the first number.
    """
    best, *others = sorted(entries, key=lambda entry: entry.mean)
    if not others:
        return [f"{best.name} has a {measure} of {number(best.mean)}{unit}{_over_seeds(best)}."]
    versus = [(other, difference(other.losses, best.losses)) for other in others]
    if all(found.verdict == "equal" for _, found in versus):
        return [
            f"No difference: {listed([entry.name for entry in entries])} have the same {measure}, "
            f"{number(best.mean)}{unit}, at every seed."
        ]
    if any(found.verdict == "unknown" for _, found in versus):
        return [_of_one_seed(best, versus, measure, unit)]
    return [*_near(best, versus, measure, unit), *_far(best, versus)]


Versus = list[tuple[Entry, Difference]]


def _over_seeds(entry: Entry) -> str:
    return f" (mean of {len(entry.losses)} seeds)" if len(entry.losses) > 1 else " (one seed)"


def _of_one_seed(best: Entry, versus: Versus, measure: str, unit: str) -> str:
    equal = [other.name for other, found in versus if found.verdict == "equal"]
    other, found = next(pair for pair in versus if pair[1].verdict != "equal")
    leader = listed([best.name, *equal])
    return (
        f"{leader} {'have' if equal else 'has'} the lowest {measure}, {number(best.mean)}{unit}, "
        f"{amount(found.mean)} below {other.name}; but with one seed no spread is known, "
        "so this does not say which is better."
    )


def _near(best: Entry, versus: Versus, measure: str, unit: str) -> list[str]:
    """Say how the best stands to those close to it, or to the runner-up."""
    equal = [other.name for other, found in versus if found.verdict == "equal"]
    unclear = [(other, found) for other, found in versus if found.verdict == "unclear"]
    sentences = []
    lowest = f"{number(best.mean)}{unit}{_over_seeds(best)}"
    if unclear:
        near = listed([f"{o.name} ({number(d.mean)} higher, {d.interval})" for o, d in unclear])
        sentences.append(
            f"{best.name} has the lowest {measure}, {lowest}, but the seeds spread too much to "
            f"tell it from {near}: the 95 % interval of the difference, paired by seed, includes 0."
        )
    else:
        other, found = next(pair for pair in versus if pair[1].verdict == "clear")
        sentences.append(
            f"{best.name} has the lowest {measure}, {lowest}, {amount(found.mean)} below "
            f"{other.name} (95 % interval {found.interval}, paired by seed): "
            "more than the spread of the seeds."
        )
    if equal:
        sentences.append(f"{listed(equal)} equals it at every seed.")
    return sentences


def _far(best: Entry, versus: Versus) -> list[str]:
    """List those that are worse than the best beyond doubt, if not said already."""
    clear = [(other, found) for other, found in versus if found.verdict == "clear"]
    unclear = any(found.verdict == "unclear" for _, found in versus)
    rest = clear if unclear else clear[1:]
    if not rest:
        return []
    by_how_much = listed([f"{o.name} (by {number(d.mean)})" for o, d in rest])
    return [f"Behind {best.name} by more than the spread of the seeds: {by_how_much}."]


def no_effect(entries: Sequence[Entry]) -> list[str]:
    """Name pairs with the same losses at every seed, unless all are equal."""
    pairs = [
        (a, b)
        for k, a in enumerate(entries)
        for b in entries[k + 1 :]
        if difference(a.losses, b.losses).verdict == "equal"
    ]
    if len(pairs) == len(entries) * (len(entries) - 1) // 2:
        return []
    return [
        f"{a.name} and {b.name} have the same losses at every seed: "
        "what differs between them has no effect."
        for a, b in pairs
    ]


def step_by_step(entries: Sequence[Entry], measure: str) -> list[str]:
    """Compare each variant with the one before it, where each differs by one thing more."""
    verdicts = {
        "clear": "more than the spread of the seeds",
        "unclear": "within the spread of the seeds",
        "unknown": "with one seed no spread is known",
    }
    sentences = []
    for before, after in pairwise(entries):
        found = difference(after.losses, before.losses)
        start = f"From {before.name} to {after.name} the {measure} "
        if found.verdict == "equal":
            sentences.append(f"{start}stays the same at every seed.")
            continue
        interval = f" (95 % interval {found.interval})" if found.interval else ""
        way = "rises" if found.mean > 0 else "falls"
        sentences.append(
            f"{start}{way} by {amount(found.mean)}{interval}: {verdicts[found.verdict]}."
        )
    return sentences


def as_number(text: str) -> float | None:
    """Return a parameter's value as a number, None if it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def trend(entries: Sequence[Entry], measure: str) -> list[str]:
    """Say how the mean loss goes with a parameter that is a number, and where it is lowest."""
    values = [as_number(entry.value) for entry in entries]
    if None in values or len(set(values)) < 3 or len(set(values)) < len(values):
        return []
    ordered = sorted(entries, key=lambda entry: as_number(entry.value) or 0.0)
    if max(entry.mean for entry in ordered) - min(entry.mean for entry in ordered) < 0.0005:
        return []
    means = listed([f"{number(entry.mean)} at {entry.value}" for entry in ordered])
    best = min(ordered, key=lambda entry: entry.mean)
    edge = best in (ordered[0], ordered[-1])
    where = (
        "the edge of the range, so that a better value may lie beyond it"
        if edge
        else "inside the range that was tried"
    )
    start = f"The {measure}{_in_the_mean(best)}{',' if len(best.losses) > 1 else ''} is"
    return [f"{start} {means}; lowest at {best.value}, {where}."]


def against_line(entries: Sequence[Entry], line: float, name: str, measure: str) -> str:
    """Set the variant of the lowest mean beside a fixed figure of the same text.

    Parameters
    ----------
    line : float
        Bits per character, without spread.
    name : str
        What the figure is, with its article.
    """
    best = min(entries, key=lambda entry: entry.mean)
    found = difference(best.losses, dict.fromkeys(best.losses, line))
    side = "above" if found.mean > 0 else "below"
    start = f"Beside {name} ({number(line)}), {best.name} "
    if found.verdict == "equal":
        return f"{start}has the same {measure}."
    place = f"has a {measure} {amount(found.mean)} {side} it"
    if found.verdict == "unknown":
        return f"{start}{place}, with one seed."
    doubt = "more than" if found.verdict == "clear" else "within"
    return f"{start}{place} (95 % interval {found.interval}): {doubt} the spread of the seeds."


def gap(tested: Sequence[Entry], trained: Sequence[Entry]) -> list[str]:
    """Say how far each variant's training loss lies below its loss on unseen text."""
    gaps = [
        (train, test.mean - train.mean)
        for test, train in zip(tested, trained, strict=True)
        if math.isfinite(train.mean)  # a run that diverged at once met no loss
    ]
    if not gaps:
        return []
    lowest = min((train for train, _ in gaps), key=lambda entry: entry.mean)
    parts = listed([f"{number(value)} for {entry.name}" for entry, value in gaps])
    return [
        f"The loss met in training is lowest for {lowest.name}, {number(lowest.mean)}. "
        f"The loss on unseen text lies above it by {parts}{_in_the_mean(lowest)}."
    ]


def _in_the_mean(entry: Entry) -> str:
    return ", in the mean of the seeds" if len(entry.losses) > 1 else ""


def diverged(found: Iterable[tuple[str, int, int]], clipping: bool) -> list[str]:
    """Name the runs that diverged; where clipping is the question, say so if none did.

    Parameters
    ----------
    found : iterable of (title, seed, step)
        One for each run that diverged.
    """
    runs: dict[str, list[tuple[int, int]]] = {}
    for title, seed, step in found:
        runs.setdefault(title, []).append((seed, step))
    if clipping and not runs:
        return ["No run diverged, neither with clipping nor without."]
    return [
        f"**{escape(title)}** diverged "
        + listed([f"at step {step} with seed {seed}" for seed, step in own])
        + "; its figures are those of the last weights that were kept."
        for title, own in runs.items()
    ]


def relative(entries: Sequence[Entry], lines: Sequence[float]) -> list[str]:
    """Rank texts by their loss as a share of the same text's best n-gram.

    Raw losses of texts in different languages or alphabets are not comparable; the
    share of a baseline on the same characters is.
    """
    shares = as_shares(entries, lines)
    below = [entry.name for entry in shares if entry.mean < 100]
    verdict = (
        f"The network's mean loss is below that of the best n-gram for {listed(below)}."
        if below
        else "For no text is the network's mean loss below that of the best n-gram."
    )
    measure = "loss relative to its own best n-gram (= 100)"
    return [verdict, *ranking(shares, measure, unit="")]


def as_shares(entries: Sequence[Entry], lines: Sequence[float]) -> list[Entry]:
    """Return each variant's losses in percent of a figure of its own text."""
    return [
        Entry(entry.title, {seed: 100 * loss / line for seed, loss in entry.losses.items()})
        for entry, line in zip(entries, lines, strict=True)
    ]
