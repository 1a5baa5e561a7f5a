"""The clean stage: from one text's bytes, whatever its source, to its body.

A Gutenberg file and a user's own file go through the cleaner; the built-in text is
its own body; a text that is taken ``as_bytes`` (for a published protocol that
counts bytes, line ends and all) becomes one character per byte.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from charlab.clean.cleaner import clean_file
from charlab.clean.fingerprints import check
from charlab.clean.params import CleanParams
from charlab.core.files import write_json, write_text
from charlab.fetch.params import TextParams


def clean_text(
    slug: str,
    text: TextParams,
    params: CleanParams,
    raw: Path,
    *,
    out: Path,
    record: Path,
    bodies: Path,
    strict: bool = False,
) -> list[str]:
    """Write the body of ``raw`` to ``out``, and what was done to ``record``.

    Parameters
    ----------
    slug : str
        What params.yaml calls the text.
    text : TextParams
        Its entry there.
    params : CleanParams
        Changes to characters that were asked for.
    raw : Path
        The text as it was fetched.
    out, record : Path
        Files to write: UTF-8 with LF line ends, and JSON.
    bodies : Path
        The tracked file that says what the body of each text is; a body that is
        not the recorded one is said so.
    strict : bool
        Refuse a body that is not the recorded one, as CHARLAB_STRICT does, too.

    Returns
    -------
    list of str
        What the user should be told.
    """
    if text.builtin is not None or text.as_bytes:
        _keep_whole(raw, out, record, "latin-1" if text.as_bytes else "utf-8")
        return []
    cleaned = clean_file(raw, out, record, params=params, allow_copyrighted=text.allow_copyrighted)
    told = [f"{slug}: {warning}" for warning in cleaned.warnings]
    if params == CleanParams() and text.gutenberg is not None:
        body = out.read_text(encoding="utf-8")
        changed = check(slug, text.gutenberg, body, bodies, strict=strict)
        told += [changed] if changed else []
    return told


def _keep_whole(raw: Path, out: Path, record: Path, encoding: str) -> None:
    body = raw.read_bytes().decode(encoding)
    write_text(out, body)
    write_json(
        record,
        {
            "encoding": encoding,
            "why": "kept whole: every byte is part of the text",
            "characters": len(body),
            "removed": [],
            "body_sha256": hashlib.sha256(body.encode("utf-8")).hexdigest(),
        },
    )
