"""Clean one text, whatever its source: the clean stage.

The cleaner processes files from Gutenberg and the user's own files. A built-in text is kept whole,
and so is a text with ``as_bytes``, in which each byte becomes a character: some published protocols
count bytes, line ends included.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from charlab.clean.cleaner import clean, clean_file
from charlab.clean.fingerprints import check
from charlab.clean.params import CleanParams
from charlab.core.files import remove, write_json, write_text
from charlab.fetch.params import TextParams


@dataclass(frozen=True)
class CleanFiles:
    """The files of the clean stage.

    Attributes
    ----------
    raw : Path
        The text as it was fetched.
    out, record : Path
        Files to write: the body in UTF-8 with LF line ends, and its record as JSON.
    bodies : Path
        The tracked file with the fingerprint of each body.
    """

    raw: Path
    out: Path
    record: Path
    bodies: Path


def clean_text(
    slug: str, text: TextParams, params: CleanParams, files: CleanFiles, *, strict: bool = False
) -> list[str]:
    """Write the body of a text, and the record of its cleaning.

    Parameters
    ----------
    slug : str
        The key of the text in params.yaml.
    text : TextParams
        Its entry there.
    params : CleanParams
        Changes to make to characters and line ends.
    files : CleanFiles
        The files to read and write.
    strict : bool
        Refuse a body that differs from the recorded one; CHARLAB_STRICT does the same.

    Returns
    -------
    list of str
        Messages for the user.
    """
    # Missing until the body is in place, so that the two never disagree.
    remove(files.record)
    if text.builtin is not None or text.as_bytes:
        _keep_whole(files, "latin-1" if text.as_bytes else "utf-8")
        return []
    record = clean_file(
        files.raw,
        files.out,
        files.record,
        params=params,
        allow_copyrighted=text.allow_copyrighted,
        encoding=text.encoding,
    )
    messages = [f"{slug}: {warning}" for warning in record.warnings]
    if text.gutenberg is not None:
        # The recorded fingerprint is that of the body without any of the optional changes.
        body = (
            files.out.read_text(encoding="utf-8")
            if params == CleanParams()
            else clean(
                files.raw.read_bytes(),
                allow_copyrighted=text.allow_copyrighted,
                encoding=text.encoding,
            ).text
        )
        change = check(slug, text.gutenberg, body, files.bodies, strict=strict)
        messages += [change] if change else []
    return messages


def _keep_whole(files: CleanFiles, encoding: str) -> None:
    """Write all characters of a text, and a record in which nothing was removed."""
    body = files.raw.read_bytes().decode(encoding)
    write_text(files.out, body)
    write_json(
        files.record,
        {
            "encoding": encoding,
            "why": "kept whole: every byte is part of the text",
            "characters": len(body),
            "removed": [],
            "body_sha256": hashlib.sha256(body.encode("utf-8")).hexdigest(),
        },
    )
