"""State findings on the internals of models: reach of gradients, memory, neurons, copied text.

Inputs are tables of metrics/ and plots/; outputs are sentences in Markdown. Only the first seed of
each variant is evaluated, and the sentences say so.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from charlab.core.units import counted
from charlab.plots.style import Styles, by_variant
from charlab.report.markdown import code, escape, listed
from charlab.report.statistics import amount, number

REACH = 0.1
"""Share of the norm at lag 0 below which a gradient counts as faded."""

MIN_CHARS = 20
"""Minimum number of characters in a bin; the mean of a smaller one is mostly noise."""


def _groups(table: pd.DataFrame, styles: Styles) -> list[tuple[str, pd.DataFrame]]:
    """Return the label of each variant in bold, and its rows."""
    return [(f"**{escape(series.label)}**", rows) for rows, series in by_variant(table, styles)]


def gradient_reach(table: pd.DataFrame, styles: Styles) -> list[str]:
    """Report the lag at which each gradient has faded to a tenth."""
    parts = []
    for title, rows in _groups(table, styles):
        faded = rows[rows["norm"] < REACH]  # in the order of the lag
        last = int(rows["lag"].max())
        within = f"after {int(faded['lag'].iloc[0])}" if len(faded) else f"not within {last}"
        parts.append(f"{within} for {title}")
    return [
        "The gradient's norm has faded to a tenth of its value at lag 0, in characters: "
        f"{listed(parts)} (first seed)."
    ]


def forgetting(table: pd.DataFrame, styles: Styles) -> list[str]:
    """Report each variant's loss above the floor at the nearest and the farthest dependencies."""
    enough = table[table["chars"] >= MIN_CHARS]
    if not len(enough):
        return []
    near, far = enough["low"].min(), enough["low"].max()
    parts = []
    for title, rows in _groups(enough, styles):
        above = (rows["bpc"] - rows["floor_bpc"]).set_axis(rows["low"])
        # On another text a bin may be empty.
        if near in above.index and far in above.index:
            parts.append(f"{title} {number(above[near])} and {number(above[far])}")
    return [
        f"Bits above the floor where the thing depended on is {_bin(enough, near)} "
        f"back, and where it is {_bin(enough, far)}: {listed(parts)} (first seed)."
    ]


def remembering(table: pd.DataFrame, styles: Styles) -> list[str]:
    """Report the share of the benefit of memory that each variant gets, by kind of dependency.

    The share is (forgotten - loss) / (forgotten - floor): 1 at the least possible loss, 0 at the
    loss of a reader who knows all rules but has no memory of the text, negative above that loss.
    """
    enough = table[(table["chars"] >= MIN_CHARS) & table["forgotten_bpc"].notna()]
    # Floor and loss without memory depend on the text only.
    kinds = enough.drop_duplicates("kind").sort_values("median_distance")
    sentences = []
    for row in kinds.to_dict("records"):
        worth = row["forgotten_bpc"] - row["floor_bpc"]
        if worth < 0.05:
            continue  # dividing by almost 0 would give noise
        same = enough[enough["kind"] == row["kind"]]
        parts = [
            f"{title} {100 * (row['forgotten_bpc'] - own['bpc'].iloc[0]) / worth:.0f} %".replace(
                "-", "\N{MINUS SIGN}"
            )
            for title, own in _groups(same, styles)
        ]
        sentences.append(
            f"*{row['kind']}* (median distance {row['median_distance']:.0f} characters, "
            f"{row['chars']:.0f} places, memory is worth {number(worth)} bits): {listed(parts)}."
        )
    if not sentences:
        return []
    return [
        "Of what memory can save at each kind of dependency, these shares were saved (first seed; "
        "below 0 the network loses more than who knows every rule and has forgotten the thing):",
        *sentences,
    ]


def _bin(table: pd.DataFrame, low: int) -> str:
    """Describe the distances in the bin that starts at ``low``."""
    row = table[table["low"] == low].iloc[0]
    low, high = int(row["low"]), int(row["high"])
    if high == 1:
        return "1 character"
    return counted(high, "character") if low == high else f"{low} to {high} characters"


def start_of_chunk(table: pd.DataFrame, styles: Styles) -> list[str]:
    """Report the cost of an initial state of zeros at the first and the last position."""
    sentences = []
    for title, rows in _groups(table, styles):
        rows = rows.sort_values("position")
        first, last = rows.iloc[0], rows.iloc[-1]
        costs = [row["zero_bpc"] - row["carried_bpc"] for row in (first, last)]
        side = "above" if costs[0] > 0 else "below"
        sentences.append(
            f"{title}, started from zeros, has a test loss {amount(costs[0])} bits {side} that of "
            f"the carried state after {int(first['position'])} character, and a difference of "
            f"{number(costs[1])} after {int(last['position'])} (first seed)."
        )
        # NaN unless the variant has a learned initial state.
        learned = first.get("learned_bpc", float("nan")) - first["zero_bpc"]
        if not pd.isna(learned):
            sentences.append(
                f"For {title} the learned state is {amount(learned)} bits "
                f"{'above' if learned > 0 else 'below'} zeros after {int(first['position'])} "
                "character (first seed)."
            )
    return sentences


def temperature_ladder(table: pd.DataFrame) -> list[str]:
    """Describe the samples of one model at the lowest and at the highest temperature."""
    rows = table.sort_values("temperature")
    low, high = rows.iloc[0], rows.iloc[-1]
    # Samples without an evaluation have no share of real words.
    if len(rows) < 2 or rows["real_words"].isna().any():
        return []
    ends = [
        f"at temperature {row['temperature']:g} the distributions drawn from have "
        f"{number(row['drawn_bpc'])} bits of entropy in the mean, {100 * row['real_words']:.0f} % "
        f"of the words stand in the training text, and the longest passage copied from it has "
        f"{counted(int(row['longest_copied']), 'character')}"
        for row in (low, high)
    ]
    sentence = "; ".join(ends)
    return [sentence[0].upper() + sentence[1:] + "."]


def longest_copy(evaluation: dict[str, Any]) -> list[str]:
    """Quote the longest passage of the training text in the samples of *the* model."""
    samples = evaluation.get("novelty") or []
    longest = max(samples, key=lambda sample: sample["longest_copied"], default=None)
    if longest is None or not longest.get("copied_text"):
        return []
    return [
        f"The longest passage that a sample shares with the training text is "
        f"{code(longest['copied_text'])}, {counted(longest['longest_copied'], 'character')}, "
        f"at temperature {longest['temperature']:g}."
    ]


def while_learning(table: pd.DataFrame) -> list[str]:
    """Report the loss and the share of real words from the first snapshot to the last."""
    rows = table.sort_values("step")
    first, last = rows.iloc[0], rows.iloc[-1]
    fall = first["val_bpc"] - last["val_bpc"]
    ends = [f"{row['val_bpc']:.3f} bits per character {_when(row)}" for row in (first, last)]
    sentences = [f"The val loss was {' and '.join(ends)}."]
    if fall > 0:  # a training that diverged may end above its start
        # The first snapshot with at least half of the fall.
        half = rows[first["val_bpc"] - rows["val_bpc"] >= fall / 2].iloc[0]
        sentences.append(
            f"Half of that way down lay behind it {_when(half)}, "
            f"{100 * half['chars'] / last['chars']:.2g} % of what it read."
        )
    words = rows[rows["real_words"].notna()]
    if len(words):
        shares = [f"{100 * row['real_words']:.0f} % {_when(row)}" for _, row in words.iterrows()]
        sentences.append(f"Of the words that it wrote, the training text has {listed(shares)}.")
    return sentences


def _when(row: pd.Series[Any]) -> str:
    return f"after {int(row['chars']):,} characters" if row["chars"] else "before it read anything"


def row_lookup(evaluation: dict[str, Any]) -> list[str]:
    """Report the largest difference between one-hot products and looked-up columns."""
    one_hot = (evaluation.get("weights") or {}).get("one_hot")
    if not one_hot:
        return []
    largest, chars = one_hot["largest_difference"], len(evaluation["weights"]["chars"])
    start = f"Over all elements, for {counted(chars, 'character')}, product and column "
    return [start + ("are equal." if largest == 0 else f"differ by {largest:.1g} at most.")]


def network_and_ngram(table: pd.DataFrame) -> list[str]:
    """Report the kinds of character at which the network gains most and least on the n-gram."""
    # Positive where the network is better, in ascending order.
    gains = (table["ngram_bpc"] - table["network_bpc"]).set_axis(table["kind"]).sort_values()
    order = int(table["order"].iloc[0])
    best, worst = gains.index[-1], gains.index[0]
    sentences = [
        f"Against the n-gram of order {order}, the model does best at "
        f"*{best}* ({_side(gains[best])}) and worst at *{worst}* ({_side(gains[worst])})."
    ]
    return sentences if len(gains) > 1 else []


def _side(gain: float) -> str:
    return f"{amount(gain)} bits per character {'below' if gain > 0 else 'above'} it"


def telling_neurons(table: pd.DataFrame) -> list[str]:
    """Report the unit with the highest correlation of all."""
    best = table.iloc[int(table["correlation"].abs().to_numpy().argmax())]
    feature = str(best["feature"]).replace("_", " ")
    return [
        f"The closest of all: unit {int(best['unit'])} of layer {int(best['layer']) + 1} follows "
        f"*{feature}* with a correlation of {number(best['correlation'])} on the test split."
    ]


def open_gates(table: pd.DataFrame) -> list[str]:
    """Report the share of time that each gate of a model is nearly open and nearly shut."""
    parts = [
        f"the {row['gate']} gate is nearly open {100 * row['open']:.0f} % and nearly shut "
        f"{100 * row['shut']:.0f} % of the time"
        for row in table.to_dict("records")
    ]
    return [f"In the mean of all units, {listed(parts)}."] if parts else []
