"""Takeaways are said where they are true, and with other results another one is, or none.

The truth of each is decided here a second time, from the losses of the scenario alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from charlab.report.discussion import DISCUSSION, discussion, limits
from charlab.report.numbers import without_formulas
from charlab.report.saying import by_section, said, summary
from charlab.report.takeaways import TAKEAWAYS
from made_study import LOSSES, MISSING, STUDY, Scenario, equal, evidence_of, study_params, swapped

DIVERGED = Scenario(diverged={("rnn-free", seed): 50 for seed in (1, 2, 4, 5)})


def sentences(scenario: Scenario) -> dict[str, str]:
    """Return the takeaways of a scenario by topic."""
    return {one.topic: one.sentence for one in said(evidence_of(scenario), TAKEAWAYS)}


def with_losses(**losses: float) -> Scenario:
    """Return the usual scenario with other losses; a dash in a name is an underscore."""
    return Scenario(losses=LOSSES | {name.replace("_", "-"): v for name, v in losses.items()})


CASES: list[tuple[Scenario, str, str | None]] = [
    (Scenario(), "The model", "better than the best n-gram and than PPMd"),
    (with_losses(model=2.0), "The model", "PPMd, which goes on learning as it reads, is still"),
    (with_losses(model=2.5), "The model", "still behind counting"),
    (Scenario(), "Counting", "took many parameters and much reading"),
    (replace(Scenario(), overtaking={"lstm-32": 1.9, "lstm": 1.8}), "Counting", "only at first"),
    (replace(Scenario(), overtaking={"lstm-32": 2.9, "lstm": 2.8}), "Counting", "counting wins"),
    # The smaller one overtakes and the larger one does not: size is not the reason.
    (replace(Scenario(), overtaking={"lstm-32": 1.9, "lstm": 2.8}), "Counting", None),
    (MISSING, "Counting", None),
    (Scenario(), "By hand", "learns what the library's learns"),
    (with_losses(rnn_numpy=2.5), "By hand", None),
    (Scenario(), "Clipping", "no run needed it"),
    (DIVERGED, "Clipping", "seat belt"),
    (replace(DIVERGED, diverged={("rnn", 1): 5, ("rnn-free", 1): 5}), "Clipping", None),
    (Scenario(), "Temperature", "makes words up"),
    (replace(Scenario(), ladder=(0.4, 0.9)), "Temperature", None),
    (Scenario(), "Dropout", "training worse and unseen text better"),
    (replace(Scenario(), overfit=False), "Dropout", "made unseen text easier"),
    (with_losses(drop_25=2.2, drop_50=2.3), "Dropout", "only cost"),
    (Scenario(spread=0.9), "Dropout", "cannot be told"),
    (Scenario(), "Dropout's place", "digit for digit"),
    (Scenario(), "Activation", "rate moved the loss more"),
    (replace(Scenario(), tuning={}), "Activation", "tanh earned its place"),
    (replace(with_losses(rnn_relu=2.2), tuning={}), "Activation", "a habit, not a law"),
    (
        replace(with_losses(rnn_sigmoid=2.2, rnn_relu=2.25), tuning={}),
        "Activation",
        "The sigmoid, whose small slope",
    ),
    # A function that never held takes nothing from the sigmoid.
    (
        replace(
            with_losses(rnn_sigmoid=2.2),
            tuning={},
            diverged={("rnn-relu", seed): 9 for seed in range(1, 6)},
        ),
        "Activation",
        "The sigmoid, whose small slope",
    ),
    (Scenario(), "Gates", "not the parameters alone"),
    (with_losses(rnn_wide=1.95), "Gates", "passes the LSTM on val"),
    (with_losses(rnn_wide=1.8), "Gates", "passes the LSTM on val"),
    (with_losses(rnn=1.5), "Gates", "plain RNN came first"),
    (Scenario(), "Memory", "Gates are for remembering"),
    (replace(Scenario(), memory={"memory-rnn": 0.99, "memory-lstm": 0.98}), "Memory", "too"),
    (replace(Scenario(), memory={"memory-rnn": 0.01, "memory-lstm": 0.05}), "Memory", "No cell"),
    (replace(Scenario(), memory={"memory-rnn": 0.5, "memory-lstm": 0.6}), "Memory", None),
    (Scenario(), "First lessons", "from short to long"),
    (replace(Scenario(), memory={"memory-lstm": 0.9, "memory-flat": 0.9}), "First lessons", None),
    (Scenario(), "Size", "each step up brings less"),
    (with_losses(lstm_512=1.5), "Size", "up to the largest"),
    (with_losses(lstm_512=2.2), "Size", None),
    (replace(Scenario(), memory={"lstm-seq-8": 0.95}), "Sequence length", "farther back than the"),
    (replace(Scenario(), memory={"lstm-seq-8": 0.5}), "Sequence length", None),
    # The gradient reaches the far distances itself.
    (replace(Scenario(), memory={"lstm": 0.95}), "Sequence length", None),
    (Scenario(), "Rate", "valley"),
    (replace(Scenario(), tuning={"rnn": {0.001: 2.0, 0.01: 2.4, 0.1: 3.1}}), "Rate", None),
    (Scenario(), "Languages", "the order is a different one"),
    (with_losses(german=2.6, verse=2.9), "Languages", "is also the hardest"),
]


@pytest.mark.parametrize(("scenario", "topic", "words"), CASES)
def test_a_takeaway_is_said_where_it_is_true(
    scenario: Scenario, topic: str, words: str | None
) -> None:
    """With other results another sentence is said, or none."""
    sentence = sentences(scenario).get(topic)
    if words is None:
        assert sentence is None
    else:
        assert sentence is not None
        assert words in sentence


def test_every_takeaway_can_be_said_or_is_covered() -> None:
    """Most sentences are said in some case above."""
    said_somewhere = {sentence for case, _, _ in CASES for sentence in sentences(case).values()}
    never = {one.sentence for one in TAKEAWAYS} - said_somewhere
    assert len(never) <= 5, never


def test_equal_results_compare_nothing() -> None:
    """No cell, size, function or rate of dropout is better than another."""
    topics = sentences(Scenario(losses=equal(), spread=0.0))
    assert not {"Gates", "Size", "Dropout", "Languages"} & topics.keys()


def _order(*names: str) -> Callable[[dict[str, float]], bool]:
    return lambda losses: all(losses[a] < losses[b] for a, b in pairwise(names))


ORACLES: dict[str, Callable[[dict[str, float]], bool]] = {
    "better than the best n-gram and than PPMd": lambda x: x["model"] < 1.95,
    "still behind counting": lambda x: x["model"] > 2.05,
    "only cost": lambda x: x["lstm"] < min(x["drop-25"], x["drop-50"]),
    "unseen text better": lambda x: min(x["drop-25"], x["drop-50"]) < x["lstm"],
    "unseen text easier": lambda x: min(x["drop-25"], x["drop-50"]) < x["lstm"],
    "tanh earned": _order("rnn", "rnn-relu"),
    "a habit, not a law": _order("rnn-relu", "rnn"),
    "The sigmoid, whose small": lambda x: x["rnn-sigmoid"] < min(x["rnn"], x["rnn-relu"]),
    "not the parameters alone": lambda x: (
        min(x["gru"], x["lstm"]) < x["rnn"] and max(x["lstm"], 0) < x["rnn-wide"]
    ),
    "passes the LSTM": lambda x: min(x["gru"], x["lstm"]) < x["rnn"] and x["rnn-wide"] < x["lstm"],
    "plain RNN came first": lambda x: x["rnn"] < min(x["gru"], x["lstm"]),
    "A larger state": _order("lstm-512", "lstm", "lstm-32"),
}
"""For words of a takeaway, what must be true of the mean losses."""


def test_takeaways_are_true_of_any_losses() -> None:
    """Two hundred studies with losses drawn at random, with little noise."""
    generator = random.Random(13)
    seen = set()
    for _ in range(200):
        losses = {name: round(generator.uniform(1.5, 2.5), 3) for name in LOSSES}
        topics = sentences(replace(MISSING, losses=losses, spread=0.004))
        for sentence in topics.values():
            for words, holds in ORACLES.items():
                if words in sentence:
                    seen.add(words)
                    assert holds(losses), (sentence, losses)
    assert len(seen) >= 8


def test_the_summary_is_short_and_has_numbers() -> None:
    """At most ten lines, each with the numbers behind its sentence."""
    for scenario in (Scenario(), DIVERGED, MISSING, Scenario(losses=swapped())):
        lines = summary(evidence_of(scenario), TAKEAWAYS)
        assert 0 < len(lines) <= 10
        assert all(any(char.isdigit() for char in proof) for _, _, proof in lines)


def test_a_section_ends_in_two_sentences_at_most() -> None:
    """A person remembers no more."""
    for scenario in (Scenario(), DIVERGED, MISSING):
        for section, ending in by_section(evidence_of(scenario), TAKEAWAYS).items():
            assert len(ending) <= 2, section


def test_the_discussion_follows_the_results() -> None:
    """Its sentences have conditions, too."""
    good = without_formulas(" ".join(discussion(evidence_of(Scenario()))))
    assert "the network generalizes" in good
    assert "stand after Holm's correction" in good
    turned = without_formulas(" ".join(discussion(evidence_of(Scenario(losses=swapped())))))
    assert "the network generalizes" not in turned
    assert "has not caught up" in turned
    assert len(DISCUSSION) > len(said(evidence_of(MISSING), DISCUSSION))


def test_the_largest_difference_of_backends_is_of_any_two() -> None:
    """The best on val may lie between the two that are farthest apart."""
    backends = {"torch": {"text": "main", "model": {"cell": "rnn", "backend": "torch"}}}
    comparisons = STUDY["study"]["comparisons"]
    three = comparisons["backends"] | {"variants": ["rnn", "rnn-numpy", "torch"]}
    params = study_params(
        variants=STUDY["study"]["variants"] | backends,
        comparisons=comparisons | {"backends": three},
    )
    losses = LOSSES | {"rnn": 2.3, "rnn-numpy": 2.304, "torch": 2.307}
    evidence = evidence_of(Scenario(losses=losses, spread=0.0), params)
    seeds = evidence.results.tables["seeds"]
    seeds.loc[seeds["variant"] == "rnn-numpy", "val_bpc"] = 2.0  # now the best on val
    proofs = {topic: proof for topic, _, proof in summary(evidence, TAKEAWAYS)}
    assert "0.007 bits" in without_formulas(proofs["By hand"])


def test_short_distances_are_named_only_if_they_were_not_learned() -> None:
    """Without growth a network may learn the short distances and not the long ones."""
    good = without_formulas(" ".join(discussion(evidence_of(Scenario()))))
    assert "did not learn even the short ones" in good
    evidence = evidence_of(Scenario())
    table = evidence.results.tables["memory"]
    near = (table["variant"] == "memory-flat") & (table["low"] == 4)
    table.loc[near, "share"] = 0.6
    text = without_formulas(" ".join(discussion(evidence)))
    assert "even the short ones" not in text
    assert "did not learn the long ones" in text


def test_the_limits_know_the_model_and_the_variants() -> None:
    """They differ in size and in how much they read."""
    text = without_formulas(" ".join(limits(evidence_of(Scenario()))))
    assert "The model has 9,000 parameters and read 12.8 million characters;" in text
    assert "the variants have at most 1,171,456 parameters and read at most 2 million" in text
