"""Figure of one prediction: the probability of each character to come next."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from charlab.plots.registry import figure
from charlab.plots.style import GREY, INK, canvas, literal


def _guess(next_char: pd.DataFrame) -> str:
    """State the likeliest characters, and the one that came with its probability."""
    first = [f"“{signed(row['char'])}” {row['probability']:.2g}"
             for row in next_char.head(3).to_dict("records")]  # fmt: skip
    text = f"One prediction: likeliest next are {', '.join(first)}"
    for row in next_char[next_char["came_next"] == 1].to_dict("records"):
        text += f"; what came is “{signed(row['char'])}”, number {row['rank']}"
        text += f" of the guesses, {row['probability']:.2g}"
    return f"{text}."


@figure(
    "Probability of each character to come next, at one place of test; dark, the one that came.",
    needs=("next_char",),
    section="generation",
    states=_guess,
)
def next_char(next_char: pd.DataFrame) -> Figure:
    """Draw a bar per next character, and mark the one that follows in the text.

    Parameters
    ----------
    next_char : DataFrame
        ``rank``, ``char``, ``probability``, the likeliest first; ``came_next`` (1 or 0).
    """
    rows = next_char.head(20)  # the rest would be too narrow to label
    came = next_char[next_char["came_next"] == 1]
    title = "One prediction"
    if len(came):
        true = came.iloc[0]
        title += f": what came is “{visible(true['char'])}”, number {true['rank']} of the guesses"
    figure, (ax,) = canvas(2.5, title=title)
    colors = [INK if true else GREY for true in rows["came_next"]]
    ax.bar(rows["rank"], rows["probability"], color=colors, width=0.7)
    marked = rows[rows["came_next"] == 1]
    ax.plot(
        marked["rank"], marked["probability"] + 0.05 * rows["probability"].max(), "v", color=INK
    )
    ax.set_xticks(rows["rank"], [visible(char) for char in rows["char"]])
    ax.grid(axis="x", visible=False)
    ax.margins(y=0.15)
    ax.set(xlabel="next character", ylabel="probability")
    return figure


def visible(char: str) -> str:
    """Return a visible sign for a space, a tab or a line break, and escapes for controls."""
    return literal(signed(char))


def signed(char: str) -> str:
    """Return a visible sign for a space, a tab or a line break, any other character unchanged."""
    return {" ": "␣", "\n": "↵", "\t": "⇥", "\xa0": "⍽"}.get(char, char)
