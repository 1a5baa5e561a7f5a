"""Figures of the course of training: losses and gradient norms against characters read."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.core.sums import mean
from charlab.plots.registry import EVERY, figure
from charlab.plots.style import (
    BLACK,
    GREY,
    SeriesStyle,
    Styles,
    by_variant,
    canvas,
    columns_for,
    legend_below,
)

BITS = "loss, bits per character"
MILLION = 1e6

DIVERGED = 10.0
"""Loss in bits per character above which the y axis ignores a training as diverged."""


@figure(
    "Loss of the model on train (as met in training) and val, against characters read.",
    needs=("model_learning_curve", "lines"),
    section="training",
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
    figure, (ax,) = canvas(3.4)
    chars = model_learning_curve["chars"] / MILLION
    ax.plot(chars, model_learning_curve["val_bpc"], color=BLACK, marker=".", label="val")
    train = model_learning_curve["train_bpc"]
    ax.plot(chars, train, color=BLACK, linestyle="--", linewidth=1.2, label="train")
    for row, style in zip(lines.to_dict("records"), (":", "-.", (0, (1, 3))), strict=False):
        ax.axhline(row["bpc"], color=GREY, linestyle=style, linewidth=1.2, label=row["label"])
    ax.set(xlabel="characters read, millions", ylabel=BITS, title="The model")
    # The baselines stay in view, so that the curve shows its distance to them.
    _focus(ax, model_learning_curve, lines["bpc"])
    legend_below(figure, ax, 5)
    return figure


@figure(
    "Loss on val (line: mean of the seeds, band: their range) and train (dashed).",
    needs=("curves", "styles", "title"),
    vary=(EVERY,),
)
def learning_curves(curves: pd.DataFrame, styles: Styles, title: str) -> Figure:
    """Draw the learning curves of one comparison.

    Parameters
    ----------
    curves : DataFrame
        ``variant``, ``seed``, ``chars``, ``train_bpc``, ``val_bpc``.
    """
    figure, (ax,) = canvas(3.6)
    variants = by_variant(curves, styles)
    for rows, series in variants:
        _one_variant(ax, rows, series)
    ax.set(xlabel="characters read, millions", ylabel=BITS, title=title)
    _focus(ax, curves)
    legend_below(figure, ax, columns_for(series.label for _, series in variants))
    return figure


def _mean(values: pd.Series[float]) -> float:
    """Return the mean of the seeds that have a value."""
    return mean(values.dropna())


def _one_variant(ax: Axes, rows: pd.DataFrame, series: SeriesStyle) -> None:
    """Draw the mean and the range over the seeds of one variant."""
    by_chars = rows.groupby("chars")
    # Groups come in the order of their key, so x must be sorted.
    chars = sorted(rows["chars"].unique())
    x = [count / MILLION for count in chars]
    val, train = by_chars["val_bpc"], by_chars["train_bpc"]
    ax.plot(
        x,
        val.agg(_mean),
        color=series.color,
        marker=series.marker,
        markersize=4,
        label=series.label,
    )
    ax.fill_between(x, val.min(), val.max(), color=series.color, alpha=0.2, linewidth=0)
    # No label: the legend has one entry per variant, and the caption explains the dashes.
    ax.plot(x, train.agg(_mean), color=series.color, linestyle="--", linewidth=1)


def _focus(ax: Axes, curves: pd.DataFrame, lines: Iterable[float] = ()) -> None:
    """Fit the y axis to the last nine tenths of the training and the lowest of ``lines``.

    The steep fall at the start would flatten the differences that appear later.
    """
    # An untrained network has a loss of about log2(vocab_size), a diverged one any loss at all.
    late = curves[curves["chars"] >= 0.1 * curves["chars"].max()]
    values = late[["train_bpc", "val_bpc"]].to_numpy(dtype=float).ravel()
    values = values[values < DIVERGED]  # drops NaN, too
    if len(values):
        low, high = min([float(values.min()), *lines]), float(values.max())
        margin = 0.05 * max(high - low, 0.1)
        ax.set_ylim(low - margin, high + margin)


@figure(
    "Norm of the gradient before clipping, mean since the point before; one line per seed.",
    needs=("curves", "styles", "title"),
    vary=("clip",),
)
def gradient_norms(curves: pd.DataFrame, styles: Styles, title: str) -> Figure:
    """Draw the gradient norms during training, on a logarithmic scale.

    Parameters
    ----------
    curves : DataFrame
        ``variant``, ``seed``, ``chars``, ``grad_norm``.
    """
    figure, (ax,) = canvas(3.2)
    variants = by_variant(curves, styles)
    for of_variant, series in variants:
        for seed, rows in of_variant.groupby("seed"):
            first = seed == curves["seed"].min()
            # One legend entry per variant: labels that begin with an underscore are left out.
            label = series.label if first else "_"
            x = rows["chars"] / MILLION
            ax.plot(x, rows["grad_norm"], color=series.color, linewidth=1.2, label=label)
    ax.set_yscale("log")  # an exploding gradient is larger by orders of magnitude
    ax.set(xlabel="characters read, millions", ylabel="gradient norm", title=title)
    legend_below(figure, ax, columns_for(series.label for _, series in variants))
    return figure
