"""How servers are dealt with, and what is said when one does not give what it should."""

from __future__ import annotations

from dataclasses import dataclass

from charlab.core.errors import CharlabError


class DownloadError(CharlabError):
    """A server did not give what was asked of it."""


class HostError(DownloadError):
    """A server cannot be reached or is too busy: it should not be asked for more now."""


@dataclass(frozen=True)
class Manners:
    """How servers are dealt with; all times in seconds.

    Attributes
    ----------
    pause : float
        Between two requests to one host: Gutenberg's rule for automatic readers.
    attempts : int
        How often a busy server is asked again, and a download that does not get on.
    backoff : float
        Wait before asking again, doubled each time.
    longest_wait : float
        A server that asks for a longer wait than this is given up.
    timeout : tuple of float
        To connect, and between two pieces of an answer.
    slowest : float
        Bytes per second below which an answer is given up, once it has taken ``patience``.
    patience : float
        How long an answer may be slower than that.
    largest : int
        Bytes that a text may have; Gutenberg's largest has about a quarter of the default.
    """

    pause: float = 2.0
    attempts: int = 4
    backoff: float = 1.0
    longest_wait: float = 120.0
    timeout: tuple[float, float] = (10.0, 60.0)
    slowest: float = 500.0
    patience: float = 60.0
    largest: int = 64 * 1024 * 1024


POLITE = Manners()
