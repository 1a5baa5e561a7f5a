"""Commands on single models, without DVC: train, sample, evaluate."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Literal, get_args

import click

from charlab.commands.cli_options import COUNT, ENCODING, FILE, FOLDER, SEED, FiniteRange
from charlab.commands.text_option import TEXT

Choice = Literal["auto", "always", "never"]
COLORS = ("--colour", "--color")


@click.command(short_help="Train one model on one text, without DVC.")
@click.option("--text", type=FILE, required=True, help="any text; Gutenberg's marks are removed")
@click.option("--out", type=FOLDER, required=True, help="folder for the model")
@click.option("--recipe", type=TEXT, help="parameters that come with charlab: fast, minute, best")
@click.option("--params", "params_file", type=FILE, help="a parameter file [default: the schema's]")
@click.option(
    "--set",
    "overrides",
    type=TEXT,
    multiple=True,
    metavar="KEY=VALUE",
    help="as in --set model.hidden=256",
)
@click.option("--seed", type=SEED, help="[default: 1, or the parameter file's]")
@ENCODING
def train(text: Path, out: Path, overrides: tuple[str, ...], **source: Any) -> None:
    """Train one model on one text without DVC, by the same code as the stage."""
    from charlab.commands.train import train_alone

    # The clock starts after the import of torch, which takes seconds from a cold disk.
    started = time.perf_counter()
    metrics = train_alone(text, out, overrides=list(overrides), **source)
    click.echo(json.dumps({**metrics, "seconds": round(time.perf_counter() - started, 3)}))


class BareColor(click.Command):
    """A command whose --colour may come without a value, before MODEL as well."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give --colour the value auto if the next word is none of its values."""
        following = [*args[1:], ""]
        given = [
            f"{word}=auto" if word in COLORS and after not in get_args(Choice) else word
            for word, after in zip(args, following, strict=True)
        ]
        return super().parse_args(ctx, given)


@click.command(cls=BareColor)
@click.argument("model", type=FOLDER)
@click.option(
    "--prompt", type=TEXT, help="beginning of the text [default: the model begins a line]"
)
@click.option("--temperature", type=FiniteRange(min=0), default=0.8, show_default=True)
@click.option("--length", type=COUNT, default=500, show_default=True, help="characters to add")
@click.option("--seed", type=SEED, default=1, show_default=True)
@click.option("--count", type=COUNT, default=1, help="number of samples")
@click.option("--top-k", type=COUNT, help="sample from the k most likely characters only")
@click.option("--top-p", type=FiniteRange(0, 1, min_open=True), help="nucleus sampling")
@click.option("--interactive", is_flag=True, help="go on with what you type; :help lists commands")
@click.option(
    *COLORS,
    type=click.Choice(get_args(Choice)),
    default="never",
    help="color characters by their surprise in bits; alone, on a terminal only",
)
def sample(model: Path, interactive: bool, **options: Any) -> None:
    """Write text with the trained model in folder MODEL.

    It appears as it is drawn.
    """
    from charlab.commands.sample import converse, write_samples

    if interactive and options["count"] > 1:
        raise click.UsageError("--interactive writes one text; leave out --count")
    (converse if interactive else write_samples)(model, **options)


@click.command(short_help="Measure the bits per character of any text.")
@click.argument("model", type=FOLDER)
@click.option("--text", type=FILE, required=True, help="any text; Gutenberg's marks are removed")
@click.option("--strict", is_flag=True, help="stop at characters outside the vocabulary")
@click.option("--dynamic", is_flag=True, help="keep learning while reading (Krause et al. 2018)")
@click.option("--learning-rate", type=FiniteRange(min=0), help="for --dynamic [default: 0.0005]")
@ENCODING
def evaluate(model: Path, text: Path, encoding: str | None, **options: Any) -> None:
    """Measure the bits per character of a text under the model in folder MODEL, as JSON.

    Characters that the model has no id for are named, and left out before it reads the text.
    """
    from charlab.commands.evaluate import evaluate_alone
    from charlab.commands.inputs import read_body
    from charlab.core.restored import check_restored
    from charlab.models.inference import FILES

    check_restored(*(model / name for name in FILES))
    body = read_body(text, encoding=encoding, tiny=True)
    result = evaluate_alone(model, body, source=text, **options)
    click.echo(json.dumps(result))
