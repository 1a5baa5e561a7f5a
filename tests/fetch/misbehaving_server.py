"""A real HTTP server on the loopback interface that misbehaves on purpose."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from charlab.fetch.policy import Policy

TAG = '"one"'
BODY = bytes(range(32, 127)) * 400

Answer = Callable[[Any, int], None]
"""Function that answers a request, given the handler and the number of the request."""


def quick(**options: object) -> Policy:
    """Return a policy without long waits."""
    defaults = {"pause": 0.0, "backoff": 0.01, "timeout": (2.0, 0.5)}
    return Policy(**(defaults | options))  # type: ignore[arg-type]


@dataclass
class Script:
    """The behavior of the server, and the headers of the requests it received.

    Attributes
    ----------
    body : bytes
        The file to serve.
    answer : callable
        Answers each request.
    requests : list of dict
        Headers of each request so far.
    """

    body: bytes
    answer: Answer
    requests: list[dict[str, str]] = field(default_factory=list)


def send_headers(handler: Any, status: int, length: int | None = 0, /, **headers: str) -> None:
    """Send a status and headers; underscores in their names become hyphens."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if length is not None:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()


def requested(handler: Any, tag: str = TAG) -> bytes:
    """Send the headers for the file or the requested range; return the bytes to send."""
    body: bytes = handler.script.body
    if handler.headers.get("Range") and handler.headers.get("If-Range") == TAG:
        start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        content_range = f"bytes {start}-{len(body) - 1}/{len(body)}"
        send_headers(handler, 206, len(body) - start, ETag=tag, Content_Range=content_range)
        return body[start:]
    send_headers(handler, 200, len(body), ETag=tag)
    return body


def plain(handler: Any, _: int) -> None:
    """Send the whole file, or the requested range."""
    handler.wfile.write(requested(handler))


def status(code: int, times: int, **headers: str) -> Answer:
    """Answer a number of times with an error, then behave."""

    def answer(handler: Any, number: int) -> None:
        if number < times:
            send_headers(handler, code, **headers)
        else:
            plain(handler, number)

    return answer


def cut(at: int, tagged: bool = True) -> Answer:
    """Close the connection after ``at`` bytes of the first answer, then behave."""

    def answer(handler: Any, number: int) -> None:
        if number:
            plain(handler, number)
            return
        send_headers(handler, 200, len(handler.script.body), **({"ETag": TAG} if tagged else {}))
        handler.wfile.write(handler.script.body[:at])
        handler.wfile.flush()
        handler.connection.shutdown(2)

    return answer


def compressed(handler: Any, _: int) -> None:
    """Send the file in gzip."""
    body = gzip.compress(handler.script.body)
    send_headers(handler, 200, len(body), Content_Encoding="gzip")
    handler.wfile.write(body)


def stalling(seconds: float) -> Answer:
    """Pause in the middle of the file, then close the connection."""

    def answer(handler: Any, _: int) -> None:
        body = handler.script.body
        send_headers(handler, 200, len(body))
        handler.wfile.write(body[: len(body) // 2])
        handler.wfile.flush()
        time.sleep(seconds)
        handler.close_connection = True

    return answer


def trickle(seconds: float, weak: bool = False) -> Answer:
    """Send the file in fiftieths, with a pause after each."""

    def answer(handler: Any, _: int) -> None:
        rest = requested(handler, f"W/{TAG}" if weak else TAG)
        size = len(handler.script.body) // 50
        for at in range(0, len(rest), size):
            handler.wfile.write(rest[at : at + size])
            handler.wfile.flush()
            time.sleep(seconds)

    return answer


def always_cut(share: float) -> Answer:
    """Close every connection after this share of the file."""

    def answer(handler: Any, _: int) -> None:
        rest = requested(handler)
        handler.wfile.write(rest[: max(1, int(len(handler.script.body) * share))])
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def wrong_length(more: int) -> Answer:
    """Promise this many bytes more than the file has."""

    def answer(handler: Any, _: int) -> None:
        send_headers(handler, 200, len(handler.script.body) + more)
        handler.wfile.write(handler.script.body)
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def endless(handler: Any, _: int) -> None:
    """Send the file again and again, without a length."""
    send_headers(handler, 200, None)
    handler.close_connection = True
    while True:
        handler.wfile.write(handler.script.body)


def bad_range(handler: Any, number: int) -> None:
    """Refuse all ranges."""
    if handler.headers.get("Range"):
        send_headers(handler, 416)
    else:
        plain(handler, number)


def circle(handler: Any, _: int) -> None:
    """Redirect to the same URL."""
    send_headers(handler, 302, Location=handler.path)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def do_GET(self) -> None:
        number = len(self.script.requests)
        self.script.requests.append(dict(self.headers))
        try:
            self.script.answer(self, number)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Write no log."""


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Run the server during the block; yield the URL of its one file."""
    handler = type("Handler", (_Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/book.txt"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
