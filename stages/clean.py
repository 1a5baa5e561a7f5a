"""Reduce one fetched text to its body, and record what was removed."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, NAME, run

from charlab.clean.clean_text import CleanFiles, clean_text
from charlab.clean.params import CleanStageParams
from charlab.core.errors import printable
from charlab.core.schema import load, named


@click.command(help=__doc__)
@NAME
@click.option("--raw", type=FOLDER, required=True, help="folder of the texts as fetched")
@click.option("--out", type=FOLDER, required=True, help="folder for the bodies and the records")
@click.option("--bodies", type=FILE, required=True, help="the tracked hashes of the bodies")
@click.option("--strict", is_flag=True, help="stop if the body differs from the recorded one")
def main(name: str, raw: Path, out: Path, bodies: Path, strict: bool) -> None:
    """Clean the text with the key NAME in params.yaml."""
    params = load(CleanStageParams)
    text = named(params.texts, name, "texts")
    # The body is UTF-8 in NFC with LF; the record has the reasons for what was removed.
    files = CleanFiles(raw / f"{name}.txt", out / f"{name}.txt", out / f"{name}.json", bodies)
    messages = clean_text(name, text, params.corpus.clean, files, strict=strict)
    for message in messages:
        click.echo(f"clean: {printable(message)}", err=True)


run(main)
