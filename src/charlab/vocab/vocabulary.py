"""Map the characters of a text to ids and back.

The vocabulary is stored as ``vocab.json``, with the same bytes on every machine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.core.errors import CharlabError
from charlab.core.files import read_json, write_json
from charlab.core.units import counted
from charlab.vocab.arrays import CODE_POINTS, code_points, count_characters

Ids = NDArray[np.uint8] | NDArray[np.uint16]

UNKNOWN = "\ufffd"
"""Character shown for the unknown symbol: U+FFFD, the replacement character."""

MAX_SIZE = 1 << 16
"""Number of ids that fit in two bytes."""

LOOK_ALIKES = {
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "…": ".", "\t": " ", "\u00a0": " ", "ß": "s", "æ": "a", "ø": "o",
    "'": "’", '"': "”", "-": "—",
}  # fmt: skip
"""Replacements to suggest for characters without a Unicode decomposition."""


class UnknownCharacterError(CharlabError):
    """A character outside a vocabulary that has no unknown symbol."""


@dataclass(frozen=True)
class Vocabulary:
    """The characters of a text in the order of their code points, with their counts.

    Attributes
    ----------
    chars : tuple of str
        Single characters; the id of a character is its index here.
    counts : tuple of int
        Occurrences in the text from which the vocabulary was made.
    unknown : bool
        True if the last id stands for all other characters.
    """

    chars: tuple[str, ...]
    counts: tuple[int, ...]
    unknown: bool = False

    def __post_init__(self) -> None:
        # The meaning of ids in all encoded texts depends on this order.
        ordered = all(a < b for a, b in pairwise(self.chars))
        # Half of a surrogate pair is no character, and could not be printed.
        single = all(len(c) == 1 and not "\ud800" <= c <= "\udfff" for c in self.chars)
        if len(self.chars) != len(self.counts) or not (ordered and single and self.chars):
            raise CharlabError(
                "a vocabulary needs at least one character, one count for each, and the "
                "characters sorted by code point without repetition"
            )
        if self.size > MAX_SIZE:
            raise CharlabError(
                f"the vocabulary has {self.size} characters, but at most {MAX_SIZE} are possible; "
                "check that the text was decoded with the right encoding, or set "
                "corpus.min_count: 2 and corpus.unknown: true"
            )

    @property
    def size(self) -> int:
        """Number of ids, including that of the unknown symbol."""
        return len(self.chars) + self.unknown

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """Smallest integer type that holds every id."""
        return np.uint8 if self.size <= 256 else np.uint16

    @classmethod
    def from_counts(
        cls, counts: dict[str, int], min_count: int = 1, unknown: bool = False
    ) -> Vocabulary:
        """Return the vocabulary of the characters that occur at least ``min_count`` times.

        Combining marks are kept even if they are rarer: a letter that NFC cannot compose with its
        mark would silently become another letter without it.
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
        """Return the vocabulary described by ``document``, the result of :meth:`as_dict`.

        Raises
        ------
        CharlabError
            If ``document`` does not have that form; the message names ``source``.
        """
        try:
            chars, counts, unknown = (document[key] for key in ("chars", "counts", "unknown"))
        except (KeyError, TypeError):
            chars = counts = unknown = None
        if not (_is_list_of(chars, str) and _is_list_of(counts, int) and type(unknown) is bool):
            raise CharlabError(
                f"{source}: expected JSON with chars, counts and unknown; make it again with "
                "'charlab vocab' or the vocab stage"
            )
        try:
            vocabulary = cls(tuple(chars), tuple(counts), unknown)
        except CharlabError as error:
            raise CharlabError(f"{source}: {error}") from None
        if document.get("size", vocabulary.size) != vocabulary.size:
            raise CharlabError(
                f"{source}: expected {vocabulary.size} as size, the number of its characters, "
                f"found {document['size']!r:.40}; make it again with the vocab stage"
            )
        return vocabulary

    def as_dict(self) -> dict[str, Any]:
        """Return the content of ``vocab.json``."""
        return {
            "size": self.size,
            "unknown": self.unknown,
            "chars": list(self.chars),
            "counts": list(self.counts),
        }

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON."""
        write_json(path, self.as_dict())

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read a vocabulary that :meth:`save` wrote.

        Raises
        ------
        CharlabError
            If the file cannot be read or does not hold a vocabulary.
        """
        try:
            document = read_json(path)
        except (OSError, ValueError) as error:
            raise CharlabError(
                f"{path}: not a vocabulary ({getattr(error, 'strerror', error)}); make it again "
                "with the vocab stage, or name the folder of a trained model"
            ) from None
        return cls.from_dict(document, str(path))

    def outside(self, text: str) -> dict[str, int]:
        """Count the characters of ``text`` that are not in the vocabulary, the commonest first."""
        counts = count_characters([text])
        for char in self.chars:
            counts.pop(char, None)
        return dict(sorted(counts.items(), key=lambda entry: -entry[1]))

    def encode(self, text: str) -> Ids:
        """Return the ids of the characters of ``text``.

        Returns
        -------
        ndarray of shape (len(text),), dtype uint8 or uint16

        Raises
        ------
        UnknownCharacterError
            If a character is not in the vocabulary and there is no unknown symbol.
        """
        # The whole text is one piece.
        return next(self.encode_pieces([text]))

    def encode_pieces(self, pieces: Iterable[str]) -> Iterator[Ids]:
        """Yield the ids of each piece of a text; errors give positions in the whole text.

        Raises
        ------
        UnknownCharacterError
            If a character is not in the vocabulary and there is no unknown symbol.
        """
        # A table of ids by code point. All other characters get the id of the unknown symbol or,
        # without one, the id after the last, which marks them as errors below.
        other = self.size - 1 if self.unknown else self.size
        table = np.full(CODE_POINTS, other, dtype=np.uint32)
        table[[ord(char) for char in self.chars]] = np.arange(len(self.chars))
        start = 0
        for piece in pieces:
            ids = table[code_points(piece)]  # (len(piece),)
            unknown = np.flatnonzero(ids == self.size)  # never with an unknown symbol
            if len(unknown):
                position = int(unknown[0])
                raise _unknown_character(piece[position], start + position, self.chars)
            yield ids.astype(np.uint8) if self.size <= 256 else ids.astype(np.uint16)
            start += len(piece)

    def decode(self, ids: NDArray[np.integer[Any]]) -> str:
        """Return the text of ``ids``; the unknown symbol becomes U+FFFD.

        Raises
        ------
        CharlabError
            If an id is outside the vocabulary.
        """
        # Go through code points, because an array of strings would lose U+0000.
        symbols = np.array([ord(char) for char in (*self.chars, UNKNOWN)], dtype="<u4")
        array = np.asarray(ids)
        if array.size and (array.min() < 0 or array.max() >= self.size):
            raise CharlabError(
                f"found ids from {array.min()} to {array.max()}, but those of the vocabulary are "
                f"0 to {self.size - 1}; decode with the vocabulary that encoded the text"
            )
        # (chars,) code points of four bytes each
        return symbols[array.astype(np.intp)].tobytes().decode("utf-32-le", "surrogatepass")


def _is_list_of(value: Any, kind: type) -> bool:
    """Return whether a value from JSON is a list whose elements all have one type."""
    return isinstance(value, list) and all(type(element) is kind for element in value)


def _unknown_character(char: str, position: int, chars: Sequence[str]) -> UnknownCharacterError:
    """Return the error that names a character, its position, and a possible replacement."""
    suggestion = nearest(char, chars)
    hint = f"; the nearest character in it is {suggestion!r}" if suggestion is not None else ""
    return UnknownCharacterError(
        f"Character {char!r} (U+{ord(char):04X}) at position {position} is not in the "
        f"vocabulary of {counted(len(chars), 'character')}{hint}; use characters of "
        "the training text, or set corpus.unknown: true and train again"
    )


def listed_characters(counts: Mapping[str, int], limit: int = 5) -> str:
    """Return characters with their code points, and how often they occur if more than once.

    Examples
    --------
    >>> listed_characters({"é": 3, "ü": 1})
    "'é' (U+00E9, 3 times), 'ü' (U+00FC)"
    >>> listed_characters({"é": 1, "ü": 1, "ö": 1}, limit=2)
    "'é' (U+00E9), 'ü' (U+00FC) and 1 other"
    """
    named = ", ".join(
        f"{char!r} (U+{ord(char):04X}" + (f", {count} times)" if count > 1 else ")")
        for char, count in islice(counts.items(), limit)
    )
    rest = len(counts) - limit
    return named if rest <= 0 else f"{named} and {counted(rest, 'other')}"


def nearest(char: str, chars: Iterable[str]) -> str | None:
    """Return the best replacement for ``char`` among ``chars``, or None.

    The other case is preferred, then the same base letter, then the closest ASCII character.

    Examples
    --------
    >>> nearest("É", "abcde")
    'e'
    >>> nearest("É", "abcé")
    'é'
    """
    known = set(chars)
    plain = _base_letter(LOOK_ALIKES.get(char, char))
    for other in (char.swapcase(), plain, plain.swapcase(), LOOK_ALIKES.get(plain, "")):
        if other in known:
            return other
    return next((c for c in sorted(known) if _base_letter(c).lower() == plain.lower()), None)


def _base_letter(char: str) -> str:
    """Return a character without its accents."""
    # The decomposed form NFKD puts the letter first and its marks after it.
    return unicodedata.normalize("NFKD", char)[:1]
