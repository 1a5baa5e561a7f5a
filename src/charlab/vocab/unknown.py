"""What is said of a character that a vocabulary does not have, and what is offered instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from charlab.core.errors import CharlabError

LOOK_ALIKES = {
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "…": ".", "\t": " ", "\u00a0": " ", "ß": "s", "æ": "a", "ø": "o",
    "'": "’", '"': "”", "-": "—",
}  # fmt: skip
"""What to offer for characters that have no decomposition."""


class UnknownCharacterError(CharlabError):
    """A text has a character that the vocabulary does not know."""


def unknown_character(char: str, position: int, chars: Sequence[str]) -> UnknownCharacterError:
    """Return the error that names a character, where it stands, and what to do."""
    near = nearest(char, chars)
    hint = f"; the nearest that is in it is {near!r}" if near is not None else ""
    return UnknownCharacterError(
        f"Character {char!r} (U+{ord(char):04X}) at position {position} is not in the "
        f"vocabulary of {len(chars)} characters{hint}; use characters of the training text, "
        "or set corpus.unknown: true and train again"
    )


def nearest(char: str, chars: Iterable[str]) -> str | None:
    """Return the one of ``chars`` that stands best for ``char``, if any does.

    Other case comes first, then the same base letter, then what a typewriter would have.

    Examples
    --------
    >>> nearest("É", "abcde")
    'e'
    >>> nearest("É", "abcé")
    'é'
    """
    known = set(chars)
    plain = _base(LOOK_ALIKES.get(char, char))
    for other in (char.swapcase(), plain, plain.swapcase(), LOOK_ALIKES.get(plain, "")):
        if other in known:
            return other
    return next((c for c in sorted(known) if _base(c).lower() == plain.lower()), None)


def _base(char: str) -> str:
    return unicodedata.normalize("NFKD", char)[:1]
