"""Figures of generated text: the effect of the temperature, novelty, and the n-gram."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from charlab.plots.naming import legend_below, limits, name_lines
from charlab.plots.registry import figure
from charlab.plots.stating import bits, listed, percent
from charlab.plots.style import GREY, INK, LINES, MARKERS, SMALL, canvas, short
from charlab.plots.values import UNNAMED

RARE = 0.005
"""Share of the characters below which a kind does not stretch the axis."""


def _ladder(generation: pd.DataFrame) -> str:
    """State entropy, real words and longest copy at the lowest and the highest temperature."""
    rows = generation.sort_values("temperature")
    parts = []
    for row in rows.iloc[[0, -1]].to_dict("records"):
        part = f"at {row['temperature']:g} entropy {bits(row['drawn_bpc'])} bits per character"
        if pd.notna(row["real_words"]):
            part += f", {percent(row['real_words'])} real words"
        if pd.notna(row["longest_copied"]):
            part += f", longest copy {row['longest_copied']:.0f} characters"
        parts.append(part)
    return f"What the temperature does: {listed(dict.fromkeys(parts))}."


@figure(
    "Temperature and what it does to samples: entropy, real words, longest copy.",
    needs=("generation",),
    section="generation",
    states=_ladder,
)
def temperature(generation: pd.DataFrame) -> Figure:
    """Draw the effects of the temperature in three panels.

    Parameters
    ----------
    generation : DataFrame
        ``temperature``, ``drawn_bpc``, ``sample_bpc``, ``real_words``, ``longest_copied``.
    """
    rows = generation.sort_values("temperature")
    figure, axes = canvas(2.7, title="What the temperature does", columns=3)
    x = rows["temperature"]
    axes[0].plot(x, rows["drawn_bpc"], "o-", color=INK, label="of the choices")
    axes[0].plot(x, rows["sample_bpc"], "s--", color=INK, label="of the sample")
    axes[0].set(ylabel="bits per character", title="Entropy")
    axes[0].legend(fontsize=SMALL, loc="upper left", borderaxespad=0, labelspacing=0.2)
    # astype: without an evaluation the column is all None.
    axes[1].plot(x, 100 * rows["real_words"].astype(float), "o-", color=INK, label=UNNAMED)
    axes[1].set(ylabel="% of words", title="Real words")
    axes[2].plot(x, rows["longest_copied"], "o-", color=INK, label=UNNAMED)
    axes[2].set(ylabel="characters", title="Longest copy")
    # The legend of the first panel needs room above the lines.
    for ax, room in zip(axes, (1.45, 1.08, 1.08), strict=True):
        ax.set(xlabel="temperature")
        # Without an evaluation a panel has no data: its upper data limit is -inf.
        top = float(ax.dataLim.y1)
        ax.set_ylim(0, room * top if 0 < top < float("inf") else 1)
    return figure


def _snapshots(as_it_learned: pd.DataFrame) -> str:
    """State loss and real words at the first and at the last snapshot."""
    parts = []
    for row in as_it_learned.iloc[[0, -1]].to_dict("records"):
        part = f"after {short(row['chars'])} characters val loss {bits(row['val_bpc'])}"
        known = pd.notna(row["real_words"])
        parts.append(f"{part}, {percent(row['real_words'])} real words" if known else part)
    return f"As it learned: {listed(dict.fromkeys(parts))}."


@figure(
    "Val loss of the model as it learned, and real words in what it wrote (middle temperature).",
    needs=("as_it_learned",),
    section="inside",
    states=_snapshots,
)
def as_it_learned(as_it_learned: pd.DataFrame) -> Figure:
    """Draw loss and real words at each snapshot of the training.

    Parameters
    ----------
    as_it_learned : DataFrame
        ``chars`` read, ``val_bpc``, ``real_words`` (0 to 1).
    """
    figure, axes = canvas(2.6, title="As it learned", columns=2)
    # Snapshots are at equal ratios of the characters read, except the first, which is at 0 and so
    # has no place on a logarithmic axis. Equal distances show the same, with room for 0.
    places = range(len(as_it_learned))
    axes[0].plot(places, as_it_learned["val_bpc"], "o-", color=INK, label=UNNAMED)
    axes[0].set(ylabel="bits per character", title="Loss on val")
    real = 100 * as_it_learned["real_words"].astype(float)
    axes[1].plot(places, real, "o-", color=INK, label=UNNAMED)
    axes[1].set(ylabel="% of words", title="Real words")
    for ax in axes:
        # Of many snapshots every second has its name, the last one too: all names would overlap.
        named = [k for k in places if len(places) <= 6 or (places[-1] - k) % 2 == 0]
        ax.set_xticks(named, [short(as_it_learned["chars"].iloc[place]) for place in named])
        ax.set(xlabel="characters read")
        ax.set_ylim(bottom=0)
    return figure


def _new(novelty: pd.DataFrame) -> str:
    """State the share of new sequences of the shortest and the longest length."""
    parts = []
    for degree, rows in novelty.groupby("temperature"):
        ends = [f"{percent(row['share'])} of length {row['length']:.0f}"
                for row in rows.sort_values("length").iloc[[0, -1]].to_dict("records")]  # fmt: skip
        parts.append(f"at temperature {degree:g} {' and '.join(dict.fromkeys(ends))}")
    return f"New sequences in samples: {listed(parts)}."


@figure(
    "Share of a sample's character sequences that the training text does not have.",
    needs=("novelty",),
    section="generation",
    states=_new,
)
def novelty(novelty: pd.DataFrame) -> Figure:
    """Draw the share of new n-grams by their length, a line per temperature.

    Parameters
    ----------
    novelty : DataFrame
        ``temperature``, ``length`` in characters, ``share`` (0 to 1).
    """
    figure, (ax,) = canvas(3.2, title="Novelty")
    for number, (degree, rows) in enumerate(novelty.groupby("temperature")):
        style = {"color": INK, "linestyle": LINES[number % len(LINES)]}
        marker, label = MARKERS[number % len(MARKERS)], f"temperature {degree:g}"
        ax.plot(rows["length"], 100 * rows["share"], marker=marker, markersize=5, **style,
                label=label)  # fmt: skip
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="length of the sequence, characters", ylabel="% new")
    name_lines(figure, ax)
    return figure


def _by_kind(against_ngram: pd.DataFrame) -> str:
    """State the two losses by kind of character, where each of the two is ahead."""
    gain = against_ngram["ngram_bpc"] - against_ngram["network_bpc"]
    parts = []
    for who, rows in (
        ("The model", against_ngram[gain > 0]),
        ("The n-gram", against_ngram[gain < 0]),
    ):
        kinds = [f"{row['kind']} ({bits(row['network_bpc'])} and {bits(row['ngram_bpc'])})"
                 for row in rows.to_dict("records")]  # fmt: skip
        parts.append(f"{who} is ahead in {listed(kinds) or 'no kind'}.")
    return f"Test loss of model and n-gram by kind of character. {' '.join(parts)}"


@figure(
    "Test loss of the model and of the best n-gram, by kind of character.",
    needs=("against_ngram",),
    section="inside",
    states=_by_kind,
)
def against_ngram(against_ngram: pd.DataFrame) -> Figure:
    """Draw two losses per kind of character, joined by a line.

    Parameters
    ----------
    against_ngram : DataFrame
        ``kind``, ``order``, ``network_bpc``, ``ngram_bpc``; if known, ``chars``.
    """
    rows = against_ngram.reset_index(drop=True)
    figure, (ax,) = canvas(1.1 + 0.3 * len(rows), title="Network and n-gram by kind of character")
    places = range(len(rows))
    ngram = f"n-gram of order {rows['order'].iloc[0]}"
    # The line between the two losses of a kind is their difference.
    ax.hlines(places, rows["network_bpc"], rows["ngram_bpc"], color=GREY, linewidth=1)
    ax.plot(rows["network_bpc"], places, "o", color=INK, markersize=7, label="the model")
    ax.plot(rows["ngram_bpc"], places, "^", color=GREY, markersize=7, label=ngram)
    ax.set_yticks(places, rows["kind"])
    ax.set_ylim(len(rows) - 0.5, -0.5)  # inverted: the first kind at the top
    ax.grid(axis="y", visible=False)
    _leave_out_rare(ax, rows)
    ax.set(xlabel="test loss, bits per character (less is better)")
    legend_below(figure, ax, 2)
    return figure


def _leave_out_rare(ax: Axes, rows: pd.DataFrame) -> None:
    """Fit the axis to the kinds that are not rare; write the losses of a rare one at its edge."""
    if "chars" not in rows:
        return
    losses = rows[["network_bpc", "ngram_bpc"]]
    usual = losses[rows["chars"] >= RARE * rows["chars"].sum()]
    low, high = limits([0.0, *usual.to_numpy().ravel()])
    ax.set_xlim(low, high)
    for k, row in losses[(losses > high).any(axis=1)].iterrows():
        note = f"rare: model {row['network_bpc']:.1f}, n-gram {row['ngram_bpc']:.1f} →"
        ax.text(0.99, float(str(k)), note, transform=ax.get_yaxis_transform(), ha="right",
                va="center", size=SMALL)  # fmt: skip
