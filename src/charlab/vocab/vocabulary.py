"""Characters as numbers: the vocabulary of a text, and the text as arrays of ids.

What enters is a clean text; what leaves is a folder with ``vocab.json``, one ``.npy`` file of
ids per split (uint8, or uint16 from 257 characters on), which training maps into
memory, and ``splits.json``. A file of any length is read twice in pieces of fixed size.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.core.errors import CharlabError
from charlab.core.files import read_json, write_json
from charlab.vocab.arrays import (
    CODE_POINTS,
    code_points,
    count_characters,
    read_pieces,
    write_parts,
)
from charlab.vocab.params import SplitParams
from charlab.vocab.splits import NAMES, divide
from charlab.vocab.unknown import UnknownCharacterError, unknown_character

__all__ = ["UNKNOWN", "EncodedText", "Ids", "UnknownCharacterError", "Vocabulary", "encode_text"]

Ids = NDArray[np.uint8] | NDArray[np.uint16]

UNKNOWN = "\ufffd"
"""What an unknown character is shown as: U+FFFD, the replacement character."""

MOST = 1 << 16
"""Ids that two bytes hold."""


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
        if self.size > MOST:
            raise CharlabError(
                f"a vocabulary of {self.size} characters; at most {MOST} have room. Is the text "
                "decoded rightly? If so, set corpus.min_count: 2 and corpus.unknown: true"
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
        return cls.from_counts(count_characters([text]), min_count, unknown)

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
        ids = table[code_points(text)]
        if not self.unknown:
            missing = np.flatnonzero(ids == self.size)
            if len(missing):
                position = int(missing[0])
                raise unknown_character(text[position], offset + position, self.chars)
        return ids.astype(np.uint8) if self.size <= 256 else ids.astype(np.uint16)

    def _all_ids(self, pieces: Iterable[str]) -> Iterator[Ids]:
        table, position = self._table(), 0
        for piece in pieces:
            yield self._encode(piece, table, position)
            position += len(piece)

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


def encode_text(
    path: Path, corpus: SplitParams, out_dir: Path, *, chars: int | None = None
) -> Vocabulary:
    """Give the characters of a clean text numbers and write its splits to a folder.

    Parameters
    ----------
    path : Path
        A text in UTF-8.
    corpus : SplitParams
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
    counts = count_characters(read_pieces(path, chars))
    total = sum(counts.values())
    if chars is not None and total < chars:
        raise CharlabError(
            f"{path}: {chars} characters were asked for, but it has only {total}; lower chars"
        )
    splits = divide(total, corpus)
    vocab = Vocabulary.from_counts(counts, corpus.min_count, corpus.unknown)
    out_dir.mkdir(parents=True, exist_ok=True)
    write_parts(out_dir, splits, vocab.dtype, vocab._all_ids(read_pieces(path, chars)))
    vocab.save(out_dir / "vocab.json")
    write_json(out_dir / "splits.json", splits.as_dict())
    return vocab
