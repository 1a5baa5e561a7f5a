"""What is said about the inside of models, about memory, learning and texts."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from charlab.report import learning, memory, observations, writing
from charlab.report.discussion import limits
from charlab.report.numbers import without_formulas
from charlab.report.observations import Table
from charlab.report.study import MODEL
from made_study import LOSSES, MISSING, Scenario, evidence_of, results_of


def plain(table: Table | None) -> list[list[str]]:
    """Return the rows of a table as they are printed."""
    assert table is not None
    return [[without_formulas(cell) for cell in row] for row in table.rows]


def test_gradients_are_printed_at_three_lags() -> None:
    """Of hidden and cell state, not the lag of a tenth alone."""
    table = observations.gradient_table(results_of(Scenario()), ["lstm"])
    assert plain(table) == [
        ["LSTM", "hidden state", "0.35", "0.042", "0.0018"],
        ["LSTM", "cell state", "0.60", "0.21", "0.046"],
    ]


def test_the_start_of_a_chunk_has_signed_costs() -> None:
    """At the first character and at the last."""
    (said,) = observations.start_of_chunk(results_of(Scenario()), MODEL)
    assert "loses 0.900 bits more after 1 character and 0.001 bits more after 64." in (
        without_formulas(said)
    )


def test_the_ladder_has_both_ends() -> None:
    """The lowest temperature above 0 and the highest one."""
    (said,) = observations.temperature_ladder(results_of(Scenario()))
    text = without_formulas(said)
    assert text.startswith("At 0.3 it draws from 0.800 bits")
    assert "at 2 it draws from 2.500 bits of entropy per character, 40 % of the words" in text


def test_real_words_while_learning_have_their_temperature() -> None:
    """Snapshots are sampled at the middle temperature, the opening of the report at another."""
    (said,) = observations.while_learning(results_of(Scenario()))
    assert without_formulas(said) == (
        "Its loss on val was 6.000 bits, with 10 % real words in its sample at temperature 1, "
        "before it read anything and 4.000 bits, with 60 %, after 2 million characters."
    )


def test_units_are_chosen_by_val() -> None:
    """No other unit of the table follows the feature more closely on val."""
    results = results_of(Scenario())
    table = results.tables["neurons"]
    other = table.assign(unit=9, correlation=0.9, val_correlation=0.2)
    results.tables["neurons"] = pd.concat([table, other])
    assert plain(observations.telling_units(results)) == [["space", "1", "3", "0.720", "0.700"]]


def test_what_is_hard_is_named_for_each_text() -> None:
    """Texts with the same hardest kind share a clause, and rare kinds are left out."""
    evidence = evidence_of(Scenario())
    contenders = [evidence.contenders[slug] for slug in ("lstm", "german")]
    (said,) = observations.hardest(evidence.results, contenders)
    assert without_formulas(said) == (
        "The hardest kind of character: the *first letter of a word* in *The main book* (2.600) "
        "and *Das Buch* (2.600)."
    )
    table = evidence.results.tables["against_ngram"]
    rare = table[table["variant"] == "lstm"].head(1).assign(kind="digit", chars=1, network_bpc=9.0)
    evidence.results.tables["against_ngram"] = pd.concat([table, rare])
    evidence.results.records.clear()
    assert "digit" not in observations.hardest(evidence.results, contenders)[0]


def test_crossings_are_for_good() -> None:
    """A loss that rises above the n-gram again has not overtaken it."""
    results = results_of(Scenario())
    (said, never) = (without_formulas(text) for text in learning.overtaking(results))
    assert said.startswith("Below the best n-gram on val (2.030) for good, in characters read: ")
    # Snapshots are sparse: it passed between the last one above and the first one below.
    assert "**LSTM** between 0.1 million and 2 million and **LSTM, 512 units** between" in said
    assert never == "Never below it for good: **LSTM, 32 units** (ends at 2.400)."
    table = results.tables["overtaking"]
    table.loc[(table["variant"] == "lstm") & (table["chars"] == 100_000), "val_bpc"] = 1.0
    table.loc[(table["variant"] == "lstm") & (table["chars"] == 2_000_000), "val_bpc"] = 2.5
    results.records.clear()
    slugs = {one.slug: one.chars for one in learning.crossings(results)}
    assert slugs["lstm"] is None


def test_a_network_below_at_its_first_snapshot_has_no_range() -> None:
    """Nothing is known about the time before."""
    results = results_of(Scenario())
    results.tables["overtaking"]["val_bpc"] = 1.0
    assert {one.where for one in learning.crossings(results) if one.slug == "lstm"} == {
        "after \ue000"
        "millions(min(col('overtaking', 'chars', variant='lstm', chars=0)))\ue0010\ue002"
    }


def test_a_best_rate_at_the_end_of_those_tried_is_admitted() -> None:
    """A better one may lie beyond, but not beyond a rate that diverged."""
    tuning = {"up": {0.01: 2.4, 0.1: 2.2, 1.0: 2.1}, "down": {0.01: 2.0, 0.1: 2.2, 1.0: 2.5}}
    scenario = replace(Scenario(), tuning=tuning | {"in": {0.01: 2.4, 0.1: 2.2, 1.0: 2.3}})
    results = results_of(scenario)
    assert learning.at_edges(results) == {"lowest": ["down"], "highest": ["up"]}
    said = without_formulas(" ".join(learning.rates(results)))
    assert "The best rate is the highest that was tried for *UP*: a better one may lie" in said
    assert "A better rate may lie beyond those tried for *DOWN* and *UP*." in (
        without_formulas(" ".join(limits(evidence_of(scenario))))
    )
    table = results.tables["tuning"]
    last = (table["family"] == "up") & (table["learning_rate"] == 1.0)
    table.loc[last, ["val_bpc", "diverged_at_step"]] = [float("nan"), 7.0]
    results.records.clear()
    assert learning.at_edges(results)["highest"] == []
    assert not any(learning.at_edges(results_of(MISSING)).values())


def test_no_network_overtakes() -> None:
    """The sentence names the line that none is below."""
    scenario = replace(Scenario(), overtaking={"lstm": 2.9})
    (said,) = learning.overtaking(results_of(scenario))
    assert without_formulas(said) == (
        "Never below the best n-gram on val (2.030) for good: **LSTM** (ends at 2.900)."
    )


def test_rates_that_diverged_are_named_so() -> None:
    """They have no loss, and are no part of the valley."""
    results = results_of(Scenario())
    table = results.tables["tuning"]
    failed = (table["family"] == "rnn") & (table["learning_rate"] == 0.1)
    table.loc[failed, ["val_bpc", "diverged_at_step"]] = [float("nan"), 7.0]
    rows = plain(learning.tuning_table(results))
    assert rows[1] == ["RNN", "2.900", "**2.400**", "diverged"]
    (said,) = learning.rates(results)
    assert "mattered most for *LSTM*: " in without_formulas(said)
    assert learning.valleys(results) == ["lstm"]


def test_memory_is_the_mean_of_the_seeds_at_the_end() -> None:
    """A share per range of distances, and when the far ones were learned."""
    results = results_of(Scenario())
    variants = ["memory-rnn", "memory-lstm", "lstm"]
    table = memory.memory_table(results, variants)
    assert plain(table)[0][1:] == ["60 %", "60 %", "60 %"]
    assert len(plain(table)) == 2
    (said,) = memory.acquisition(results, variants)
    assert "at 64 to 127 characters" in without_formulas(said)
    assert "after 2 million" in without_formulas(said)
    low = results_of(replace(Scenario(), memory={"memory-rnn": 0.3}))
    assert "not within its training" in memory.acquisition(low, ["memory-rnn"])[0]
    far = memory.far_share(results, "memory-lstm")
    assert far is not None
    assert far.value == pytest.approx(0.97)


def test_memory_of_failed_networks_is_not_shown() -> None:
    """A network that diverged in every run has no share; a table without distances is left out."""
    scenario = Scenario(diverged={("memory-rnn", seed): 9 for seed in range(1, 6)})
    table = memory.memory_table(results_of(scenario), ["memory-rnn", "memory-lstm"])
    failed, finished = plain(table)
    assert set(failed[1:]) == {"–"}
    assert "–" not in finished
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "bins", lambda results, variants: [])
        assert memory.memory_table(results_of(Scenario()), ["memory-lstm"]) is None


def test_texts_are_described_as_writing() -> None:
    """The text at the end of each measure, and those with short lines."""
    results = results_of(Scenario())
    texts = ["main", "german", "verse"]
    assert len(plain(writing.writing_table(results, texts))) == 3
    said = without_formulas(" ".join(writing.observations(results, texts)))
    assert said.startswith("*Runo* has the longest words (4.7 letters), the most different words")
    assert "short lines (40 characters each)" in said
    assert not writing.observations(results, ["main"])


def test_missing_tables_give_no_sentence() -> None:
    """Nothing is said about what was not measured."""
    results = results_of(MISSING)
    everything = (
        learning.overtaking(results), learning.rates(results), learning.tuning_table(results),
        memory.memory_table(results, ["memory-rnn"]), memory.acquisition(results, ["memory-rnn"]),
        observations.gradient_table(results, ["lstm"]), observations.while_learning(results),
        observations.start_of_chunk(results, MODEL), observations.open_gates(results),
        observations.network_and_ngram(results, MODEL), observations.telling_units(results),
        writing.writing_table(results, list(LOSSES)[:1]),
    )  # fmt: skip
    assert not any(everything)
