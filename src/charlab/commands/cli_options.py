"""Option types and checks shared by the ``cli_*`` modules."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from charlab.core.errors import CharlabError


class NamedPath(click.Path):
    """A path that is not empty, which would be the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        if value == "":
            self.fail("expected a name, found an empty one.", param, ctx)
        return super().convert(value, param, ctx)


FILE = NamedPath(path_type=Path, dir_okay=False)
FOLDER = NamedPath(path_type=Path, file_okay=False)
SEED = click.IntRange(min=0)
MOST = 10**9
"""The largest count."""

COUNT = click.IntRange(min=1, max=MOST)
ENCODING = click.option(
    "--encoding", metavar="NAME", help="the file's encoding, such as cp1251 [default: detected]"
)


class FiniteRange(click.FloatRange):
    """A range of numbers without NaN, which passes every comparison of click's own."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def project() -> Path:
    """Return the project's folder: the current one, or the nearest above it.

    Raises
    ------
    CharlabError
        If none of them is a charlab project.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dvc.yaml").is_file() and (folder / "params.yaml").is_file():
            return folder
    raise CharlabError(
        f"{here} has no dvc.yaml and params.yaml, nor has a folder above it; "
        "go to the project's folder"
    )
