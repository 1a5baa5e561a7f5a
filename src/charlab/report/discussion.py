"""The discussion and the limits of the study in a few sentences, for the brief.

Like takeaways, the sentences of the discussion are said only where their condition holds.
"""

from __future__ import annotations

from charlab.core.units import counted
from charlab.report import conditions as c
from charlab.report import conditions_of_networks as n
from charlab.report import learning
from charlab.report.evidence import Evidence
from charlab.report.markdown import listed
from charlab.report.numbers import Quantity
from charlab.report.saying import Takeaway, said
from charlab.report.study import StudyResults

DISCUSSION: tuple[Takeaway, ...] = (
    Takeaway(
        "counting",
        "discussion",
        lambda e: c.below_both(e) and (c.large_ones_overtake(e) or c.all_overtake(e)),
        "Fixed weights passed the counts of all short contexts, and a compressor that goes on "
        "learning. That suggests that the network generalizes: that it also predicts well after "
        "contexts that never occurred in its text.",
    ),
    Takeaway(
        "counting",
        "discussion",
        c.above_ngram,
        "A network has to learn what an n-gram is given, which is where each context stood. "
        "At this size of text and network it has not caught up.",
    ),
    Takeaway(
        "gates",
        "discussion",
        lambda e: n.gates_win_twice(e) and (n.gates_remember(e) or n.all_remember(e)),
        "The gates' gain on the book is not one of size, and the built-in text shows what "
        "they are good for: keeping something over many characters.",
    ),
    Takeaway(
        "gates",
        "discussion",
        lambda e: n.rnn_passes_lstm(e) or n.rnn_catches_up(e),
        "At equal parameters the advantage of gates shrinks or turns: on prose, most of what helps "
        "to predict a character is near, and there a wide plain state does well.",
    ),
    Takeaway(
        "growth",
        "discussion",
        n.growth_teaches_even_the_near,
        "What a network learns depends on the order of its lessons: where all distances occurred "
        "from the start, the same network did not learn even the short ones.",
    ),
    Takeaway(
        "growth",
        "discussion",
        n.growth_teaches,
        "What a network learns depends on the order of its lessons: where all distances occurred "
        "from the start, the same network did not learn the long ones.",
    ),
    Takeaway(
        "dropout",
        "discussion",
        c.dropout_remedy,
        "Regularization is no virtue in itself: it paid where the network read the same text many "
        "times over.",
    ),
)


def discussion(evidence: Evidence) -> list[str]:
    """Return the sentences of the discussion that the results support."""
    return [*(one.sentence for one in said(evidence, DISCUSSION)), *told_apart(evidence)]


def told_apart(evidence: Evidence) -> list[str]:
    """Report how many differences stand, and which difference may have been missed."""
    pairs = [
        pair
        for standing in evidence.standings.values()
        for pair in standing.others
        if pair.p is not None
    ]
    if not pairs:
        return []
    clear = sum(pair.verdict == "clear" for pair in pairs)
    shown = Quantity(clear, "told_apart()").whole
    start = f"Of {Quantity(len(pairs), 'compared()').whole} differences from the best, {shown}"
    start += f" {'stands' if clear == 1 else 'stand'} after Holm's correction"
    bounds = [pair.difference.excluded for pair in pairs if pair.verdict == "unclear"]
    known = [bound for bound in bounds if bound is not None]
    if not known:
        return [f"{start}."]
    largest = max(known, key=lambda bound: bound.value)
    return [f"{start}; among the others, differences above {largest.bits} bits are excluded."]


def limits(evidence: Evidence) -> list[str]:
    """Return the limits of the study."""
    results = evidence.results
    sentences = _sizes(evidence)
    seeds = sorted({len(results.params.study.seeds), *_own_seeds(evidence)})
    count = " or ".join(str(number) for number in seeds)
    # A study may have variants with fewer seeds than others.
    noun = counted(seeds[-1], "seed").split()[1] if seeds else "seeds"
    sentences.append(
        f"{count} {noun} per variant show the spread of training, not that of texts: most "
        "comparisons are on one text. Learning rate and initialization were tuned by family, "
        "other settings were not. "
        "Real words are those of the training text, so a correct new word does not count."
    )
    return [*sentences, *_edges(results)]


def _edges(results: StudyResults) -> list[str]:
    """Report for which families a better learning rate may lie beyond those tried."""
    families = [family for own in learning.at_edges(results).values() for family in own]
    if not families:
        return []
    names = listed([f"*{learning.family_label(results, family)}*" for family in families])
    return [f"A better rate may lie beyond those tried for {names}."]


def _sizes(evidence: Evidence) -> list[str]:
    """Return how large *the* model and the variants are, and how much they read."""
    results = evidence.results
    own = [results.of_model(name) for name in ("parameters", "train_chars")]
    parts = []
    if own[0] is not None and own[1] is not None:
        parts.append(
            f"the model has {own[0].whole} parameters and read {own[1].shown('millions')} "
            "characters"
        )
    sizes, read = (results.column("variants", name) for name in ("parameters", "train_chars"))
    if sizes and read:
        parts.append(
            f"the variants have at most {sizes.largest.whole} parameters and read at most "
            f"{read.largest.shown('millions')} characters"
        )
    text = f"{'; '.join(parts)}: nothing here tells how larger networks fare."
    return [text[0].upper() + text[1:]] if parts else []


def _own_seeds(evidence: Evidence) -> set[int]:
    """Return the numbers of seeds that variants have."""
    return {one.seeds for one in evidence.contenders.values() if one.seeds}
