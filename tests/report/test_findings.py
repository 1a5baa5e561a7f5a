"""Findings follow the numbers: reversed numbers reverse them, unknown ones give none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.report import findings
from charlab.report.findings import Entry
from charlab.report.statistics import difference

LSTM = Entry("LSTM", {1: 1.95, 2: 1.97, 3: 1.96}, "128")
GRU = Entry("GRU", {1: 2.05, 2: 2.08, 3: 2.06}, "256")
RNN = Entry("RNN", {1: 2.30, 2: 2.31, 3: 2.33}, "512")


def mirrored(entry: Entry) -> Entry:
    """Return an entry with its losses mirrored at 2."""
    return Entry(entry.label, {seed: 4 - loss for seed, loss in entry.losses.items()}, entry.value)


def test_ranking_names_winner_margin_interval_and_the_rest() -> None:
    """The whole sentence: the best variant, its margin, and that this is more than chance."""
    assert findings.ranking([RNN, LSTM, GRU], "test loss") == [
        "**LSTM** has the lowest test loss, 1.960 bits per character (mean of 3 seeds), 0.103 "
        "below **GRU** (95 % interval 0.089 to 0.118, paired by seed): "
        "more than the spread of the seeds.",
        "Behind **LSTM** by more than the spread of the seeds: **RNN** (by 0.353).",
    ]


def test_reversed_numbers_reverse_the_sentences() -> None:
    """The same code names the other one when the losses are mirrored."""
    first, second = findings.ranking([mirrored(e) for e in (LSTM, GRU, RNN)], "test loss")
    assert first.startswith("**RNN** has the lowest test loss, 1.687")
    assert "below **GRU** (95 % interval" in first
    assert second.endswith("**LSTM** (by 0.353).")


def test_equal_numbers_are_no_difference() -> None:
    """No winner is named where all losses are the same."""
    same = [Entry(name, {1: 2.0, 2: 2.1}) for name in ("A", "B", "C")]
    assert findings.ranking(same, "test loss") == [
        "No difference: **A**, **B** and **C** have the same test loss, 2.050 bits per character, "
        "at every seed."
    ]


def test_one_seed_calls_nothing() -> None:
    """The difference is reported without a verdict."""
    (sentence,) = findings.ranking([Entry("A", {1: 2.0}), Entry("B", {1: 1.5})], "test loss")
    assert sentence.startswith("**B** has the lowest test loss, 1.500 bits per character, 0.500")
    assert "with one seed no spread is known" in sentence
    assert "more than" not in sentence


def test_a_difference_within_the_spread_is_not_called() -> None:
    """Seeds that disagree leave it open which variant is better."""
    near = Entry("near", {1: 2.0, 2: 1.90, 3: 2.05})
    first, second = findings.ranking([near, LSTM, RNN], "test loss")
    assert "the seeds spread too much to tell it from **near** (0.023 higher" in first
    assert "includes 0" in first
    assert second == "Behind **LSTM** by more than the spread of the seeds: **RNN** (by 0.353)."


def test_an_equal_of_the_best_is_named() -> None:
    """A variant without any effect shares the first place."""
    twin = Entry("twin", dict(LSTM.losses))
    sentences = findings.ranking([LSTM, RNN, twin], "test loss")
    assert sentences[1] == "**twin** equals it at every seed."
    assert "below **RNN**" in sentences[0]


def test_an_equal_of_the_best_is_named_with_one_seed_too() -> None:
    """The two are named together, and compared with the third."""
    entries = [Entry("A", {1: 2.0}), Entry("B", {1: 2.0}), Entry("C", {1: 2.5})]
    (sentence,) = findings.ranking(entries, "val loss")
    assert sentence.startswith("**A** and **B** have the lowest val loss, 2.000")
    assert "0.500 below **C**" in sentence


def test_a_single_variant_is_described() -> None:
    """There is nothing to compare it with."""
    assert findings.ranking([LSTM], "test loss") == [
        "**LSTM** has a test loss of 1.960 bits per character (mean of 3 seeds)."
    ]


LOSSES = st.floats(0.5, 5).map(lambda value: round(value, 3))


@given(st.lists(st.tuples(LOSSES, LOSSES, LOSSES), min_size=2, max_size=5))
def test_the_lowest_mean_is_named_first(many: list[tuple[float, ...]]) -> None:
    """Only losses that are equal at every seed have no first."""
    entries = [Entry(f"v{k}", dict(enumerate(losses))) for k, losses in enumerate(many)]
    first = findings.ranking(entries, "loss")[0]
    if len(set(many)) == 1:
        assert first.startswith("No difference: ")
    else:
        lowest = min(entry.mean for entry in entries)
        names = [entry.name for entry in entries if entry.mean == pytest.approx(lowest)]
        assert first.startswith(tuple(f"{name} has the lowest loss" for name in names))


@pytest.mark.parametrize(
    ("step", "verdict"), [(0.0, "equal"), (1e-6, "equal"), (1e-5, "clear"), (1e-3, "clear")]
)
def test_losses_are_equal_only_within_their_written_digits(step: float, verdict: str) -> None:
    """A difference that metrics/ can show, the same at every seed, is a difference."""
    losses = {1: 2.0, 2: 2.1, 3: 1.9}
    # A tenth of the step varies by seed, far less than the mean.
    other = {seed: loss + step * (1 + 0.1 * (seed - 2)) for seed, loss in losses.items()}
    assert difference(other, losses).verdict == verdict
    first = findings.ranking([Entry("A", losses), Entry("B", other)], "loss")[0]
    assert first.startswith("No difference") == (verdict == "equal")


def test_trend_says_where_the_lowest_is() -> None:
    """At the edge of the range a better value may be beyond it."""
    (sentence,) = findings.trend([RNN, LSTM, GRU], "test loss")
    assert sentence == (
        "The test loss, in the mean of the seeds, is 1.960 at 128, 2.063 at 256 and 2.313 at 512; "
        "lowest at 128, the edge of the range, so that a better value may lie beyond it."
    )
    inside = [Entry("a", {1: 3.0}, "1"), Entry("b", {1: 2.0}, "2"), Entry("c", {1: 2.5}, "4")]
    assert "lowest at 2, inside the range" in findings.trend(inside, "test loss")[0]


def test_there_is_no_trend_over_words_or_equal_losses() -> None:
    """Only numbers have an order, and equal losses no lowest."""
    assert findings.trend([Entry(x, {1: 1.0}, x) for x in "abc"], "loss") == []
    assert findings.trend([Entry(x, {1: 1.0}, x) for x in "123"], "loss") == []
    assert findings.trend([LSTM, GRU], "loss") == []


def test_a_setting_without_effect_is_reported() -> None:
    """Two of three variants have the same losses at every seed."""
    twin = Entry("twin", dict(LSTM.losses))
    assert findings.no_effect([LSTM, twin, RNN]) == [
        "**LSTM** and **twin** have the same losses at every seed: "
        "what differs between them has no effect."
    ]
    assert findings.no_effect([LSTM, twin]) == []
    assert findings.no_effect([LSTM, RNN]) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (1.5, "Beside a line (1.500), **LSTM** has a test loss 0.460 above it (95 % interval"),
        (2.5, "Beside a line (2.500), **LSTM** has a test loss 0.540 below it (95 % interval"),
        (1.96, "within the spread of the seeds."),
    ],
)
def test_a_baseline_is_above_below_or_within(line: float, expected: str) -> None:
    """The best variant is compared with a loss that has no spread."""
    assert expected in findings.against_line([RNN, LSTM], line, "a line", "test loss")


def test_a_baseline_with_one_seed_is_not_called() -> None:
    """The spread is unknown."""
    sentence = findings.against_line([Entry("A", {1: 2.0})], 1.5, "a line", "test loss")
    assert sentence == "Beside a line (1.500), **A** has a test loss 0.500 above it, with one seed."


def test_texts_are_ranked_by_share_of_their_own_baseline() -> None:
    """The text with the lower raw loss loses when its n-gram is better still."""
    raw_low, raw_high = Entry("low", {1: 1.5, 2: 1.52}), Entry("high", {1: 2.0, 2: 2.02})
    first, second = findings.relative([raw_low, raw_high], [1.2, 2.2])
    assert first == "The network's mean loss is below that of the best n-gram for **high**."
    assert second.startswith("**high** has the lowest loss relative to its own best n-gram")
    assert findings.relative([raw_low], [1.2])[0].startswith("For no text")


def test_the_gap_between_training_and_test_is_reported() -> None:
    """For each variant, with the lowest training loss first."""
    trained = [Entry("LSTM", {1: 1.5}), Entry("RNN", {1: 2.2})]
    (sentence,) = findings.gap([Entry("LSTM", {1: 2.0}), Entry("RNN", {1: 2.3})], trained)
    assert "lowest for **LSTM**, 1.500" in sentence
    assert sentence.endswith("above it by 0.500 for **LSTM** and 0.100 for **RNN**.")


def test_a_run_without_a_training_loss_has_no_gap() -> None:
    """It diverged before its first evaluation."""
    trained = [Entry("LSTM", {1: 1.5, 2: 1.5}), Entry("RNN", {1: 2.2, 2: float("nan")})]
    tested = [Entry("LSTM", {1: 2.0, 2: 2.0}), Entry("RNN", {1: 6.0, 2: 6.0})]
    (sentence,) = findings.gap(tested, trained)
    assert sentence.endswith("above it by 0.500 for **LSTM**, in the mean of the seeds.")
    assert findings.gap(tested[1:], trained[1:]) == []


def test_divergence_is_reported_and_its_absence_where_clipping_is_compared() -> None:
    """With the seed and the step of each run that diverged."""
    (sentence,) = findings.diverged([("RNN", 2, 17), ("RNN", 3, 9)], clipping=True)
    assert sentence.startswith("**RNN** diverged at step 17 with seed 2 and at step 9 with seed 3;")
    assert findings.diverged([], clipping=True) == [
        "No run diverged, neither with clipping nor without."
    ]
    assert findings.diverged([], clipping=False) == []


def test_step_by_step_names_each_step() -> None:
    """A rise, a fall, no change, and no verdict with one seed."""
    up, same, down = findings.step_by_step([LSTM, GRU, GRU, LSTM], "test loss")
    assert up.startswith("From **LSTM** to **GRU** the test loss rises by 0.103 (95 % interval")
    assert up.endswith("more than the spread of the seeds.")
    assert same == "From **GRU** to **GRU** the test loss stays the same at every seed."
    assert "from **GRU** to **LSTM** the test loss falls by 0.103".casefold() in down.casefold()
    (alone,) = findings.step_by_step([Entry("A", {1: 2.0}), Entry("B", {1: 2.1})], "val loss")
    assert alone == (
        "From **A** to **B** the val loss rises by 0.100: with one seed no spread is known."
    )
