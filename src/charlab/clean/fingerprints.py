"""Identify each text by the hash of its body, kept in a small file that git tracks.

Project Gutenberg rebuilds its files every month: headers change often, bodies rarely. For each
text, data/bodies.yaml holds the hashes and the size of the cleaned body. If a body has changed and
DVC's cache still has the recorded one, charlab lists the differing lines.
"""

from __future__ import annotations

import configparser
import hashlib
import os
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from charlab.core.errors import CharlabError
from charlab.core.files import write_text
from charlab.core.units import counted

SHOWN = 20
"""Maximum number of lines of a diff in a message."""

STRICT_SETTING = "CHARLAB_STRICT"

KEYS = ("gutenberg", "sha256", "md5", "chars", "lines")

HEADER = """\
# The cleaned body of each text. 'charlab add-text' writes this file, and the clean stage compares
# with it. sha256 identifies a body; md5 is its name in DVC's cache.
"""


class ChangedBodyError(CharlabError):
    """A body that differs from the recorded one."""


def fingerprint(gutenberg: int | None, body: str) -> dict[str, Any]:
    """Return the entry of a body: its book's number, hashes, and size."""
    encoded = body.encode("utf-8")
    return {
        "gutenberg": gutenberg,
        "sha256": hashlib.sha256(encoded).hexdigest(),
        "md5": hashlib.md5(encoded, usedforsecurity=False).hexdigest(),
        "chars": len(body),
        "lines": body.count("\n"),
    }


def read_bodies(path: Path) -> dict[str, Any]:
    """Return the entry of each text; none if there is no such file.

    Raises
    ------
    CharlabError
        If the file does not have the expected form.
    """
    if not path.is_file():
        return {}
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for slug, entry in document.items():
            if not set(KEYS) <= set(entry):
                raise TypeError(f"{slug} has {', '.join(entry)}")
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise CharlabError(
            f"{path}: expected {', '.join(KEYS)} for each text, found another form ({error}); "
            "restore the file with git"
        ) from None
    return dict(document)


def record(slug: str, gutenberg: int | None, body: str, bodies: Path) -> None:
    """Write the entry of a text, leaving those of the others as they are."""
    document = read_bodies(bodies) | {slug: fingerprint(gutenberg, body)}
    write_text(bodies, HEADER + yaml.safe_dump(document, sort_keys=True, allow_unicode=True))


def check(
    slug: str, gutenberg: int | None, text: str, bodies: Path, *, strict: bool = False
) -> str | None:
    """Compare a cleaned body with the recorded one, and return a message if they differ.

    Parameters
    ----------
    slug : str
        Name of the text in the record.
    gutenberg : int or None
        The book's number; a body of another book is not compared.
    text : str
        The body.
    bodies : Path
        The record.
    strict : bool
        Raise the message as an error; CHARLAB_STRICT does the same.

    Raises
    ------
    ChangedBodyError
        If the body has changed and ``strict``.
    """
    expected = read_bodies(bodies).get(slug)
    if expected is None or expected["gutenberg"] != gutenberg:
        return None
    actual = fingerprint(gutenberg, text)
    if expected["sha256"] == actual["sha256"]:
        return None
    message = (
        f"{slug}: the body of book {gutenberg} is not the one in {bodies.as_posix()}: expected "
        f"{_summary(expected)}, found {_summary(actual)}. Results will differ from the published "
        f"ones; to accept the new body, run 'charlab add-text {gutenberg} --slug {slug} --update'."
        f"{_shown_diff(expected, text, bodies)}"
    )
    if strict or is_strict():
        raise ChangedBodyError(message)
    return message


def _shown_diff(expected: dict[str, Any], text: str, bodies: Path) -> str:
    """Return the end of the message: the diff, or the reason why there is none."""
    old = _recorded_body(expected, bodies.absolute().parents[1] / ".dvc")
    if old is None:
        return " No diff can be shown, because the recorded body is not in DVC's cache."
    return f"\n{_diff(old, text)}"


def _summary(entry: dict[str, Any]) -> str:
    size = f"{entry['lines']:,} lines, {entry['chars']:,} characters"
    return f"{size} (sha256 {entry['sha256'][:8]})"


def _recorded_body(entry: dict[str, Any], dvc: Path) -> str | None:
    """Return the body of an entry if DVC's cache has it."""
    # config.local overrides config; relative folders start at .dvc. Queued experiments run in
    # copies of the project whose config.local names the cache of the original.
    config = configparser.ConfigParser(interpolation=None, strict=False)
    config.read([dvc / "config", dvc / "config.local"], encoding="utf-8")
    cache = dvc / config.get("cache", "dir", fallback="cache")
    path = cache / "files" / "md5" / entry["md5"][:2] / entry["md5"][2:]
    if not path.is_file():
        return None
    body = path.read_bytes()
    # A damaged cache must not produce a misleading diff.
    return body.decode("utf-8") if hashlib.sha256(body).hexdigest() == entry["sha256"] else None


def _diff(old: str, new: str) -> str:
    """Return the differing lines of two bodies, at most :data:`SHOWN` lines of them."""
    lines = unified_diff(
        old.split("\n"), new.split("\n"), "recorded body", "new body", n=0, lineterm=""
    )
    shown = list(islice(lines, SHOWN))
    rest = sum(1 for _ in lines)
    return "\n".join(
        [*shown, f"... and {counted(rest, 'more line')} of the diff"] if rest else shown
    )


def check_book(gutenberg: int | None, text: str, bodies: Path, *, strict: bool) -> str | None:
    """Compare a body with the recorded one of the same book, whatever its slug: see :func:`check`.

    With ``strict`` it is also an error if the book is not recorded.
    """
    for slug, entry in read_bodies(bodies).items():
        if gutenberg is not None and entry["gutenberg"] == gutenberg:
            return check(slug, gutenberg, text, bodies, strict=strict)
    if strict:
        book = "a text without a book's number" if gutenberg is None else f"book {gutenberg}"
        raise ChangedBodyError(
            f"{bodies.as_posix()}: nothing is recorded of {book}, so its body cannot be "
            "compared; record it with 'charlab add-text'"
        )
    return None


def is_strict() -> bool:
    """Return whether CHARLAB_STRICT makes a changed body an error."""
    return os.environ.get(STRICT_SETTING, "").lower() not in ("", "0", "false", "no")
