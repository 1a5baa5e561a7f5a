"""Commands on texts: clean, fetch, vocab, add-text."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charlab.commands.cli_options import COUNT, ENCODING, FILE, NamedPath, project
from charlab.commands.text_option import TEXT
from charlab.core.errors import CharlabError, printable

if TYPE_CHECKING:
    from charlab.clean.cleaner import Cleaned

BODIES = Path("data/bodies.yaml")
"""Path of the record of all bodies, relative to the project's folder."""

STRICT_HELP = "fail if the body differs from its record in data/bodies.yaml"


@click.command(short_help="Reduce raw Gutenberg files to their bodies.")
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option(
    "-o",
    "--out",
    type=NamedPath(path_type=Path),
    help="file to write, or folder if there are several",
)
@click.option("--explain", is_flag=True, help="print what is removed and why, not the body")
@click.option("--unwrap", is_flag=True, help="join the hard line ends of prose paragraphs")
@click.option("--allow-copyrighted", is_flag=True, help="accept a book whose header says so")
@click.option("--strict", is_flag=True, help=STRICT_HELP)
@ENCODING
def clean(files: tuple[Path, ...], out: Path | None, explain: bool, **options: Any) -> None:
    """Reduce raw Gutenberg FILES to their bodies, as UTF-8 with LF line ends."""
    from charlab.clean.record import explain as explain_record
    from charlab.core.files import write_text

    if len(files) > 1 and out is None and not explain:
        raise CharlabError("several files need -o DIR, a folder to write their bodies to")
    if out and not explain and len({path.name for path in files}) < len(files):
        raise CharlabError(f"two of the files have the same name, for one place in {out}")
    failures = 0
    for path in files:
        try:
            cleaned, warnings = _clean_file(path, **options)
        except CharlabError as error:
            # One bad file does not stop the others.
            message = str(error).removeprefix(f"{path}: ")
            click.echo(printable(f"charlab clean: {path}: {message}"), err=True)
            failures += 1
            continue
        for warning in warnings:
            click.echo(printable(f"charlab clean: {path}: {warning}"), err=True)
        if explain:
            click.echo(printable(explain_record(cleaned.record)))
        elif out is None:
            click.echo(cleaned.text, nl=False)
        else:
            # With several files the folder need not exist yet.
            target = out / path.name if len(files) > 1 or out.is_dir() else out
            made = not target.parent.exists()
            write_text(target, cleaned.text)
            # A file in a folder that was there already, and of that name, was named by the user.
            if target != out or made:
                where = f", in the new folder {target.parent}" if made else ""
                click.echo(printable(f"{target}: body written{where}"))
    sys.exit(1 if failures else 0)


def _bodies() -> Path:
    """Return the record of all bodies of the project that the current folder is part of."""
    if not BODIES.is_file():
        with suppress(CharlabError):  # outside of a project, nothing is recorded
            return project() / BODIES
    return BODIES


def _clean_file(
    path: Path, unwrap: bool, allow_copyrighted: bool, strict: bool, encoding: str | None
) -> tuple[Cleaned, list[str]]:
    """Return a cleaned file and the warnings about it."""
    from charlab.clean.cleaner import clean as clean_bytes
    from charlab.clean.fingerprints import check_book
    from charlab.clean.params import CleanParams
    from charlab.commands.inputs import advised, naming, read_bytes

    raw = read_bytes(path, "name a text file")
    options: dict[str, Any] = {"allow_copyrighted": allow_copyrighted, "encoding": encoding}
    with naming(path, encoding):
        cleaned = clean_bytes(raw, **options)
    changed = check_book(cleaned.record.gutenberg, cleaned.text, _bodies(), strict=strict)
    if unwrap:
        # After the comparison: the recorded body has all its line ends.
        cleaned = clean_bytes(raw, params=CleanParams(unwrap=True), **options)
    # changed is None if the body is the recorded one.
    return cleaned, [*map(advised, cleaned.record.warnings), *filter(None, [changed])]


@click.command(short_help="Fetch a raw Gutenberg file.")
@click.argument("number", metavar="ID", type=COUNT)
@click.option("-o", "--out", type=FILE, help="a file [default: pgID.txt]")
@click.option("--strict", is_flag=True, help=STRICT_HELP)
def fetch(number: int, out: Path | None, strict: bool) -> None:
    """Fetch Gutenberg's book ID unchanged, from CHARLAB_MIRROR or Gutenberg's own servers."""
    from charlab.commands.fetch import fetch_by_hand

    for message in fetch_by_hand(number, out or Path(f"pg{number}.txt"), _bodies(), strict=strict):
        click.echo(f"charlab fetch: {message}", err=True)


@click.command(short_help="Print the vocabulary of a clean text as JSON.")
@click.argument("file", type=FILE)
@click.option("--min-count", type=COUNT, default=1, show_default=True)
@click.option("--unknown", is_flag=True, help="add a symbol for all other characters")
@ENCODING
def vocab(file: Path, min_count: int, unknown: bool, encoding: str | None) -> None:
    """Print the vocabulary of FILE (a clean text) as JSON."""
    from charlab.commands.inputs import about, read_text
    from charlab.vocab.vocabulary import Vocabulary

    text = read_text(file, encoding)
    if not text:
        raise CharlabError(f"{file}: the file is empty, expected at least one character")
    with about(file):
        vocabulary = Vocabulary.from_text(text, min_count=min_count, unknown=unknown)
    click.echo(json.dumps(vocabulary.as_dict(), ensure_ascii=False, indent=2))


@click.command(short_help="Add a book or a file to params.yaml.")
@click.argument("identifier", metavar="ID|FILE")
@click.option("--slug", type=TEXT, help="the text's key in params.yaml [default: from its title]")
@click.option("--update", is_flag=True, help="accept a slug in use, and record the new body")
@ENCODING
def add_text(identifier: str, **options: Any) -> None:
    """Add a Gutenberg book (its number ID) or a text FILE to params.yaml.

    Title and language are read from the file; comments and order are kept.
    """
    from charlab.commands.add_text import add_text as add
    from charlab.commands.add_text import git_add, training_command
    from charlab.plan.params import load_params

    root = project()
    added = add(root / "params.yaml", identifier, **options)
    done = "added" if added.is_new else "was there, and its body is recorded again"
    if added.copy is not None and not added.is_new:
        done = "was there, and has this file now"
    click.echo(f"params.yaml: texts.{added.slug} {done}")
    if added.copy is not None:
        problem = git_add(root, added.copy)
        click.echo(
            f"git: {added.copy.as_posix()} added to the index, so that experiments contain it; "
            "whatever you commit and push is published (docs/texts.md)"
            if problem is None
            else f"git: {added.copy.as_posix()} not added ({problem}), so experiments on it "
            "cannot be shared"
        )
    command = training_command(load_params(root / "params.yaml"), added)
    click.echo(f"train on it with: {command}")
