"""What a text is: the hash of its body, kept in a small file that git tracks.

Project Gutenberg rebuilds its files every month; headers change, and rarely a body does.
data/bodies.yaml has, for each text, the SHA-256 of its cleaned body, and a short hash of each
block of lines, from which it can be told where a changed body differs.
"""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from charlab.errors import CharlabError
from charlab.files import write_text

BLOCK = 100
"""Lines that share one short hash."""

STRICT_SETTING = "CHARLAB_STRICT"

HEADER = """\
# What the body of each text is: 'charlab add-text' writes it, and the clean stage checks it.
# sha256 is that of the cleaned body; blocks has two bytes of each {block} lines, in base64, to
# say where a body differs.
"""


class ChangedBodyError(CharlabError):
    """The body of a text is not the one that was recorded."""


def _block_hashes(body: str) -> bytes:
    lines = body.split("\n")
    blocks = ("\n".join(lines[start : start + BLOCK]) for start in range(0, len(lines), BLOCK))
    return b"".join((zlib.crc32(block.encode()) & 0xFFFF).to_bytes(2, "big") for block in blocks)


def identify(gutenberg: int | None, body: str) -> dict[str, Any]:
    """Return what is recorded of a body."""
    return {
        "gutenberg": gutenberg,
        "sha256": hashlib.sha256(body.encode("utf-8")).hexdigest(),
        "chars": len(body),
        "lines": body.count("\n"),
        "blocks": base64.b64encode(_block_hashes(body)).decode("ascii"),
    }


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    if not isinstance(document, dict):
        raise CharlabError(f"{path}: expected one entry per text; restore the file with git")
    return document


def record(slug: str, gutenberg: int | None, body: str, bodies: Path) -> None:
    """Write down what the body of a text is, beside those of the others."""
    document = _read(bodies) | {slug: identify(gutenberg, body)}
    text = StringIO(HEADER.format(block=BLOCK))
    text.seek(0, 2)
    yaml.safe_dump(document, text, sort_keys=True, allow_unicode=True, width=1_000_000)
    write_text(bodies, text.getvalue())


def differences(recorded: dict[str, Any], body: str) -> str:
    """Say in words how a body differs from the recorded one."""
    old = base64.b64decode(recorded["blocks"])
    new = _block_hashes(body)
    size = min(len(old), len(new)) // 2
    differing = [n for n in range(size) if old[2 * n : 2 * n + 2] != new[2 * n : 2 * n + 2]]
    first = (differing[0] if differing else size) * BLOCK + 1
    lines = body.count("\n") - int(recorded["lines"])
    chars = len(body) - int(recorded["chars"])
    return (
        f"{chars:+d} characters, {lines:+d} lines; the first difference is in lines {first} to "
        f"{first + BLOCK - 1}, {len(differing)} of {size} blocks of {BLOCK} lines differ"
    )


def check(slug: str, gutenberg: int, body: Path, bodies: Path) -> str | None:
    """Compare a cleaned body with the recorded one.

    Returns
    -------
    str or None
        What is to be said, if the body has changed.

    Raises
    ------
    ChangedBodyError
        If it has changed and CHARLAB_STRICT is set.
    """
    recorded = _read(bodies).get(slug)
    text = body.read_text(encoding="utf-8")
    if recorded is None or recorded["gutenberg"] != gutenberg:
        return None
    if recorded["sha256"] == hashlib.sha256(text.encode("utf-8")).hexdigest():
        return None
    message = (
        f"{slug}: the body of book {gutenberg} is not the one in {bodies}: "
        f"{differences(recorded, text)}. Results will differ from the published ones; "
        f"'charlab add-text {gutenberg} --slug {slug} --update' records the new body"
    )
    if os.environ.get(STRICT_SETTING):
        raise ChangedBodyError(message)
    return message
