"""Read a text and write arrays of ids piece by piece, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from charlab.core.errors import CharlabError, shortened
from charlab.core.files import UnreadableError, atomic, size_of
from charlab.core.units import counted
from charlab.vocab.splits import NAMES, Splits

PIECE = 1 << 20
"""Characters read at a time."""

CODE_POINTS = 0x110000
"""Number of Unicode code points."""


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text.

    Returns
    -------
    ndarray of shape (len(text),), dtype uint32
    """
    # An undecodable byte on the command line arrives as half a surrogate pair; "surrogatepass"
    # lets it through, so that it is reported like any other unknown character.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def count_characters(pieces: Iterable[str]) -> dict[str, int]:
    """Count the occurrences of each character of a text, in the order of code points."""
    totals = np.zeros(CODE_POINTS, dtype=np.int64)  # (code points,), 9 MB whatever the text
    for piece in pieces:
        counts = np.bincount(code_points(piece))  # as long as the piece's largest code point
        totals[: len(counts)] += counts
    return {chr(code): int(totals[code]) for code in np.flatnonzero(totals)}


def read_pieces(path: Path, chars: int | None = None) -> Iterator[str]:
    """Yield the first ``chars`` characters of a UTF-8 file, at most ``PIECE`` at a time.

    Raises
    ------
    CharlabError
        If the file cannot be read or is not UTF-8.
    """
    remaining = chars
    try:
        # newline="" leaves line ends unchanged, so that every character is counted.
        with path.open(encoding="utf-8", newline="") as stream:
            while piece := _read(stream, PIECE if remaining is None else min(PIECE, remaining)):
                yield piece
                if remaining is not None:
                    remaining -= len(piece)
    except OSError as error:
        raise CharlabError(f"{path}: {error.strerror}; name a text file") from None


def _read(stream: IO[str], chars: int) -> str:
    """Read up to ``chars`` characters; explain an encoding other than UTF-8."""
    try:
        return stream.read(chars)
    except UnicodeDecodeError as error:
        raise CharlabError(
            f"{stream.name}: not UTF-8 ({error.reason}); clean it first: charlab clean"
        ) from None


def map_array(path: Path) -> NDArray[Any]:
    """Map a ``.npy`` file into memory.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not a ``.npy`` file of plain numbers, or shorter than its header says.
    """
    size_of(path)  # refuses a pipe, which would be waited for
    try:
        # Mapped, an array that is longer than its file is refused without taking memory;
        # unlike np.load, this reads neither archives nor pickles.
        return npy.open_memmap(path, mode="r")
    except OSError:
        raise
    except Exception as error:
        # The header is a Python literal, and NumPy lets every error of Python's parser through.
        raise UnreadableError(f"{path}: not a .npy file ({shortened(error)})") from None


def largest(path: Path, mapped: NDArray[Any]) -> int:
    """Return the largest element of an array in a ``.npy`` file, -1 if it is empty.

    The file is read piece by piece: pages of the mapped array would count as the process's memory.
    """
    highest = -1
    with path.open("rb") as stream:
        stream.seek(getattr(mapped, "offset", 0))
        while piece := stream.read(PIECE * mapped.itemsize):
            highest = max(highest, int(np.frombuffer(piece, mapped.dtype).max()))
    return highest


@contextmanager
def growing_array(
    path: Path, length: int, dtype: type[np.integer[Any]]
) -> Iterator[Callable[[NDArray[Any]], None]]:
    """Write a ``.npy`` file of known length piece by piece, atomically.

    The bytes are those of ``np.save`` on a little-endian machine.

    Parameters
    ----------
    path : Path
        File to write.
    length : int
        Total number of elements.
    dtype : type
        Type of the elements.

    Yields
    ------
    callable
        Appends the elements of an array.

    Raises
    ------
    CharlabError
        If the block ends with fewer or more elements than ``length``; nothing is written.
    """
    # Writing is better than mapping, whose pages would count as memory of the process.
    little = np.dtype(dtype).newbyteorder("<")
    with atomic(path) as stream:
        header = {"descr": little.str, "fortran_order": False, "shape": (length,)}
        npy.write_array_header_1_0(stream, header)
        start = stream.tell()
        yield lambda array: _append(stream, array.astype(little, copy=False))
        written = (stream.tell() - start) // little.itemsize
        if written != length:
            raise CharlabError(
                f"{path.name}: expected {counted(length, 'character')}, found {written}; the "
                "text changed while it was read, so run again"
            )


def _append(stream: IO[bytes], array: NDArray[Any]) -> None:
    """Write the elements of an array without copying them."""
    stream.write(np.ascontiguousarray(array).data)


def write_splits(
    folder: Path, splits: Splits, dtype: type[np.integer[Any]], pieces: Iterable[NDArray[Any]]
) -> None:
    """Write one ``.npy`` file per split of a text that arrives in pieces of any size.

    Parameters
    ----------
    folder : Path
        Folder for the files.
    splits : Splits
        The division of the text.
    dtype : type
        Type of the ids.
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
            # A piece may extend over several splits, and over several segments if interleaved.
            for name, part in splits.within(position, len(ids)):
                append[name](ids[part])
            position += len(ids)
