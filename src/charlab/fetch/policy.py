"""Limits on the use of servers, and the errors of servers that exceed them."""

from __future__ import annotations

from dataclasses import dataclass

from charlab.core.errors import CharlabError

RETRIED = (403, 429, 500, 502, 503, 504)
"""Statuses that mean "too fast" or "not now"."""


class DownloadError(CharlabError):
    """A server that did not send the requested file."""


class HostError(DownloadError):
    """A server that cannot be reached or is too busy, and should get no more requests now."""


@dataclass(frozen=True)
class Policy:
    """Limits on how charlab uses a server; all times in seconds.

    Attributes
    ----------
    pause : float
        Time between two requests to one host: Gutenberg's rule for automatic readers.
    attempts : int
        Maximum number of retries of a busy server, and of a download without progress.
    backoff : float
        Wait before the first retry, doubled for each further one.
    max_wait : float
        Longest wait; charlab gives up on a server that asks for more.
    timeout : tuple of float
        Time limits for connecting, and between two chunks of a response.
    min_rate, grace : float
        Bytes per second below which charlab gives up on a response, after so many seconds.
    total : float
        Time limit for one request: its redirects, headers and body.
    max_bytes : int
        Maximum size of a text; Gutenberg's largest has about a quarter of the default.
    """

    pause: float = 2.0
    attempts: int = 4
    backoff: float = 1.0
    max_wait: float = 120.0
    timeout: tuple[float, float] = (10.0, 60.0)
    min_rate: float = 500.0
    grace: float = 60.0
    total: float = 1800.0
    max_bytes: int = 64 * 1024 * 1024


POLITE = Policy()
