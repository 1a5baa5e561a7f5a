"""The record of a cleaning: what was found, what was removed and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from charlab.clean.lines import Removed

__all__ = ["CleaningRecord", "Removed", "explain"]


@dataclass(frozen=True)
class CleaningRecord:
    """What was done to a file, for a person to check at a glance.

    Attributes
    ----------
    title, author, language, release_date, gutenberg : str, int or None
        From the header, as they stand there.
    encoding, why : str
        How the bytes were read, and on what ground.
    removed : tuple of Removed
        In order.
    lines, body_first, body_last : int
        Lines of the file, and the body's first and last, counted from 1.
    characters_read, characters : int
        Of the file (a line end is one), and of the body.
    warnings : tuple of str
        What a person should look at.
    body_sha256 : str
        What identifies the text, whatever its header says.
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
    warnings: tuple[str, ...]
    body_sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON can hold it."""
        return asdict(self)


def explain(record: CleaningRecord) -> str:
    """Return a record as a person reads it."""
    lines = [
        f"title      {record.title or 'not given'}",
        f"author     {record.author or 'not given'}",
        f"language   {record.language or 'not given'}",
        f"released   {record.release_date or 'not given'}",
        f"book       {record.gutenberg or 'no number'}",
        f"encoding   {record.encoding} ({record.why})",
        f"body       lines {record.body_first} to {record.body_last} of {record.lines}, "
        f"{record.characters} of {record.characters_read} characters",
        *(f"removed    {_range(removed)}: {removed.why}" for removed in record.removed),
        *(f"warning    {warning}" for warning in record.warnings),
        f"sha256     {record.body_sha256}",
    ]
    return "\n".join(lines)


def _range(removed: Removed) -> str:
    if removed.first == removed.last:
        return f"line {removed.first}"
    return f"lines {removed.first} to {removed.last}"
