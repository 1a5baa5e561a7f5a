"""A conversation with a network: the user types, the network writes on from its state."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import click

from charlab.commands.cli_options import MOST
from charlab.commands.surprise import Screen
from charlab.commands.writer import Writer
from charlab.core.errors import CharlabError, printable
from charlab.core.units import counted
from charlab.sample.distribution import SamplingOptions, uniforms
from charlab.sample.prompt import default_prompt
from charlab.vocab.vocabulary import listed_characters, nearest

HELP = r"""Type a text: the network reads it after all that came before, and continues it.
An empty line lets it write on. \n in a text is a line break; a text that begins with : is typed
with two of them. Ctrl-C stops the network, Ctrl-D leaves.
  :t 0.8     temperature; 0 takes the likeliest character each time
  :k 5       draw from the 5 likeliest characters only; :k off
  :p 0.9     draw from the likeliest that add up to 0.9; :p off
  :n 300     number of characters to write
  :seed 3    begin the random numbers of seed 3
  :reset     forget the text, and begin the random numbers again
  :colour    color by surprise in bits, or no longer
  :help      this list
  :quit      leave"""

BEGIN = "Type a text, or :help; Ctrl-D leaves."

NUMBERS: dict[str, tuple[str, type, int | None]] = {
    "t": ("temperature", float, 0),
    "k": ("top_k", int, None),
    "p": ("top_p", float, None),
    "n": ("length", int, 1),
    "seed": ("seed", int, 0),
}
"""Commands that take a number: the setting, its type and its minimum; those without can be off."""


def typed_lines() -> Iterator[str]:
    """Yield the lines that a person types, or those of a pipe or file, without their ends."""
    if sys.stdin is None:  # closed by the shell
        return
    if isinstance(sys.stdin, io.TextIOWrapper):
        # Bytes that are not of the encoding become U+FFFD, which is then named as unknown.
        sys.stdin.reconfigure(errors="replace")
    if not sys.stdin.isatty():
        for line in sys.stdin:
            yield line.rstrip("\r\n")
        return
    with suppress(ImportError):  # not on Windows, whose console edits lines itself
        import readline  # noqa: F401 (input() then has line editing, and earlier lines)
    click.echo(BEGIN, err=True)
    while True:
        try:
            yield input("> ")
        except KeyboardInterrupt:
            click.echo("\n:quit or Ctrl-D leaves", err=True)
        except EOFError:
            click.echo()
            return


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C only be noted while the block runs; a second one ends the program as usual.

    Yields
    ------
    callable
        Returns whether Ctrl-C was pressed.
    """
    pressed = False

    def note(*_: Any) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


class Conversation:
    """The network's side of a conversation, with settings that commands change.

    Parameters
    ----------
    writer : Writer
    screen : Screen
    options : SamplingOptions
    length : int
        Characters to write after each text.
    seed : int
        Seed of the uniform numbers, which go on from one text to the next.
    """

    def __init__(
        self, writer: Writer, screen: Screen, options: SamplingOptions, length: int, seed: int
    ) -> None:
        self.writer, self.screen = writer, screen
        self.options, self.length, self.seed = options, length, seed
        self.drawn = 0  # uniform numbers used since the seed was set

    def run(self, prompt: str | None) -> None:
        """Answer the prompt, if any, and then each line that is typed, until the last or :quit."""
        if prompt is not None:
            self.answer(prompt)
        for line in typed_lines():
            if line.startswith(":") and not line.startswith("::"):
                name, _, value = line[1:].strip().partition(" ")
                if name in ("q", "quit", "exit"):
                    return
                try:
                    self.command(name, value.strip())
                except CharlabError as error:
                    click.echo(f"{printable(str(error))}; :help lists the commands", err=True)
            else:
                self.answer(line.removeprefix(":").replace("\\n", "\n"))

    def command(self, name: str, value: str) -> None:
        """Obey a command, and print the settings.

        Raises
        ------
        CharlabError
            If there is no such command, or the value is not allowed.
        """
        if name in ("h", "help", "?"):
            click.echo(HELP, err=True)
        elif name in ("colour", "color"):
            self.screen.color = not self.screen.color
            self.screen.show_legend()
        elif name == "reset":
            self.writer.reset()
            self.drawn = 0
        elif name in NUMBERS:
            self._set(name, value)
        else:
            raise CharlabError(f"unknown command :{name}")
        click.echo(f"[{self}]", err=True)

    def _set(self, name: str, value: str) -> None:
        """Change a setting."""
        key, kind, least = NUMBERS[name]
        number: Any = None
        if value != "off" or least is not None:
            try:
                number = kind(value)
            except ValueError:
                raise CharlabError(f":{name} expects a number, found {value!r}") from None
            if number > MOST and key != "seed":
                raise CharlabError(f":{name} expects at most {MOST:,}, found {value}")
        if key not in ("length", "seed"):
            self.options = replace(self.options, **{key: number})
            return
        if number < least:
            raise CharlabError(f":{name} expects at least {least}, found {number}")
        setattr(self, key, number)
        if key == "seed":
            self.drawn = 0

    def __str__(self) -> str:
        limits = {"top-k": self.options.top_k, "top-p": self.options.top_p}
        chosen = "".join(f", {name} {value}" for name, value in limits.items() if value)
        length = counted(self.length, "character")
        return f"temperature {self.options.temperature:g}{chosen}, {length}, seed {self.seed}"

    def answer(self, typed: str) -> None:
        """Read what the vocabulary has of a text, and write on; Ctrl-C stops the writing.

        Raises
        ------
        SamplingError
            If the model's output is not finite.
        """
        text = self._known(typed)
        if typed and not text:
            return
        if text:
            self.screen.show(text)
        elif self.writer.logits is None:
            # The line break or space that the model continues is not part of its text.
            text = default_prompt(self.writer.vocab)
        if text:
            self.writer.read(text)
        u = uniforms(self.seed, self.drawn + self.length)[self.drawn :, 0]
        with stoppable() as stopped:
            for piece, nats in self.writer.write(u, self.options, self.screen.color):
                self.drawn += len(piece)
                self.screen.show(piece, nats)
                if stopped():
                    break
        self.screen.show("\n")

    def _known(self, text: str) -> str:
        """Return a text without the characters that the vocabulary lacks, and name those."""
        vocab = self.writer.vocab
        outside = {} if vocab.unknown else vocab.outside(text)
        if outside:
            others = [f"{n!r} for {c!r}" for c in outside if (n := nearest(c, vocab.chars))]
            advice = f"; try {', '.join(others[:5])}" if others else ""
            message = f"not in the vocabulary, left out: {listed_characters(outside)}{advice}"
            click.echo(printable(message), err=True)
        return text.translate(dict.fromkeys(map(ord, outside)))
