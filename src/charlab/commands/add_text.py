"""Adding a text to params.yaml: one block, comments and order as they were.

The title, the language and the name come from the file's own header; what the body is goes
to data/bodies.yaml.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import unicodedata
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from charlab.clean.cleaner import Cleaned, clean
from charlab.clean.fingerprints import record
from charlab.core.errors import CharlabError
from charlab.core.files import atomic, write_text
from charlab.core.schema import SLUG
from charlab.fetch.gutenberg import fetch_book
from charlab.fetch.mirrors import mirrors

LANGUAGES = {
    "catalan": "ca", "chinese": "zh", "czech": "cs", "danish": "da", "dutch": "nl",
    "english": "en", "esperanto": "eo", "estonian": "et", "finnish": "fi", "french": "fr",
    "german": "de", "greek": "el", "hungarian": "hu", "icelandic": "is", "irish": "ga",
    "italian": "it", "japanese": "ja", "latin": "la", "norwegian": "no", "polish": "pl",
    "portuguese": "pt", "romanian": "ro", "russian": "ru", "spanish": "es", "swedish": "sv",
    "tagalog": "tl", "turkish": "tr", "welsh": "cy",
}  # fmt: skip
"""ISO 639-1 codes of the languages as Gutenberg's headers name them."""


def slug_of(title: str) -> str:
    """Return a slug made of a title's first words, up to a subtitle.

    Examples
    --------
    >>> slug_of("Also sprach Zarathustra: Ein Buch für Alle und Keinen")
    'also-sprach-zarathustra'
    """
    main = re.split(r"[:;,.(]| or ", title, maxsplit=1)[0]
    plain = unicodedata.normalize("NFKD", main).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(words[:4])


def add_text(
    params_path: Path, identifier: str, slug: str | None = None, update: bool = False
) -> str:
    """Add a text to a parameter file.

    Parameters
    ----------
    params_path : Path
        params.yaml.
    identifier : str
        A book's number, or the name of a file, which is copied to data/own/.
    slug : str, optional
        What to call the text; by default its title decides.
    update : bool
        Accept that the text is there already, and record its body anew.

    Returns
    -------
    str
        The slug.

    Raises
    ------
    CharlabError
        If the text cannot be had, or the slug is taken.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    document = yaml.load(params_path.read_text(encoding="utf-8"))
    root = params_path.parent
    if identifier.isdigit():
        cleaned = _fetched(int(identifier))
        entry: dict[str, Any] = {"gutenberg": int(identifier)}
    else:
        cleaned = clean(_read(Path(identifier)))
    title = cleaned.record.title or Path(identifier).stem
    slug = _chosen(slug or slug_of(title), document["texts"], update)
    if not identifier.isdigit():
        entry = {"path": _copied(Path(identifier), slug, root)}
    # In this order: what was recorded of a text that did not come to be is written again.
    if "gutenberg" in entry:
        record(slug, entry["gutenberg"], cleaned.text, root / "data" / "bodies.yaml")
    if slug not in document["texts"]:
        _append(document["texts"], slug, entry | _described(cleaned, title))
        text = StringIO()
        yaml.dump(document, text)
        write_text(params_path, text.getvalue())
    return slug


def _fetched(number: int) -> Cleaned:
    with tempfile.TemporaryDirectory(prefix="charlab-") as folder:
        path = Path(folder) / "book.txt"
        fetch_book(number, path, mirrors())
        return clean(path.read_bytes())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CharlabError(
            f"{path}: {error.strerror}; give a book's number or the name of a text file"
        ) from None


def _chosen(slug: str, texts: dict[str, Any], update: bool) -> str:
    if not SLUG.fullmatch(slug):
        raise CharlabError(f"{slug!r} cannot be a slug; give one with --slug, as in --slug my-text")
    if slug in texts and not update:
        raise CharlabError(f"params.yaml has a text {slug!r} already; give another --slug")
    return slug


def _copied(path: Path, slug: str, root: Path) -> str:
    """Copy a user's file to where the pipeline watches it."""
    target = root / "data" / "own" / f"{slug}.txt"
    if path.resolve() != target.resolve():
        with path.open("rb") as source, atomic(target) as copy:
            shutil.copyfileobj(source, copy)
    return f"data/own/{slug}.txt"


def _described(cleaned: Cleaned, title: str) -> dict[str, str]:
    language = LANGUAGES.get((cleaned.record.language or "").lower())
    return {"title": title} | ({"language": language} if language else {})


def _append(texts: CommentedMap, slug: str, entry: dict[str, Any]) -> None:
    """Put a text in front of the others, in block style.

    DVC writes params.yaml again without quotes, and a title with a question mark cannot be
    read back inside braces.
    """
    texts.insert(0, slug, CommentedMap(entry))
