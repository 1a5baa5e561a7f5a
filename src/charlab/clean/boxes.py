"""Read the notes that volunteers put into brackets or drew a box around."""

from __future__ import annotations

import re

from charlab.clean import note_patterns as notes
from charlab.clean.lines import Ends

LONGEST_BRACKET = 150
"""Maximum number of lines in a bracket."""


def unboxed(block: str) -> str:
    """Return a block without a box drawn around it."""
    if not re.match(r"\s*[+|*=_~-]", block):
        return block
    # Strip the sides of the box from each line, and drop its top and bottom.
    lines = (re.sub(r"^\s*[|*+]+\s?|\s*[|*+]+\s*$", "", line) for line in block.split("\n"))
    return "\n".join(line for line in lines if line.strip(" -=_~*+")) or block


def is_label_in_brackets(ends: Ends, start: int) -> bool:
    """Return whether a line has a label alone, in brackets, and a note on the file below it."""
    line = ends.lines[start].strip()
    closing = notes.BRACKETS.get(line[:1], " ")
    if not line.endswith(closing) or notes.has_text(line) or ends.gap_at(start + 1) != 1:
        return False
    return notes.is_about_file(unboxed(ends.text(start + 2, ends.block_at(start + 2))))


def bracket_end(ends: Ends, start: int) -> int | None:
    """Return the line after the end of the bracket that a line opens.

    Return None if it does not close within :data:`LONGEST_BRACKET` lines, or if text follows it.
    """
    opening = ends.lines[start].lstrip()[:1]
    closing, depth = notes.BRACKETS[opening], 0
    for index in range(start, min(start + LONGEST_BRACKET, ends.end)):
        depth += ends.lines[index].count(opening) - ends.lines[index].count(closing)
        if depth <= 0:
            # Text after the bracket, on its line or the next, does not belong to the note.
            alone = ends.lines[index].rstrip(" .*_。").endswith(closing)
            is_last = index + 1 >= ends.end or ends.is_blank(index + 1)
            return index + 1 if alone and is_last else None
    return None
