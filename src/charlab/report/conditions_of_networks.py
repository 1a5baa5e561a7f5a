"""Conditions of the takeaways on networks: functions, cells, memory.

Beside each condition are the numbers behind it, in a few words. A condition is false where what it
needs was not measured.
"""

from __future__ import annotations

from charlab.report import learning, memory
from charlab.report.evidence import Evidence
from charlab.report.markdown import escape
from charlab.report.numbers import Quantity
from charlab.report.standings import Contender, Standing

REALIZED, LITTLE = 0.9, 0.1
"""Shares of what memory is worth from which nearly all, and below which nothing, is remembered."""


# Activations


def _of_activations(evidence: Evidence) -> list[Standing]:
    """Return the comparisons of activations, also those in which runs failed."""
    return [
        evidence.standings[slug]
        for slug in evidence.about("activations", "activation")
        if slug in evidence.standings
    ]


def _functions(evidence: Evidence) -> list[Standing]:
    """Return the comparisons of activations, if in each of them every function held."""
    found = _of_activations(evidence)
    held = all(len(one.ranked) == len(one.contenders) > 1 for one in found)
    return found if held else []


def _span(evidence: Evidence) -> Quantity:
    """Return the largest difference on val between the last function and the first."""
    spans = [one.ranked[-1].mean("val") - one.ranked[0].mean("val") for one in _functions(evidence)]
    return max(spans, key=lambda span: span.value)


def rate_matters_more(evidence: Evidence) -> bool:
    """Return whether the worst rate of every family costs more than the worst function."""
    spans = learning.rate_spans(evidence.results).values()
    return (
        bool(spans and _functions(evidence))
        and min(span.value for span in spans) > _span(evidence).value
    )


def rate_and_function_in_words(evidence: Evidence) -> str:
    """Return what the worst function costs, and the least that a worst rate costs."""
    spans = learning.rate_spans(evidence.results).values()
    least = min(spans, key=lambda span: span.value)
    return f"worst function {_span(evidence).bits} bits, worst rate at least {least.bits}"


def _is_tanh(evidence: Evidence, one: Contender | None) -> bool:
    return one is not None and evidence.model(one.slug).activation == "tanh"


def tanh_first(evidence: Evidence) -> bool:
    """Return whether tanh is best, clearly better than every other function, in every cell."""
    found = _functions(evidence)
    return bool(found) and all(_is_tanh(evidence, one.best) and one.all_behind for one in found)


def tanh_behind(evidence: Evidence) -> bool:
    """Return whether tanh is clearly behind another function in some cell."""
    return bool(_ahead_of_tanh(evidence))


def sigmoid_ahead(evidence: Evidence) -> bool:
    """Return whether the sigmoid is best in some cell, and tanh clearly behind it."""
    best = [one.best for one in _ahead_of_tanh(evidence)]
    return any(one and evidence.model(one.slug).activation == "sigmoid" for one in best)


def _ahead_of_tanh(evidence: Evidence) -> list[Standing]:
    """Return the comparisons in which tanh is clearly behind the best function."""
    return [
        one
        for one in _of_activations(evidence)
        if any(_is_tanh(evidence, pair.other) and pair.behind for pair in one.others)
    ]


def functions_together(evidence: Evidence) -> bool:
    """Return whether no function is told apart from the best, in any cell."""
    found = _functions(evidence)
    return bool(found) and all(
        pair.verdict in ("unclear", "unknown", "equal") for one in found for pair in one.others
    )


# Cells and memory


def gates_win_at_equal_units(evidence: Evidence) -> bool:
    """Return whether a gated cell is best at equal units, clearly better than the RNN."""
    return _gates_win(evidence, evidence.equal_units)


def _gates_win(evidence: Evidence, standing: Standing | None) -> bool:
    rnn = None if standing is None else evidence.of_cell(standing, "rnn")
    return standing is not None and rnn is not None and standing.behind(rnn.slug)


def gates_win_twice(evidence: Evidence) -> bool:
    """Return whether the best cell is gated and clearly ahead of the RNN in both comparisons."""
    return (
        gates_win_at_equal_units(evidence)
        and _gates_win(evidence, evidence.equal_parameters)
        and not _passes(evidence)
    )


def _passes(evidence: Evidence) -> bool:
    """Return whether the RNN is ahead of the LSTM on val at equal parameters."""
    standing = evidence.equal_parameters
    if standing is None:
        return False
    order = [evidence.model(one.slug).cell for one in standing.ranked]
    both = "rnn" in order and "lstm" in order
    return both and order.index("rnn") < order.index("lstm")


def rnn_passes_lstm(evidence: Evidence) -> bool:
    """Return whether the gates win at equal units, and the RNN passes the LSTM otherwise."""
    return gates_win_at_equal_units(evidence) and _passes(evidence)


def rnn_catches_up(evidence: Evidence) -> bool:
    """Return whether the RNN is not told apart from the best at equal parameters."""
    standing = evidence.equal_parameters
    rnn = None if standing is None else evidence.of_cell(standing, "rnn")
    if standing is None or rnn is None or not gates_win_at_equal_units(evidence):
        return False
    return standing.best is rnn or standing.verdict(rnn.slug) in ("unclear", "equal")


def rnn_first(evidence: Evidence) -> bool:
    """Return whether the RNN is best at equal units, clearly better than the gated cells."""
    standing = evidence.equal_units
    best = None if standing is None else standing.best
    return (
        standing is not None
        and best is not None
        and evidence.model(best.slug).cell == "rnn"
        and standing.all_behind
    )


def gates_in_words(evidence: Evidence) -> str:
    """Return the losses of the cells in both comparisons."""
    split, parts = evidence.results.split, []
    for what, standing in (
        ("units", evidence.equal_units),
        ("parameters", evidence.equal_parameters),
    ):
        if standing is not None and standing.ranked:
            losses = [f"{escape(o.label)} {o.mean(split).bits}" for o in standing.ranked]
            parts.append(f"equal {what}: {'; '.join(losses)}")
    return f"{split} loss, {' / '.join(parts)}" if parts else ""


def _far(evidence: Evidence, gated: bool | None = None) -> list[Quantity]:
    """Return the shares realized at far distances by the cells on the built-in text."""
    shares = [
        memory.far_share(evidence.results, slug)
        for slug in evidence.memories
        if gated is None or (evidence.model(slug).cell != "rnn") == gated
    ]
    return [share for share in shares if share is not None]


def gates_remember(evidence: Evidence) -> bool:
    """Return whether the gated cells remember nearly all that is far, and the RNN less."""
    gated, plain = _far(evidence, True), _far(evidence, False)
    if not gated or not plain:
        return False
    least = min(share.value for share in gated)
    return least >= REALIZED and max(share.value for share in plain) < least - 0.05


def all_remember(evidence: Evidence) -> bool:
    """Return whether every cell remembers nearly all that is far."""
    return bool(_far(evidence, False)) and all(s.value >= REALIZED for s in _far(evidence))


def none_remembers(evidence: Evidence) -> bool:
    """Return whether no cell remembers anything that is far."""
    return bool(_far(evidence)) and all(share.value < LITTLE for share in _far(evidence))


def memory_in_words(evidence: Evidence) -> str:
    """Return the smallest share that each cell realizes at far distances."""
    parts = [
        f"{escape(evidence.results.styles[slug].label)} {share.percent}"
        for slug in evidence.memories
        if (share := memory.far_share(evidence.results, slug)) is not None
    ]
    low, high = memory.FAR
    return f"realized at {low} to {high} characters, at least: {'; '.join(parts)}" if parts else ""


def growth_teaches(evidence: Evidence) -> bool:
    """Return whether memory was learned with growing distances, and not without growth."""
    shares = _growth(evidence)
    return shares is not None and shares[0].value >= memory.HALF and shares[1].value < LITTLE


def growth_teaches_even_the_near(evidence: Evidence) -> bool:
    """Return whether the network without growth remembers nothing at the shortest distances."""
    results, pair = evidence.results, evidence.growth
    if pair is None or not growth_teaches(evidence):
        return False
    flat = pair[1]
    ranges = [low for low, high in memory.bins(results, [flat]) if high >= memory.NEAREST]
    share = memory.share(results, flat, ranges[0]) if ranges else None
    return share is not None and share.value < LITTLE


def state_outreaches_gradient(evidence: Evidence) -> bool:
    """Return whether far distances are learned with short sequences and a carried state."""
    for slug in evidence.about("sizes", "seq_len"):
        variants = memory.remembered(evidence.results, evidence.results.variants_of(slug))
        study = [evidence.results.params.study.variant(name) for name in variants]
        short = min(study, key=lambda variant: variant.train.seq_len, default=None)
        if short is None or short.train.state != "carried":
            continue
        share = memory.far_share(evidence.results, short.slug)
        # The gradient must end well before the distances that count as far.
        if share is not None and short.train.seq_len <= memory.FAR[0] / 2:
            return share.value >= REALIZED
    return False


def _growth(evidence: Evidence) -> tuple[Quantity, Quantity] | None:
    pair = evidence.growth
    if pair is None:
        return None
    grown, flat = (memory.far_share(evidence.results, slug) for slug in pair)
    return None if grown is None or flat is None else (grown, flat)


def growth_in_words(evidence: Evidence) -> str:
    """Return the shares realized with growing distances and without."""
    shares = _growth(evidence)
    if shares is None:
        return ""
    low, high = memory.FAR
    return (
        f"realized at {low} to {high} characters, at least: {shares[0].percent} with growth; "
        f"{shares[1].percent} without"
    )
