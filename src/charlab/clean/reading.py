"""Read a text file of any encoding: the one reader behind every command and stage.

Whatever the encoding, a text has LF line ends and NFC, no byte order mark anywhere, and no blanks
at line ends.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from charlab.clean.characters import normalized_utf8
from charlab.clean.damage import Evidence
from charlab.clean.encoding import CHUNK, detect_encoding
from charlab.clean.reject import CleaningError
from charlab.core.errors import CharlabError


@dataclass(frozen=True)
class Text:
    """The characters of a file, and the evidence for its encoding."""

    text: str
    evidence: Evidence


def read_text(path: Path, encoding: str | None = None) -> Text:
    """Read a whole file.

    Parameters
    ----------
    path : Path
        A text file.
    encoding : str, optional
        Its encoding; detected by default.

    Raises
    ------
    CharlabError
        If the file cannot be read, or is not text in this encoding.
    """
    try:
        return decode(path.read_bytes(), encoding)
    except OSError as error:
        raise CharlabError(f"{path}: {error.strerror}; name a text file") from None
    except CleaningError as error:
        raise type(error)(f"{path}: {error}") from None


def decode(raw: bytes, encoding: str | None = None) -> Text:
    """Decode a whole file held in memory; see :func:`read_text`."""
    stream = io.BytesIO(raw)
    evidence = detect_encoding(stream, named=encoding)
    parts = list(pieces(stream, evidence))
    # A single part is not copied.
    return Text(parts[0] if len(parts) == 1 else "".join(parts), evidence)


def pieces(stream: IO[bytes], evidence: Evidence, size: int = CHUNK) -> Iterator[str]:
    """Yield the text of a file in pieces; all but the last end with a line end.

    Parameters
    ----------
    stream : binary file
        Positioned at its start.
    evidence : Evidence
        As returned by :func:`~charlab.clean.encoding.detect_encoding`.
    size : int
        Bytes to read at a time; memory use is a small multiple of it, or of the longest line.
    """
    unfinished: list[bytes] = []
    for encoded in _utf8(stream, evidence, size):
        # Complete lines only, so that no combining character is cut from its base; a CR at
        # the end may be the first half of a CRLF.
        end = max(encoded.rfind(b"\n"), encoded.rfind(b"\r", 0, len(encoded) - 1)) + 1
        if end:
            yield normalized_utf8(b"".join((*unfinished, encoded[:end])))
            unfinished = []
        unfinished.append(encoded[end:])
    rest = b"".join(unfinished)
    if rest:
        yield normalized_utf8(rest)


def _utf8(stream: IO[bytes], evidence: Evidence, size: int) -> Iterator[bytes]:
    """Yield the bytes of a file converted to UTF-8, cut anywhere."""
    chunks = iter(partial(stream.read, size), b"")
    if evidence.encoding == "utf-8" and not evidence.warnings:
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(evidence.encoding)(evidence.errors)
    for chunk in chunks:
        # A character that is cut off at the end of the file stays in the decoder.
        yield decoder.decode(chunk).encode("utf-8")
