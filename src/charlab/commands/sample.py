"""Write text with a model, without DVC: whole, as it is drawn, or in a conversation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from charlab.commands.cli_options import MOST
from charlab.commands.surprise import Screen, wanted
from charlab.commands.writer import Writer
from charlab.core.errors import CharlabError
from charlab.core.restored import check_restored
from charlab.models.inference import FILES, load_with_vocabulary
from charlab.sample.distribution import SamplingOptions, uniforms
from charlab.sample.prompt import default_prompt


def load_writer(model: Path) -> Writer:
    """Return the network of a model folder.

    Raises
    ------
    CharlabError
        If the folder is incomplete, or DVC restored it from a damaged file.
    """
    check_restored(*(model / name for name in FILES))
    return Writer(*load_with_vocabulary(model))


def write_samples(
    model: Path,
    *,
    prompt: str | None,
    length: int,
    seed: int,
    count: int,
    colour: str,
    **options: Any,
) -> None:
    """Print texts that continue a prompt, each character as soon as it is drawn.

    Parameters
    ----------
    model : Path
        A model folder.
    prompt : str, optional
        By default the model begins a line.
    length, count : int
        Characters to add, and number of texts.
    seed : int
        Seed of the uniform numbers.
    colour : str
        See :func:`charlab.commands.surprise.wanted`.
    **options
        Of :class:`charlab.sample.distribution.SamplingOptions`.

    Raises
    ------
    CharlabError
        If model, prompt or an option cannot be used.
    """
    if length * count > MOST:
        raise CharlabError(
            f"expected at most {MOST:,} characters in all, found --length {length} times "
            f"--count {count}"
        )
    writer, screen, chosen = load_writer(model), Screen(wanted(colour)), SamplingOptions(**options)
    u = uniforms(seed, length, count)  # one random number per sample and character
    start = default_prompt(writer.vocab) if prompt is None else prompt
    # The line break or space that the model continues by default is not part of its text.
    shown = start.lstrip() if prompt is None else start
    if count > 1 and not (screen.escape or screen.color):
        from charlab.sample import generate  # which loads the schemas of parameters

        # Nobody watches: texts drawn side by side take a fraction of the time.
        texts = generate.sample(writer, writer.vocab, start, u, chosen)
        for number, text in enumerate(texts, start=1):
            screen.show(f"--- {number} of {count}\n{shown}{text}\n")
        return
    for number in range(count):
        # A single sample is the text alone, ready to be piped.
        title = f"--- {number + 1} of {count}\n" if count > 1 else ""
        writer.reset()
        writer.read(start)
        for place, (piece, nats) in enumerate(writer.write(u[:, number], chosen, screen.color)):
            if place == 0:  # not before: the first character may be an error
                screen.show(title + shown)
            screen.show(piece, nats)
        screen.show("\n")
    screen.show_legend()


def converse(
    model: Path, *, prompt: str | None, length: int, seed: int, colour: str, count: int,
    **options: Any,
) -> None:  # fmt: skip
    """Let a person write a text together with a model; arguments as in :func:`write_samples`."""
    from charlab.commands.conversation import Conversation

    screen = Screen(wanted(colour))
    talk = Conversation(load_writer(model), screen, SamplingOptions(**options), length, seed)
    screen.show_legend()
    talk.run(prompt)
