"""Tests of rankings: chosen on val, reported on test, failed runs counted and never averaged."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from charlab.report import findings
from charlab.report.numbers import without_formulas
from charlab.report.standings import same_network
from made_study import (
    LOSSES,
    STUDY,
    Scenario,
    equal,
    evidence_of,
    results_of,
    study_params,
    swapped,
)


def sentences(scenario: Scenario, slug: str) -> str:
    """Return all findings on the losses of a comparison."""
    evidence = evidence_of(scenario)
    said = findings.on_losses(evidence.results, evidence.standings[slug])
    return without_formulas(" ".join(said))


def test_the_best_is_chosen_on_val() -> None:
    """A variant that is lower on test alone is not called best."""
    results = results_of(Scenario())
    seeds = results.tables["seeds"]
    # On val the GRU is now behind the LSTM; on test nothing changed.
    seeds.loc[seeds["variant"] == "gru", "val_bpc"] += 0.3
    evidence = replace(evidence_of(Scenario()), results=results)
    standing = evidence.standings["cells"]
    assert standing.best is not None
    assert standing.best.slug == "lstm"
    said = without_formulas(" ".join(findings.on_losses(results, standing)))
    # By how much it is below has no sign, so its interval has none either.
    assert "On test, below **LSTM**: **GRU** by 0.050 (0.0" in said


def test_reversed_results_reverse_the_order() -> None:
    """Another study, another sentence."""
    assert "The order on val: **GRU** 1.901, **LSTM** 1.951 and **RNN** 2.251" in sentences(
        Scenario(), "cells"
    )
    turned = sentences(Scenario(losses=swapped()), "cells")
    assert turned.startswith("The order on val: **RNN** 1.851, **LSTM** 2.151 and **GRU** 2.201")
    assert "On test, above **RNN**: **LSTM** by 0.300" in turned


def test_equal_results_have_no_order() -> None:
    """Nothing is best, lowest, first or behind."""
    said = sentences(Scenario(losses=equal(), spread=0.0), "cells")
    assert said.startswith("No difference: **RNN**, **GRU** and **LSTM** have the same test loss")
    assert not {"order", "above", "below", "first"} & set(said.split())


def test_differences_that_are_not_told_apart_have_a_bound() -> None:
    """The bound is the far end of the interval."""
    scenario = Scenario(losses=LOSSES | {"gru": 2.0}, spread=0.3)
    evidence = evidence_of(scenario)
    (pair,) = [p for p in evidence.standings["cells"].others if p.verdict == "unclear"][:1]
    bound = pair.difference.excluded
    assert bound is not None
    said = sentences(scenario, "cells")
    assert f"{pair.other.name} (at most {without_formulas(bound.bits)} apart)" in said


def test_failed_runs_are_counted_and_enter_no_mean() -> None:
    """Whether they diverged, or ended above the loss of guessing."""
    scenario = Scenario(diverged={("rnn-free", seed): 1050 + seed for seed in (1, 2, 4, 5)})
    said = sentences(scenario, "clipping")
    assert (
        "**RNN, no clipping**: 4 of 5 seeds diverged, at steps 1,051, 1,052, 1,054 and 1,055."
        in said
    )
    free = evidence_of(scenario).contenders["rnn-free"]
    assert free.finished == (3,)
    assert free.mean("test").value == scenario.loss("rnn-free", 3)
    stuck = sentences(Scenario(losses=LOSSES | {"gru": 6.4}), "cells")
    assert "**GRU**: 5 of 5 seeds ended above the loss of guessing." in stuck
    assert "The order on val: **LSTM** 1.951 and **RNN** 2.251." in stuck


def test_a_comparison_in_which_every_run_failed_has_no_best() -> None:
    """It has the counts of failures, and no order."""
    diverged = {(slug, seed): 5 for slug in ("rnn", "rnn-free") for seed in range(1, 6)}
    evidence = evidence_of(Scenario(diverged=diverged))
    assert evidence.standings["clipping"].best is None
    assert "5 of 5 seeds diverged" in sentences(Scenario(diverged=diverged), "clipping")


def test_the_same_network_is_called_so() -> None:
    """Settings that compute the same, and equal losses; equal losses alone are not enough."""
    evidence = evidence_of(Scenario())
    assert (
        "**LSTM** and **LSTM, dropout 0.5, between layers** are the same network, "
        "to the last digit." in sentences(Scenario(), "dropout_place")
    )
    all_equal = evidence_of(Scenario(losses=equal(), spread=0.0))
    for pair in (("rnn", "gru"), ("rnn", "rnn-relu"), ("drop-25", "drop-50")):
        assert not same_network(*(all_equal.contenders[slug] for slug in pair))
    assert same_network(*(all_equal.contenders[slug] for slug in ("rnn", "rnn-numpy")))
    assert not same_network(evidence.contenders["lstm"], evidence.contenders["drop-25"])


def test_holm_covers_the_whole_study() -> None:
    """A difference that would stand alone may not stand among many."""
    evidence = evidence_of(Scenario(spread=0.12))
    pairs = [pair for one in evidence.standings.values() for pair in one.others]
    assert any(
        pair.verdict == "unclear" and pair.difference.p is not None and pair.difference.p < 0.05
        for pair in pairs
    )
    assert all(
        pair.p.value >= pair.difference.p
        for pair in pairs
        if pair.p is not None and pair.difference.p is not None
    )


def test_one_seed_gives_no_verdict() -> None:
    """No interval, no bound, and the sentence says why."""
    evidence = evidence_of(Scenario(), study_params(seeds=[1]))
    said = findings.on_losses(evidence.results, evidence.standings["cells"])
    text = without_formulas(" ".join(said))
    assert "With one seed nothing is known about chance." in text
    assert "excluded" not in text
    assert "(" not in text


def test_texts_are_compared_beside_their_own_ngrams() -> None:
    """Never by bits per character, which have no standing."""
    evidence = evidence_of(Scenario())
    assert "texts" not in evidence.standings
    contenders = [evidence.contenders[slug] for slug in ("lstm", "german", "verse")]
    said = without_formulas(" ".join(findings.relative(evidence.results, contenders)))
    assert "*Das Buch* 90.0 %, *The main book* 96.1 % and *Runo* 104.1 %" in said
    assert "below its n-gram's for *Das Buch* and *The main book*." in said
    worse = evidence_of(Scenario(losses=dict.fromkeys(LOSSES, 2.9)))
    contenders = [worse.contenders[slug] for slug in ("lstm", "german", "verse")]
    said = without_formulas(" ".join(findings.relative(worse.results, contenders)))
    assert "for no text" in said


def test_what_a_network_adds_to_the_last_characters() -> None:
    """A network with bigrams beside the 3-gram, which knows the same two characters."""
    variants = STUDY["study"]["variants"] | {"bi": {"text": "main", "model": {"input": "bigram"}}}
    comparison = {"title": "N", "question": "?", "section": "cells", "vary": "input"}
    params = study_params(
        variants=variants, comparisons={"ngrams": comparison | {"variants": ["lstm", "bi"]}}
    )
    for loss, expected in ((1.7, "has them as input"), (2.6, "")):
        evidence = evidence_of(Scenario(losses=LOSSES | {"bi": loss}), params)
        order = pd.DataFrame(
            [{"text": "main", "kind": "ngram", "order": 3, "val_bpc": 2.5, "test_bpc": 2.5}]
        )
        evidence.results.tables["baselines"] = order
        said = findings.last_characters(evidence.results, evidence.standings["ngrams"])
        assert expected in without_formulas(" ".join(said))
        assert bool(said) == bool(expected)


def test_a_training_that_differs_between_processors_reaches_no_other_comparison() -> None:
    """Neither by the pooled spread nor by the correction for the number of comparisons."""
    params = study_params(seeds=[1, 2, 3])
    before, changed = (
        evidence_of(Scenario(spread=0.12), params),
        results_of(Scenario(spread=0.12), params),
    )
    seeds = changed.tables["seeds"]
    seeds.loc[(seeds["variant"] == "rnn-numpy") & (seeds["seed"] == 2), "test_bpc"] += 0.9
    after = replace(before, results=changed)
    differ = {s for s, own in before.standings.items() if own != after.standings[s]}
    assert differ == {"backends"}
    assert not before.standings["backends"].exact
    assert before.standings["cells"].exact
