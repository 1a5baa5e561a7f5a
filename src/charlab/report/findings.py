"""State findings on the losses of a comparison: who is first, by how much, and who failed.

Inputs are standings (:mod:`charlab.report.standings`); outputs are sentences in Markdown whose
numbers carry their formulas. No result is hard-coded: other numbers give other sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

from charlab.core.units import counted
from charlab.report.markdown import listed
from charlab.report.numbers import Quantity
from charlab.report.standings import Contender, Standing, Versus
from charlab.report.study import StudyResults

UNIT = "bits per character"


def on_losses(results: StudyResults, standing: Standing) -> list[str]:
    """Return all findings on one comparison of one text: order, differences, failures."""
    split = results.split
    return [
        *no_difference(standing, split),
        *first(standing, split),
        *apart(standing, split),
        *together(standing),
        *same_networks(standing),
        *failures_of(standing.contenders),
        *last_characters(results, standing),
    ]


def last_characters(results: StudyResults, standing: Standing) -> list[str]:
    """Report how far below an n-gram a network is that has the same last characters as input.

    What an n-gram of order 3 can know are the last two characters; a network with bigrams as input
    gets these, too, so the rest is from further back.
    """
    orders = {"bigram": 3, "trigram": 4}
    best = standing.best
    if best is None or all_equal(standing):
        return []
    model = results.params.study.variant(best.slug).model
    inputs = {results.params.study.variant(one.slug).model.input for one in standing.contenders}
    text = results.params.study.variants[best.slug].text
    order = orders.get(model.input)
    if order is None or len(inputs) < 2:
        return []
    line = results.column(
        "baselines", f"{results.split}_bpc", text=text, kind="ngram", order=order
    ).only
    if line is None:
        return []
    gap = best.mean(results.split) - line
    if gap.value >= 0:
        return []
    return [
        f"From the last {counted(order - 1, 'character')} alone, counting ({order}-gram) gets to "
        f"{line.bits}; {best.name}, which has them as input and the rest in its state, lies "
        f"{gap.amount} below that."
    ]


def in_brief(results: StudyResults, standing: Standing) -> list[str]:
    """Return the findings on one comparison that its short table does not show."""
    return [
        *no_difference(standing, results.split),
        *leader(standing),
        *together(standing),
        *same_networks(standing),
        *failures_of(standing.contenders),
    ]


def leader(standing: Standing) -> list[str]:
    """Name the best variant on val, and those after it."""
    best = standing.best
    if best is None or all_equal(standing):
        return []
    after = [one.name for one in standing.ranked[1:]]
    return [f"Best on val: {best.name}{f', then {listed(after)}' if after else ''}."]


def winner(standing: Standing | None) -> list[str]:
    """Name the best variant on val alone, where there is another one that did not fail."""
    best = None if standing is None else standing.best
    if standing is None or best is None or not standing.others or all_equal(standing):
        return []
    return [f"best on val is {best.name}."]


def all_equal(standing: Standing) -> bool:
    """Return whether no loss differs from another one, at any seed."""
    return bool(standing.others) and all(pair.verdict == "equal" for pair in standing.others)


def no_difference(standing: Standing, split: str) -> list[str]:
    """Report that all variants have the same losses."""
    best = standing.best
    # One network under several names has a sentence of its own.
    single = any(len(group) == len(standing.contenders) for group in standing.same)
    if best is None or single or not all_equal(standing):
        return []
    return [
        f"No difference: {listed([one.name for one in standing.ranked])} have the same {split} "
        f"loss, {best.mean(split).bits} {UNIT}, at every seed."
    ]


def first(standing: Standing, split: str) -> list[str]:
    """Report the best variant on val, its loss on the reported split, and the order of all."""
    best = standing.best
    if best is None or all_equal(standing):
        return []
    if not standing.others:
        return [f"{best.name} has a {split} loss of {best.mean(split).bits} {UNIT}."]
    order = listed([f"{one.name} {one.mean('val').bits}" for one in standing.ranked])
    reported = "" if split == "val" else f" The {split} loss of the first is"
    loss = "" if split == "val" else f" {best.mean(split).bits} {UNIT}."
    chance = (
        " With one seed nothing is known about chance."
        if all(pair.verdict == "unknown" for pair in standing.others)
        else ""
    )
    return [f"The order on val: {order}.{reported}{loss}{chance}"]


def apart(standing: Standing, split: str) -> list[str]:
    """List the variants that are clearly worse than the best on the reported split, or better."""
    best = standing.best
    clear = [pair for pair in standing.others if pair.verdict == "clear"]
    sentences = []
    # The best is the best on val; on test another one may be ahead of it.
    for side, pairs in (
        ("above", [pair for pair in clear if pair.behind]),
        ("below", [pair for pair in clear if not pair.behind]),
    ):
        if best is not None and pairs:
            parts = [
                f"{pair.other.name} by {pair.difference.mean.amount} "
                f"({pair.difference.size_interval})"
                for pair in pairs
            ]
            sentences.append(f"On {split}, {side} {best.name}: {listed(parts)}.")
    return sentences


def together(standing: Standing) -> list[str]:
    """Say of the variants not told apart from the best which difference can be excluded."""
    best = standing.best
    unclear = [pair for pair in standing.others if pair.verdict == "unclear"]
    if best is None or not unclear:
        return []
    parts = listed([f"{pair.other.name}{_excluded(pair)}" for pair in unclear])
    return [f"Not told apart from {best.name}: {parts}."]


def _excluded(pair: Versus) -> str:
    bound = pair.difference.excluded
    return "" if bound is None else f" (at most {bound.bits} apart)"


def same_networks(standing: Standing) -> list[str]:
    """Report the variants that are the same network."""
    return [
        f"{listed([one.name for one in group])} are the same network, to the last digit."
        for group in standing.same
    ]


def failures_of(contenders: Sequence[Contender]) -> list[str]:
    """Count the runs that failed, which enter no mean."""
    sentences = [failed(one) for one in contenders if one.failed]
    return [" ".join(sentences)] if sentences else []


def clipped(results: StudyResults, contenders: Sequence[Contender]) -> list[str]:
    """Report how often clipping by norm acted."""
    shares = [
        (one, results.column("variants", "clipped", variant=one.slug).only) for one in contenders
    ]
    parts = [
        f"{share.percent} of the steps of {one.name}" for one, share in shares if share is not None
    ]
    if not parts:
        return []
    return [f"The gradient was clipped in {listed(parts)}."]


def failed(one: Contender) -> str:
    """Report how many runs of a variant failed, and how."""
    of = f"of {one.runs('all').whole} {'seed' if one.seeds == 1 else 'seeds'}"
    parts = []
    if one.diverged:
        steps = listed([_step(one, seed).whole for seed in one.diverged])
        word = "step" if len(one.diverged) == 1 else "steps"
        parts.append(f"{one.runs('diverged').whole} {of} diverged, at {word} {steps}")
    if one.stuck:
        parts.append(f"{one.runs('stuck').whole} {of} ended above the loss of guessing")
    return f"{one.name}: {'; '.join(parts)}."


def _step(one: Contender, seed: int) -> Quantity:
    """Return the step at which a run diverged."""
    column = one.results.column("seeds", "diverged_at_step", variant=one.slug, seed=seed)
    return column.smallest


def beside_baselines(results: StudyResults, one: Contender, text: str) -> list[str]:
    """Compare a variant with the n-gram, PPMd and the floor of its text."""
    beside = above_or_below(results, one.mean(results.split), text)
    return [f"{one.name} lies {beside}."] if beside else []


def above_or_below(results: StudyResults, loss: Quantity, text: str) -> str:
    """Return how far a loss is from the known baselines of a text; '' if there are none."""
    names = {"ngram": "the best n-gram", "ppmd": "PPMd", "floor": "the floor"}
    parts = [
        f"{gap.amount} {'above' if gap.value > 0 else 'below'} {name} ({line.bits})"
        for key, name in names.items()
        if (line := results.baseline(text, key)) is not None
        for gap in [loss - line]
    ]
    return listed(parts) if parts else ""


def relative(results: StudyResults, contenders: Sequence[Contender]) -> list[str]:
    """Order texts by the loss of the network as a share of that of the same text's n-gram.

    Losses in different languages or alphabets are not comparable; ratios to a baseline on the same
    characters are.
    """
    shares = texts_in_order(results, contenders, "val")
    if not shares:
        return []
    titles = {one.slug: results.title_of(one.slug) for one in contenders}
    order = listed([f"{titles[one.slug]} {share.shown('percent1')}" for one, share in shares])
    tested = {one.slug: share for one, share in texts_in_order(results, contenders, results.split)}
    below = [
        titles[one.slug] for one, _ in shares if one.slug in tested and tested[one.slug].value < 1
    ]
    verdict = f"for {listed(below)}" if below else "for no text"
    return [
        f"The loss as a share of the n-gram's, on val: {order}. On {results.split} the network's "
        f"mean loss is below its n-gram's {verdict}."
    ]


def texts_in_order(
    results: StudyResults, contenders: Sequence[Contender], split: str
) -> list[tuple[Contender, Quantity]]:
    """Return the variants of several texts with their share of the n-gram's loss, least first."""
    shares = [(one, share_of_ngram(results, one, split)) for one in contenders]
    known = [(one, share) for one, share in shares if share is not None]
    return sorted(known, key=lambda pair: pair[1].value)


def share_of_ngram(results: StudyResults, one: Contender, split: str) -> Quantity | None:
    """Return the mean loss of a variant as a share of the n-gram's on the same text."""
    line = results.baseline(results.params.study.variants[one.slug].text, "ngram", split)
    return None if line is None or not one.finished else one.losses(split).over(line).mean
