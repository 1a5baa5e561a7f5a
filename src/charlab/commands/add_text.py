"""Add a text to params.yaml as one block, without touching any other line.

Title, language and slug come from the file's header. The body of a Gutenberg book is recorded in
data/bodies.yaml. A file is copied to data/own/, and the copy is added to git's index, so that
the commits in which DVC keeps experiments contain it.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charlab.clean.cleaner import Cleaned, clean
from charlab.clean.fingerprints import record
from charlab.commands.inputs import naming, read_bytes, warn
from charlab.commands.slugs import free_slug, reads_as, slug_of
from charlab.core.errors import CharlabError, one_line
from charlab.core.files import write_bytes
from charlab.core.schema import SLUG, read_yaml
from charlab.course.layout import with_first, written
from charlab.fetch.gutenberg import fetch_book
from charlab.plan.params import Params
from charlab.vocab.splits import divide
from charlab.vocab.vocabulary import Vocabulary

BOOK = re.compile(r"[0-9]{1,9}")
"""A book's number; other digits, such as ², make the name of a file."""

LANGUAGES = {
    "catalan": "ca", "chinese": "zh", "czech": "cs", "danish": "da", "dutch": "nl",
    "english": "en", "esperanto": "eo", "estonian": "et", "finnish": "fi", "french": "fr",
    "german": "de", "greek": "el", "hungarian": "hu", "icelandic": "is", "irish": "ga",
    "italian": "it", "japanese": "ja", "latin": "la", "norwegian": "nb", "polish": "pl",
    "portuguese": "pt", "romanian": "ro", "russian": "ru", "spanish": "es", "swedish": "sv",
    "tagalog": "tl", "turkish": "tr", "welsh": "cy",
}  # fmt: skip
"""ISO 639-1 codes by the names of languages in Gutenberg's headers; "no" is false in YAML 1.1."""


@dataclass(frozen=True)
class Added:
    """A text in params.yaml.

    Attributes
    ----------
    slug : str
        Its key.
    body : str
        The text as the pipeline reads it.
    copy : Path or None
        The copy of a file, relative to the project; None for a book.
    is_new : bool
        Whether params.yaml did not have it.
    """

    slug: str
    body: str
    copy: Path | None
    is_new: bool


def add_text(
    params_path: Path,
    identifier: str,
    slug: str | None = None,
    update: bool = False,
    encoding: str | None = None,
) -> Added:
    """Add a text to a parameter file.

    Parameters
    ----------
    params_path : Path
        params.yaml.
    identifier : str
        A book's number, or the name of a file, which is copied to data/own/.
    slug : str, optional
        The text's key in params.yaml; made from the title or the file's name by default.
    update : bool
        Accept a slug that params.yaml already has, and record the new body.
    encoding : str, optional
        The file's encoding, which is written to params.yaml; detected by default.

    Raises
    ------
    CharlabError
        If the text cannot be read or fetched, is there already, or the slug is taken.
    """
    texts = _texts(params_path)
    root, is_book = params_path.parent, BOOK.fullmatch(identifier) is not None
    if is_book:
        slug = slug or _slug_of_book(int(identifier), texts, update)
    raw = _raw(identifier, is_book)
    name = f"book {identifier}" if is_book else identifier
    with naming(name, encoding):
        cleaned = clean(raw, encoding=encoding)
    warn(name, cleaned.evidence.warnings)
    # Without bytes of the name that are no text.
    stem = Path(identifier).stem.encode("utf-8", "ignore").decode()
    # A header may hold what params.yaml refuses in a title.
    title = _title(one_line(cleaned.record.title or stem)[:300])
    # A title in Chinese, for example, leaves no Latin letter.
    made = slug_of(title) or (f"pg{identifier}" if is_book else slug_of(stem))
    made = f"text-{made}" if made and not reads_as(made, made) else made
    slug = _checked(slug or made or free_slug(texts), texts, update)
    copy: Path | None = None
    entry: dict[str, Any]
    # params.yaml is written last: after a crash, adding the text again repairs both files.
    if is_book:
        entry = {"gutenberg": int(identifier)}
        record(slug, int(identifier), cleaned.text, root / "data" / "bodies.yaml")
    else:
        copy = _copied(Path(identifier), raw, slug, root)
        entry = {"path": copy.as_posix()}
    entry |= {"encoding": encoding} if encoding else {}
    if slug not in texts:
        entry |= _described(cleaned, title)
        write_bytes(params_path, with_first(params_path.read_bytes(), "texts", slug, entry))
    return Added(slug, cleaned.text, copy, slug not in texts)


def _title(title: str) -> str:
    """Return a title that stays text in params.yaml, however DVC rewrites it."""
    # Both have quotes around 1984 and null, but YAML 1.2 has none around Yes and 12:30.
    if reads_as(written({"title": title}), {"title": title}):
        return title
    return f"\N{LEFT DOUBLE QUOTATION MARK}{title}\N{RIGHT DOUBLE QUOTATION MARK}"


def git_add(root: Path, path: Path) -> str | None:
    """Add a file to git's index; return git's objection, if it has one.

    Returns
    -------
    str or None
        None if git has the file now.
    """
    try:
        done = subprocess.run(
            ["git", "add", "--", path.as_posix()],
            cwd=root,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        return f"git: {error.strerror}"
    return done.stderr.strip().splitlines()[0] if done.returncode else None


def training_command(params: Params, added: Added) -> str:
    """Return the command that trains *the* model on a new text, with options that it needs.

    Raises
    ------
    CharlabError
        If the text is too short to train on.
    """
    options = [f"text={added.slug}"]
    chars = divide(len(added.body), params.corpus).total("train")
    seq_len, batch_size = params.train.seq_len, params.train.batch_size
    fitting = (chars - 1) // seq_len
    if fitting < 1:
        options += [f"train.seq_len={chars - 1}", "train.batch_size=1"]
    elif fitting < batch_size:
        options.append(f"train.batch_size={fitting}")
    if params.sample.prompt and Vocabulary.from_text(added.body).outside(params.sample.prompt):
        options.append("sample.prompt=null")
    return f"dvc exp run {' '.join(f'-S {option}' for option in options)}"


def _texts(path: Path) -> dict[str, Any]:
    """Return the section texts of params.yaml.

    Raises
    ------
    CharlabError
        If the file is not YAML, or has no such section.
    """
    content = read_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get("texts"), dict):
        raise CharlabError(f"{path}: expected the section 'texts', to which a text can be added")
    texts: dict[str, Any] = content["texts"]
    return texts


def _slug_of_book(number: int, texts: dict[str, Any], update: bool) -> str | None:
    """Return the slug of a book that params.yaml has, None for a new one; before any download.

    Raises
    ------
    CharlabError
        If there is no book of that number, or params.yaml has it and it is not to be updated.
    """
    if number < 1:
        raise CharlabError(
            f"{number} is not the number of a book: Project Gutenberg counts from 1; a file of "
            f"that name is ./{number}"
        )
    having = [slug for slug, text in texts.items() if _is_book(text, number)]
    if having and not update:
        raise CharlabError(
            f"params.yaml has book {number} already, as {' and '.join(map(repr, having))}; give "
            "--update to record its body again, or --slug to add it under another name as well"
        )
    return having[0] if having else None


def _is_book(text: object, number: int) -> bool:
    """Return whether a block of params.yaml, which may have any form, names a book."""
    return isinstance(text, dict) and text.get("gutenberg") == number


def _raw(identifier: str, is_book: bool) -> bytes:
    """Return the bytes of a Gutenberg book or of a user's file."""
    if is_book:
        return fetch_book(int(identifier))[0]
    return read_bytes(Path(identifier), "give a book's number or the name of a text file")


def _checked(slug: str, texts: dict[str, Any], update: bool) -> str:
    """Return the slug if it is allowed and free."""
    if not SLUG.fullmatch(slug):
        raise CharlabError(f"{slug!r} is not a slug; give one with --slug, as in --slug my-text")
    if not reads_as(slug, slug) and slug not in texts:
        raise CharlabError(
            f"{slug!r} is no text in YAML; give another slug, as in --slug text-{slug}"
        )
    if slug in texts and not update:
        raise CharlabError(
            f"params.yaml has a text {slug!r} already; give another --slug, or --update if this is "
            "a new version of it"
        )
    return slug


def _copied(path: Path, raw: bytes, slug: str, root: Path) -> Path:
    """Copy a user's file to data/own/, where the pipeline notices edits; return its path there."""
    copy = Path("data", "own", f"{slug}.txt")
    target = root / copy
    # The user may name the copy itself, for instance to add it again.
    if path.resolve() != target.resolve():
        write_bytes(target, raw)  # not read again: it may be a pipe
    return copy


def _described(cleaned: Cleaned, title: str) -> dict[str, str]:
    """Return the title, and the language if its code is known."""
    # A language that the table lacks is left out.
    language = LANGUAGES.get((cleaned.record.language or "").lower())
    return {"title": title} | ({"language": language} if language else {})
