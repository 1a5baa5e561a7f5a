"""Fetching a text as bytes: from Project Gutenberg or a mirror, a file, or the generator.

What enters is what the plan says of a text; what leaves is a file with its bytes, looked at
before it is kept. Mirrors are asked in order: those in CHARLAB_MIRROR, then Gutenberg's own.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from filelock import FileLock

from charlab.core.files import atomic, write_bytes, write_text
from charlab.fetch.download import download
from charlab.fetch.manners import POLITE, DownloadError, HostError, Manners
from charlab.fetch.mirrors import EXAMPLES, MAIN_SITE, mirrors, url_of
from charlab.fetch.verify import FetchError, look_at
from charlab.synthetic import text as invented

SCRATCH = Path(".charlab/downloads")
"""Where interrupted downloads wait to be gone on with, if nothing can be kept for the user."""

BOOKS_A_DAY = 100
"""More than about so many, Gutenberg asks to take from a mirror."""

DAY = 24 * 3600

PIECE = 1 << 20


def user_agent() -> str:
    """Return how charlab introduces itself to a server."""
    return f"charlab/{version('charlab')} (a pipeline for a course; a few books, fetched once)"


def scratch_folder() -> Path:
    """Return where interrupted downloads wait, and when each host was last asked.

    One folder for all checkouts of a user: DVC runs queued experiments in copies of the
    project, which have to wait for each other, too.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache) / "charlab" / "downloads"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return SCRATCH
    return folder if os.access(folder, os.W_OK) else SCRATCH


def fetch_book(
    number: int,
    out: Path,
    templates: Iterable[str],
    scratch: Path | None = None,
    manners: Manners = POLITE,
) -> str:
    """Fetch one book of Project Gutenberg.

    Parameters
    ----------
    number : int
        The book's number.
    out : Path
        File to write.
    templates : iterable of str
        As from :func:`charlab.fetch.mirrors.mirrors`.
    scratch : Path, optional
        Folder for what has come so far of an interrupted download, by default
        :func:`scratch_folder`.
    manners : Manners
        How servers are dealt with.

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
    closed: set[str] = set()
    for template in templates:
        url = url_of(template, number)
        host = urlsplit(url).netloc
        if host in closed:
            continue
        try:
            raw = _get(url, number, scratch, manners)
            look_at(raw, number)
        except (DownloadError, FetchError) as error:
            tried.append(f"  {url}: {error}")
            if isinstance(error, HostError):
                closed.add(host)
            continue
        write_bytes(out, raw)
        return url
    raise FetchError(
        f"book {number} could not be fetched. Tried:\n" + "\n".join(tried) + "\n"
        "Without a network, 'make demo' runs the whole pipeline on the built-in text. With a "
        f"mirror, set {EXAMPLES} (docs/fetching.md). A file that you have is added by "
        "'charlab add-text FILE'."
    )


def _get(url: str, number: int, scratch: Path | None, manners: Manners) -> bytes:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _read(Path(unquote(parts.path)), manners.largest)
    scratch = scratch or scratch_folder()
    if parts.hostname == MAIN_SITE:
        _note_visit(number, scratch / "main-site.txt")
    # A part of one address is no start of what another one gives.
    name = f"{number}-{hashlib.sha256(url.encode()).hexdigest()[:12]}.part"
    return download(url, scratch / name, user_agent(), manners)


def _read(path: Path, largest: int) -> bytes:
    try:
        if path.stat().st_size > largest:
            raise DownloadError(f"more than {largest} bytes")
        return path.read_bytes()
    except OSError as error:
        raise DownloadError(str(error.strerror).lower()) from None


def _note_visit(number: int, path: Path) -> None:
    """Count the books asked of the main site in a day, and refuse those beyond the limit."""
    now = time.time()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        visits = {int(book): int(when) for when, book in (line.split() for line in lines)}
        visits = {book: when for book, when in visits.items() if now - when < DAY}
        if len(visits) >= BOOKS_A_DAY and number not in visits:
            raise HostError(
                f"{len(visits)} books were asked of it within a day, and it wants those who read "
                "more to use a mirror"
            )
        visits[number] = int(now)
        write_text(path, "".join(f"{when} {book}\n" for book, when in visits.items()))


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
        Folder for interrupted downloads, by default :func:`scratch_folder`.

    Raises
    ------
    FetchError
        If the text cannot be had.
    """
    if "gutenberg" in source:
        fetch_book(int(source["gutenberg"]), out, mirrors(), scratch)
    elif "path" in source:
        _copy(Path(source["path"]), out, source["sha256"])
    else:
        invented.write_file(out, int(source["chars"]), int(source["seed"]))


def _copy(path: Path, out: Path, sha256: str) -> None:
    """Copy a file of any length, if it is still the one that was planned with."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source, atomic(out) as target:
            while piece := source.read(PIECE):
                digest.update(piece)
                target.write(piece)
            if digest.hexdigest() != sha256:
                raise FetchError(f"{path} changed while the pipeline ran; run it again")
    except OSError as error:
        raise FetchError(f"{path}: {error.strerror}; put the file there and run again") from None
