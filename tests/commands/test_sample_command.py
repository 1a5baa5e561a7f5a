"""``charlab sample``: text as it is drawn, colored by surprise, and in a conversation."""

from __future__ import annotations

import io
import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest

from charlab.commands import conversation
from charlab.commands.surprise import colored, level_of
from charlab.commands.writer import Writer
from charlab.models.inference import InferenceModel, load_with_vocabulary
from charlab.models.params import ModelParams
from charlab.models.weights import save_weights
from charlab.sample import generate
from charlab.sample.distribution import SamplingError, SamplingOptions, uniforms
from charlab.vocab.vocabulary import Vocabulary
from command_line import refused, run
from random_network import random_weights, write_records

HOSTILE = "\x1b]0;owned\x07\r\u202e"
VOCAB = Vocabulary.from_text("abcde\n :é" + HOSTILE)

MODELS = {
    "rnn": {"cell": "rnn", "hidden": 6},
    "two layers": {"cell": "gru", "hidden": 20, "layers": 2},
    "learned state": {"cell": "lstm", "hidden": 9, "initial_state": "learned"},
    "n-grams": {"cell": "gru", "hidden": 8, "input": "trigram", "direct_order": 3},
}


def network(**options: object) -> InferenceModel:
    """Return a network of random weights."""
    model = ModelParams.model_validate(options)
    return InferenceModel(model, random_weights(model, VOCAB.size))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model whose vocabulary has characters that command a terminal."""
    out, model = tmp_path_factory.mktemp("model"), ModelParams.model_validate(MODELS["n-grams"])
    write_records(out, model, VOCAB.size, train={"batch_size": 1, "seq_len": 1})
    save_weights(out / "model.safetensors", random_weights(model, VOCAB.size))
    VOCAB.save(out / "vocab.json")
    return out


def whole(folder: Path, prompt: str, length: int, seed: int = 1) -> str:
    """Return the text that the stages' sampler draws at the command's default temperature."""
    u = uniforms(seed, length)
    (text,) = generate.sample(*load_with_vocabulary(folder), prompt, u, SamplingOptions(0.8))
    return text


@pytest.mark.parametrize("options", MODELS.values(), ids=MODELS)
def test_pieces_are_the_whole(options: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut anywhere, the characters and losses are those of one call, for every kind of state."""
    one, u = network(**options), uniforms(3, 90)
    (expected,) = generate.sample_with_nats(one, VOCAB, "abc", u, SamplingOptions(0.9, 5))
    writer = Writer(one, VOCAB)
    writer.read("abc")
    pieces = list(writer.write(u[:, 0], SamplingOptions(0.9, 5), record=True))
    assert "".join(piece for piece, _ in pieces) == expected.text
    assert np.array_equal(np.concatenate([nats for _, nats in pieces]), expected.nats)
    assert len(pieces[0][0]) == 1
    assert len(pieces) > 1


def test_pieces_are_as_long_as_can_be_drawn_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fast network gets longer and longer pieces, a slow one single characters."""
    writer = Writer(network(**MODELS["rnn"]), VOCAB)
    writer.read("a")
    for seconds, expected in ((0.0, [1, 2, 4, 8, 5]), (1.0, [1] * 20)):
        clock = iter(range(1000))
        monkeypatch.setattr(time, "perf_counter", lambda c=clock, s=seconds: next(c) * s)
        pieces = writer.write(uniforms(1, 20)[:, 0], SamplingOptions())
        assert [len(piece) for piece, _ in pieces] == expected


def test_a_writer_refuses_nothing_and_nonsense() -> None:
    """An empty prompt and a network that diverged are errors that the user can act on."""
    broken = network(**MODELS["rnn"])
    writer = Writer(broken, VOCAB)
    with pytest.raises(SamplingError, match="the prompt is empty"):
        writer.read("")
    writer.read("a")
    writer.logits = np.full((1, VOCAB.size), np.nan, np.float32)
    with pytest.raises(SamplingError, match="the training diverged"):
        next(writer.write(uniforms(1, 2)[:, 0], SamplingOptions()))


def test_a_pipe_gets_the_text_as_it_is(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Characters are not escaped there, and not colored unless that is forced."""
    text = "ab" + whole(folder, "ab", 300) + "\n"
    assert "\x1b" in text
    for colour in ([], ["--colour"], ["--color", "auto"], ["--colour", "never"]):
        done = run(capsys, "sample", *colour, folder, "--prompt", "ab", "--length", 300)
        assert (done.status, done.out) == (0, text)


def test_colors_come_with_a_legend(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forced, they are there in a pipe too, where characters of the text cannot command."""
    monkeypatch.setenv("NO_COLOR", "1")
    options = ("--prompt", "ab", "--length", 200, "--count", 2, "--colour", "always")
    out = run(capsys, "sample", folder, *options).out
    body, legend = out.split("[surprise in bits:")
    assert body.count("--- ") == 2
    assert body.endswith("\n")
    assert re.fullmatch(r".*below 2 .*2 to 4.*6 and more.*; mean \d\.\d\d\]\n", legend)
    styles = re.compile(r"\x1b\[[0-9;]*m")
    assert not set(styles.sub("", body)) & set("\x1b\x07\r\u202e")
    assert r"\x1b" in body


def test_a_color_ends_before_a_line_does() -> None:
    """A background at the end of a line would fill the rest of the terminal."""
    assert [level_of(b) for b in (0, 1.99, 2, 3.9, 4, 6, 60)] == [0, 0, 1, 1, 2, 3, 3]
    first, second = colored("ab\nc", [7.0, 7.0, 7.0, 0.1]).split("\n")
    assert re.fullmatch(r"\x1b\[48;5;\d+;38;5;\d+mab\x1b\[0m", first)
    assert second == "c"


def test_a_word_after_the_bare_option_is_the_model(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """A value that is none is named, as far as it cannot be the model's folder."""
    done = run(capsys, "sample", folder, "--colour=pink")
    assert done.status == 2
    assert "'pink' is not one of 'auto', 'always', 'never'" in done.err
    done = run(capsys, "sample", folder, "--interactive", "--count", 2)
    assert (done.status, done.out) == (2, "")


def converse(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path,
    *lines: str, options: tuple[object, ...] = (),
) -> tuple[str, str]:  # fmt: skip
    """Return the texts and the messages of a conversation that comes from a pipe."""
    typed = "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), encoding="utf-8"))
    done = run(capsys, "sample", folder, "--interactive", "--length", 20, *options)
    assert done.status == 0
    return done.out, done.err


def test_a_conversation_goes_on_from_its_state(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """An empty line continues; :reset and :seed begin the same random numbers again."""
    forty = whole(folder, "ab", 40)
    out, _ = converse(capsys, monkeypatch, folder, "ab", "")
    assert out == f"ab{forty[:20]}\n{forty[20:]}\n"
    out, _ = converse(
        capsys, monkeypatch, folder, "cab", ":reset", "ab", options=("--prompt", "ab")
    )
    assert out.startswith(f"ab{forty[:20]}\ncab")
    assert out.endswith(f"\nab{forty[:20]}\n")
    other = whole(folder, "ab", 5, seed=4)
    out, _ = converse(capsys, monkeypatch, folder, ":n 5", ":seed 4", "ab", ":quit", "ab")
    assert out == f"ab{other}\n"
    monkeypatch.setattr(sys, "stdin", None)  # closed
    assert run(capsys, "sample", folder, "--interactive").out == ""
    # Without any text it begins as the command does without a prompt.
    assert converse(capsys, monkeypatch, folder, "")[0] == whole(folder, "\n", 20) + "\n"
    # Text may begin with a colon, and have a line break.
    out, _ = converse(capsys, monkeypatch, folder, r"::a\nb")
    assert out == f":a\nb{whole(folder, chr(10).join((':a', 'b')), 20)}\n"


def test_commands_change_the_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """Each change is confirmed; what cannot be used is named and changes nothing."""
    commands = (":t 0", ":k 3", ":p 0.5", ":p off", ":n 7", ":seed 9", ":colour", ":help")
    out, err = converse(capsys, monkeypatch, folder, *commands)
    assert "[temperature 0, top-k 3, top-p 0.5, 20 characters, seed 1]" in err
    assert err.splitlines()[-1] == "[temperature 0, top-k 3, 7 characters, seed 9]"
    assert out.startswith("[surprise in bits:")
    assert all(f"  :{name}" in err for name in conversation.NUMBERS)
    wrong = {
        ":t": ":t expects a number, found ''",
        ":t off": ":t expects a number, found 'off'",
        ":t -1": "expected a finite temperature of at least 0, found -1.0",
        ":t nan": "found nan",
        ":k 0": "expected top_k of at least 1, found 0",
        ":p 2": "expected top_p above 0 and at most 1",
        ":n 0": ":n expects at least 1, found 0",
        ":k 99999999999999999999": ":k expects at most 1,000,000,000, found 99999999999999999999",
        ":seed x": ":seed expects a number, found 'x'",
        ":\x1b[2J": r"unknown command :\x1b[2J",
    }
    out, err = converse(capsys, monkeypatch, folder, *wrong)
    assert out == ""
    for message, line in zip(wrong.values(), err.splitlines(), strict=True):
        assert message in line
        assert line.endswith("; :help lists the commands")


def test_unknown_characters_are_named_and_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """The rest of the text is read; without any rest nothing is written."""
    out, err = converse(capsys, monkeypatch, folder, "aÉ字b", "字\udcff")
    assert out == f"ab{whole(folder, 'ab', 20)}\n"
    first, second = err.splitlines()
    assert first == (
        "not in the vocabulary, left out: 'É' (U+00C9), '字' (U+5B57); try 'é' for 'É'"
    )
    assert "'字' (U+5B57), '\ufffd' (U+FFFD)" in second


def test_nothing_is_loaded_that_a_sample_does_not_need() -> None:
    """The first character waits for every import."""
    code = (
        "import sys, charlab.commands.sample;"
        "print({'torch', 'numba', 'rich', 'pandas', 'charlab.train.params'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


class Terminal:
    """A program in a pseudo-terminal."""

    def __init__(self, *command: object) -> None:
        import pty

        self.end, inner = pty.openpty()
        root = Path(conversation.__file__).parents[2]
        environment = {**os.environ, "PYTHONPATH": str(root), "TERM": "xterm", "NO_COLOR": ""}
        words = [sys.executable, "-m", "charlab", *map(str, command)]
        self.process = subprocess.Popen(
            words, stdin=inner, stdout=inner, stderr=inner, env=environment, start_new_session=True,
            preexec_fn=self._control,
        )  # fmt: skip
        os.close(inner)
        self.seen = ""

    @staticmethod
    def _control() -> None:
        """Make the terminal the child's own, so that Ctrl-C reaches it."""
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        # A test run in the background of a shell ignores Ctrl-C, and so would its children.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def until(self, wanted: str) -> str:
        """Return what is shown up to and with some words."""
        while wanted not in self.seen:
            ready, _, _ = select.select([self.end], [], [], 60)
            assert ready, f"expected {wanted!r} within a minute, found {self.seen!r}"
            try:
                data = os.read(self.end, 65536)
            except OSError:  # Linux's end of file
                data = b""
            assert data, f"expected {wanted!r}, found {self.seen!r}"
            self.seen += data.decode()
        shown, _, self.seen = self.seen.partition(wanted)
        return shown + wanted

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.end, keys.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C at a prompt, as soon as the program waits for keys.

        One that comes between the prompt and CPython's select() has no effect until the next key.
        """
        process = psutil.Process(self.process.pid)
        deadline = time.monotonic() + 60
        while process.status() != psutil.STATUS_SLEEPING:
            assert time.monotonic() < deadline, "the program does not wait for keys"
            time.sleep(0.01)
        self.type("\x03")

    def close(self) -> None:
        """End the program, which a failed test would leave behind for the next one."""
        self.process.kill()
        self.process.wait()
        os.close(self.end)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals of this kind")
def test_on_a_terminal(folder: Path) -> None:
    """Ctrl-C stops the text, Ctrl-D the program; no character commands the terminal."""
    words = ("sample", folder, "--interactive", "--colour", "--length", 10**8)
    with closing(Terminal(*words)) as terminal:
        assert terminal.until("6 and more").startswith("[surprise in bits:")
        terminal.until(conversation.BEGIN)
        terminal.until("> ")
        terminal.type("abc\n")
        terminal.until("abc")  # the echo of what was typed
        shown = terminal.until("a") + terminal.until(r"\x1b") + terminal.until("\x1b[48;5;")
        terminal.type("\x03")
        shown += terminal.until("> ")
        assert not re.search(r"\x1b\]|\x07|\u202e|\x1b\[(?!0m|48;5;|\?2004)", shown)
        terminal.type(":n 3\n")
        terminal.until("0.8, 3 characters, seed 1]")
        terminal.until("> ")
        terminal.interrupt()
        terminal.until(":quit or Ctrl-D leaves")
        terminal.until("> ")
        terminal.type("\x04")
        assert terminal.process.wait(60) == 0


@pytest.mark.parametrize(
    "command",
    [
        ("sample", "nowhere", "--prompt"),
        ("train", "--text", "t", "--out", "m", "--recipe"),
        ("train", "--text", "t", "--out", "m", "--set"),
        ("add-text", "t", "--slug"),
    ],
)
@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("ab\udcff", "found the byte 0xff, which is not UTF-8, at position 2;"),
        ("\udc80\udcff", "found the byte 0x80, which is not UTF-8, at position 0;"),
        ("x\ud83d", "found half a character, U+D83D, at position 1;"),
    ],
)
def test_bytes_that_are_no_text_are_named(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], value: str, found: str
) -> None:
    """At each option that takes text, before anything is read."""
    message = refused(capsys, *command, value)
    assert message.startswith(f"charlab: {command[-1]}: expected text, {found}")


@pytest.mark.parametrize(
    "options",
    [
        ("--top-k", 10**23),
        ("--length", 10**20),
        ("--length", 10**6, "--count", 10**6),
    ],
)
def test_huge_numbers_are_refused(
    capsys: pytest.CaptureFixture[str], folder: Path, options: tuple[object, ...]
) -> None:
    """NumPy and the kernels would fail at them."""
    done = run(capsys, "sample", folder, *options)
    assert done.status != 0
    assert str(options[0]) in done.err
    assert re.search(r"1000000000|1,000,000,000", done.err)


def test_a_prompt_is_read_as_files_are(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Without a byte order mark, with line feeds alone, and composed."""
    plain = run(capsys, "sample", folder, "--prompt", "a\nb\né", "--length", 20)
    odd = run(capsys, "sample", folder, "--prompt", "\ufeffa\r\nb\re\u0301", "--length", 20)
    assert plain.status == 0
    assert odd.out == plain.out
