"""Figures of trainings as they go: losses and gradient norms against characters read."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.plots.style import (
    BLACK,
    GREY,
    Legend,
    canvas,
    columns_for,
    legend_below,
)

BITS = "loss, bits per character"
MILLION = 1e6

DIVERGED = 10.0
"""Bits per character that no training that learns anything still has."""


def model_learning_curve(model_learning_curve: pd.DataFrame, lines: pd.DataFrame) -> Figure:
    """Loss of the model on train (as met in training) and val, against characters read.

    Parameters
    ----------
    model_learning_curve : DataFrame
        ``chars``, ``train_bpc``, ``val_bpc``.
    lines : DataFrame
        ``label``, ``bpc``: what the text's baselines reach on val.
    """
    figure, (ax,) = canvas(3.4)
    chars = model_learning_curve["chars"] / MILLION
    ax.plot(chars, model_learning_curve["val_bpc"], color=BLACK, marker=".", label="val")
    train = model_learning_curve["train_bpc"]
    ax.plot(chars, train, color=BLACK, linestyle="--", linewidth=1.2, label="train")
    for row, style in zip(lines.to_dict("records"), (":", "-.", (0, (1, 3))), strict=False):
        ax.axhline(row["bpc"], color=GREY, linestyle=style, linewidth=1.2, label=row["label"])
    ax.set(xlabel="characters read, millions", ylabel=BITS, title="The model")
    _focus(ax, model_learning_curve, lines["bpc"])
    legend_below(figure, ax, 5)
    return figure


def learning_curves(curves: pd.DataFrame, legend: Legend, title: str) -> Figure:
    """Loss on val (line: mean of the seeds, band: their range) and train (dashed).

    Parameters
    ----------
    curves : DataFrame
        ``variant``, ``seed``, ``chars``, ``train_bpc``, ``val_bpc``.
    """
    figure, (ax,) = canvas(3.6)
    names = list(dict.fromkeys(curves["variant"]))
    for name in names:
        _one_variant(ax, curves[curves["variant"] == name], legend, name)
    ax.set(xlabel="characters read, millions", ylabel=BITS, title=title)
    _focus(ax, curves)
    legend_below(figure, ax, columns_for(legend[name].title for name in names))
    return figure


def _one_variant(ax: Axes, rows: pd.DataFrame, legend: Legend, name: str) -> None:
    by_chars = rows.groupby("chars")
    chars = sorted(rows["chars"].unique())
    x = [count / MILLION for count in chars]
    val, train = by_chars["val_bpc"], by_chars["train_bpc"]
    look = legend[name]
    ax.plot(x, val.mean(), color=look.color, marker=look.marker, markersize=4, label=look.title)
    ax.fill_between(x, val.min(), val.max(), color=look.color, alpha=0.2, linewidth=0)
    ax.plot(x, train.mean(), color=look.color, linestyle="--", linewidth=1)


def _focus(ax: Axes, curves: pd.DataFrame, lines: Iterable[float] = ()) -> None:
    """Cut off the first steep fall, which would flatten all that differs later.

    The lowest of ``lines`` stays in view.
    """
    # An untrained network's loss is log2 of the vocabulary; a diverged one's has no bound.
    late = curves[curves["chars"] >= 0.1 * curves["chars"].max()]
    values = late[["train_bpc", "val_bpc"]].to_numpy(dtype=float).ravel()
    values = values[values < DIVERGED]
    if len(values):
        low, high = min([float(values.min()), *lines]), float(values.max())
        margin = 0.05 * max(high - low, 0.1)
        ax.set_ylim(low - margin, high + margin)


def gradient_norms(curves: pd.DataFrame, legend: Legend, title: str) -> Figure:
    """Norm of the gradient before clipping, mean since the point before; one line per seed.

    Parameters
    ----------
    curves : DataFrame
        ``variant``, ``seed``, ``chars``, ``grad_norm``.
    """
    figure, (ax,) = canvas(3.2)
    names = list(dict.fromkeys(curves["variant"]))
    for name in names:
        look = legend[name]
        for seed, rows in curves[curves["variant"] == name].groupby("seed"):
            first = seed == curves["seed"].min()
            label = look.title if first else "_"
            x = rows["chars"] / MILLION
            ax.plot(x, rows["grad_norm"], color=look.color, linewidth=1.2, label=label)
    ax.set_yscale("log")
    ax.set(xlabel="characters read, millions", ylabel="gradient norm", title=title)
    legend_below(figure, ax, columns_for(legend[name].title for name in names))
    return figure
