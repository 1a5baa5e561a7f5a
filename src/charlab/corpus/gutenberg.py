"""Fetching a text as bytes: from Project Gutenberg or a mirror, a file, or the generator.

What enters is what the plan says of a text; what leaves is a file with its bytes, looked at
before it is kept. Mirrors are asked in order: those in CHARLAB_MIRROR, then Gutenberg's own.
Where the bytes come from is no parameter of the experiment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from charlab.corpus import invented
from charlab.corpus.download import DownloadError, download
from charlab.errors import CharlabError
from charlab.files import sha256_of, write_bytes

MIRROR_SETTING = "CHARLAB_MIRROR"

LAYOUTS = (
    "cache/epub/{id}/pg{id}.txt",
    "{id}/pg{id}.txt",
    "{path}/{id}/{id}-0.txt",
    "{path}/{id}/{id}-8.txt",
    "{path}/{id}/{id}.txt",
)
"""Where a book lies below a mirror: generated collection, its rsync copy, main collection."""

DEFAULTS = (
    "https://www.gutenberg.org/cache/epub/{id}/pg{id}.txt",
    "https://gutenberg.pglaf.org/cache/epub/{id}/pg{id}.txt",
    "https://aleph.gutenberg.org/cache/epub/{id}/pg{id}.txt",
)

SHORTEST = 500
"""Bytes that a book has at least."""


class FetchError(CharlabError):
    """A text could not be had, or is not the one that was asked for."""


def user_agent() -> str:
    """Return how charlab introduces itself to a server."""
    return f"charlab/{version('charlab')} (a pipeline for a course; a few books, fetched once)"


def mirrors(setting: str | None = None) -> list[str]:
    """Return URL templates in the order in which they are asked.

    Parameters
    ----------
    setting : str, optional
        Mirrors separated by blanks, as in CHARLAB_MIRROR (the default). Each is a template
        with ``{id}`` or ``{path}``, or a folder with Gutenberg's files below it.
    """
    given = (os.environ.get(MIRROR_SETTING, "") if setting is None else setting).split()
    templates: list[str] = []
    for mirror in given:
        if "{" in mirror:
            templates.append(mirror)
        else:
            templates += [f"{mirror.rstrip('/')}/{layout}" for layout in LAYOUTS]
    return [*templates, *DEFAULTS]


def url_of(template: str, number: int) -> str:
    """Return the address of book ``number``.

    Examples
    --------
    >>> url_of("https://host/{path}/{id}/{id}-0.txt", 12345)
    'https://host/1/2/3/4/12345/12345-0.txt'
    >>> url_of("https://host/{path}/{id}/{id}.txt", 7)
    'https://host/0/7/7.txt'
    """
    digits = str(number)
    path = "/".join(digits[:-1]) if len(digits) > 1 else "0"
    return template.format(id=number, path=path)


def fetch_book(number: int, out: Path, templates: Iterable[str], scratch: Path) -> str:
    """Fetch one book of Project Gutenberg.

    Parameters
    ----------
    number : int
        The book's number.
    out : Path
        File to write.
    templates : iterable of str
        As from :func:`mirrors`.
    scratch : Path
        Folder for what has come so far of an interrupted download.

    Returns
    -------
    str
        Where it came from.

    Raises
    ------
    FetchError
        If no mirror has it; the message says what each answered.
    """
    tried: list[str] = []
    for template in templates:
        url = url_of(template, number)
        try:
            raw = _get(url, scratch / f"{number}.part")
            look_at(raw, number)
        except (DownloadError, FetchError) as error:
            tried.append(f"  {url}: {error}")
            continue
        write_bytes(out, raw)
        return url
    raise FetchError(
        f"book {number} could not be fetched. Tried:\n" + "\n".join(tried) + "\n"
        f"Without a network, 'make demo' runs the whole pipeline on the built-in text. With a "
        f"mirror, set {MIRROR_SETTING} to it, as in {MIRROR_SETTING}=file:///srv/gutenberg or "
        f"{MIRROR_SETTING}=https://mirror.example.org/gutenberg (docs/fetching.md)."
    )


def _get(url: str, part: Path) -> bytes:
    parts = urlsplit(url)
    if parts.scheme == "file":
        try:
            return Path(unquote(parts.path)).read_bytes()
        except OSError as error:
            raise DownloadError(str(error.strerror).lower()) from None
    return download(url, part, user_agent())


def look_at(raw: bytes, number: int) -> None:
    """Check that bytes are the book that was asked for.

    Raises
    ------
    FetchError
        If they are a web page, too short, or another book.
    """
    start = raw[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html")) or b"<html" in start:
        captcha = ", with a captcha" if b"captcha" in raw.lower() else ""
        raise FetchError(f"a web page{captcha}, not the book")
    if len(raw) < SHORTEST:
        raise FetchError(f"only {len(raw)} bytes, too few for a book")
    found = re.search(rb"\[\s*(?:e-?book|e-?text)\s*#\s*(\d+)", raw[:20_000], re.IGNORECASE)
    if found is not None and int(found[1]) != number:
        raise FetchError(f"the header says book {int(found[1])}, not {number}")


def fetch_text(source: Mapping[str, Any], out: Path, scratch: Path | None = None) -> None:
    """Fetch a text as the plan describes it.

    Parameters
    ----------
    source : mapping
        ``{"gutenberg": 11}``, ``{"path": ..., "sha256": ...}`` or
        ``{"builtin": "invented", "chars": ..., "seed": ...}``.
    out : Path
        File to write.
    scratch : Path, optional
        Folder for interrupted downloads; ``.charlab/downloads`` by default.

    Raises
    ------
    FetchError
        If the text cannot be had.
    """
    if "gutenberg" in source:
        folder = scratch or Path(".charlab/downloads")
        fetch_book(int(source["gutenberg"]), out, mirrors(), folder)
    elif "path" in source:
        path = Path(source["path"])
        write_bytes(out, path.read_bytes())
        if sha256_of(out) != source["sha256"]:
            raise FetchError(f"{path} changed while the pipeline ran; run it again")
    else:
        invented.write_file(out, int(source["chars"]), int(source["seed"]))
