"""Findings on the inside of models follow the tables."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from charlab.plots.style import SeriesStyle
from charlab.report import internals_findings

STYLES = {"a": SeriesStyle("A", "#000000", "o"), "b": SeriesStyle("B", "#000000", "s")}


def faded(a: float, b: float) -> pd.DataFrame:
    """Return gradients of two variants that shrink by a factor each step."""
    rows = [
        {"variant": n, "lag": k, "norm": f**k} for n, f in (("a", a), ("b", b)) for k in range(20)
    ]
    return pd.DataFrame(rows)


def test_gradient_reach_follows_the_numbers() -> None:
    """0.5 to the power of 4 is below a tenth; 0.95 to the power of 19 is not."""
    (sentence,) = internals_findings.gradient_reach(faded(0.5, 0.95), STYLES)
    assert "after 4 for **A** and not within 19 for **B**" in sentence
    (swapped,) = internals_findings.gradient_reach(faded(0.95, 0.5), STYLES)
    assert "not within 19 for **A** and after 4 for **B**" in swapped


def test_forgetting_compares_near_and_far() -> None:
    """Bins with few characters do not count as far."""
    rows = [
        {
            "variant": "a",
            "low": low,
            "high": 2 * low - 1,
            "chars": chars,
            "bpc": bpc,
            "floor_bpc": 1.0,
        }
        for low, chars, bpc in ((1, 100, 1.5), (8, 100, 2.5), (64, 3, 9.0))
    ]
    (sentence,) = internals_findings.forgetting(pd.DataFrame(rows), STYLES)
    assert "is 1 character back, and where it is 8 to 15 characters: " in sentence
    assert "**A** 0.500 and 1.500" in sentence


@pytest.mark.parametrize(("zero", "side"), [(3.0, "above"), (1.0, "below")])
def test_the_start_of_a_chunk_follows_the_numbers(zero: float, side: str) -> None:
    """A state from zeros may cost, or gain."""
    rows = [{"variant": "a", "position": 1, "carried_bpc": 2.0, "zero_bpc": zero}]
    (sentence,) = internals_findings.start_of_chunk(pd.DataFrame(rows), STYLES)
    assert f"1.000 bits {side} that of the carried state" in sentence


def test_the_longest_copy_is_quoted() -> None:
    """The longest over all temperatures; no sentence without a measurement."""
    samples = [
        {"temperature": t, "longest_copied": n, "copied_text": "x" * n}
        for t, n in ((0.5, 7), (1.0, 9))
    ]
    (sentence,) = internals_findings.longest_copy({"novelty": samples})
    assert "`xxxxxxxxx`, 9 characters, at temperature 1." in sentence
    assert internals_findings.longest_copy({"novelty": None}) == []


@pytest.mark.parametrize("sign", [1, -1])
def test_the_kinds_of_character_are_ordered_by_gain(sign: int) -> None:
    """Best and worst change places when the losses do."""
    table = pd.DataFrame(
        {
            "kind": ["space", "digit"],
            "order": [5, 5],
            "network_bpc": [1.0, 1.0],
            "ngram_bpc": [1.0 + 0.2 * sign, 1.0 - 0.1 * sign],
        }
    )
    (sentence,) = internals_findings.network_and_ngram(table)
    assert f"does best at *{'space' if sign > 0 else 'digit'}*" in sentence


def kinds(near: float, far: float) -> pd.DataFrame:
    """Return the losses of two variants where a quotation closes; 1 must be lost, 2 forgotten."""
    rows = [("a", near), ("b", far)]
    return pd.DataFrame(
        [
            {"variant": name, "kind": "closing", "median_distance": 90.0, "chars": 50}
            | {"bpc": bpc, "floor_bpc": 1.0, "forgotten_bpc": 2.0}
            for name, bpc in rows
        ]
    )


def test_shares_of_what_memory_saves_follow_the_numbers() -> None:
    """100 % at the floor, 0 % without memory, negative beyond; reversed numbers reverse them."""
    styles = {name: SeriesStyle(name.upper(), "#000000", "o") for name in "ab"}
    _, sentence = internals_findings.remembering(kinds(1.0, 2.5), styles)
    assert "50 places, memory is worth 1.000 bits): **A** 100 % and **B** −50 %." in sentence
    _, swapped = internals_findings.remembering(kinds(2.5, 1.0), styles)
    assert "**A** −50 % and **B** 100 %." in swapped
    assert internals_findings.remembering(kinds(1.0, 1.0).assign(chars=3), styles) == []


def test_product_and_column_differ_in_the_sentence_only_if_they_do() -> None:
    """The measured difference is reported."""
    evaluation: dict[str, Any] = {
        "weights": {"chars": ["a", "b"], "one_hot": {"largest_difference": 0.0}}
    }
    assert internals_findings.row_lookup(evaluation)[0].endswith(
        "for 2 characters, product and column are equal."
    )
    evaluation["weights"]["one_hot"] = {"largest_difference": 0.25}
    assert internals_findings.row_lookup(evaluation)[0].endswith("differ by 0.2 at most.")
    assert internals_findings.row_lookup({}) == []


def test_learning_is_reported_from_its_start_to_its_end() -> None:
    """With the point at half of the fall; without a fall there is no such point."""
    rows = pd.DataFrame(
        {"step": [0, 1, 2], "chars": [0, 50, 200], "val_bpc": [6.0, 3.5, 2.0]}
    ).assign(real_words=[0.0, 0.5, 1.0])
    loss, half, words = internals_findings.while_learning(rows)
    assert "6.000 bits per character before it read anything and 2.000" in loss
    assert "after 50 characters, 25 % of what it read" in half
    assert "0 % before it read anything, 50 % after 50 characters and 100 %" in words
    risen = rows.assign(val_bpc=[2.0, 3.0, 6.0])
    assert not any("Half" in sentence for sentence in internals_findings.while_learning(risen))
