"""A real HTTP server on the loopback that misbehaves on purpose."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TAG = '"one"'


@dataclass
class Script:
    """What the server does, and what it was asked.

    Attributes
    ----------
    body : bytes
        What it would give if it behaved.
    answer : callable
        Takes the handler and the number of the request, from 0.
    """

    body: bytes
    answer: Callable[[Any, int], None]
    requests: list[dict[str, str]] = field(default_factory=list)


def plain(handler: Any, _: int) -> None:
    """Give the whole body, or the range that was asked for."""
    body: bytes = handler.script.body
    asked = handler.headers.get("Range")
    if asked and handler.headers.get("If-Range") == TAG:
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        rest = body[start:]
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
    else:
        rest = body
        handler.send_response(200)
    handler.send_header("ETag", TAG)
    handler.send_header("Content-Length", str(len(rest)))
    handler.end_headers()
    handler.wfile.write(rest)


def status(code: int, times: int, **headers: str) -> Callable[[Any, int], None]:
    """Answer with an error so many times, then behave."""

    def answer(handler: Any, number: int) -> None:
        if number >= times:
            plain(handler, number)
            return
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def cut(at: int, tagged: bool = True) -> Callable[[Any, int], None]:
    """Close the connection after ``at`` bytes of the first answer, then behave."""

    def answer(handler: Any, number: int) -> None:
        if number:
            plain(handler, number)
            return
        handler.send_response(200)
        if tagged:
            handler.send_header("ETag", TAG)
        handler.send_header("Content-Length", str(len(handler.script.body)))
        handler.end_headers()
        handler.wfile.write(handler.script.body[:at])
        handler.wfile.flush()
        handler.connection.shutdown(2)

    return answer


def packed(handler: Any, _: int) -> None:
    """Give the body in gzip."""
    body = gzip.compress(handler.script.body)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def slow(seconds: float) -> Callable[[Any, int], None]:
    """Stop in the middle of the body for so long."""

    def answer(handler: Any, _: int) -> None:
        body = handler.script.body
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2])
        handler.wfile.flush()
        time.sleep(seconds)
        handler.close_connection = True

    return answer


def trickle(seconds: float, weak: bool = False) -> Callable[[Any, int], None]:
    """Give the body in pieces of a fiftieth, with a pause behind each; ranges are known."""

    def answer(handler: Any, _: int) -> None:
        body = handler.script.body
        asked, start = handler.headers.get("Range"), 0
        if asked and handler.headers.get("If-Range") == TAG:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            handler.send_response(200)
        handler.send_header("ETag", f"W/{TAG}" if weak else TAG)
        handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        for at in range(start, len(body), len(body) // 50):
            handler.wfile.write(body[at : at + len(body) // 50])
            handler.wfile.flush()
            time.sleep(seconds)

    return answer


def always_cut(share: float) -> Callable[[Any, int], None]:
    """Give so large a share of what is asked for, then close the connection, every time."""

    def answer(handler: Any, _: int) -> None:
        body, start = handler.script.body, 0
        asked = handler.headers.get("Range")
        if asked and handler.headers.get("If-Range") == TAG:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            handler.send_response(200)
        handler.send_header("ETag", TAG)
        handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        handler.wfile.write(body[start : start + max(1, int(len(body) * share))])
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def wrong_length(more: int) -> Callable[[Any, int], None]:
    """Promise more bytes than there are, or fewer."""

    def answer(handler: Any, _: int) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(handler.script.body) + more))
        handler.end_headers()
        handler.wfile.write(handler.script.body)
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def endless(handler: Any, _: int) -> None:
    """Give a body that never ends, of no length that is told."""
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    while True:
        handler.wfile.write(handler.script.body)


def bad_range(handler: Any, number: int) -> None:
    """Refuse to go on from anywhere; give the whole file if asked for all of it."""
    if handler.headers.get("Range"):
        handler.send_response(416)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    else:
        plain(handler, number)


def circle(handler: Any, _: int) -> None:
    """Redirect to the same address."""
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


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
        """Keep quiet."""


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Run the server while the block runs; give the address of its one file."""
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
