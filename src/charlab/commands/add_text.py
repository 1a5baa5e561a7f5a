"""Add a text to params.yaml as one block, without touching comments or order.

Title, language and slug come from the file's header. The body of a Gutenberg book is recorded in
data/bodies.yaml.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from io import BytesIO
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from charlab.clean.cleaner import Cleaned, clean
from charlab.clean.fingerprints import record
from charlab.commands.inputs import read_bytes, warn
from charlab.core.errors import CharlabError, one_line
from charlab.core.files import atomic, write_bytes
from charlab.core.schema import SLUG
from charlab.fetch.gutenberg import fetch_book
from charlab.plan.document import keeping_yaml

LANGUAGES = {
    "catalan": "ca", "chinese": "zh", "czech": "cs", "danish": "da", "dutch": "nl",
    "english": "en", "esperanto": "eo", "estonian": "et", "finnish": "fi", "french": "fr",
    "german": "de", "greek": "el", "hungarian": "hu", "icelandic": "is", "irish": "ga",
    "italian": "it", "japanese": "ja", "latin": "la", "norwegian": "no", "polish": "pl",
    "portuguese": "pt", "romanian": "ro", "russian": "ru", "spanish": "es", "swedish": "sv",
    "tagalog": "tl", "turkish": "tr", "welsh": "cy",
}  # fmt: skip
"""ISO 639-1 codes by the names of languages in Gutenberg's headers."""


def slug_of(title: str) -> str:
    """Return the slug of a title: its first four words, without the subtitle.

    Examples
    --------
    >>> slug_of("Also sprach Zarathustra: Ein Buch für Alle und Keinen")
    'also-sprach-zarathustra'
    """
    main = re.split(r"[:;,.(]| or ", title, maxsplit=1)[0]
    # NFKD splits an accent off its letter; encoding to ASCII then drops it.
    plain = unicodedata.normalize("NFKD", main).encode("ascii", "ignore").decode().lower()
    # A title in another script leaves no word; the caller then asks for --slug.
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(words[:4])


def add_text(
    params_path: Path,
    identifier: str,
    slug: str | None = None,
    update: bool = False,
    encoding: str | None = None,
) -> str:
    """Add a text to a parameter file.

    Parameters
    ----------
    params_path : Path
        params.yaml.
    identifier : str
        A book's number, or the name of a file, which is copied to data/own/.
    slug : str, optional
        The text's key in params.yaml, which is returned; made from the title by default.
    update : bool
        Accept a slug that params.yaml already has, and record the new body.
    encoding : str, optional
        The file's encoding, which is written to params.yaml; detected by default.

    Raises
    ------
    CharlabError
        If the text cannot be read or fetched, or the slug is taken.
    """
    document = keeping_yaml().load(params_path.read_bytes())
    root, is_book = params_path.parent, identifier.isdigit()
    cleaned = clean(_raw(identifier), encoding=encoding)
    warn(identifier, cleaned.evidence.warnings)
    # A header may hold what params.yaml refuses in a title.
    title = one_line(cleaned.record.title or Path(identifier).stem)[:300]
    slug = _checked(slug or slug_of(title), document["texts"], update)
    entry: dict[str, Any]
    # params.yaml is written last: after a crash, adding the text again repairs both files.
    if is_book:
        entry = {"gutenberg": int(identifier)}
        record(slug, int(identifier), cleaned.text, root / "data" / "bodies.yaml")
    else:
        entry = {"path": _copied(Path(identifier), slug, root)}
    entry |= {"encoding": encoding} if encoding else {}
    if slug not in document["texts"]:
        # In block style: DVC rewrites the file without quotes, and in braces "?" needs quotes.
        document["texts"].insert(0, slug, CommentedMap(entry | _described(cleaned, title)))
        stream = BytesIO()
        keeping_yaml().dump(document, stream)
        write_bytes(params_path, stream.getvalue())
    return slug


def _raw(identifier: str) -> bytes:
    """Return the bytes of a Gutenberg book or of a user's file."""
    if identifier.isdigit():
        return fetch_book(int(identifier))[0]
    return read_bytes(Path(identifier), "give a book's number or the name of a text file")


def _checked(slug: str, texts: dict[str, Any], update: bool) -> str:
    """Return the slug if it is allowed and free."""
    if not SLUG.fullmatch(slug):
        raise CharlabError(f"{slug!r} is not a slug; give one with --slug, as in --slug my-text")
    if slug in texts and not update:
        raise CharlabError(f"params.yaml has a text {slug!r} already; give another --slug")
    return slug


def _copied(path: Path, slug: str, root: Path) -> str:
    """Copy a user's file to data/own/, where the pipeline notices edits; return its path there."""
    target = root / "data" / "own" / f"{slug}.txt"
    # The user may name the copy itself, for instance to add it again.
    if path.resolve() != target.resolve():
        with path.open("rb") as source, atomic(target) as copy:
            shutil.copyfileobj(source, copy)
    return f"data/own/{slug}.txt"


def _described(cleaned: Cleaned, title: str) -> dict[str, str]:
    """Return the title, and the language if its code is known."""
    # A language that the table lacks is left out.
    language = LANGUAGES.get((cleaned.record.language or "").lower())
    return {"title": title} | ({"language": language} if language else {})
