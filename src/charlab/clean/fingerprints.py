"""What a text is: the hash of its body, kept in a small file that git tracks.

Project Gutenberg rebuilds its files every month; headers change, and rarely a body does.
data/bodies.yaml has, for each text, the SHA-256 of its cleaned body, and one character for each
line of it, from which it can be told how many lines of a changed body differ, and which.
"""

from __future__ import annotations

import hashlib
import os
import string
import zlib
from collections.abc import Iterator
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from charlab.core.errors import CharlabError
from charlab.core.files import write_text

SIGNS = string.ascii_letters + string.digits + "+/"
"""What may stand for a line: one of 64 characters, chosen by its CRC-32."""

WINDOW = 8
"""Lines that are compared together: their signs are the same by chance once in 2**48."""

ROW = 90
"""Signs to a row of the file."""

NAMED = 4
"""Places of differences that a message names."""

STRICT_SETTING = "CHARLAB_STRICT"

HEADER = """\
# What the body of each text is: 'charlab add-text' writes it, and the clean stage checks it.
# sha256 is that of the cleaned body; each line has one character in its signs, to say where a body
# differs.
"""


class ChangedBodyError(CharlabError):
    """The body of a text is not the one that was recorded."""


def _signs(body: str) -> str:
    lines = body.removesuffix("\n").split("\n")
    return "".join(SIGNS[zlib.crc32(line.encode()) % len(SIGNS)] for line in lines)


def _in_rows(signs: str) -> list[str]:
    return [signs[at : at + ROW] for at in range(0, len(signs), ROW)]


def identify(gutenberg: int | None, body: str) -> dict[str, Any]:
    """Return what is recorded of a body."""
    return {
        "gutenberg": gutenberg,
        "sha256": hashlib.sha256(body.encode("utf-8")).hexdigest(),
        "chars": len(body),
        "signs": _in_rows(_signs(body)),
    }


def read_bodies(path: Path) -> dict[str, Any]:
    """Return what is recorded of each text; nothing if there is no such file.

    Raises
    ------
    CharlabError
        If the file is not of that form.
    """
    if not path.is_file():
        return {}
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for entry in document.values():
            if not {"gutenberg", "sha256", "chars", "signs"} <= set(entry):
                raise TypeError("keys are missing")
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, TypeError) as error:
        raise CharlabError(
            f"{path}: expected gutenberg, sha256, chars and signs for each text ({error}); "
            "restore the file with git"
        ) from None
    return dict(document)


def record(slug: str, gutenberg: int | None, body: str, bodies: Path) -> None:
    """Write down what the body of a text is, beside those of the others."""
    document = read_bodies(bodies) | {slug: identify(gutenberg, body)}
    text = StringIO(HEADER)
    text.seek(0, 2)
    yaml.safe_dump(document, text, sort_keys=True, allow_unicode=True)
    write_text(bodies, text.getvalue())


def _windows(signs: str) -> list[str]:
    return [signs[at : at + WINDOW] for at in range(max(1, len(signs) - WINDOW + 1))]


def _changes(old: str, new: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield which lines of one body, and which of another in their place, differ.

    Yields
    ------
    tuple of int
        First line and end in the old body, and in the new one, counted from 0.
    """
    # What is the same at both ends needs no search, and repeated lines cannot mislead one.
    same = _common(old, new)
    tail = _common(old[same:][::-1], new[same:][::-1])
    for at, end, to, last in _search(old[same : len(old) - tail], new[same : len(new) - tail]):
        yield at + same, end + same, to + same, last + same


def _common(old: str, new: str) -> int:
    """Return how many characters two strings have in common at the start."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((n for n, (one, other) in pairs if one != other), min(len(old), len(new)))


def _search(old: str, new: str) -> Iterator[tuple[int, int, int, int]]:
    matcher = SequenceMatcher(None, _windows(old), _windows(new), autojunk=False)
    *blocks, _ = matcher.get_matching_blocks()
    at = to = 0
    for start, other, size in [*blocks, (len(old), len(new), 1 - WINDOW)]:
        # Windows overlap, so a match may begin before the end of the one before; and lines
        # beside a change, too few for a window, may be the same.
        behind = start + size + WINDOW - 1, other + size + WINDOW - 1
        late = max(0, at - start, to - other)
        start, other = start + late, other + late
        while at < start and to < other and old[at] == new[to]:
            at, to = at + 1, to + 1
        end, last = start, other
        while at < end and to < last and old[end - 1] == new[last - 1]:
            end, last = end - 1, last - 1
        if end > at or last > to:
            yield at, end, to, last
        at, to = behind


def differences(recorded: dict[str, Any], body: str) -> str:
    """Say in words how a body differs from the recorded one: how many lines, and which."""
    new = _signs(body)
    old = "".join(recorded["signs"])
    changes = list(_changes(old, new))
    lines = sum(max(end - start, to - at) for start, end, at, to in changes)
    places = [_place(at, to) for _, _, at, to in changes[:NAMED]]
    more = f" and {len(changes) - NAMED} more places" if len(changes) > NAMED else ""
    where = f" ({', '.join(places)}{more})" if places else ""
    return (
        f"{lines or 'a few'} of {len(new)} lines differ{where}; "
        f"{len(body) - int(recorded['chars']):+d} characters, "
        f"{len(new) - len(old):+d} lines"
    )


def _place(at: int, to: int) -> str:
    if to == at:
        return f"some are gone before line {at + 1}"
    return f"line {to}" if to == at + 1 else f"lines {at + 1} to {to}"


def check(
    slug: str, gutenberg: int | None, text: str, bodies: Path, *, strict: bool = False
) -> str | None:
    """Compare a cleaned body with the recorded one.

    Parameters
    ----------
    slug : str
        What the text is called in the record.
    gutenberg : int or None
        The book's number; if another was recorded, there is nothing to compare with.
    text : str
        The body.
    bodies : Path
        The record.
    strict : bool
        Whether a changed body is an error; CHARLAB_STRICT asks for the same.

    Returns
    -------
    str or None
        What is to be said, if the body has changed.

    Raises
    ------
    ChangedBodyError
        If it has changed, and that is an error.
    """
    recorded = read_bodies(bodies).get(slug)
    if recorded is None or recorded["gutenberg"] != gutenberg:
        return None
    if recorded["sha256"] == hashlib.sha256(text.encode("utf-8")).hexdigest():
        return None
    message = (
        f"{slug}: the body of book {gutenberg} is not the one in {bodies}: "
        f"{differences(recorded, text)}. Results will differ from the published ones; "
        f"'charlab add-text {gutenberg} --slug {slug} --update' records the new body"
    )
    if strict or is_strict():
        raise ChangedBodyError(message)
    return message


def check_book(gutenberg: int | None, text: str, bodies: Path, *, strict: bool) -> str | None:
    """Compare a body with what is recorded of its book, whatever it is called there.

    Returns
    -------
    str or None
        What is to be said, if the body has changed.

    Raises
    ------
    ChangedBodyError
        If strict, and it has changed, or nothing is recorded of the book.
    """
    for slug, entry in read_bodies(bodies).items():
        if gutenberg is not None and entry["gutenberg"] == gutenberg:
            return check(slug, gutenberg, text, bodies, strict=strict)
    if strict:
        book = "a text without a book's number" if gutenberg is None else f"book {gutenberg}"
        raise ChangedBodyError(
            f"{bodies}: nothing is recorded of {book}, so whether it has changed cannot be said; "
            "'charlab add-text' records a book"
        )
    return None


def is_strict() -> bool:
    """Whether CHARLAB_STRICT asks that a changed body stops."""
    return os.environ.get(STRICT_SETTING, "").lower() not in ("", "0", "false", "no")
