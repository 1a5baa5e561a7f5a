"""Load the parameters that come with charlab, for ``charlab train --recipe NAME``.

A recipe has sections of a parameter file, and ``length``: what depends on the length of the
training split, counted in characters and never by a clock, so that a recipe gives the same model
on every machine.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from charlab.core.errors import CharlabError

USUAL_LENGTH = 1_000_000
"""Characters of a training split whose length is not known: that of tinyshakespeare, about."""


def recipe_names() -> list[str]:
    """Return the names of all recipes."""
    folder = files(__name__)
    return sorted(path.name[:-5] for path in folder.iterdir() if path.name.endswith(".yaml"))


def load_recipe(name: str, train_chars: int = USUAL_LENGTH) -> dict[str, Any]:
    """Return the sections of a recipe, in the form of a parameter file.

    Parameters
    ----------
    name : str
    train_chars : int
        Characters of the training split, to which the recipe is adapted.

    Raises
    ------
    CharlabError
        If there is no such recipe; the message lists the existing ones.
    """
    if name not in recipe_names():
        raise CharlabError(
            f"recipe {name!r} does not exist; choose one of {', '.join(recipe_names())}"
        )
    document: dict[str, Any] = yaml.safe_load((files(__name__) / f"{name}.yaml").read_text("utf-8"))
    return _adapted(document, train_chars)


def _adapted(document: dict[str, Any], train_chars: int) -> dict[str, Any]:
    """Return the sections of a recipe for a training split of so many characters.

    ``length`` has the characters to read in all (``chars``), the passes over the split that are
    not exceeded (``epochs``), and for short splits other passes and changes of other keys: the
    first entry of ``shorter`` applies whose ``than`` is above the length.
    """
    length = document.pop("length")
    for entry in length.get("shorter", []):
        if train_chars < entry["than"]:
            length |= {key: entry[key] for key in entry.keys() & {"chars", "epochs"}}
            for section in entry.keys() & document.keys():
                document[section] |= entry[section]
            break
    epochs = min(length["epochs"], length["chars"] / max(train_chars, 1))
    document["train"]["epochs"] = max(round(epochs, 3), 0.001)
    return document
