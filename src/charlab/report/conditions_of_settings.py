"""Conditions of the takeaways on hidden sizes, learning rates, and texts.

Beside each condition are the numbers behind it, in a few words. A condition is false where what it
needs was not measured.
"""

from __future__ import annotations

from itertools import pairwise

from charlab.report import findings, learning
from charlab.report.evidence import Evidence
from charlab.report.numbers import Quantity
from charlab.report.standings import Contender


def _sizes(evidence: Evidence) -> list[Contender]:
    """Return the contenders of the comparison of hidden sizes, the smallest first.

    None, unless the largest is best, clearly better than every other one.
    """
    for slug in evidence.about("sizes", "hidden"):
        standing = evidence.standings.get(slug)
        if standing is not None and len(standing.ranked) == len(standing.contenders) > 2:
            sizes = sorted(standing.ranked, key=lambda one: evidence.model(one.slug).hidden)
            return sizes if standing.best is sizes[-1] and standing.all_behind else []
    return []


def _gains(evidence: Evidence) -> list[float]:
    """Return what each step to the next size gains on val."""
    losses = [one.mean("val").value for one in _sizes(evidence)]
    return [a - b for a, b in pairwise(losses)]


def larger_is_better(evidence: Evidence) -> bool:
    """Return whether each larger size has a lower mean loss on val."""
    gains = _gains(evidence)
    return len(gains) > 1 and all(gain > 0.001 for gain in gains)


def larger_is_better_but_less(evidence: Evidence) -> bool:
    """Return whether larger is better, by less at each step."""
    gains = _gains(evidence)
    return larger_is_better(evidence) and all(a > b for a, b in pairwise(gains))


def sizes_in_words(evidence: Evidence) -> str:
    """Return the loss at each size."""
    split = evidence.results.split
    parts = [
        f"{evidence.model(one.slug).hidden} units {one.mean(split).bits}"
        for one in _sizes(evidence)
    ]
    return f"{split} loss: {', '.join(parts)}"


def rates_have_a_valley(evidence: Evidence) -> bool:
    """Return whether the best rate of every family lies inside the range that was tried."""
    families = learning.tuning_families(evidence.results)
    return bool(families) and len(learning.valleys(evidence.results)) == len(families)


def _shares(evidence: Evidence) -> list[tuple[Contender, Quantity]]:
    """Return the texts with their share of the n-gram's loss on val, the easiest first."""
    for slug in evidence.about("texts", "text"):
        contenders = [evidence.contenders[name] for name in evidence.results.variants_of(slug)]
        shares = findings.texts_in_order(evidence.results, contenders, "val")
        if len(shares) > 2:
            return shares
    return []


Share = tuple[Contender, Quantity]
"""A text's variant, and its loss on val as a share of the n-gram's."""


def _turned(evidence: Evidence) -> list[tuple[Share, Share]]:
    """Return the pairs of texts of which the first costs less and is harder beside its n-gram."""
    shares = _shares(evidence)
    return [
        (one, other)
        for one in shares
        for other in shares
        if one[0].mean("val").value < other[0].mean("val").value - 0.001
        and one[1].value > other[1].value + 0.001
    ]


def orders_differ(evidence: Evidence) -> bool:
    """Return whether some text costs more than another, and less beside its own n-gram."""
    return bool(_turned(evidence))


def orders_agree(evidence: Evidence) -> bool:
    """Return whether the text with the highest loss is also the hardest beside its n-gram."""
    points = [(one.mean("val").value, share.value) for one, share in _shares(evidence)]
    if orders_differ(evidence) or not points:
        return False
    (loss, share), *others = sorted(points, reverse=True)
    return all(loss > a + 0.001 and share > b + 0.001 for a, b in others)


def texts_in_words(evidence: Evidence) -> str:
    """Return loss and share of the two texts that show most clearly how the orders compare."""
    shares, turned = _shares(evidence), _turned(evidence)
    pair = (shares[-1], shares[0])
    if turned:
        pair = max(turned, key=lambda two: two[0][1].value - two[1][1].value)
    title = evidence.results.title_of
    parts = [f"{title(o.slug)} {o.mean('val').bits}, {s.shown('percent1')}" for o, s in pair]
    return f"val loss, and its share of the n-gram's: {'; '.join(parts)}"
