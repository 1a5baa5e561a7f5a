"""Figures of the course of training: losses and gradient norms against characters read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.core.sums import mean
from charlab.plots.naming import limits, name_lines, near, note_outside
from charlab.plots.registry import EVERY, figure
from charlab.plots.stating import bits, course, listed, ranked
from charlab.plots.style import GREY, INK, SeriesStyle, Styles, canvas

BITS = "bits per character"
MILLION = 1e6

UNITS = {"chars": MILLION, "epoch": 1.0}
"""Divisor of each column that is an x axis."""

DIVERGED = 10.0
"""Loss in bits per character above which the y axis ignores a training as diverged."""


def _course_of_model(model_learning_curve: pd.DataFrame, lines: pd.DataFrame) -> str:
    """State how the loss on val went, and the baselines."""
    chars, val = (model_learning_curve[name].tolist() for name in ("chars", "val_bpc"))
    baselines = {row["label"]: row["bpc"] for row in lines.to_dict("records")}
    beside = f" Baselines: {ranked(baselines)}." if baselines else ""
    return f"The model as it learns: val loss {course(chars, val)}.{beside}"


@figure(
    "Loss of the model on train (as met in training) and val, before its confidence is calibrated.",
    needs=("model_learning_curve", "lines"),
    section="training",
    states=_course_of_model,
)
def model_learning_curve(model_learning_curve: pd.DataFrame, lines: pd.DataFrame) -> Figure:
    """Draw the learning curve of *the* model.

    Parameters
    ----------
    model_learning_curve : DataFrame
        ``chars``, ``train_bpc``, ``val_bpc``.
    lines : DataFrame
        ``label``, ``bpc``: losses of the baselines of its text on val.
    """
    figure, (ax,) = canvas(3.3, title="The model as it learns")
    chars = model_learning_curve["chars"] / MILLION
    ax.plot(chars, model_learning_curve["val_bpc"], color=INK, marker=".", label="val")
    train = model_learning_curve["train_bpc"]
    ax.plot(chars, train, color=INK, linestyle="--", linewidth=1.2, label="train")
    _focus(ax, model_learning_curve)
    # The curve decides the axis: a baseline far away is a note at the edge.
    close = near(lines, *ax.get_ylim())
    for row, style in zip(lines[close].to_dict("records"), (":", "-.", (0, (1, 3))), strict=False):
        ax.axhline(row["bpc"], color=GREY, linestyle=style, linewidth=1.4, label=row["label"])
    _focus(ax, model_learning_curve, lines.loc[close, "bpc"].tolist())
    note_outside(ax, lines[~close])
    ax.set(xlabel="characters read, millions", ylabel=BITS)
    name_lines(figure, ax)
    return figure


def _last_losses(
    curves: pd.DataFrame, styles: Styles, title: str, seeds: pd.DataFrame | None
) -> str:
    """State the loss on val at the end, and how many seeds diverged."""
    variants = trainings(curves, styles, seeds)
    ends = {own.label: val for own in variants if (val := _last_val(own)) is not None}
    failed = [own.label for own in variants if own.label not in ends]
    return f"{title}. Mean val loss at the end: {ranked(ends)}." + (
        f" Without a curve: {listed(failed)}." if failed else ""
    )


def _last_val(own: Trainings) -> float | None:
    """Return the last value of the mean curve of a variant, None if there is none."""
    groups = own.whole.groupby("chars")["val_bpc"]
    return float(groups.agg(mean).iloc[-1]) if len(own.whole) else None


@figure(
    "Loss on val (mean and range of the seeds that did not diverge) and on train (thin).",
    needs=("curves", "styles", "title"),
    optional=("seeds",),
    vary=(EVERY,),
    states=_last_losses,
)
def learning_curves(
    curves: pd.DataFrame, styles: Styles, title: str, seeds: pd.DataFrame | None = None
) -> Figure:
    """Draw the learning curves of one comparison.

    Parameters
    ----------
    curves : DataFrame
        ``variant``, ``seed``, ``chars``, ``train_bpc``, ``val_bpc``.
    seeds : DataFrame, optional
        ``variant``, ``seed``, ``diverged_at_step`` (missing if it did not).
    """
    figure, (ax,) = canvas(3.6, title=title)
    variants = trainings(curves, styles, seeds)
    # Before anything is drawn: a training that diverged is marked at the edge of the axis.
    _focus(ax, pd.concat([own.whole for own in variants]))
    for own in variants:
        _one_variant(ax, own, "chars")
        _draw_train(ax, own)
    ax.set(xlabel="characters read, millions", ylabel=f"val loss, {BITS}")
    name_lines(figure, ax)
    return figure


@dataclass(frozen=True)
class Trainings:
    """The learning curves of one variant.

    Attributes
    ----------
    slug : str
        The variant.
    series : SeriesStyle
        Style of the variant.
    rows : DataFrame
        Its rows of the learning curves, of all seeds.
    seeds : int
        Number of seeds.
    diverged : dict
        Characters read at the divergence, by the seeds that diverged.
    """

    slug: str
    series: SeriesStyle
    rows: pd.DataFrame
    seeds: int
    diverged: dict[int, float]

    @property
    def whole(self) -> pd.DataFrame:
        """The rows of the seeds that did not diverge."""
        return self.rows[~self.rows["seed"].isin(self.diverged)]

    @property
    def label(self) -> str:
        """The name of the variant, and the number of its seeds that diverged."""
        count = f" ({len(self.diverged)} of {self.seeds} diverged)" if self.diverged else ""
        return self.series.label + count


def trainings(curves: pd.DataFrame, styles: Styles, seeds: pd.DataFrame | None) -> list[Trainings]:
    """Return the learning curves by variant, in the order of the tables.

    A seed that diverged before its first measurement has no row in the curves, and a variant of
    which all seeds did has none at all: they are in ``seeds``.
    """
    if seeds is None:
        seeds = curves[["variant", "seed"]].drop_duplicates().assign(diverged_at_step=np.nan)
    result = []
    for name, own in seeds.groupby("variant", sort=False):
        rows = curves[curves["variant"] == name]
        failed = own[own["diverged_at_step"].notna()]
        # Characters in a step are the same in all steps of a training.
        sample = (rows if len(rows) else curves).head(1)
        chunk = float(sample["chars"].iloc[0] / sample["step"].iloc[0]) if len(failed) else 0.0
        diverged = {
            int(row["seed"]): row["diverged_at_step"] * chunk for row in failed.to_dict("records")
        }
        result.append(
            Trainings(str(name), styles[str(name)], rows, own["seed"].nunique(), diverged)
        )
    return result


def _one_variant(ax: Axes, own: Trainings, against: str) -> pd.DataFrame:
    """Draw mean and range over the seeds of one variant; each seed that diverged by itself.

    Returns
    -------
    DataFrame
        Columns ``x`` and ``val``: the mean curve, of the seeds that did not diverge.
    """
    unit = UNITS[against]
    series, whole = own.series, own.whole
    style = {"color": series.color, "linestyle": series.line}
    _draw_diverged(ax, own, against, named=not len(whole))
    # Groups come in the order of their key, so x is sorted.
    groups = whole.groupby(against)
    x = np.array(sorted(whole[against].unique())) / unit
    # NaN where a seed has no value: a mean of the others would drop it silently.
    val = groups["val_bpc"].agg(mean).to_numpy()
    if len(x):
        ax.plot(x, val, marker=series.marker, markersize=5, **style, label=own.label)
        low, high = groups["val_bpc"].min(), groups["val_bpc"].max()
        ax.fill_between(x, low, high, color=series.color, alpha=0.25, linewidth=0)
    return pd.DataFrame({"x": x, "val": val})


def _draw_diverged(ax: Axes, own: Trainings, against: str, *, named: bool) -> None:
    """Draw each seed that diverged, and a cross at the edge of the axis where it did."""
    style = {"color": own.series.color, "linestyle": own.series.line, "linewidth": 1}
    unit = UNITS[against]
    for number, (seed, chars) in enumerate(own.diverged.items()):
        rows = own.rows[own.rows["seed"] == seed]
        label = own.label if named and number == 0 else "_"
        ax.plot(rows[against] / unit, rows["val_bpc"], **style, label=label)
        if against == "chars":
            ax.plot(chars / unit, 0.99, "x", color=own.series.color, markersize=9, clip_on=False,
                    markeredgewidth=2.2, transform=ax.get_xaxis_transform())  # fmt: skip


def _draw_train(ax: Axes, own: Trainings) -> None:
    """Draw the mean loss on train as a thin line without a name; the caption explains it."""
    train = own.whole.groupby("chars")["train_bpc"].agg(mean)
    x = np.array(train.index, dtype=float) / MILLION
    ax.plot(x, train, color=own.series.color, linewidth=0.8, label="_train")


def _focus(ax: Axes, curves: pd.DataFrame, lines: list[float] | None = None) -> None:
    """Fit the y axis to the last nine tenths of the training, and to ``lines``.

    The steep fall at the start would flatten the differences that appear later.
    """
    # An untrained network has a loss of about log2(vocab_size), a diverged one any loss at all.
    late = curves[curves["chars"] >= 0.1 * curves["chars"].max()] if len(curves) else curves
    values = late[["train_bpc", "val_bpc"]].to_numpy(dtype=float).ravel()
    values = values[values < DIVERGED]  # drops NaN, too
    if len(values):
        ax.set_ylim(limits([*values, *(lines or [])]))


def _turns(curves: pd.DataFrame, styles: Styles, title: str, seeds: pd.DataFrame | None) -> str:
    """State the lowest loss on val of each mean curve, where it is, and the loss at the end."""
    parts = []
    for own in trainings(curves, styles, seeds):
        val = own.whole.groupby("epoch")["val_bpc"].agg(mean).dropna()
        if len(val):
            lowest, end = float(val.min()), float(val.iloc[-1])
            part = f"{own.label} lowest {bits(lowest)} after {val.idxmin():.3g} passes"
            parts.append(part if lowest == end else f"{part}, {bits(end)} at the end")
    return f"{title}. Val loss: {listed(parts) or 'none'}."


@figure(
    "Val loss against passes over the text: circles mark the minimum of each mean curve.",
    needs=("curves", "styles", "title"),
    optional=("seeds",),
    vary=("dropout",),
    states=_turns,
)
def overfitting(
    curves: pd.DataFrame, styles: Styles, title: str, seeds: pd.DataFrame | None = None
) -> Figure:
    """Draw the val curves of one comparison, with the minimum of each marked.

    Parameters
    ----------
    curves : DataFrame
        ``variant``, ``seed``, ``chars``, ``epoch``, ``train_bpc``, ``val_bpc``.
    seeds : DataFrame, optional
        ``variant``, ``seed``, ``diverged_at_step``.
    """
    figure, (ax,) = canvas(3.8, title=f"{title}: when does it overfit?")
    ends: list[float] = []
    for own in trainings(curves, styles, seeds):
        drawn = _one_variant(ax, own, "epoch")
        if drawn["val"].notna().any():
            x, val = drawn["x"].to_numpy(), drawn["val"].to_numpy()
            lowest = int(np.nanargmin(val))
            ends += [float(val[lowest]), float(val[-1])]
            ax.plot(x[lowest], val[lowest], "o", markersize=12, markerfacecolor="none",
                    markeredgecolor=own.series.color, markeredgewidth=1.8)  # fmt: skip
    if ends:
        # Minima and ends decide: they say whether a curve turns up.
        low, high = limits(ends, margin=0.15)
        ax.set_ylim(low, high + 0.6 * (high - low))
    ax.set(xlabel="passes over the training text", ylabel=f"val loss, {BITS}")
    name_lines(figure, ax)
    return figure
