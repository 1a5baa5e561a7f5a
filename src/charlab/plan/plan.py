"""Plan a run: check the whole of params.yaml, and write the source of each text.

This is the first stage of the pipeline. It depends on all of params.yaml and on the folder of the
user's own texts, takes next to no time, and writes one small file per text,
``data/plan/<text>.json``. ``fetch`` depends on that file only, so a change to one text, or to a
user's own file, reruns just what it affects: dvc.yaml cannot make a dependency conditional.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from charlab.core.errors import CharlabError
from charlab.core.files import sha256_of, write_json
from charlab.fetch.params import TextParams
from charlab.plan.params import Params

MAX_BOOKS = 100
"""Maximum number of books per day that Project Gutenberg's main site allows a reader."""

BUILTIN_CHARS = 300_000
"""Default length of a built-in text."""


class PlanError(CharlabError):
    """A text that cannot be obtained as params.yaml describes it."""


def text_source(slug: str, text: TextParams, own: Path) -> dict[str, Any]:
    """Return the source of the text ``slug``, in the form that ``fetch`` reads.

    Parameters
    ----------
    slug : str
        Name of the text in params.yaml.
    text : TextParams
        Its entry there.
    own : Path
        Folder of the user's own texts, relative to the project.

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
    return {
        "builtin": text.builtin,
        "chars": chars,
        "seed": text.seed or 0,
        "growth": text.growth is not False,
    }


def _own_hash(slug: str, path: Path, own: Path) -> str:
    """Return the hash of a user's own text, by which ``fetch`` notices that it was edited."""
    where = f"texts.{slug}.path"
    if path.is_absolute() or ".." in path.parts or not path.is_relative_to(own):
        raise PlanError(
            f"{where}: {path} is outside {own.as_posix()}/, where the pipeline cannot notice its "
            f"changes; run 'charlab add-text {path}', which copies it there and names the copy in "
            "params.yaml"
        )
    if not path.is_file():
        raise PlanError(
            f"{where}: there is no file {path.as_posix()}; put it there, or remove the text from "
            "params.yaml"
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
        True if the user named a mirror, which lifts the limit on the number of books.

    Raises
    ------
    PlanError
        If a text cannot be obtained, too many would be requested from the main site, or the table
        of the tuning sweep is missing.
    """
    tuning = params.study.tuning
    if tuning is not None and not Path(tuning).is_file():
        raise PlanError(
            f"study.tuning: there is no file {tuning}; run 'charlab sweep', which writes it, or "
            "set study.tuning: null"
        )
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
