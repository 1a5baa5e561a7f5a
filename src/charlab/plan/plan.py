"""The plan of a run: what each text is, from params.yaml checked as a whole.

The first stage of the pipeline. It depends on all of params.yaml and on the
folder of the user's own texts, costs next to nothing, and writes one small file
per text, ``data/plan/<text>.json``. Only that file is what ``fetch`` depends on,
so a change to one text, or to a user's own file, runs again just what it touches:
dvc.yaml itself has no way to say "this text comes from a file, so watch it".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from charlab.core.errors import CharlabError
from charlab.core.files import sha256_of, write_json
from charlab.fetch.params import TextParams
from charlab.plan.params import Params

MAX_BOOKS = 100
"""Gutenberg asks that no more books than about this many a day come from its main site."""

BUILTIN_CHARS = 300_000
"""Length of a built-in text where params.yaml gives none."""


class PlanError(CharlabError):
    """A text of params.yaml cannot be had as it is described."""


def text_source(slug: str, text: TextParams, own: Path) -> dict[str, Any]:
    """Return what identifies the text ``slug``, as ``fetch`` reads it.

    Parameters
    ----------
    slug : str
        Name of the text in params.yaml.
    text : TextParams
        Its entry there.
    own : Path
        Folder that a user's own texts must lie in, relative to the project.

    Raises
    ------
    PlanError
        If a user's own text is missing or lies outside ``own``.
    """
    if text.gutenberg is not None:
        return {"gutenberg": text.gutenberg}
    if text.path is not None:
        return {"path": text.path, "sha256": _own_hash(slug, Path(text.path), own)}
    chars = text.chars or BUILTIN_CHARS
    return {"builtin": text.builtin, "chars": chars, "seed": text.seed or 0}


def _own_hash(slug: str, path: Path, own: Path) -> str:
    where = f"texts.{slug}.path"
    if path.is_absolute() or ".." in path.parts or not path.is_relative_to(own):
        raise PlanError(
            f"{where}: {path} is outside {own.as_posix()}/, where the pipeline cannot notice its "
            f"changes; run 'charlab add-text {path}', which copies it there and names the copy in "
            "params.yaml"
        )
    if not path.is_file():
        raise PlanError(
            f"{where}: there is no file {path.as_posix()}; put it there, or remove the text"
        )
    return sha256_of(path)


def write_plan(params: Params, own: Path, out: Path, mirrors_given: bool) -> None:
    """Write ``out/<text>.json`` for every text of ``params``.

    Parameters
    ----------
    params : Params
        The whole of params.yaml.
    own : Path
        Folder of the user's own texts.
    out : Path
        Folder for the files.
    mirrors_given : bool
        Whether the user named a mirror, which lifts the limit on the number of books.

    Raises
    ------
    PlanError
        If a text cannot be had as described, or too many are asked of the main site.
    """
    books = sum(text.gutenberg is not None for text in params.texts.values())
    if books > MAX_BOOKS and not mirrors_given:
        raise PlanError(
            f"texts: {books} books from Project Gutenberg's main site, which asks for no more than "
            f"{MAX_BOOKS} a day; set CHARLAB_MIRROR to a mirror near you (docs/texts.md)"
        )
    sources = {slug: text_source(slug, text, own) for slug, text in params.texts.items()}
    for slug, source in sources.items():
        write_json(out / f"{slug}.json", source)
    # DVC empties the folder before a run; by hand, the stage has to.
    for path in out.glob("*.json"):
        if path.stem not in sources:
            path.unlink()
