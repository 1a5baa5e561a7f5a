"""A text that is read more than once, in memory or on disk, by ranges of its characters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from charlab.clean.encoding import pieces


class Source(Protocol):
    """A text that can be read more than once."""

    def read(self, start: int, end: int | None) -> Iterator[str]:
        """Yield the characters of a range, in pieces that end with lines."""


@dataclass(frozen=True)
class InMemory:
    """A text as one string."""

    text: str

    def read(self, start: int, end: int | None) -> Iterator[str]:
        """Yield a range in one piece."""
        yield self.text[start:end]


@dataclass(frozen=True)
class OnDisk:
    """A text in an open file, never held in memory as a whole."""

    stream: IO[bytes]
    encoding: str
    size: int

    def read(self, start: int, end: int | None) -> Iterator[str]:
        """Yield a range piece by piece, reading the file from its start."""
        self.stream.seek(0)
        at = 0
        for piece in pieces(self.stream, self.encoding, self.size):
            if end is not None and at >= end:
                return
            part = piece[max(start - at, 0) : None if end is None else end - at]
            at += len(piece)
            if part:
                yield part
