"""The registry of all figures, and how a registered figure becomes an SVG file.

A figure is one function in a module of this package, decorated with :func:`figure`. The
decorator names its caption, the data that it needs and its place in the report; the name of
the function is the name of the file. :func:`draw` draws a figure from whatever data there is.
"""

from __future__ import annotations

import importlib
import io
import pkgutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib.style
from matplotlib.figure import Figure

from charlab import plots
from charlab.plots.style import RC, WIDTH, drawn_width
from charlab.plots.svg import compact

EVERY = "*"
"""Stands for every key in the ``vary`` of a figure that all comparisons show."""

DrawFigure = Callable[..., Figure]


@dataclass(frozen=True)
class RegisteredFigure:
    """A figure and what the report needs to know of it.

    Attributes
    ----------
    name : str
        Name of the function, and of the file without its suffix.
    caption : str
        One sentence, printed below the figure.
    function : callable
        Takes the data named by ``needs`` and ``optional``, in this order; returns a
        matplotlib figure.
    needs : tuple of str
        Names of the data without which there is nothing to draw.
    optional : tuple of str
        Names of data that are passed as None where they are missing.
    section : str
        Section of the report on *the* model that shows the figure; '' if none does.
    vary : tuple of str
        Keys whose comparisons show the figure; :data:`EVERY` for all comparisons.
    """

    name: str
    caption: str
    function: DrawFigure
    needs: tuple[str, ...]
    optional: tuple[str, ...] = ()
    section: str = ""
    vary: tuple[str, ...] = ()


_FIGURES: dict[str, RegisteredFigure] = {}


def figure(
    caption: str,
    *,
    needs: tuple[str, ...],
    optional: tuple[str, ...] = (),
    section: str = "",
    vary: tuple[str, ...] = (),
) -> Callable[[DrawFigure], DrawFigure]:
    """Register a function as a figure; see :class:`RegisteredFigure` for the arguments.

    A figure without a section and without keys appears among the report's further figures.

    Raises
    ------
    ValueError
        If there is a figure of this name already.
    """

    def register(function: DrawFigure) -> DrawFigure:
        name = function.__name__
        if name in _FIGURES:
            raise ValueError(
                f"{function.__module__}: there is a figure {name!r} already, in "
                f"{_FIGURES[name].function.__module__}; rename one of the functions"
            )
        _FIGURES[name] = RegisteredFigure(
            name, caption, function, needs, optional, section=section, vary=vary
        )
        return function

    return register


def figures() -> dict[str, RegisteredFigure]:
    """Return all figures by name, in the order of the modules and of the functions in them."""
    # Importing a module registers its figures, so a new module needs no entry in a list.
    for module in sorted(info.name for info in pkgutil.iter_modules(plots.__path__)):
        importlib.import_module(f"{plots.__name__}.{module}")
    return dict(_FIGURES)


def make(name: str, data: Mapping[str, Any], width: float = WIDTH) -> Figure | None:
    """Return a figure as matplotlib has it; see :func:`draw`."""
    registered = figures()[name]
    present = {key: value for key, value in data.items() if value is not None and len(value)}
    if not present.keys() >= set(registered.needs):
        return None
    before = drawn_width.set(width)
    try:
        return registered.function(
            *(present.get(key) for key in (*registered.needs, *registered.optional))
        )
    finally:
        drawn_width.reset(before)


def draw(name: str, data: Mapping[str, Any], width: float = WIDTH) -> bytes | None:
    """Draw a figure from those of ``data`` that it needs.

    Parameters
    ----------
    name : str
        Name of a registered figure.
    data : mapping
        Tables and other data by name. None and an empty table count as missing.
    width : float
        Width in inches. The size of the letters does not depend on it.

    Returns
    -------
    bytes or None
        An SVG file, the same bytes for the same data; None if something needed is missing.
    """
    # "default" undoes a user's own matplotlibrc, which must not change our files.
    with matplotlib.style.context(["default", RC]), warnings.catch_warnings():
        # A letter that the font lacks is drawn as a box, which is no error.
        warnings.filterwarnings("ignore", message="Glyph")
        made = make(name, data, width)
        return None if made is None else _svg(made)


def _svg(made: Figure) -> bytes:
    buffer = io.BytesIO()
    # The date and the version of matplotlib would differ between runs for no reason.
    made.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return compact(buffer.getvalue())
