"""Reduce one fetched text to its body, and record what was removed."""

from pathlib import Path

import click
from _stage import FILE, run

from charlab.clean.clean_text import clean_text
from charlab.clean.params import CleanStageParams
from charlab.core.schema import load


@click.command(help=__doc__)
@click.argument("text")
@click.option("--raw", type=FILE, required=True, help="the text as it was fetched")
@click.option("--out", type=FILE, required=True, help="its body: UTF-8, LF, NFC")
@click.option("--record", type=FILE, required=True, help="what was removed, and why")
@click.option("--bodies", type=FILE, required=True, help="the tracked hashes of the bodies")
@click.option("--strict", is_flag=True, help="stop if the body is not the recorded one")
def main(text: str, raw: Path, out: Path, record: Path, bodies: Path, strict: bool) -> None:
    """Clean the text that params.yaml calls TEXT."""
    params = load(CleanStageParams)
    told = clean_text(
        text,
        params.texts[text],
        params.corpus.clean,
        raw,
        out=out,
        record=record,
        bodies=bodies,
        strict=strict,
    )
    for message in told:
        click.echo(f"clean: {message}", err=True)


run(main)
