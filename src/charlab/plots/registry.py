"""All figures, found in one place: each is one function in a module of this package.

A figure's function takes tables and returns a matplotlib figure; its parameters name the
tables that it wants, its own name is the file's, and the first line of its docstring is the
caption. Whoever has tables calls :func:`draw`; a figure whose tables are missing or
empty is not drawn.
"""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_type_hints

import matplotlib.style
from matplotlib.figure import Figure

from charlab import plots
from charlab.plots.style import RC, WIDTH, drawn_width
from charlab.plots.svg import compact

HELPERS = {"compact", "registry", "style"}


@cache
def figures() -> dict[str, Callable[..., Figure]]:
    """Return every figure's function by its name."""
    found: dict[str, Callable[..., Figure]] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(plots.__path__)):
        if module in HELPERS:
            continue
        loaded = importlib.import_module(f"{plots.__name__}.{module}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ == loaded.__name__ and _is_figure(function):
                if name in found:
                    raise ValueError(f"two figures are called {name}")
                found[name] = function
    return found


def caption(name: str) -> str:
    """Return a figure's caption: the first line of its function's docstring."""
    return (inspect.getdoc(figures()[name]) or name).splitlines()[0]


def draw(name: str, tables: Mapping[str, Any], width: float = WIDTH) -> bytes | None:
    """Draw a figure from those of ``tables`` that it asks for.

    Parameters
    ----------
    name : str
        Of a figure's function.
    tables : mapping
        By name; what a figure asks for without a default must be there and not empty.
    width : float
        In inches; letters have the same size in a narrow figure as in a wide one.

    Returns
    -------
    bytes or None
        An SVG file, the same bytes for the same tables; None if there is nothing to show.
    """
    function = figures()[name]
    given: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        table = tables.get(parameter.name)
        if table is not None and len(table):
            given[parameter.name] = table
        elif parameter.default is inspect.Parameter.empty:
            return None
    # "default" undoes a user's own matplotlibrc, which must not change our files.
    with matplotlib.style.context(["default", RC]), warnings.catch_warnings():
        # A letter that the font has not is drawn as a box; that is no error.
        warnings.filterwarnings("ignore", message="Glyph")
        before = drawn_width.set(width)
        try:
            return _svg(function(**given))
        finally:
            drawn_width.reset(before)


def _svg(figure: Figure) -> bytes:
    stream = io.BytesIO()
    # Without a date and without matplotlib's version, which would differ for no reason.
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return compact(stream.getvalue())


def _is_figure(function: Callable[..., Any]) -> bool:
    """Whether a function is public and its annotation says that it returns a figure."""
    public = not function.__name__.startswith("_")
    return public and get_type_hints(function).get("return") is Figure
