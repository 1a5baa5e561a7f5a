"""Reduce one fetched text to its body, and record what was removed."""

from pathlib import Path

import click
from _stage import FILE, run

from charlab.clean.clean_text import CleanFiles, clean_text
from charlab.clean.params import CleanStageParams
from charlab.core.schema import load


@click.command(help=__doc__)
@click.argument("text")
@click.option("--raw", type=FILE, required=True, help="the text as it was fetched")
@click.option("--out", type=FILE, required=True, help="the body to write: UTF-8, LF, NFC")
@click.option("--record", type=FILE, required=True, help="the record to write, with reasons")
@click.option("--bodies", type=FILE, required=True, help="the tracked hashes of the bodies")
@click.option("--strict", is_flag=True, help="stop if the body differs from the recorded one")
def main(text: str, strict: bool, **files: Path) -> None:
    """Clean the text with the key TEXT in params.yaml."""
    params = load(CleanStageParams)
    messages = clean_text(
        text, params.texts[text], params.corpus.clean, CleanFiles(**files), strict=strict
    )
    for message in messages:
        click.echo(f"clean: {message}", err=True)


run(main)
