"""No server can hold a download for long, fill the memory, or lead to a server nobody chose."""

from __future__ import annotations

import gzip
import io
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from misbehaving_server import BODY, Answer, Script, plain, quick, send_headers, serving
from requests.adapters import HTTPAdapter

from charlab.core.errors import CharlabError
from charlab.fetch.download import download
from charlab.fetch.gutenberg import fetch_book
from charlab.fetch.mirrors import MirrorError, mirrors
from charlab.fetch.policy import DownloadError, HostError
from charlab.fetch.session import check_redirect


def fetch(answer: Answer, tmp_path: Path, **options: object) -> bytes:
    """Download from a server that answers so."""
    with serving(Script(BODY, answer)) as url:
        return download(url, tmp_path / "p.part", "x", quick(attempts=1, **options))


def raw(*pieces: bytes, pause: float = 0.0) -> Answer:
    """Send bytes as they are, with a pause after each, then close the connection."""

    def answer(handler: Any, _: int) -> None:
        handler.close_connection = True
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def redirect(location: str) -> Answer:
    """Redirect the first request."""

    def answer(handler: Any, number: int) -> None:
        if number:
            plain(handler, number)
        else:
            send_headers(handler, 302, Location=location)

    return answer


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [OK, *([b"X: y\r\n"] * 90)],
        [b"HTTP/1.1 100 Continue\r\n\r\n"] * 200,
        [b"H"] * 200,
        [OK + b"Transfer-Encoding: chunked\r\n\r\n", *([b"1\r\nx\r\n"] * 200)],
    ],
    ids=["headers", "continue", "status", "chunks"],
)
def test_drops_do_not_hold_a_request(pieces: list[bytes], tmp_path: Path) -> None:
    """Each drop comes in time, but the whole request has a limit, too."""
    started = time.monotonic()
    with pytest.raises(HostError, match=r"not finished within 0\.3 seconds"):
        fetch(raw(*pieces, pause=0.05), tmp_path, total=0.3, grace=60.0)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "head",
    [
        OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        OK + b"X: y\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 " + b"O" * 70_000 + b"\r\n\r\n",
    ],
    ids=["long header", "many headers", "long status"],
)
def test_long_headers_are_refused(head: bytes, tmp_path: Path) -> None:
    """Sixty-four KiB a line, a hundred lines."""
    with pytest.raises(DownloadError, match=r"headers are too long|no connection"):
        fetch(raw(head), tmp_path)


@pytest.mark.parametrize(
    "head",
    [
        b"Retry-After: " + b"9" * 5000,
        b"Retry-After: never",
        b"Content-Length: 5, 6",
        b"Content-Length: " + b"9" * 5000,
        b"Location: http://[bad",
        b"Location: \xff\xfe",
        b"Location: http://host:99999999/",
        b"Location: http://" + b"a" * 300 + b".example/",
        b"Location: file:///etc/passwd",
        b"Content-Encoding: br",
        b"Content-Encoding: gzip, gzip",
    ],
)
@pytest.mark.parametrize("status", [b"200", b"302", b"503"])
def test_malformed_headers_are_one_line(status: bytes, head: bytes, tmp_path: Path) -> None:
    """Whatever they say, the error is charlab's own, or they do not matter."""
    answer = raw(b"HTTP/1.1 " + status + b" X\r\n" + head + b"\r\n\r\n")
    try:
        fetch(answer, tmp_path, max_wait=0.01)
    except CharlabError as error:
        assert len(str(error)) < 200
        assert "\n" not in str(error)


def test_unknown_encodings_are_refused(tmp_path: Path) -> None:
    """Nobody asked for them, and a decoder of another library would run."""
    for encoding in ("br", "zstd", "gzip, gzip", "x\x1b[2J"):

        def answer(handler: Any, _: int, encoding: str = encoding) -> None:
            send_headers(handler, 200, 5, Content_Encoding=encoding)

        with pytest.raises(DownloadError, match=r"the content encoding .* is not supported"):
            fetch(answer, tmp_path)


def test_a_compressed_bomb_stays_small(tmp_path: Path) -> None:
    """A gigabyte of zeros has a megabyte compressed; what is held is bounded."""
    bomb = gzip.compress(b"\0" * (1 << 20)) * 300

    def answer(handler: Any, _: int) -> None:
        send_headers(handler, 200, len(bomb), Content_Encoding="gzip")
        handler.wfile.write(bomb)

    tracemalloc.start()
    try:
        with pytest.raises(DownloadError, match="more than 8000000 bytes"):
            fetch(answer, tmp_path, max_bytes=8_000_000)
        assert tracemalloc.get_traced_memory()[1] < 64_000_000
    finally:
        tracemalloc.stop()
    assert not list(tmp_path.glob("p.*"))


@pytest.mark.parametrize("tag", [b'"a\x01b"', b'"a"\r\n b', b"x" * 300, b"\xe9"])
def test_a_hostile_tag_is_not_sent_back(tag: bytes, tmp_path: Path) -> None:
    """It would spoil every later request."""
    head = OK + b"Content-Length: 90\r\nETag: " + tag + b"\r\n\r\nstart"
    with pytest.raises(DownloadError, match="broke off"):
        fetch(raw(head), tmp_path)
    assert fetch(plain, tmp_path) == BODY


@pytest.mark.parametrize(
    ("first", "url", "allowed"),
    [
        ("http://m.example/x", "http://m.example/y", True),
        ("http://m.example:8080/x", "http://m.example:8080/y", True),
        ("http://m.example:8080/x", "https://m.example/y", True),
        ("https://m.example/x", "https://www.gutenberg.org/y", True),
        ("https://m.example/x", "https://aleph.pglaf.org/y", True),
        ("https://m.example/x", "http://m.example/y", False),
        ("https://m.example/x", "http://www.gutenberg.org/y", False),
        ("http://m.example/x", "http://other.example/y", False),
        ("http://m.example/x", "http://m.example:22/y", False),
        ("http://m.example/x", "http://m.example.evil.org/y", False),
        ("http://m.example/x", "http://evilgutenberg.org/y", False),
        ("http://m.example/x", "http://www.gutenberg.org:8080/y", False),
        ("http://m.example/x", "http://127.0.0.1/y", False),
        ("http://m.example/x", "http://www.gutenberg.org@evil.example/y", False),
    ],
)
def test_redirects_stay_where_the_user_meant(first: str, url: str, allowed: bool) -> None:
    """On the mirror's own host, or at Project Gutenberg's; never from https to http."""
    if allowed:
        check_redirect(first, url)
    else:
        with pytest.raises(DownloadError, match="redirected"):
            check_redirect(first, url)


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{port}/x",
        "//localhost:{port}/x",
        "http://127.0.0.1:{other}/x",
        "http://169.254.169.254/latest",
        "http://localhost:{port}\\@127.0.0.1:{port}/x",
    ],
)
def test_another_server_gets_no_request(location: str, tmp_path: Path) -> None:
    """The address is checked before anything is sent to it."""
    other = Script(BODY, plain)
    with serving(other) as url:
        port = url.split(":")[2].split("/")[0]
        with pytest.raises(DownloadError, match="redirected to"):
            fetch(redirect(location.format(port=port, other=port)), tmp_path)
    assert other.requests == []
    assert fetch(redirect("/other.txt"), tmp_path) == BODY


def test_https_does_not_become_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request, which nobody could verify, is not sent."""
    sent: list[str] = []

    def send(_: object, request: requests.PreparedRequest, **__: object) -> requests.Response:
        sent.append(str(request.url))
        response = requests.Response()
        response.status_code, response.url, response.request = 302, sent[-1], request
        response.headers["Location"] = "http://host/book.txt"
        response.raw = urllib3.HTTPResponse(io.BytesIO(b""), preload_content=False)
        return response

    monkeypatch.setattr(HTTPAdapter, "send", send)
    with pytest.raises(DownloadError, match="redirected from https to http"):
        download("https://host/book.txt", tmp_path / "p.part", "x", quick())
    assert sent == ["https://host/book.txt"]


@pytest.mark.parametrize(
    "setting",
    ["http://[::1", "http://host:99999/x", "http://a..b/x", "http://" + "a" * 64 + ".org/"],
)
def test_malformed_mirrors_are_named(setting: str) -> None:
    """With the setting that has them."""
    with pytest.raises(MirrorError, match=r"CHARLAB_MIRROR: http://.*: not an address: "):
        mirrors(setting)


@pytest.mark.parametrize("make", [lambda p: p.mkdir(), lambda p: __import__("os").mkfifo(p)])
def test_a_local_mirror_has_files_only(make: Callable[[Path], None], tmp_path: Path) -> None:
    """A pipe in place of a book would never end."""
    make(tmp_path / "77.txt")
    with pytest.raises(CharlabError, match=r"77\.txt: not a file"):
        fetch_book(77, [f"file://{tmp_path}/{{id}}.txt"], tmp_path)
