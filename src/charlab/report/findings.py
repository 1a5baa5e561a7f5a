"""State findings on losses: the best variant, its margin, and the significance of the margin.

Inputs are losses by variant and seed in bits per character; outputs are sentences in Markdown. No
result is hard-coded: other numbers give other sentences, and equal numbers give "no difference".
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from charlab.report.markdown import escape, listed
from charlab.report.statistics import Difference, amount, difference, number


@dataclass(frozen=True)
class Entry:
    """One variant in a comparison.

    Attributes
    ----------
    label : str
        Its label in figures and tables.
    losses : dict
        Bits per character by seed.
    value : str
        Its value of the key that the comparison varies, '' if none.
    """

    label: str
    losses: dict[int, float]
    value: str = ""

    @property
    def mean(self) -> float:
        """Mean loss over the seeds."""
        return statistics.fmean(self.losses.values())

    @property
    def name(self) -> str:
        """The label in bold, which sets off its commas from those of the sentence."""
        return f"**{escape(self.label)}**"


def ranking(entries: Sequence[Entry], measure: str, unit: str = " bits per character") -> list[str]:
    """Report the variant with the lowest loss, and those not distinguishable from it.

    Parameters
    ----------
    entries : sequence of Entry
        At least one, all with the same seeds.
    measure : str
        Name of the numbers, such as "test loss".
    unit : str
        Unit, written after the first number.
    """
    # sorted is stable: ties stay in the order of params.yaml.
    best, *others = sorted(entries, key=lambda entry: entry.mean)
    if not others:
        return [f"{best.name} has a {measure} of {number(best.mean)}{unit}{_over_seeds(best)}."]
    versus = [(other, difference(other.losses, best.losses)) for other in others]
    if all(paired.verdict == "equal" for _, paired in versus):
        return [
            f"No difference: {listed([entry.name for entry in entries])} have the same {measure}, "
            f"{number(best.mean)}{unit}, at every seed."
        ]
    # Without a spread nothing can be said about chance.
    if any(paired.verdict == "unknown" for _, paired in versus):
        return [_of_one_seed(best, versus, measure, unit)]
    return [*_near(best, versus, measure, unit), *_far(best, versus)]


Versus = list[tuple[Entry, Difference]]
"""The other variants, each with its paired difference from the best, by increasing mean."""


def _over_seeds(entry: Entry) -> str:
    return f" (mean of {len(entry.losses)} seeds)" if len(entry.losses) > 1 else " (one seed)"


def _of_one_seed(best: Entry, versus: Versus, measure: str, unit: str) -> str:
    """Report the lowest loss of a single seed, without a verdict."""
    equal = [other.name for other, paired in versus if paired.verdict == "equal"]
    other, paired = next(pair for pair in versus if pair[1].verdict != "equal")
    # Several variants may share the lowest loss.
    leader = listed([best.name, *equal])
    return (
        f"{leader} {'have' if equal else 'has'} the lowest {measure}, {number(best.mean)}{unit}, "
        f"{amount(paired.mean)} below {other.name}; but with one seed no spread is known, "
        "so this does not say which is better."
    )


def _near(best: Entry, versus: Versus, measure: str, unit: str) -> list[str]:
    """Compare the best with those that are not clearly worse, or with the second best."""
    # o and d below: another variant, and its difference from the best.
    equal = [other.name for other, paired in versus if paired.verdict == "equal"]
    unclear = [(other, paired) for other, paired in versus if paired.verdict == "unclear"]
    sentences = []
    lowest = f"{number(best.mean)}{unit}{_over_seeds(best)}"
    if unclear:
        near = listed([f"{o.name} ({number(d.mean)} higher, {d.interval})" for o, d in unclear])
        sentences.append(
            f"{best.name} has the lowest {measure}, {lowest}, but the seeds spread too much to "
            f"tell it from {near}: the 95 % interval of the difference, paired by seed, includes 0."
        )
    else:
        other, paired = next(pair for pair in versus if pair[1].verdict == "clear")
        sentences.append(
            f"{best.name} has the lowest {measure}, {lowest}, {amount(paired.mean)} below "
            f"{other.name} (95 % interval {paired.interval}, paired by seed): "
            "more than the spread of the seeds."
        )
    if equal:
        sentences.append(f"{listed(equal)} equals it at every seed.")
    return sentences


def _far(best: Entry, versus: Versus) -> list[str]:
    """List the variants that are clearly worse, without the one :func:`_near` names."""
    clear = [(other, paired) for other, paired in versus if paired.verdict == "clear"]
    unclear = any(paired.verdict == "unclear" for _, paired in versus)
    # If nothing is unclear, _near has named the first clear one as the second best.
    rest = clear if unclear else clear[1:]
    if not rest:
        return []
    by_how_much = listed([f"{o.name} (by {number(d.mean)})" for o, d in rest])
    return [f"Behind {best.name} by more than the spread of the seeds: {by_how_much}."]


def no_effect(entries: Sequence[Entry]) -> list[str]:
    """Report pairs with the same losses at every seed, unless all are equal."""
    pairs = [
        (a, b)
        for k, a in enumerate(entries)
        for b in entries[k + 1 :]
        if difference(a.losses, b.losses).verdict == "equal"
    ]
    if len(pairs) == len(entries) * (len(entries) - 1) // 2:
        return []  # the ranking already says that there is no difference
    return [
        f"{a.name} and {b.name} have the same losses at every seed: "
        "what differs between them has no effect."
        for a, b in pairs
    ]


def step_by_step(entries: Sequence[Entry], measure: str) -> list[str]:
    """Compare each variant with the one before it, which differs from it in one setting."""
    verdicts = {
        "clear": "more than the spread of the seeds",
        "unclear": "within the spread of the seeds",
        "unknown": "with one seed no spread is known",
    }
    sentences = []
    for before, after in pairwise(entries):
        # Positive where the step made the loss worse.
        paired = difference(after.losses, before.losses)
        start = f"From {before.name} to {after.name} the {measure} "
        if paired.verdict == "equal":
            sentences.append(f"{start}stays the same at every seed.")
            continue
        interval = f" (95 % interval {paired.interval})" if paired.interval else ""
        way = "rises" if paired.mean > 0 else "falls"
        sentences.append(
            f"{start}{way} by {amount(paired.mean)}{interval}: {verdicts[paired.verdict]}."
        )
    return sentences


def as_number(text: str) -> float | None:
    """Return the value of a parameter as a number, None if it is not a number."""
    try:
        return float(text)
    except ValueError:
        return None


def trend(entries: Sequence[Entry], measure: str) -> list[str]:
    """Report the mean loss as a function of a numeric parameter, and where it is lowest."""
    values = [as_number(entry.value) for entry in entries]
    # A trend needs three different numbers, each for one variant.
    if None in values or len(set(values)) < 3 or len(set(values)) < len(values):
        return []
    ordered = sorted(entries, key=lambda entry: as_number(entry.value) or 0.0)
    # Means that print the same three decimals have no lowest one.
    if max(entry.mean for entry in ordered) - min(entry.mean for entry in ordered) < 0.0005:
        return []
    means = listed([f"{number(entry.mean)} at {entry.value}" for entry in ordered])
    best = min(ordered, key=lambda entry: entry.mean)
    # A minimum at the edge may continue beyond the values that were tried.
    edge = best in (ordered[0], ordered[-1])
    where = (
        "the edge of the range, so that a better value may lie beyond it"
        if edge
        else "inside the range that was tried"
    )
    start = f"The {measure}{_in_the_mean(best)}{',' if len(best.losses) > 1 else ''} is"
    return [f"{start} {means}; lowest at {best.value}, {where}."]


def against_line(entries: Sequence[Entry], line: float, name: str, measure: str) -> str:
    """Compare the variant with the lowest mean with a fixed loss on the same text.

    Parameters
    ----------
    line : float
        The fixed loss in bits per character, which has no spread.
    name : str
        Name of the fixed loss, with its article.
    """
    best = min(entries, key=lambda entry: entry.mean)
    # The line is the same for every seed, so the interval reflects the variant alone.
    paired = difference(best.losses, dict.fromkeys(best.losses, line))
    side = "above" if paired.mean > 0 else "below"
    start = f"Beside {name} ({number(line)}), {best.name} "
    if paired.verdict == "equal":
        return f"{start}has the same {measure}."
    place = f"has a {measure} {amount(paired.mean)} {side} it"
    if paired.verdict == "unknown":
        return f"{start}{place}, with one seed."
    doubt = "more than" if paired.verdict == "clear" else "within"
    return f"{start}{place} (95 % interval {paired.interval}): {doubt} the spread of the seeds."


def gap(tested: Sequence[Entry], trained: Sequence[Entry]) -> list[str]:
    """Report the gap between the training loss and the loss on unseen text of each variant."""
    gaps = [
        (train, test.mean - train.mean)
        for test, train in zip(tested, trained, strict=True)
        if math.isfinite(train.mean)  # a run that diverged at once has no training loss
    ]
    if not gaps:
        return []
    # The one that memorized most, which need not generalize best.
    lowest = min((train for train, _ in gaps), key=lambda entry: entry.mean)
    parts = listed([f"{number(value)} for {entry.name}" for entry, value in gaps])
    return [
        f"The loss met in training is lowest for {lowest.name}, {number(lowest.mean)}. "
        f"The loss on unseen text lies above it by {parts}{_in_the_mean(lowest)}."
    ]


def _in_the_mean(entry: Entry) -> str:
    return ", in the mean of the seeds" if len(entry.losses) > 1 else ""


def diverged(rows: Iterable[tuple[str, int, int]], clipping: bool) -> list[str]:
    """Report the runs that diverged.

    Parameters
    ----------
    rows : iterable of (label, seed, step)
        One for each run that diverged.
    clipping : bool
        Also report that no run diverged, which is a finding about clipping.
    """
    # Group the runs by variant, which gets one sentence.
    runs: dict[str, list[tuple[int, int]]] = {}
    for label, seed, step in rows:
        runs.setdefault(label, []).append((seed, step))
    if clipping and not runs:
        return ["No run diverged, neither with clipping nor without."]
    return [
        f"**{escape(label)}** diverged "
        + listed([f"at step {step} with seed {seed}" for seed, step in own])
        + "; its figures are those of the last weights that were kept."
        for label, own in runs.items()
    ]


def relative(entries: Sequence[Entry], lines: Sequence[float]) -> list[str]:
    """Rank texts by their loss relative to the best n-gram of the same text.

    Losses on texts in different languages or alphabets are not comparable; ratios to a baseline on
    the same characters are.
    """
    shares = as_shares(entries, lines)
    # Shares are in percent: below 100, the network beats the n-gram.
    below = [entry.name for entry in shares if entry.mean < 100]
    verdict = (
        f"The network's mean loss is below that of the best n-gram for {listed(below)}."
        if below
        else "For no text is the network's mean loss below that of the best n-gram."
    )
    measure = "loss relative to its own best n-gram (= 100)"
    return [verdict, *ranking(shares, measure, unit="")]


def as_shares(entries: Sequence[Entry], lines: Sequence[float]) -> list[Entry]:
    """Return the losses of each variant in percent of a loss on the same text."""
    return [
        Entry(entry.label, {seed: 100 * loss / line for seed, loss in entry.losses.items()})
        for entry, line in zip(entries, lines, strict=True)
    ]
