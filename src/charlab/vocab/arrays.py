"""A text read, and arrays written, piece by piece: files of any length in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from charlab.core.errors import CharlabError
from charlab.core.files import atomic
from charlab.vocab.splits import NAMES, Splits

PIECE = 1 << 20
"""Characters that are read at a time."""

CODE_POINTS = 0x110000
"""All that Unicode has room for."""


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text.

    Returns
    -------
    ndarray of shape (len(text),), dtype uint32
    """
    # A prompt from a command line may have half a surrogate pair: a code point as any other.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def count_characters(pieces: Iterable[str]) -> dict[str, int]:
    """Return how often each character comes in a text, in the order of code points."""
    totals = np.zeros(CODE_POINTS, dtype=np.int64)
    for piece in pieces:
        found = np.bincount(code_points(piece))
        totals[: len(found)] += found
    return {chr(code): int(totals[code]) for code in np.flatnonzero(totals)}


def read_pieces(path: Path, chars: int | None = None) -> Iterator[str]:
    """Yield the first ``chars`` characters of a UTF-8 file, at most ``PIECE`` at a time.

    Raises
    ------
    CharlabError
        If the file cannot be read, or is not UTF-8.
    """
    left = chars
    try:
        # newline="" keeps line ends as they are: a protocol that counts bytes needs them.
        with path.open(encoding="utf-8", newline="") as stream:
            while piece := _read(stream, PIECE if left is None else min(PIECE, left)):
                yield piece
                if left is not None:
                    left -= len(piece)
    except OSError as error:
        raise CharlabError(f"{path}: {error.strerror}; name a text file") from None


def _read(stream: IO[str], chars: int) -> str:
    try:
        return stream.read(chars)
    except UnicodeDecodeError as error:
        raise CharlabError(
            f"{stream.name}: not UTF-8 ({error.reason}); clean it first: charlab clean"
        ) from None


@contextmanager
def growing_array(
    path: Path, length: int, dtype: type[np.integer[Any]]
) -> Iterator[Callable[[NDArray[Any]], None]]:
    """Write a ``.npy`` file of known length piece by piece, atomically.

    Written rather than mapped: the pages of a mapped file count as the process's memory.
    The bytes are those of ``np.save`` on a little-endian machine.

    Parameters
    ----------
    path : Path
        File to write.
    length : int
        Elements that it will have.
    dtype : type
        Of the elements.

    Yields
    ------
    callable
        Takes an array, and adds its elements at the end.

    Raises
    ------
    CharlabError
        If the block ends with fewer or more elements than ``length``; nothing is written.
    """
    little = np.dtype(dtype).newbyteorder("<")
    with atomic(path) as stream:
        description = {"descr": little.str, "fortran_order": False, "shape": (length,)}
        npy.write_array_header_1_0(stream, description)
        start = stream.tell()
        yield lambda array: _append(stream, array.astype(little, copy=False))
        found = (stream.tell() - start) // little.itemsize
        if found != length:
            raise CharlabError(
                f"{path.name}: {found} characters came where {length} were counted; the text "
                "changed while it was read, so run again"
            )


def _append(stream: IO[bytes], array: NDArray[Any]) -> None:
    stream.write(np.ascontiguousarray(array).data)


def write_parts(
    folder: Path, splits: Splits, dtype: type[np.integer[Any]], pieces: Iterable[NDArray[Any]]
) -> None:
    """Write one ``.npy`` file for each part of a text, whatever the pieces' borders.

    Parameters
    ----------
    folder : Path
        Where they are written.
    splits : Splits
        Which characters belong to which part.
    dtype : type
        Of the ids.
    pieces : iterable of ndarray of shape (chars,)
        The ids of the whole text, in order.
    """
    with ExitStack() as stack:
        append = {
            name: stack.enter_context(
                growing_array(folder / f"{name}.npy", splits.total(name), dtype)
            )
            for name in NAMES
        }
        position = 0
        for ids in pieces:
            for name, part in splits.within(position, len(ids)):
                append[name](ids[part])
            position += len(ids)
