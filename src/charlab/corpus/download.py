"""One download over HTTP: polite, resumed where it broke off, never kept half.

requests and urllib3's Retry do the work. A server is asked by one process at a time, with
a pause between requests; what it says about waiting (Retry-After) is heeded.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import requests
from filelock import FileLock
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from charlab.errors import CharlabError

PAUSE_SECONDS = 2.0
"""Gutenberg's rule for automatic readers of its harvest pages."""

TIMEOUT_SECONDS = (10.0, 60.0)
"""To connect, and between two pieces of an answer."""

LARGEST = 64 * 1024 * 1024
"""Bytes that a text may have; the largest book there has about a quarter of that."""

PIECE = 1 << 12
"""Bytes that are read at a time; at most so many are lost when a connection breaks."""

ATTEMPTS = 4
RETRIED = (403, 429, 500, 502, 503, 504)


class DownloadError(CharlabError):
    """A server did not give what was asked of it."""


def _session(agent: str, attempts: int, backoff: float) -> requests.Session:
    retry = Retry(
        total=attempts,
        redirect=5,
        backoff_factor=backoff,
        backoff_max=60,
        status_forcelist=RETRIED,
        allowed_methods={"GET"},
        respect_retry_after_header=True,
        raise_on_status=False,
    )
    session = requests.Session()
    session.headers.update({"User-Agent": agent, "Accept-Encoding": "gzip, identity"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


@contextlib.contextmanager
def _turn(folder: Path, host: str, pause: float) -> Iterator[None]:
    """Wait until no other process asks this host, and the pause since the last is over."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / f"{host.replace(':', '_')}.last"
    with FileLock(f"{stamp}.lock"):
        if stamp.exists():
            time.sleep(max(0.0, min(pause, stamp.stat().st_mtime + pause - time.time())))
        try:
            yield
        finally:
            stamp.touch()


def download(
    url: str,
    part: Path,
    agent: str,
    *,
    pause: float = PAUSE_SECONDS,
    attempts: int = ATTEMPTS,
    backoff: float = 1.0,
    largest: int = LARGEST,
    timeout: tuple[float, float] = TIMEOUT_SECONDS,
) -> bytes:
    """Return what a URL gives.

    Parameters
    ----------
    url : str
        An http or https address.
    part : Path
        File that keeps what has come, should the download break off; removed at the end.
    agent : str
        How to introduce oneself.
    pause : float
        Seconds between two requests to one host.
    attempts : int
        How often a broken download is taken up again, and a busy server asked again.
    backoff : float
        Seconds to wait before asking again, doubled each time.
    largest : int
        Bytes that are accepted.
    timeout : tuple of float
        Seconds to connect, and between pieces.

    Raises
    ------
    DownloadError
        With what the server or the network answered.
    """
    problem = ""
    host = urlsplit(url).netloc
    with _session(agent, attempts, backoff) as session:
        for attempt in range(attempts):
            try:
                with _turn(part.parent, host, pause):
                    _receive(session, url, part, largest, timeout)
            except requests.exceptions.RequestException as error:
                problem = _in_words(error)
                if not part.exists():
                    break
                time.sleep(backoff * 2**attempt)
                continue
            content = part.read_bytes()
            part.unlink()
            return content
    raise DownloadError(problem)


def _receive(
    session: requests.Session,
    url: str,
    part: Path,
    largest: int,
    timeout: tuple[float, float],
) -> None:
    """Write an answer to ``part``, going on where it ends if the server can."""
    have = part.stat().st_size if part.exists() else 0
    marker = part.with_suffix(".etag")
    headers = {}
    if have and marker.exists():
        # Only the same version of the file may be gone on with; byte ranges need it unpacked.
        headers = {"Range": f"bytes={have}-", "If-Range": marker.read_text(encoding="utf-8")}
        headers["Accept-Encoding"] = "identity"
    with session.get(url, headers=headers, stream=True, timeout=timeout) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink()
            raise requests.exceptions.ConnectionError("the rest of the file is not there")
        if answer.status_code >= 400:
            part.unlink(missing_ok=True)
            raise requests.exceptions.HTTPError(f"HTTP {answer.status_code} {answer.reason}")
        going_on = answer.status_code == requests.codes.partial_content
        tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
        if tag and not answer.headers.get("Content-Encoding"):
            marker.write_text(tag, encoding="utf-8")
        else:
            marker.unlink(missing_ok=True)
        size = have if going_on else 0
        with part.open("ab" if going_on else "wb") as stream:
            for piece in answer.iter_content(PIECE):
                size += len(piece)
                if size > largest:
                    stream.close()
                    part.unlink()
                    raise requests.exceptions.InvalidURL(f"more than {largest} bytes")
                stream.write(piece)
    marker.unlink(missing_ok=True)


def _in_words(error: requests.exceptions.RequestException) -> str:
    """Return what went wrong in a few words."""
    names = {
        requests.exceptions.SSLError: "the server's certificate could not be verified",
        requests.exceptions.ConnectTimeout: "no answer in time",
        requests.exceptions.ReadTimeout: "the answer stopped in the middle",
        requests.exceptions.TooManyRedirects: "too many redirects",
        requests.exceptions.RetryError: "the server is busy",
        requests.exceptions.ChunkedEncodingError: "the connection broke off",
    }
    for kind, words in names.items():
        if isinstance(error, kind):
            return words
    text = str(error)
    if "NameResolution" in text or "getaddrinfo" in text or "resolve" in text:
        return "the host's name is not known here (no network?)"
    if isinstance(error, requests.exceptions.ConnectionError) and "Max retries" in text:
        return "no connection"
    return text
