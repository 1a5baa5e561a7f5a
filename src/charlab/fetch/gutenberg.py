"""Fetch a text as bytes: from Project Gutenberg or a mirror, a file, or the generator.

A book is verified before it is kept. Mirrors are tried in order: those in CHARLAB_MIRROR, then
Gutenberg's own.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from filelock import FileLock

from charlab.core.files import WriteError, atomic, write_bytes, write_text
from charlab.fetch.download import download
from charlab.fetch.mirrors import EXAMPLES, MAIN_SITE, mirrors, url_of
from charlab.fetch.policy import POLITE, DownloadError, HostError, Policy
from charlab.fetch.verify import FetchError, verify_book
from charlab.synthetic import text as invented

SCRATCH = Path(".charlab/downloads")
"""Folder of interrupted downloads if the user's cache folder cannot be written to."""

BOOKS_A_DAY = 100
"""Maximum number of books per day before Gutenberg asks readers to use a mirror."""

DAY = 24 * 3600

CHUNK = 1 << 20

ALTERNATIVES = (
    "Without a network, 'make demo' runs the whole pipeline on the built-in text. To use a mirror, "
    f"set {EXAMPLES} (docs/texts.md). To use a file of your own, run 'charlab add-text FILE'."
)
"""Advice for a user whose book cannot be fetched."""


def user_agent() -> str:
    """Return the User-Agent header of charlab."""
    return f"charlab/{version('charlab')} (a pipeline for a course; a few books, fetched once)"


def scratch_folder() -> Path:
    """Return the folder of interrupted downloads and of the time of each host's last request.

    All checkouts of a user share it, since DVC runs queued experiments in copies of the project,
    and these must take turns, too.
    """
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(cache) / "charlab" / "downloads"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        # RuntimeError: in a container the user may have no home at all.
        return SCRATCH
    return folder if os.access(folder, os.W_OK) else SCRATCH


def fetch_book(
    number: int,
    templates: Iterable[str] | None = None,
    scratch: Path | None = None,
    policy: Policy = POLITE,
) -> tuple[bytes, str]:
    """Return book ``number`` of Project Gutenberg, and the URL that had it.

    Parameters
    ----------
    templates : iterable of str, optional
        URL templates, by default those of :func:`charlab.fetch.mirrors.mirrors`.
    scratch : Path, optional
        Folder for interrupted downloads, by default :func:`scratch_folder`.
    policy : Policy
        Limits on the use of servers.

    Raises
    ------
    FetchError
        If no mirror has it; the message has the answer of each.
    """
    tried: list[str] = []
    given_up: set[str] = set()
    for template in mirrors() if templates is None else templates:
        url = url_of(template, number)
        host = urlsplit(url).netloc
        # Trying other layouts on a busy host would only add to its load.
        if host in given_up:
            continue
        try:
            raw = _get(url, number, scratch, policy)
            verify_book(raw, number)
            return raw, url
        except (DownloadError, FetchError) as error:
            tried.append(f"  {url}: {error}")
            if isinstance(error, HostError):
                given_up.add(host)
    failed = f"book {number} could not be fetched. Tried:"
    raise FetchError("\n".join([failed, *tried, ALTERNATIVES]))


def _get(url: str, number: int, scratch: Path | None, policy: Policy) -> bytes:
    """Return the content of a URL, downloaded or read from a local mirror."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _read(Path(url2pathname(parts.path)), policy.max_bytes)
    scratch = scratch or scratch_folder()
    if parts.hostname == MAIN_SITE:
        _count_visit(number, scratch / "main-site.txt")
    # Each URL has a part of its own, since mirrors may have different versions of a book.
    name = f"{number}-{hashlib.sha256(url.encode()).hexdigest()[:12]}.part"
    return download(url, scratch / name, user_agent(), policy)


def _read(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a file in a local mirror; its errors are those of a download."""
    try:
        # A pipe or a device has no end.
        if path.exists() and not path.is_file():
            raise DownloadError("not a file")
        with path.open("rb") as stream:
            content = stream.read(max_bytes + 1)
    except OSError as error:
        raise DownloadError(str(error.strerror).lower()) from None
    except ValueError as error:
        raise DownloadError(f"not a path: {error}") from None
    if len(content) > max_bytes:
        raise DownloadError(f"more than {max_bytes} bytes")
    return content


def _count_visit(number: int, path: Path) -> None:
    """Count the books requested from the main site in a day, and refuse those over the limit."""
    now = time.time()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        # Each line has the time of a request in seconds and the number of a book.
        # A line that a full disk cut off does not count.
        pairs = [line.split() for line in lines if re.fullmatch(r"\d{1,12} \d{1,12}", line)]
        visits = {int(book): int(when) for when, book in pairs}
        visits = {book: when for book, when in visits.items() if now - when < DAY}
        if len(visits) >= BOOKS_A_DAY and number not in visits:
            raise HostError(
                f"{len(visits)} books were requested within a day, and the site asks readers of "
                "more to use a mirror"
            )
        # A book requested before does not count again.
        visits[number] = int(now)
        write_text(path, "".join(f"{when} {book}\n" for book, when in visits.items()))


def fetch_text(source: Mapping[str, Any], out: Path, scratch: Path | None = None) -> None:
    """Fetch a text from its source in the plan.

    Parameters
    ----------
    source : mapping
        ``{"gutenberg": 11}``, ``{"path": ..., "sha256": ...}`` or
        ``{"builtin": "invented", "chars": ..., "seed": ..., "growth": ...}``.
    out : Path
        File to write.
    scratch : Path, optional
        Folder for interrupted downloads, by default :func:`scratch_folder`.

    Raises
    ------
    FetchError
        If the text cannot be fetched.
    """
    if "gutenberg" in source:
        write_bytes(out, fetch_book(int(source["gutenberg"]), scratch=scratch)[0])
    elif "path" in source:
        _copy(_inside(Path(source["path"])), out, source["sha256"])
    else:
        chars, seed = int(source["chars"]), int(source["seed"])
        invented.write_file(out, chars, seed, bool(source["growth"]))


def _inside(path: Path) -> Path:
    """Return the path of a user's own text, which the plan has checked, too."""
    # The plan may be that of a folder from a stranger; a device would never end.
    if path.is_absolute() or ".." in path.parts or (path.exists() and not path.is_file()):
        raise FetchError(f"{path}: expected a file in data/own/; run 'dvc repro plan' again")
    return path


def _copy(path: Path, out: Path, sha256: str) -> None:
    """Copy a file of any length if its hash is still the one in the plan."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source, atomic(out) as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
            # Raised within atomic, so that the copy is discarded.
            if digest.hexdigest() != sha256:
                raise FetchError(f"{path} changed while the pipeline ran; run it again")
    except WriteError:
        raise
    except OSError as error:
        raise FetchError(f"{path}: {error.strerror}; put the file there and run again") from None
