"""Change a parameter file without changing the lines that nobody edited."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping
from typing import Any

from ruamel.yaml.comments import CommentedMap

from charlab.core.schema import ParamsError, parse_yaml
from charlab.plan.document import keeping_yaml


def written(content: Any) -> bytes:
    """Return content that :func:`keeping_yaml` has read, as a file."""
    stream = io.BytesIO()
    keeping_yaml().dump(content, stream)
    return stream.getvalue()


def with_first(document: bytes, section: str, key: str, entry: Mapping[str, Any]) -> bytes:
    """Return a parameter file with a new first entry in a section; no other line is changed.

    Parameters
    ----------
    document : bytes
        The file.
    section : str
        A section at the top of the file; a mapping.
    key : str
        Not yet in that section.
    entry : mapping of str to object
        Plain values.
    """
    content: Any = keeping_yaml().load(document)
    # In block style: DVC rewrites the file without quotes, and in braces "?" needs quotes.
    block = written(CommentedMap({key: CommentedMap(entry)})).decode()
    try:
        line, indent = content.lc.key(section)[0], " " * content[section].lc.col
        lines = document.splitlines(keepends=True)
        end = lines[line][len(lines[line].rstrip(b"\r\n")) :]
    except LookupError:  # of a key that came by an alias
        line, indent, lines, end = 0, "", [], b""
    added = textwrap.indent(block, indent).encode().replace(b"\n", end)
    changed = b"".join([*lines[: line + 1], added, *lines[line + 1 :]])
    if _holds(changed, document, section, {key: dict(entry)}):
        return changed
    # A section in braces, for example.
    content[section].insert(0, key, CommentedMap(entry))
    return written(content)


def _holds(changed: bytes, document: bytes, section: str, added: dict[str, Any]) -> bool:
    """Return whether a file has the content of another, and new first entries in a section."""
    before = parse_yaml(document, "params.yaml")
    try:
        after = parse_yaml(changed, "params.yaml")
    except ParamsError:
        return False
    expected = before | {section: added | before[section]}
    return bool(after == expected and list(after[section]) == list(expected[section]))
