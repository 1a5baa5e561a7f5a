"""Download over HTTP politely, resume after a broken connection, and never keep half a file.

Downloads use requests with urllib3's Retry. Only one process at a time sends requests to a host,
with a pause in between, and Retry-After is respected.

A ``.part`` file holds the bytes received so far; the ``.etag`` file beside it names the version of
the server's file to which they belong. The ``.etag`` exists only while this is true, so a process
may be killed at any moment.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import requests
from filelock import FileLock
from urllib3.exceptions import DecodeError
from urllib3.exceptions import HTTPError as TransferError

from charlab.core.errors import shortened
from charlab.core.files import explained, write_text
from charlab.core.units import counted
from charlab.fetch.policy import POLITE, RETRIED, DownloadError, HostError, Policy
from charlab.fetch.session import Session

CHUNK = 1 << 14
"""Maximum number of bytes to read at a time."""

TAG = ".etag"

PLAIN_TAG = re.compile(r"[\x20-\x7e]{1,200}")
"""A tag that may be sent back in a header."""

ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")
"""Content encodings that are decoded piece by piece, within the limit on the size."""

RESUMES = 50
"""Maximum number of resumes while a download keeps making progress."""


class _StaleError(Exception):
    """A partial download that is not the start of the server's current file."""


@contextlib.contextmanager
def _host_lock(folder: Path, url: str, pause: float) -> Iterator[None]:
    """Wait until no other process uses this host and the pause since the last request is over."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = urlsplit(url)
    stamp = folder / f"{parts.hostname}_{parts.port or parts.scheme}.last"
    with FileLock(f"{stamp}.lock"):
        if stamp.exists():
            # Never wait longer than the pause, even if the clock has been set back.
            time.sleep(max(0.0, min(pause, stamp.stat().st_mtime + pause - time.time())))
        try:
            yield
        finally:
            stamp.touch()  # the pause counts from the end of the request


def download(url: str, part: Path, agent: str, policy: Policy = POLITE) -> bytes:
    """Return the content of a URL.

    Parameters
    ----------
    url : str
        An http or https address.
    part : Path
        File for the bytes received before an interruption; one for each URL.
    agent : str
        The User-Agent header.
    policy : Policy
        Pauses, limits and timeouts.

    Raises
    ------
    HostError
        If the server cannot be reached or stays busy.
    DownloadError
        If it gives another answer, or the connection keeps breaking off.
    """
    problem, failures, furthest = "", 0, 0
    with Session(agent, policy) as session:
        for _ in range(RESUMES):
            try:
                # Read the part within the lock, before the next process may change it.
                with (
                    _host_lock(part.parent, url, policy.pause),
                    session.deadline.within(policy.total),
                ):
                    content = _receive(session, url, part, policy)
                    _discard(part)
                    return content
            except (TransferError, _StaleError) as error:
                problem = _describe(error)
            reached = part.stat().st_size if part.exists() else 0
            # Only attempts without progress count as failures.
            failures = failures + 1 if reached <= furthest else 0
            furthest = max(furthest, reached)
            if failures >= policy.attempts:
                break
            time.sleep(policy.backoff * 2**failures)  # one backoff after progress
    raise DownloadError(problem)


def _discard(part: Path) -> None:
    """Remove a part, its tag first, so that a kill in between leaves nothing to resume."""
    part.with_suffix(TAG).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def _receive(session: Session, url: str, part: Path, policy: Policy) -> bytes:
    """Write a response to ``part``, resuming at its end if the server can; return the whole."""
    tag_file = part.with_suffix(TAG)
    have = part.stat().st_size if part.exists() and tag_file.exists() else 0
    headers = {}
    if have:
        # If-Range: a server whose file has changed sends all of it instead of the range.
        headers = {"Range": f"bytes={have}-", "If-Range": tag_file.read_text(encoding="utf-8")}
    with _respond(session, url, headers, policy) as response:
        resumed = _is_resumed(response, have, part)
        if not resumed:
            _start_over(response, part)
        with _writing(part, "ab" if resumed else "wb") as write:
            try:
                _store(response, write, have if resumed else 0, policy)
            except DownloadError:
                _discard(part)
                raise
    return part.read_bytes()


@contextlib.contextmanager
def _writing(part: Path, mode: str) -> Iterator[Callable[[bytes], None]]:
    """Open a part and yield a function that writes to it, whose errors name the file."""
    with explained(part):
        stream = part.open(mode)

    def write(chunk: bytes) -> None:
        with explained(part):
            stream.write(chunk)

    try:
        yield write
    finally:
        with explained(part):
            stream.close()


def _respond(
    session: Session, url: str, headers: dict[str, str], policy: Policy
) -> requests.Response:
    """Send a request and return the response, its body still unread."""
    try:
        response = session.get(url, headers=headers, stream=True, timeout=policy.timeout)
    except requests.exceptions.RequestException as error:
        unreachable = isinstance(error, requests.ConnectionError | requests.Timeout)
        raise (HostError if unreachable else DownloadError)(_describe(error)) from None
    except (ValueError, TransferError) as error:
        # Of an address or a header that cannot be parsed; requests lets some of these through.
        raise DownloadError(f"malformed address or header: {shortened(error)}") from None
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        response.close()  # unread, so that the connection is not reused
        raise DownloadError(f"the content encoding {shortened(encoding)} is not supported")
    return response


def _is_resumed(response: requests.Response, have: int, part: Path) -> bool:
    """Return whether a response continues at byte ``have`` rather than being the whole file.

    If it is neither, the part is removed; _StaleError asks for another try without it.
    """
    status = response.status_code
    if status == requests.codes.ok:
        return False  # the server ignored the range, or its file has changed
    partial = status == requests.codes.partial_content
    if have and partial and response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        return True
    _discard(part)
    if have and (partial or status == requests.codes.requested_range_not_satisfiable):
        raise _StaleError("the server does not continue at the byte where the download broke off")
    kind = HostError if status in RETRIED else DownloadError
    raise kind(f"HTTP {status} {response.reason}")


def _start_over(response: requests.Response, part: Path) -> None:
    """Empty the part, then write the tag of the new version; a kill in between is harmless."""
    part.with_suffix(TAG).unlink(missing_ok=True)
    part.write_bytes(b"")
    tag = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
    # Several versions may share a weak tag, and ranges of a compressed response count compressed
    # bytes; neither can be resumed.
    if (
        PLAIN_TAG.fullmatch(tag)
        and not tag.startswith("W/")
        and not response.headers.get("Content-Encoding")
    ):
        write_text(part.with_suffix(TAG), tag)


def _store(
    response: requests.Response, write: Callable[[bytes], object], size: int, policy: Policy
) -> None:
    """Write the body of a response unless it is too large or too slow."""
    if size + (response.raw.length_remaining or 0) > policy.max_bytes:
        raise DownloadError(f"more than {policy.max_bytes} bytes")
    started, before = time.monotonic(), size  # the rate is that of this response
    # read1 returns what has arrived; read would wait for a whole chunk.
    while chunk := response.raw.read1(CHUNK, decode_content=True):
        size += len(chunk)
        if size > policy.max_bytes:
            raise DownloadError(f"more than {policy.max_bytes} bytes")
        write(chunk)
        seconds = time.monotonic() - started
        if seconds > policy.grace and size - before < policy.min_rate * seconds:
            raise DownloadError(
                f"only {counted(size - before, 'byte')} arrived in {seconds:.0f} seconds"
            )


DESCRIPTIONS: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.SSLError, "the server's certificate could not be verified"),
    (requests.exceptions.ProxyError, "the proxy refuses the connection"),
    (requests.exceptions.Timeout, "no answer in time"),
    (requests.exceptions.TooManyRedirects, "too many redirects"),
    (requests.exceptions.InvalidSchema, "neither http, https nor file"),
    (DecodeError, "the compressed response could not be decompressed"),
    (TransferError, "the connection broke off repeatedly"),
)


def _describe(error: Exception) -> str:
    """Return a short description of an error of requests or urllib3."""
    for kind, words in DESCRIPTIONS:
        if isinstance(error, kind):
            return words
    text = str(error)
    if "headers" in text or "header line" in text:
        return "the server's headers are too long"
    if "NameResolution" in text or "getaddrinfo" in text:
        return "the host name cannot be resolved; check the network connection"
    return "no connection" if isinstance(error, requests.ConnectionError) else shortened(text)
