"""Figure of the loss against characters read, and of the baselines that it falls below."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from charlab.core.sums import mean
from charlab.plots.naming import LINE_HEIGHT, POINTS_PER_INCH, limits, name_lines, share_of_height
from charlab.plots.registry import figure
from charlab.plots.stating import bits, listed
from charlab.plots.style import GREY, SMALL, Styles, by_variant, canvas, short

NAMES = {"ppmd": "PPMd", "floor": "floor"}


def _passed(
    overtaking: pd.DataFrame, baselines: pd.DataFrame, points: pd.DataFrame, styles: Styles
) -> str:
    """State the last loss of each curve, and the last baseline that it falls below for good."""
    lines, parts = _lines(baselines, points), []
    column = f"{points['split'].iloc[0]}_bpc"
    for rows, series in by_variant(overtaking[overtaking["chars"] > 0], styles):
        curve = mean_curve(rows, column)
        if len(curve):
            part = f"{series.label} {bits(curve['bpc'].iloc[-1])}"
            for name, chars, bpc in crossings(curve, lines)[-1:]:
                part += f", below the {name} ({bits(bpc)}) from {short(chars)} characters on"
            parts.append(part)
    best = lines.sort_values("bpc").head(1).to_dict("records")
    end = "".join(f" Lowest baseline: {row['name']} {bits(row['bpc'])}." for row in best)
    return f"{column.partition('_')[0].capitalize()} loss at the end: {listed(parts)}.{end}"


@figure(
    "Test loss by characters read, mean of the seeds; rings: a baseline is passed (interpolated).",
    needs=("overtaking", "baselines", "points", "styles"),
    vary=("hidden",),
    states=_passed,
)
def overtaking(
    overtaking: pd.DataFrame, baselines: pd.DataFrame, points: pd.DataFrame, styles: Styles
) -> Figure:
    """Draw mean and range of the losses at each snapshot, and the baselines as lines.

    Parameters
    ----------
    overtaking : DataFrame
        ``variant``, ``seed``, ``chars``, ``val_bpc``, ``test_bpc``.
    baselines : DataFrame
        ``text``, ``kind`` (ngram, ppmd, floor), ``order``, ``val_bpc``, ``test_bpc``.
    points : DataFrame
        ``variant``, ``text``, ``split``: which split is shown.
    """
    column = f"{points['split'].iloc[0]}_bpc"
    lines = _lines(baselines, points)
    figure, (ax,) = canvas(4.6, title="Where the network overtakes counting")
    table = overtaking[overtaking["chars"] > 0]  # 0 has no place on a logarithmic axis
    ends: list[float] = []
    for rows, series in by_variant(table, styles):
        curve = mean_curve(rows, column)
        passed = crossings(curve, lines)
        label = series.label + "".join(
            f"\npast {name} at {short(chars)}" for name, chars, _ in passed[-1:]
        )
        style = {"color": series.color, "linestyle": series.line}
        ax.plot(curve["chars"], curve["bpc"], marker=series.marker, markersize=5, **style,
                label=label)  # fmt: skip
        low, high = (rows.groupby("chars")[column].agg(which) for which in ("min", "max"))
        shown = curve["chars"]
        ax.fill_between(shown, low.loc[shown], high.loc[shown], color=series.color, alpha=0.25,
                        linewidth=0)  # fmt: skip
        for _, chars, bpc in passed:
            ax.plot(chars, bpc, "o", markersize=9, markerfacecolor="none",
                    markeredgecolor=series.color, markeredgewidth=1.6)  # fmt: skip
        ends += curve["bpc"].tolist()[-1:]
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    ax.xaxis.set_major_formatter(lambda value, _: short(value))
    # The loosest baseline is the upper end: above it, a network knows next to nothing.
    ax.set_ylim(limits([*ends, *lines["bpc"]]))
    seen = table.loc[table[column] < ax.get_ylim()[1], "chars"]
    if len(seen):
        # A little room before the first loss in view, for the names of the baselines.
        ax.set_xlim(float(seen.min()) / 6, float(seen.max()) * 1.15)
    _baselines(figure, ax, lines)
    ax.set(xlabel="characters read", ylabel=f"{points['split'].iloc[0]} loss, bits per character")
    name_lines(figure, ax)
    return figure


def _lines(baselines: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Return the baselines of the text that is shown, with the loss on the split as ``bpc``."""
    lines = shown_baselines(baselines[baselines["text"] == points["text"].iloc[0]])
    return lines.assign(bpc=lines[f"{points['split'].iloc[0]}_bpc"].astype(float))


def shown_baselines(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the n-gram of each order, PPMd of its best order by val, and the floor, with names.

    Order 1, which knows how often each character occurs, would stretch the axis.
    """
    ppmd = rows[rows["kind"] == "ppmd"].sort_values("val_bpc", kind="stable").head(1)
    parts = [
        rows[(rows["kind"] == "ngram") & (rows["order"] > 1)],
        ppmd,
        rows[rows["kind"] == "floor"],
    ]
    lines = pd.concat(parts, ignore_index=True)
    names = [
        f"{row['order']:.0f}-gram" if row["kind"] == "ngram" else NAMES[row["kind"]]
        for row in lines.to_dict("records")
    ]
    return lines.assign(name=names)


def mean_curve(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the mean over the seeds at each number of characters that all of them have."""
    count = rows["seed"].nunique()
    groups = [(chars, own) for chars, own in rows.groupby("chars") if len(own) == count]
    return pd.DataFrame(
        {"chars": [chars for chars, _ in groups], "bpc": [mean(own[column]) for _, own in groups]}
    )


def crossings(curve: pd.DataFrame, lines: pd.DataFrame) -> list[tuple[str, float, float]]:
    """Return each baseline that a curve falls below for good, in the order in which it does.

    Returns
    -------
    list of (str, float, float)
        Name, characters at the crossing (interpolated in their logarithm), and loss.
    """
    chars, bpc = curve["chars"].to_numpy(), curve["bpc"].to_numpy()
    passed = []
    for line in lines.to_dict("records"):
        above = np.flatnonzero(~(bpc < line["bpc"]))
        # Below at the end, above at some time before.
        if not len(above) or above[-1] == len(bpc) - 1:
            continue
        k = above[-1]
        share = (bpc[k] - line["bpc"]) / (bpc[k] - bpc[k + 1])
        # Drawn and printed with a few digits, like the positions on a logarithmic axis.
        at = float(chars[k] * (chars[k + 1] / chars[k]) ** share)
        passed.append((str(line["name"]), at, float(line["bpc"])))
    return sorted(passed, key=lambda found: -found[2])


def _baselines(figure: Figure, ax: Axes, lines: pd.DataFrame) -> None:
    """Draw a line per baseline, and write its name at the left end."""
    styles = {"ngram": (0, (5, 2)), "ppmd": (0, (1, 1.5)), "floor": "-"}
    for row in lines.to_dict("records"):
        ax.axhline(row["bpc"], color=GREY, linestyle=styles[row["kind"]], linewidth=1, label="_")
    height = LINE_HEIGHT * SMALL / (POINTS_PER_INCH * (figure.get_figheight() - 1))
    groups: list[tuple[float, list[str]]] = []
    for row in lines.sort_values("bpc", ascending=False, kind="stable").to_dict("records"):
        y = share_of_height(ax, row["bpc"])
        # Names that would overlap share a line.
        if groups and groups[-1][0] - y < height:
            groups[-1][1].append(row["name"])
        else:
            groups.append((y, [row["name"]]))
    for y, names in groups:
        ax.text(0.008, y, ", ".join(names), transform=ax.transAxes, va="bottom", size=SMALL,
                color=GREY)  # fmt: skip
