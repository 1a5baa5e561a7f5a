"""Option types and checks shared by the ``cli_*`` modules."""

from __future__ import annotations

from pathlib import Path

import click

from charlab.core.errors import CharlabError

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
SEED = click.IntRange(min=0)
COUNT = click.IntRange(min=1)
ENCODING = click.option(
    "--encoding", metavar="NAME", help="the file's encoding, such as cp1251 [default: detected]"
)


def project() -> Path:
    """Return the current folder.

    Raises
    ------
    CharlabError
        If it is not a charlab project.
    """
    root = Path.cwd()
    if not (root / "dvc.yaml").is_file() or not (root / "params.yaml").is_file():
        raise CharlabError(f"{root} has no dvc.yaml and params.yaml; go to the project's folder")
    return root
