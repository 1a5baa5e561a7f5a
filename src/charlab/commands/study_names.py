"""Read which study a parameter file holds, and list the studies."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import click

from charlab.core.errors import CharlabError, describe
from charlab.core.schema import ParamsError, parse_yaml

PARAMS = "params.yaml"


class StudyError(CharlabError):
    """A study that does not exist, or a working copy that a change of studies would damage."""


@cache
def study_name(params: bytes, source: str) -> str | None:
    """Return the name of the study in a parameter file; None if it has none.

    Raises
    ------
    ParamsError
        If ``params`` is not YAML, or not fit for parameters; the message has ``source`` and line.
    """
    try:
        return str(parse_yaml(params, source)["study"]["name"])
    except (KeyError, TypeError):
        return None


def readable_name(params: bytes | None) -> str | None:
    """Return the name of the study in a parameter file; None as well if it cannot be read."""
    try:
        return study_name(params or b"", PARAMS)
    except ParamsError:
        return None


def current_study(root: Path) -> str:
    """Return the name of the study that a project's params.yaml holds.

    Raises
    ------
    CharlabError
        If the file cannot be read, or names no study; with the line, where there is one.
    """
    path = root / PARAMS
    name = study_name(path.read_bytes(), str(path))
    if name is None:
        raise StudyError(
            f"{path}: expected study.name, the name of this study, found none; add it under "
            "study:, or restore the file with git"
        )
    return name


def show_studies(names: list[str], root: Path) -> None:
    """Print the names of studies, with a star at a project's current one if that is known."""
    current = None
    try:
        current = current_study(root)
    except CharlabError as error:
        click.echo(f"charlab study: the current study is not known: {describe(error)}", err=True)
    for name in names:
        click.echo(f"{'*' if name == current else ' '} {name}")
