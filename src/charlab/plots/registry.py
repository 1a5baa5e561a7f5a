"""Register all figures, and draw a registered figure as an SVG file.

A figure is one function in a module of this package, decorated with :func:`figure`. The decorator
names its caption, the data that it needs and its place in the report; the function's name is the
file's. :func:`draw` picks what a figure needs from all data that a study has.
"""

from __future__ import annotations

import functools
import importlib
import io
import pkgutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import matplotlib.style
import pandas as pd
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from charlab import plots
from charlab.plots import kept
from charlab.plots.stating import extent
from charlab.plots.style import RC, WIDTH, drawn_width, literal
from charlab.plots.svg import compact
from charlab.plots.values import values_of

EVERY = "*"
"""Value in ``vary`` of a figure that all comparisons show, whatever key they vary."""

ENOUGH = 20
"""Minimum number of characters in a bin; the mean of a smaller one is mostly noise."""

BINNED = {"memory": "chars_in_bin", "loss_by_distance": "chars"}
"""Tables with a row per bin of distances, and their column with its number of characters."""

DrawFigure = Callable[..., Figure]
States = Callable[..., str]


@dataclass(frozen=True)
class RegisteredFigure:
    """A figure and its metadata for the report.

    Attributes
    ----------
    name : str
        Name of the function, and of the file without its suffix.
    caption : str
        One sentence, printed below the figure.
    states : callable or None
        Takes the same data as ``function``; returns what the figure shows, with its values, for
        its alternative text (:func:`alternative`).
    function : callable
        Takes the data named by ``needs`` and ``optional``, in this order; returns a
        matplotlib figure.
    needs : tuple of str
        Names of the data without which the figure is not drawn.
    optional : tuple of str
        Names of data that are passed as None if they are missing.
    section : str
        Section on *the* model that shows the figure, '' for none.
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
    states: States | None = None


_FIGURES: dict[str, RegisteredFigure] = {}


def figure(
    caption: str,
    *,
    needs: tuple[str, ...],
    optional: tuple[str, ...] = (),
    section: str = "",
    vary: tuple[str, ...] = (),
    states: States | None = None,
) -> Callable[[DrawFigure], DrawFigure]:
    """Register the decorated function as a figure; :class:`RegisteredFigure` has the arguments.

    A figure without a section and without keys appears among the report's further figures.

    Raises
    ------
    ValueError
        If another figure has this name.
    """

    def register(function: DrawFigure) -> DrawFigure:
        name = function.__name__
        if name in _FIGURES:
            raise ValueError(
                f"{function.__module__}: there is a figure {name!r} already, in "
                f"{_FIGURES[name].function.__module__}; rename one of the functions"
            )
        _FIGURES[name] = RegisteredFigure(
            name, caption, function, needs, optional, section=section, vary=vary, states=states
        )
        return function

    return register


def figures() -> dict[str, RegisteredFigure]:
    """Return all figures by name, in the order of the modules and of the functions in them."""
    _import_modules()
    # Whoever imported a module first must not decide its place in the report.
    return dict(sorted(_FIGURES.items(), key=lambda item: item[1].function.__module__))


@functools.cache
def _import_modules() -> None:
    """Import all modules of figures, so that a new module needs no entry in a list."""
    for module in sorted(info.name for info in pkgutil.iter_modules(plots.__path__)):
        importlib.import_module(f"{plots.__name__}.{module}")


def make(name: str, data: Mapping[str, Any], width: float = WIDTH) -> Figure | None:
    """Return a figure as an object of matplotlib, for :func:`draw` and for tests."""
    arguments = _arguments(name, data)
    return None if arguments is None else _made(name, arguments, width)


def _made(name: str, arguments: list[Any], width: float) -> Figure:
    """Call a figure's function."""
    # A context variable, since not every figure function should need a width argument.
    before = drawn_width.set(width)
    try:
        return figures()[name].function(*arguments)
    finally:
        drawn_width.reset(before)


def alternative(name: str, data: Mapping[str, Any]) -> str:
    """Return the alternative text of a figure: what it shows with these data, not its kind.

    A figure without a function ``states`` has its caption, and the lowest and highest value of
    the table that it draws.
    """
    registered, present = figures()[name], _present(name, data)
    if present is None:
        return ""
    if registered.states is not None:
        arguments = (*registered.needs, *registered.optional)
        return registered.states(*(present.get(key) for key in arguments))
    tables = [value for value in present.values() if isinstance(value, pd.DataFrame)]
    return " ".join([registered.caption, *(f"{extent(table)}." for table in tables[:1])])


def _arguments(name: str, data: Mapping[str, Any]) -> list[Any] | None:
    """Return the arguments of a figure's function, or None if something needed is missing."""
    registered, present = figures()[name], _present(name, data)
    if present is None:
        return None
    shown = {key: _without_formulas(key, value) for key, value in present.items()}
    return [shown.get(key) for key in (*registered.needs, *registered.optional)]


def _present(name: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the data of a figure without what is missing, None if it needs one of these."""
    registered = figures()[name]
    names = (*registered.needs, *registered.optional)
    known = {key: large_bins(key, data[key]) for key in names if data.get(key) is not None}
    # None counts as missing, and so does a table that is empty or has no bin that is large enough.
    present = {key: value for key, value in known.items() if len(value)}
    return present if present.keys() >= set(registered.needs) else None


def large_bins(key: str, value: Any) -> Any:
    """Return a table of :data:`BINNED` without bins of too few characters, other data unchanged."""
    return value[value[BINNED[key]] >= ENOUGH] if key in BINNED and len(value) else value


def _without_formulas(key: str, value: Any) -> Any:
    """Return data of a figure with the words of params.yaml as matplotlib draws them literally."""
    if key == "title":
        return literal(value)
    if key == "styles":
        return {slug: replace(style, label=literal(style.label)) for slug, style in value.items()}
    if isinstance(value, pd.DataFrame) and "title" in value:
        return value.assign(title=[literal(str(title)) for title in value["title"]])
    return value


def draw(name: str, data: Mapping[str, Any], width: float = WIDTH) -> bytes | None:
    """Draw a figure, and return the content of an SVG file.

    Parameters
    ----------
    name : str
        Name of a registered figure.
    data : mapping
        Tables and other data by name. None and an empty table count as missing; a bin of a
        table in :data:`BINNED` is left out if it has fewer than :data:`ENOUGH` characters.
    width : float
        Width in inches; the font size does not depend on it.

    Returns
    -------
    bytes or None
        An SVG file, the same bytes for the same data; None if something needed is missing.
    """
    arguments = _arguments(name, data)
    if arguments is None:
        return None

    def svg() -> bytes:
        # "default" undoes the user's own matplotlibrc, which must not change the files.
        with matplotlib.style.context(["default", RC]), warnings.catch_warnings():
            # A character that the font lacks is drawn as a box; that is acceptable.
            warnings.filterwarnings("ignore", message="Glyph")
            return _svg(_made(name, arguments, width))

    return kept.picture([name, width, arguments], svg)


def _svg(made: Figure) -> bytes:
    """Return a figure as a compact SVG file."""
    canvas, dpi = FigureCanvasSVG(made), made.dpi
    # savefig would draw twice, first for the layout alone.
    if (engine := made.get_layout_engine()) is not None:
        engine.execute(made)
        made.set_layout_engine("none")
        # The layout changes it, and with it the resolution of images in the file.
        made.dpi = dpi
    buffer = io.BytesIO()
    # Without a date and matplotlib's version, which would differ between runs and machines.
    canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})
    return compact(buffer.getvalue(), values_of(made))
