"""The record of a cleaning: facts from the header, and the lines removed with the reasons."""

from __future__ import annotations

from dataclasses import dataclass

from charlab.clean.lines import Removed
from charlab.core.units import counted


@dataclass(frozen=True)
class CleaningRecord:
    """The result of cleaning a file, for a person to check.

    Attributes
    ----------
    title, author, language, release_date, gutenberg : str, int or None
        From the header, verbatim.
    encoding, why : str
        The encoding of the bytes, and the evidence for it.
    removed : tuple of Removed
        Removed ranges of lines, in order.
    lines, body_first, body_last : int
        Number of lines in the file, and the body's first and last line, counted from 1.
    characters_read, characters : int
        Characters of the file (a line end is one) and of the body.
    joined : int
        Line ends within paragraphs that became spaces.
    warnings : tuple of str
        Points that a person should check.
    body_sha256 : str
        Hash of the body in UTF-8, which identifies the text whatever its header says.
    """

    title: str | None
    author: str | None
    language: str | None
    release_date: str | None
    gutenberg: int | None
    encoding: str
    why: str
    removed: tuple[Removed, ...]
    lines: int
    body_first: int
    body_last: int
    characters_read: int
    characters: int
    joined: int
    warnings: tuple[str, ...]
    body_sha256: str


def explain(record: CleaningRecord) -> str:
    """Return a record as lines for a person to read."""
    lines = [
        f"title      {record.title or 'not given'}",
        f"author     {record.author or 'not given'}",
        f"language   {record.language or 'not given'}",
        f"released   {record.release_date or 'not given'}",
        f"book       {record.gutenberg or 'no number'}",
        f"encoding   {record.encoding} ({record.why})",
        f"body       lines {record.body_first} to {record.body_last} of {record.lines}, "
        f"{counted(record.characters, 'character')}; "
        f"{counted(record.characters_read, 'character')} read",
        *([f"joined     {counted(record.joined, 'line end')}"] if record.joined else []),
        *(f"removed    {_range(removed)}: {removed.why}" for removed in record.removed),
        *(f"warning    {warning}" for warning in record.warnings),
        f"sha256     {record.body_sha256}",
    ]
    return "\n".join(lines)


def _range(removed: Removed) -> str:
    if removed.first == removed.last:
        return f"line {removed.first}"
    return f"lines {removed.first} to {removed.last}"
