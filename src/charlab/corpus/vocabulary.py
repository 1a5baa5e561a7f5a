"""Characters as numbers: the vocabulary of a text, and the text as arrays of ids.

What enters is a clean text; what leaves is a folder with ``vocab.json``, one ``.npy`` file of
ids per split (uint8, or uint16 from 257 characters on), which training maps into
memory, and ``splits.json``. A file of any length is read twice in pieces of fixed size.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from charlab.corpus.splits import NAMES, Splits, divide
from charlab.errors import CharlabError
from charlab.files import read_json, write_json
from charlab.params import CorpusParams

Ids = NDArray[np.uint8] | NDArray[np.uint16]

UNKNOWN = "\ufffd"
"""What an unknown character is shown as: U+FFFD, the replacement character."""

PIECE = 1 << 20
"""Characters that are read at a time."""

CODE_POINTS = 0x110000


class UnknownCharacterError(CharlabError):
    """A text has a character that the vocabulary does not know."""


@dataclass(frozen=True)
class Vocabulary:
    """The characters of a text, in the order of their code points, and how often each came.

    Attributes
    ----------
    chars : tuple of str
        One character each; a character's id is its place here.
    counts : tuple of int
        Occurrences in the text that the vocabulary was made from.
    unknown : bool
        Whether there is a symbol for all other characters; its id is the last.
    """

    chars: tuple[str, ...]
    counts: tuple[int, ...]
    unknown: bool = False

    def __post_init__(self) -> None:
        ordered = all(a < b for a, b in pairwise(self.chars))
        single = all(len(char) == 1 for char in self.chars)
        if len(self.chars) != len(self.counts) or not (ordered and single and self.chars):
            raise CharlabError(
                "a vocabulary needs at least one character, one count for each, and the "
                "characters sorted by code point without repetition"
            )

    @property
    def size(self) -> int:
        """The number of ids, that of the unknown symbol included."""
        return len(self.chars) + self.unknown

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """The smallest type that holds every id."""
        return np.uint8 if self.size <= 256 else np.uint16

    @classmethod
    def from_counts(
        cls, counts: dict[str, int], min_count: int = 1, unknown: bool = False
    ) -> Vocabulary:
        """Keep the characters that came at least ``min_count`` times.

        Combining marks are kept however rare: without its mark, a letter in NFC that
        has no composed form would silently become another letter.
        """
        kept = sorted(
            char
            for char, count in counts.items()
            if count >= min_count or unicodedata.category(char).startswith("M")
        )
        return cls(tuple(kept), tuple(counts[char] for char in kept), unknown)

    @classmethod
    def from_text(cls, text: str, min_count: int = 1, unknown: bool = False) -> Vocabulary:
        """Return the vocabulary of ``text``.

        Examples
        --------
        >>> Vocabulary.from_text("abba!").chars
        ('!', 'a', 'b')
        """
        return cls.from_counts(_counts([text]), min_count, unknown)

    @classmethod
    def from_dict(cls, document: Any, source: str = "the vocabulary") -> Vocabulary:
        """Return the vocabulary that :meth:`as_dict` gave.

        Raises
        ------
        CharlabError
            If ``document`` is not of that form.
        """
        try:
            chars = tuple(str(char) for char in document["chars"])
            counts = tuple(int(count) for count in document["counts"])
            unknown = bool(document["unknown"])
        except (KeyError, TypeError, ValueError):
            raise CharlabError(
                f"{source}: expected JSON with chars, counts and unknown; make it again with "
                "'charlab vocab' or the vocab stage"
            ) from None
        try:
            return cls(chars, counts, unknown)
        except CharlabError as error:
            raise CharlabError(f"{source}: {error}") from None

    def as_dict(self) -> dict[str, Any]:
        """Return what is written to ``vocab.json``."""
        return {
            "size": self.size,
            "unknown": self.unknown,
            "chars": list(self.chars),
            "counts": list(self.counts),
        }

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON: the same bytes on every machine."""
        write_json(path, self.as_dict())

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what :meth:`save` wrote."""
        try:
            document = read_json(path)
        except (OSError, ValueError) as error:
            raise CharlabError(f"{path}: not a vocabulary ({error})") from None
        return cls.from_dict(document, str(path))

    def _table(self) -> NDArray[np.uint32]:
        """Return ids by code point; what is unknown has the id ``size`` or the last."""
        other = self.size - 1 if self.unknown else self.size
        table = np.full(CODE_POINTS, other, dtype=np.uint32)
        table[[ord(char) for char in self.chars]] = np.arange(len(self.chars))
        return table

    def encode(self, text: str) -> Ids:
        """Return the ids of the characters of ``text``.

        Returns
        -------
        ndarray of shape (len(text),), dtype uint8 or uint16

        Raises
        ------
        UnknownCharacterError
            If a character is not in the vocabulary, which has no unknown symbol.
        """
        return self._encode(text, self._table(), 0)

    def _encode(self, text: str, table: NDArray[np.uint32], offset: int) -> Ids:
        ids = table[_code_points(text)]
        if not self.unknown:
            missing = np.flatnonzero(ids == self.size)
            if len(missing):
                position = int(missing[0])
                raise self._unknown_character(text[position], offset + position)
        return ids.astype(np.uint8) if self.dtype is np.uint8 else ids.astype(np.uint16)

    def _unknown_character(self, char: str, position: int) -> UnknownCharacterError:
        near = self.nearest(char)
        hint = f"; the nearest that is in it is {near!r}" if near is not None else ""
        return UnknownCharacterError(
            f"Character {char!r} (U+{ord(char):04X}) at position {position} is not in the "
            f"vocabulary of {self.size} characters{hint}; use characters of the training text, "
            "or set corpus.unknown: true and train again"
        )

    def nearest(self, char: str) -> str | None:
        """Return a known character that stands for ``char``: other case, or without accents."""
        plain = unicodedata.normalize("NFKD", LOOK_ALIKES.get(char, char))[:1]
        known = set(self.chars)
        for other in (char.swapcase(), plain, plain.swapcase(), LOOK_ALIKES.get(plain, "")):
            if other in known:
                return other
        base = plain.lower()
        return next(
            (c for c in self.chars if unicodedata.normalize("NFKD", c)[0].lower() == base), None
        )

    def decode(self, ids: NDArray[np.integer[Any]]) -> str:
        """Return the text of ``ids``; the unknown symbol is shown as U+FFFD.

        Raises
        ------
        CharlabError
            If an id is outside the vocabulary.
        """
        # As code points: an array of strings would lose U+0000.
        symbols = np.array([ord(c) for c in (*self.chars, UNKNOWN)], dtype="<u4")
        array = np.asarray(ids)
        if array.size and (array.min() < 0 or array.max() >= self.size):
            raise CharlabError(
                f"ids from {array.min()} to {array.max()}, but those of the vocabulary are 0 to "
                f"{self.size - 1}; decode with the vocabulary that they were made with"
            )
        return symbols[array.astype(np.intp)].tobytes().decode("utf-32-le", "surrogatepass")


LOOK_ALIKES = {
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "…": ".", "\t": " ", "\u00a0": " ", "ß": "s", "æ": "a", "ø": "o",
    "'": "’", '"': "”", "-": "—",
}  # fmt: skip
"""What to offer for characters that have no decomposition."""


@dataclass(frozen=True)
class EncodedText:
    """A text as ids, in three splits.

    Attributes
    ----------
    train, val, test : ndarray of shape (chars,), dtype uint8 or uint16
        The parts; ``test`` is empty if none was asked for. Each is the concatenation of
        ``segments`` equally long pieces.
    segments : int
        1 for a contiguous split.
    vocab : Vocabulary
    """

    train: Ids
    val: Ids
    test: Ids
    segments: int
    vocab: Vocabulary

    @classmethod
    def load(cls, folder: Path) -> EncodedText:
        """Map the splits that :func:`encode_text` wrote into memory.

        Raises
        ------
        CharlabError
            If a file is missing, or does not fit the others.
        """
        try:
            splits = read_json(folder / "splits.json")
            segments, lengths = int(splits["segments"]), [int(splits[name]) for name in NAMES]
            arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in NAMES]
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise CharlabError(
                f"{folder}: not a numbered text ({error}); run the vocab stage again"
            ) from None
        vocab = Vocabulary.load(folder / "vocab.json")
        for name, array, length in zip(NAMES, arrays, lengths, strict=True):
            if array.dtype != vocab.dtype or array.shape != (length,) or length % max(segments, 1):
                raise CharlabError(
                    f"{folder}/{name}.npy: expected {length} {vocab.dtype.__name__} ids in "
                    f"{segments} equal segments, found {array.dtype} of shape {array.shape}; "
                    "run the vocab stage again"
                )
        return cls(arrays[0], arrays[1], arrays[2], segments, vocab)


def _code_points(text: str) -> NDArray[np.uint32]:
    # A prompt from a command line may have half a surrogate pair: an unknown character, too.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _counts(pieces: Any) -> dict[str, int]:
    """Count the characters of an iterable of texts."""
    totals = np.zeros(CODE_POINTS, dtype=np.int64)
    for piece in pieces:
        found = np.bincount(_code_points(piece))
        totals[: len(found)] += found
    return {chr(code): int(totals[code]) for code in np.flatnonzero(totals)}


def _pieces(path: Path, chars: int | None) -> Iterator[str]:
    """Yield the first ``chars`` characters of a UTF-8 file, a piece at a time."""
    left = chars
    # newline="" keeps line ends as they are: a protocol that counts bytes needs them.
    with path.open(encoding="utf-8", newline="") as stream:
        while piece := _read(stream, PIECE if left is None else min(PIECE, left)):
            yield piece
            if left is not None:
                left -= len(piece)


def _read(stream: IO[str], chars: int) -> str:
    try:
        return stream.read(chars)
    except UnicodeDecodeError as error:
        raise CharlabError(
            f"{stream.name}: not UTF-8 ({error.reason}); clean it first: charlab clean"
        ) from None


def encode_text(
    path: Path, corpus: CorpusParams, out_dir: Path, *, chars: int | None = None
) -> Vocabulary:
    """Give the characters of a clean text numbers and write its splits to a folder.

    Parameters
    ----------
    path : Path
        A text in UTF-8.
    corpus : CorpusParams
        The split, and which characters get a number.
    out_dir : Path
        Folder for ``vocab.json``, ``splits.json`` and one ``.npy`` file per split.
    chars : int, optional
        Use only the first so many characters.

    Raises
    ------
    CharlabError
        If the text is too short to be split, or shorter than ``chars``.
    """
    counts = _counts(_pieces(path, chars))
    total = sum(counts.values())
    if chars is not None and total < chars:
        raise CharlabError(
            f"{path}: {chars} characters were asked for, but it has only {total}; lower chars"
        )
    splits = divide(total, corpus)
    vocab = Vocabulary.from_counts(counts, corpus.min_count, corpus.unknown)
    out_dir.mkdir(parents=True, exist_ok=True)
    _write_ids(_pieces(path, chars), vocab, splits, out_dir)
    vocab.save(out_dir / "vocab.json")
    write_json(
        out_dir / "splits.json",
        {
            "split": splits.split,
            "segments": splits.segments,
            "chars": splits.chars,
            **{name: splits.segments * getattr(splits, name) for name in NAMES},
        },
    )
    return vocab


def _write_ids(pieces: Iterator[str], vocab: Vocabulary, splits: Splits, out_dir: Path) -> None:
    """Write the ids of each split, whatever the pieces' borders.

    The arrays are made under temporary names, so that a reader never sees half of one.
    """
    table = vocab._table()
    each = splits.train + splits.val + splits.test
    with ExitStack() as stack:
        arrays = {
            name: stack.enter_context(_Growing(out_dir, name, splits, vocab)) for name in NAMES
        }
        position = 0
        for piece in pieces:
            ids = vocab._encode(piece, table, position)
            for segment in range(position // each, (position + len(ids) - 1) // each + 1):
                for name, array in arrays.items():
                    start, end = (segment * each + bound for bound in splits.part_bounds(name))
                    if segment < splits.segments:
                        array.append(ids[max(0, start - position) : max(0, end - position)])
            position += len(ids)


class _Growing:
    """A split's ``.npy`` file while it is being filled."""

    def __init__(self, folder: Path, name: str, splits: Splits, vocab: Vocabulary) -> None:
        self.path = folder / f"{name}.npy"
        self.temporary = folder / f".{name}.npy.part"
        self.length = splits.segments * int(getattr(splits, name))
        self.dtype = vocab.dtype
        self.filled = 0

    def __enter__(self) -> _Growing:
        # An array without elements cannot be mapped.
        if self.length:
            self.array: NDArray[Any] = open_memmap(
                self.temporary, mode="w+", dtype=self.dtype, shape=(self.length,)
            )
        return self

    def append(self, ids: Ids) -> None:
        """Add ids at the end."""
        if len(ids):
            self.array[self.filled : self.filled + len(ids)] = ids
            self.filled += len(ids)

    def __exit__(self, kind: object, *_: object) -> None:
        if self.length:
            self.array.flush()  # type: ignore[attr-defined]
            del self.array
        else:
            with self.temporary.open("wb") as stream:
                np.save(stream, np.empty(0, self.dtype))
        if kind is None:
            self.temporary.replace(self.path)
        else:
            self.temporary.unlink()
