"""One download over HTTP: polite, resumed where it broke off, never kept half.

requests and urllib3's Retry do the work. A server is asked by one process at a time, with
a pause between requests; what it says about waiting (Retry-After) is heeded.

What has come so far lies in a ``.part`` file, and beside it, in ``.etag``, which version of
the server's file it is the start of. The second is there only while the first is a true start
of that version, so a process may be killed at any moment.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from urllib.parse import urlsplit

import requests
from filelock import FileLock
from requests.adapters import HTTPAdapter
from urllib3.exceptions import DecodeError
from urllib3.exceptions import HTTPError as BrokenOffError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from charlab.core.files import write_text
from charlab.fetch.manners import POLITE, DownloadError, HostError, Manners

RETRIED = (403, 429, 500, 502, 503, 504)
"""Answers that mean: too fast, or not now."""

PIECE = 1 << 14
"""Bytes that are read at a time, or fewer if no more has come."""

ANSWERS = 50
"""How often a download that gets on is taken up again."""


class _StaleError(Exception):
    """What had come before is no start of what the server has now."""


class _Patient(Retry):
    """urllib3's Retry, which waits before the first repetition, too, and never for hours."""

    longest_wait = POLITE.longest_wait

    def get_backoff_time(self) -> float:
        """Return how long to wait where the server does not say."""
        errors = sum(1 for _ in takewhile(lambda past: not past.redirect_location, self.history))
        wait = self.backoff_factor * 2.0 ** (errors - 1) if errors else 0.0
        return min(wait, self.longest_wait)

    def sleep_for_retry(self, response: BaseHTTPResponse) -> bool:
        """Wait as long as the server asks, within reason."""
        wait = self.get_retry_after(response)
        if wait is not None and wait > self.longest_wait:
            raise HostError(
                f"HTTP {response.status}; the server asks to come back in {wait:.0f} seconds"
            )
        return super().sleep_for_retry(response)


def _session(agent: str, manners: Manners) -> requests.Session:
    kind = type("_Patient", (_Patient,), {"longest_wait": manners.longest_wait})
    retry = kind(
        total=None,
        connect=1,
        read=1,
        other=0,
        status=manners.attempts,
        backoff_factor=manners.backoff,
        status_forcelist=RETRIED,
        allowed_methods={"GET"},
        raise_on_status=False,
    )
    session = requests.Session()
    session.max_redirects = 5
    # Byte ranges are of the file as it is, so it is not to be packed on the way.
    session.headers.update({"User-Agent": agent, "Accept-Encoding": "identity"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


@contextlib.contextmanager
def _turn(folder: Path, url: str, pause: float) -> Iterator[None]:
    """Wait until no other process asks this host, and the pause since the last is over."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = urlsplit(url)
    stamp = folder / f"{parts.hostname}_{parts.port or parts.scheme}.last"
    with FileLock(f"{stamp}.lock"):
        if stamp.exists():
            time.sleep(max(0.0, min(pause, stamp.stat().st_mtime + pause - time.time())))
        try:
            yield
        finally:
            stamp.touch()


def download(url: str, part: Path, agent: str, manners: Manners = POLITE) -> bytes:
    """Return what a URL gives.

    Parameters
    ----------
    url : str
        An http or https address.
    part : Path
        File for what has come so far, should the download break off; one for each URL.
    agent : str
        How to introduce oneself.
    manners : Manners
        Pauses, limits and time-outs.

    Raises
    ------
    HostError
        If the server cannot be reached, or is busy and stays so.
    DownloadError
        With what else the server answered, or that the connection broke again and again.
    """
    problem, failures, furthest = "", 0, 0
    with _session(agent, manners) as session:
        for _ in range(ANSWERS):
            try:
                # The next process that waits for its turn must not find the part half read.
                with _turn(part.parent, url, manners.pause):
                    _receive(session, url, part, manners)
                    return _take(part)
            except (BrokenOffError, _StaleError) as error:
                problem = _in_words(error)
            reached = part.stat().st_size if part.exists() else 0
            failures = failures + 1 if reached <= furthest else 0
            furthest = max(furthest, reached)
            if failures >= manners.attempts:
                break
            time.sleep(manners.backoff * 2**failures)
    raise DownloadError(problem)


def _marker(part: Path) -> Path:
    return part.with_suffix(".etag")


def _forget(part: Path) -> None:
    """Remove a part: first what vouches for it."""
    _marker(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def _take(part: Path) -> bytes:
    content = part.read_bytes()
    _forget(part)
    return content


def _receive(session: requests.Session, url: str, part: Path, manners: Manners) -> None:
    """Write an answer to ``part``, going on where it ends if the server can."""
    marker = _marker(part)
    have = part.stat().st_size if part.exists() and marker.exists() else 0
    headers = {}
    if have:
        # Only the same version of the file may be gone on with.
        headers = {"Range": f"bytes={have}-", "If-Range": marker.read_text(encoding="utf-8")}
    with _answer(session, url, headers, manners) as answer:
        going_on = _goes_on(answer, have, part)
        if not going_on:
            _begin(answer, part)
        with part.open("ab" if going_on else "wb") as stream:
            try:
                _store(answer, stream.write, have if going_on else 0, manners)
            except DownloadError:
                _forget(part)
                raise


def _answer(
    session: requests.Session, url: str, headers: dict[str, str], manners: Manners
) -> requests.Response:
    """Return a server's answer, of which no more than the headers was read."""
    try:
        answer = session.get(url, headers=headers, stream=True, timeout=manners.timeout)
    except requests.exceptions.RequestException as error:
        kind = (
            HostError
            if isinstance(error, requests.ConnectionError | requests.Timeout)
            else DownloadError
        )
        raise kind(_in_words(error)) from None
    if url.startswith("https:") and any(
        hop.url.startswith("http:") for hop in (*answer.history, answer)
    ):
        answer.close()
        raise DownloadError("redirected from https to http, which cannot be verified")
    return answer


def _goes_on(answer: requests.Response, have: int, part: Path) -> bool:
    """Whether an answer goes on from byte ``have`` rather than being the whole file.

    Raises
    ------
    _StaleError
        If the part cannot be gone on with; it is forgotten.
    DownloadError
        If the answer is neither.
    """
    status = answer.status_code
    if status == requests.codes.ok:
        return False
    partial = status == requests.codes.partial_content
    if have and partial and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        return True
    _forget(part)
    if have and (partial or status == requests.codes.requested_range_not_satisfiable):
        raise _StaleError("the server does not go on where the download broke off")
    kind = HostError if status in RETRIED else DownloadError
    raise kind(f"HTTP {status} {answer.reason}")


def _begin(answer: requests.Response, part: Path) -> None:
    """Empty the part, and note the version of what comes; in this order, if killed between."""
    _marker(part).unlink(missing_ok=True)
    part.write_bytes(b"")
    tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
    # A weak tag stands for several versions, and ranges of a packed file are of the packed bytes.
    if tag and not tag.startswith("W/") and not answer.headers.get("Content-Encoding"):
        write_text(_marker(part), tag)


def _store(
    answer: requests.Response, write: Callable[[bytes], object], size: int, manners: Manners
) -> None:
    """Write what comes, unless it is too much or too slow."""
    if size + (answer.raw.length_remaining or 0) > manners.largest:
        raise DownloadError(f"more than {manners.largest} bytes")
    started, before = time.monotonic(), size
    # read1 gives what is there; read would wait until a whole piece has come.
    while piece := answer.raw.read1(PIECE, decode_content=True):
        size += len(piece)
        if size > manners.largest:
            raise DownloadError(f"more than {manners.largest} bytes")
        write(piece)
        seconds = time.monotonic() - started
        if seconds > manners.patience and size - before < manners.slowest * seconds:
            raise DownloadError(f"only {size - before} bytes came in {seconds:.0f} seconds")


WORDS: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.SSLError, "the server's certificate could not be verified"),
    (requests.exceptions.ProxyError, "the proxy does not let it through"),
    (requests.exceptions.ConnectTimeout, "no answer in time"),
    (requests.exceptions.ReadTimeout, "no answer in time"),
    (requests.exceptions.TooManyRedirects, "too many redirects"),
    (requests.exceptions.InvalidSchema, "neither http, https nor file"),
    (DecodeError, "what came packed could not be unpacked"),
    (BrokenOffError, "the connection broke off again and again"),
)


def _in_words(error: Exception) -> str:
    """Return what went wrong in a few words."""
    for kind, words in WORDS:
        if isinstance(error, kind):
            return words
    text = str(error)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "the host's name is not known here (no network?)"
    return "no connection" if isinstance(error, requests.ConnectionError) else text
