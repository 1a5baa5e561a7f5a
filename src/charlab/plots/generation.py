"""Figures of generated text: the effect of the temperature, novelty, and the n-gram."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from charlab.plots.registry import figure
from charlab.plots.style import BLACK, PALETTE, canvas, legend_below


@figure(
    "Temperature and what it does to samples: entropy, real words, longest copy.",
    needs=("generation",),
    section="generation",
)
def temperature(generation: pd.DataFrame) -> Figure:
    """Draw the effects of the temperature in three panels.

    Parameters
    ----------
    generation : DataFrame
        ``temperature``, ``drawn_bpc``, ``sample_bpc``, ``real_words``, ``longest_copied``.
    """
    rows = generation.sort_values("temperature")
    figure, axes = canvas(2.6, columns=3)
    x = rows["temperature"]
    axes[0].plot(x, rows["drawn_bpc"], "o-", color=PALETTE[0], label="of what is drawn from")
    axes[0].plot(x, rows["sample_bpc"], "s--", color=PALETTE[3], label="loss of the sample")
    axes[0].set(ylabel="bits per character", title="Entropy")
    axes[0].legend(fontsize=7.5)
    # astype: without an evaluation the column is all None.
    axes[1].plot(x, 100 * rows["real_words"].astype(float), "o-", color=PALETTE[0])
    axes[1].set(ylabel="% of words", title="Real words")
    axes[2].plot(x, rows["longest_copied"], "o-", color=PALETTE[0])
    axes[2].set(ylabel="characters", title="Longest copy")
    for ax in axes:
        ax.set(xlabel="temperature")
        # Without an evaluation a panel has no data: its upper data limit is -inf.
        top = float(ax.dataLim.y1)
        ax.set_ylim(0, 1.08 * top if 0 < top < float("inf") else 1)
    return figure


@figure(
    "Val loss of the model as it learned, and the share of real words in what it then wrote.",
    needs=("as_it_learned",),
    section="inside",
)
def as_it_learned(as_it_learned: pd.DataFrame) -> Figure:
    """Draw loss and real words at each snapshot of the training.

    Parameters
    ----------
    as_it_learned : DataFrame
        ``chars`` read, ``val_bpc``, ``real_words`` (0 to 1).
    """
    figure, axes = canvas(2.6, columns=2)
    # Snapshots are at equal ratios of the characters read, except the first, which is at 0 and so
    # has no place on a logarithmic axis. Equal distances show the same, with room for 0.
    places = range(len(as_it_learned))
    axes[0].plot(places, as_it_learned["val_bpc"], "o-", color=BLACK)
    axes[0].set(ylabel="val loss, bits per character", title="Loss")
    axes[1].plot(places, 100 * as_it_learned["real_words"].astype(float), "o-", color=BLACK)
    axes[1].set(ylabel="% of words", title="Real words")
    for ax in axes:
        ax.set_xticks(places, [short(chars) for chars in as_it_learned["chars"]])
        ax.set(xlabel="characters read")
        ax.set_ylim(bottom=0)
    return figure


def short(count: float) -> str:
    """Return a count in at most four characters: 950, 53k, 1.4M."""
    if count < 1_000:
        return f"{count:.0f}"
    # 999,500 would round to 1000k.
    value, sign = (count / 1e3, "k") if count < 999_500 else (count / 1e6, "M")
    return f"{value:.1f}{sign}" if value < 9.95 else f"{value:.0f}{sign}"


@figure(
    "Share of a sample's character sequences that the training text does not have.",
    needs=("novelty",),
    section="generation",
)
def novelty(novelty: pd.DataFrame) -> Figure:
    """Draw the share of new n-grams by their length, a line per temperature.

    Parameters
    ----------
    novelty : DataFrame
        ``temperature``, ``length`` in characters, ``share`` (0 to 1).
    """
    figure, (ax,) = canvas(3.0)
    for number, (degree, rows) in enumerate(novelty.groupby("temperature")):
        color = PALETTE[number % len(PALETTE)]
        label = f"temperature {degree:g}"
        ax.plot(rows["length"], 100 * rows["share"], "o-", color=color, label=label)
    ax.set(xlabel="length of the sequence, characters", ylabel="% new", title="Novelty")
    legend_below(figure, ax, 4)
    return figure


@figure(
    "Test loss of the model and of the best n-gram, by kind of character.",
    needs=("against_ngram",),
    section="inside",
)
def against_ngram(against_ngram: pd.DataFrame) -> Figure:
    """Draw two losses per kind of character, joined by a line.

    Parameters
    ----------
    against_ngram : DataFrame
        ``kind``, ``order``, ``network_bpc``, ``ngram_bpc``.
    """
    rows = against_ngram.reset_index(drop=True)
    figure, (ax,) = canvas(1.2 + 0.27 * len(rows))
    places = range(len(rows))
    ngram = f"n-gram of order {rows['order'].iloc[0]}"
    # The line between the two losses of a kind is their difference.
    ax.hlines(places, rows["network_bpc"], rows["ngram_bpc"], color="#BBBBBB", linewidth=2)
    ax.plot(rows["network_bpc"], places, "o", color="#000000", label="the model")
    ax.plot(rows["ngram_bpc"], places, "^", color=PALETTE[1], label=ngram)
    ax.set_yticks(places, rows["kind"])
    ax.set_ylim(len(rows) - 0.5, -0.5)  # inverted: the first kind at the top
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="test loss, bits per character (less is better)")
    legend_below(figure, ax, 2)
    return figure
