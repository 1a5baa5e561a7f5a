"""Load the parameters that come with charlab, for ``charlab train --recipe NAME``."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from charlab.core.errors import CharlabError


def recipe_names() -> list[str]:
    """Return the names of all recipes."""
    folder = files(__name__)
    return sorted(path.name[:-5] for path in folder.iterdir() if path.name.endswith(".yaml"))


def load_recipe(name: str) -> dict[str, Any]:
    """Return the sections of a recipe, in the form of a parameter file.

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
    return document
