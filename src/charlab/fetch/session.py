"""A session of requests that no server can hold for long, or lead to other servers.

requests limits the time between two bytes, but not the time of a whole answer, and follows
redirects to any server. http.client already refuses more than 100 headers and lines of
more than 64 KiB.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from itertools import takewhile
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from charlab.fetch.policy import RETRIED, DownloadError, HostError, Policy

GUTENBERG = ("gutenberg.org", "pglaf.org")
"""Domains of Project Gutenberg, to which any mirror may redirect."""


class _Retry(Retry):
    """urllib3's Retry with a wait before the first retry, too, and a limit on Retry-After."""

    def get_backoff_time(self) -> float:
        """Return the wait if the server does not ask for one."""
        errors = sum(1 for _ in takewhile(lambda past: not past.redirect_location, self.history))
        wait = self.backoff_factor * 2.0 ** (errors - 1) if errors else 0.0
        return min(wait, self.backoff_max)

    def sleep_for_retry(self, response: BaseHTTPResponse) -> bool:
        """Wait as long as the server asks, up to the limit."""
        wait = self.get_retry_after(response)
        if wait is not None and wait > self.backoff_max:
            raise HostError(
                f"HTTP {response.status}; the server asks to come back in {wait:.0f} seconds"
            )
        return super().sleep_for_retry(response)


class Deadline:
    """A limit on the time of everything that happens on the connections of a session."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._passed = False

    def watch(self, connection: socket.socket) -> socket.socket:
        """Remember a new connection, and return it."""
        if self._passed:
            connection.close()
            raise HostError("no time left for another connection")
        # A duplicate: TLS takes the original over.
        self._sockets.append(connection.dup())
        return connection

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Shut the connections down if the block takes longer than so many seconds.

        Raises
        ------
        HostError
            If it took longer, whatever the connections gave when they were shut down: an error,
            or the end of an answer that may look complete.
        """
        timer = threading.Timer(seconds, self._pass)
        timer.daemon = True
        timer.start()
        late = HostError(f"not finished within {seconds:g} seconds; the next run resumes")
        try:
            yield
        except Exception:
            if self._passed:
                raise late from None
            raise
        else:
            if self._passed:
                raise late
        finally:
            timer.cancel()
            for connection in self._sockets:
                connection.close()
            self._sockets.clear()

    def _pass(self) -> None:
        self._passed = True
        for connection in list(self._sockets):
            # Wakes up a thread that waits for the server, which closing would not.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """An adapter whose connections are watched by a deadline."""

    def __init__(self, deadline: Deadline, retry: Retry) -> None:
        def watched(kind: type[Any]) -> type[Any]:
            def new(self: Any) -> socket.socket:
                return deadline.watch(kind._new_conn(self))

            return type("Watched", (kind,), {"_new_conn": new})

        self._pools = {
            "http": _pool(HTTPConnectionPool, watched(HTTPConnection)),
            "https": _pool(HTTPSConnectionPool, watched(HTTPSConnection)),
        }
        super().__init__(max_retries=retry)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _pool(kind: type[Any], connection: type[Any]) -> type[Any]:
    """Return a class of pools with another class of connections."""
    return type("Pool", (kind,), {"ConnectionCls": connection})


class Session(requests.Session):
    """A session for one download.

    Parameters
    ----------
    agent : str
        The User-Agent header.
    policy : Policy
        Limits.
    """

    def __init__(self, agent: str, policy: Policy) -> None:
        super().__init__()
        self.deadline = Deadline()
        self.max_redirects = 5  # mirrors use one or two
        # Byte ranges refer to the uncompressed file, so the server must not compress it.
        self.headers.update({"User-Agent": agent, "Accept-Encoding": "identity"})
        self._first: str | None = None
        retry = _Retry(
            total=None,  # each kind of failure has its own limit
            connect=1,
            read=1,
            other=0,  # download resumes a broken transfer instead of repeating it
            status=policy.attempts,
            backoff_factor=policy.backoff,
            backoff_max=policy.max_wait,
            status_forcelist=RETRIED,
            allowed_methods={"GET"},
            raise_on_status=False,  # the last response tells more than an exception
        )
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(self.deadline, retry))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request, unless a redirect leads to a server that nobody chose."""
        # requests has normalized the address: what is checked is what is connected to.
        url = request.url or ""
        if self._first is None:
            self._first = url
        check_redirect(self._first, url)
        return super().send(request, **kwargs)


def check_redirect(first: str, url: str) -> None:
    """Refuse an address to which the answer to the first request must not lead.

    Raises
    ------
    DownloadError
        If it is on another host, unless that is Project Gutenberg's, on another port, or no
        longer encrypted.
    """
    before, after = urlsplit(first), urlsplit(url)
    if before.scheme == "https" and after.scheme == "http":
        raise DownloadError("redirected from https to http, which cannot be verified")
    host = after.hostname or ""
    ports = {None, 80, 443} | ({before.port} if host == before.hostname else set())
    known = host == before.hostname or any(f".{host}".endswith(f".{own}") for own in GUTENBERG)
    if not known or after.port not in ports:
        raise DownloadError(
            f"redirected to {after.netloc[:100]}, which is neither the mirror's own host nor one "
            "of Project Gutenberg's"
        )
