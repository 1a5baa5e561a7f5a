"""Build one text's vocabulary, and number its characters in three splits."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, run

from charlab.core.schema import load
from charlab.vocab.params import VocabStageParams
from charlab.vocab.vocabulary import encode_text


@click.command(help=__doc__)
@click.argument("text")
@click.option("--clean", type=FILE, required=True, help="the text's body")
@click.option("--out", type=FOLDER, required=True, help="folder for vocabulary and splits")
def main(text: str, clean: Path, out: Path) -> None:
    """Encode the text that params.yaml calls TEXT."""
    params = load(VocabStageParams)
    encode_text(clean, params.corpus, out, chars=params.texts[text].chars)


run(main)
