"""Conditions of the takeaways on training: baselines, clipping, sampling, dropout.

Beside each condition are the numbers behind it, in a few words. A condition is false where what it
needs was not measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from charlab.report import findings, learning, observations
from charlab.report.evidence import Evidence
from charlab.report.markdown import escape, listed
from charlab.report.numbers import Quantity
from charlab.report.standings import Contender, Standing
from charlab.report.study import MODEL

# The model beside its baselines


def _model_gap(evidence: Evidence, name: str) -> float | None:
    """Return how far *the* model's loss is above a baseline's; None if one is unknown."""
    loss, line = evidence.model_loss, evidence.results.baseline(evidence.results.params.text, name)
    return None if loss is None or line is None else loss.value - line.value


def below_both(evidence: Evidence) -> bool:
    """Return whether *the* model is below the n-gram and below PPMd."""
    ngram, ppmd = _model_gap(evidence, "ngram"), _model_gap(evidence, "ppmd")
    return ngram is not None and ppmd is not None and ngram < 0 and ppmd < 0


def below_ngram(evidence: Evidence) -> bool:
    """Return whether *the* model is below the n-gram and not below PPMd."""
    ngram, ppmd = _model_gap(evidence, "ngram"), _model_gap(evidence, "ppmd")
    return ngram is not None and ppmd is not None and ngram < 0 <= ppmd


def above_ngram(evidence: Evidence) -> bool:
    """Return whether *the* model is above the n-gram."""
    ngram = _model_gap(evidence, "ngram")
    return ngram is not None and ngram > 0


def model_beside_baselines(evidence: Evidence) -> str:
    """Return the losses of *the* model and of its baselines."""
    results, text = evidence.results, evidence.results.params.text
    loss = evidence.model_loss
    names = {"ngram": "n-gram", "ppmd": "PPMd", "floor": "floor"}
    lines = [
        f"{name} {line.bits}"
        for key, name in names.items()
        if (line := results.baseline(text, key)) is not None
    ]
    return "" if loss is None else f"{results.split} loss {loss.bits}; {', '.join(lines)}"


# Overtaking


def large_ones_overtake(evidence: Evidence) -> bool:
    """Return whether some networks overtake the n-gram, all larger than those that do not."""
    across, never = _overtakers(evidence)
    return bool(across and never) and min(across) > max(never)


def all_overtake(evidence: Evidence) -> bool:
    """Return whether every network overtakes the n-gram after it was behind."""
    across, never = _overtakers(evidence)
    return bool(across) and not never


def none_overtakes(evidence: Evidence) -> bool:
    """Return whether no network overtakes the n-gram."""
    across, never = _overtakers(evidence)
    return bool(never) and not across


def _overtakers(evidence: Evidence) -> tuple[list[float], list[float]]:
    """Return the parameters of the networks that overtake the n-gram, and of those that do not.

    Both are empty if a network was below the n-gram from the start.
    """
    across: list[float] = []
    never: list[float] = []
    for one in learning.crossings(evidence.results):
        size = (
            evidence.results.of_model("parameters")
            if one.slug == MODEL
            else evidence.results.column("variants", "parameters", variant=one.slug).only
        )
        if one.chars is not None and one.chars.value <= one.start:
            return [], []  # it was never behind
        if size is not None:
            (never if one.chars is None else across).append(size.value)
    return across, never


def crossings_in_words(evidence: Evidence) -> str:
    """Return where each network overtakes, and which ones do not."""
    found = learning.crossings(evidence.results)
    label = {one.slug: escape(evidence.results.styles[one.slug].label) for one in found}
    parts = [f"{label[one.slug]} {one.where}" for one in found if one.chars is not None]
    never = [label[one.slug] for one in found if one.chars is None]
    parts += [f"never: {'; '.join(never)}"] if never else []
    return f"in characters read: {'; '.join(parts)}" if parts else ""


# State, backends, clipping


def zeros_cost_at_first_only(evidence: Evidence) -> bool:
    """Return whether zeros cost *the* model much at first and nearly nothing at the end."""
    costs = observations.start_costs(evidence.results, MODEL)
    return costs is not None and costs[0][1].value > 0.2 and abs(costs[1][1].value) < 0.02


def _backends(evidence: Evidence) -> list[Quantity]:
    """Return the largest difference of two means in each comparison of backends alone."""
    split, spans = evidence.results.split, []
    for slug in evidence.about("training", "backend"):
        standing = evidence.standings.get(slug)
        if standing is not None and standing.others and len(_optimizers(evidence, slug)) == 1:
            means = sorted((one.mean(split) for one in standing.ranked), key=lambda m: m.value)
            spans.append(means[-1] - means[0])
    return spans


def _optimizers(evidence: Evidence, slug: str) -> set[str]:
    variant = evidence.results.params.study.variant
    return {variant(name).train.optimizer for name in evidence.results.comparison(slug).variants}


def backends_agree(evidence: Evidence) -> bool:
    """Return whether all backends have the same loss to a hundredth of a bit."""
    differences = _backends(evidence)
    return bool(differences) and all(one.value < 0.01 for one in differences)


def backends_in_words(evidence: Evidence) -> str:
    """Return the largest difference between backends."""
    largest = max(_backends(evidence), key=lambda one: one.value)
    return f"largest difference between two means: {largest.amount} bits"


def _clipped(evidence: Evidence, clipped: bool) -> list[Contender]:
    standing = evidence.clipping
    train = evidence.results.params.study.variant
    return [
        one
        for one in (standing.contenders if standing else ())
        if (train(one.slug).train.clip != "none") == clipped
    ]


def _failures(contenders: Sequence[Contender]) -> int:
    return sum(one.failed for one in contenders)


def only_unclipped_fail(evidence: Evidence) -> bool:
    """Return whether runs failed without clipping, and none with it."""
    clipped, free = _clipped(evidence, True), _clipped(evidence, False)
    return bool(clipped) and not _failures(clipped) and _failures(free) > 0


def nothing_fails(evidence: Evidence) -> bool:
    """Return whether no run failed, neither with clipping nor without."""
    clipped, free = _clipped(evidence, True), _clipped(evidence, False)
    return bool(clipped and free) and not _failures(clipped) and not _failures(free)


def failures_in_words(evidence: Evidence) -> str:
    """Return the failed runs without clipping."""
    failed = [one for one in _clipped(evidence, False) if one.failed]
    return " ".join(findings.failed(one) for one in failed).replace("**", "").rstrip(".")


# Generation


def _ends(evidence: Evidence, column: str) -> tuple[Quantity, Quantity] | None:
    """Return a measure of *the* model's samples at the lowest and the highest temperature."""
    found = [
        evidence.results.column("generation", column, variant=MODEL, temperature=t).only
        for t in observations.ladder_ends(evidence.results)
    ]
    return (found[0], found[1]) if len(found) == 2 and found[0] and found[1] else None


def temperature_trades(evidence: Evidence) -> bool:
    """Return whether real words fall, and entropy rises, from the lowest to the highest."""
    words, entropy = _ends(evidence, "real_words"), _ends(evidence, "drawn_bpc")
    return (
        words is not None
        and entropy is not None
        and words[0].value > words[1].value
        and entropy[0].value < entropy[1].value
    )


def temperature_in_words(evidence: Evidence) -> str:
    """Return the shares of real words at both ends."""
    words, ends = _ends(evidence, "real_words"), observations.ladder_ends(evidence.results)
    if words is None:
        return ""
    return listed([f"{w.percent} real words at {t:g}" for w, t in zip(words, ends, strict=True)])


# Dropout


def _without(evidence: Evidence) -> tuple[Standing, Contender] | None:
    """Return the comparison of dropout rates, and its variant without dropout."""
    standing = evidence.dropout
    for one in standing.contenders if standing else ():
        if evidence.model(one.slug).dropout == 0 and standing is not None:
            return standing, one
    return None


def dropout_helps(evidence: Evidence) -> bool:
    """Return whether the best on val has dropout, and is clearly better than none."""
    found = _without(evidence)
    return found is not None and found[0].behind(found[1].slug)


def dropout_remedy(evidence: Evidence) -> bool:
    """Return whether dropout helps a network that overfits, and raises its training loss."""
    found = _without(evidence)
    if found is None or found[0].best is None or not dropout_helps(evidence):
        return False
    standing, none = found
    losses = [one.mean("train").value for one in (none, found[0].best)]
    return evidence.overfits(none) and losses[0] < losses[1] and standing.best is not none


def dropout_costs(evidence: Evidence) -> bool:
    """Return whether no dropout is best, clearly better than every rate."""
    found = _without(evidence)
    return found is not None and found[0].best is found[1] and found[0].all_behind


def dropout_undecided(evidence: Evidence) -> bool:
    """Return whether the best on val is not told apart from none, or none from the others."""
    found = _without(evidence)
    if found is None or not found[0].others:
        return False
    standing, none = found
    if standing.best is none:
        return any(pair.verdict in ("unclear", "unknown") for pair in standing.others)
    return standing.verdict(none.slug) in ("unclear", "unknown")


def dropout_in_words(evidence: Evidence) -> str:
    """Return the losses of the best rate and of none."""
    found = _without(evidence)
    best = found[0].best if found else None
    if found is None or best is None or not found[1].finished:
        return ""
    split = evidence.results.split
    shown = [found[1]] if best is found[1] else [found[1], best]
    parts = [f"{escape(one.label)} {one.mean(split).bits}" for one in shown]
    if best is found[1]:
        nearest = min(found[0].others, key=lambda pair: pair.difference.mean.value)
        parts.append(f"{escape(nearest.other.label)} {nearest.other.mean(split).bits}")
    return f"{split} loss: {'; '.join(parts)}"


def between_does_nothing(evidence: Evidence) -> bool:
    """Return whether dropout between the layers of one layer gives the same network as none."""
    for slug in evidence.about("dropout"):
        standing = evidence.standings.get(slug)
        for group in standing.same if standing else ():
            models = [evidence.model(one.slug) for one in group]
            rates = {(m.dropout, m.dropout_at) for m in models}
            single = all(m.layers == 1 for m in models)
            if single and any(r > 0 and p == "between_layers" for r, p in rates) and len(rates) > 1:
                return True
    return False
