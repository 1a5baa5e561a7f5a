"""Commands on single models: train, evaluate, sample."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

import charlab.commands.train
from charlab.commands.cli import main
from charlab.commands.evaluate import evaluate_alone
from charlab.commands.inputs import read_body
from charlab.core.files import sha256_of
from charlab.plan.params import CorpusParams
from charlab.train.loop import train
from charlab.train.model_folder import TrainingConfig
from charlab.vocab.encoded_text import EncodedText, encode_text
from charlab.vocab.vocabulary import Vocabulary
from command_line import refused, run
from refused_texts import REFUSED
from tiny_training import RESULTS, model_params, train_params

SETTINGS = {
    "model.cell": "gru",
    "model.hidden": 16,
    "train.seq_len": 12,
    "train.batch_size": 4,
    "train.epochs": 1,
    "train.learning_rate": 0.02,
    "train.evaluations": 3,
}
SMALL = [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]
"""The parameters of tiny_training, as options."""

TRAIN_KEYS = {
    "val_nats", "test_nats", "val_bpc", "test_bpc", "parameters", "train_chars", "train_seconds",
    "seconds",
}  # fmt: skip


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clean text of 3600 characters."""
    words = np.random.default_rng(1).choice(["The cat", "a dog", "sat", "on", "mats;"], 900)
    path = tmp_path_factory.mktemp("text") / "story.txt"
    lines = "\n".join(" ".join(words[i : i + 9]) for i in range(0, 900, 9))
    path.write_text(lines[:3599] + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model that ``charlab train`` made."""
    out = tmp_path_factory.mktemp("model") / "deep" / "out"
    with pytest.raises(SystemExit) as ended:
        main(args=["train", "--text", str(text), "--out", str(out), *SMALL], standalone_mode=True)
    assert not ended.value.code
    return out


def test_train_ends_in_a_line_of_json(
    capsys: pytest.CaptureFixture[str], text: Path, tmp_path: Path
) -> None:
    """The last line of stdout has the results; progress goes to stderr."""
    done = run(capsys, "train", "--text", text, "--out", tmp_path / "out", *SMALL)
    assert done.status == 0
    (line,) = done.out.splitlines()
    printed = json.loads(line)
    assert printed.keys() >= TRAIN_KEYS
    assert printed["val_bpc"] == pytest.approx(printed["val_nats"] / np.log(2))
    assert 0 < printed["train_seconds"] < printed["seconds"]
    assert "story seed 1: 100%" in done.err
    written = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert written == {k: v for k, v in printed.items() if not k.endswith("seconds")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(RESULTS)


def test_train_gives_the_same_bytes_as_the_stages(model: Path, text: Path, tmp_path: Path) -> None:
    """Encoding and training step by step, as the pipeline does, gives the same files."""
    encode_text(text, CorpusParams(), tmp_path / "vocab")
    data = EncodedText.load(tmp_path / "vocab")
    out = tmp_path / "stage"
    config = TrainingConfig(model_params(), train_params(), 1, "story")
    train(data, config, out, scratch=tmp_path / "s")
    for name in RESULTS:
        assert sha256_of(model / name) == sha256_of(out / name), name


def test_train_with_a_seed(
    capsys: pytest.CaptureFixture[str], model: Path, text: Path, tmp_path: Path
) -> None:
    """Another seed gives another model."""
    run(capsys, "train", "--text", text, "--out", tmp_path / "out", "--seed", 2, *SMALL)
    assert sha256_of(model / "model.safetensors") != sha256_of(tmp_path / "out/model.safetensors")
    config = json.loads((tmp_path / "out" / "config.json").read_text(encoding="utf-8"))
    assert config["seed"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "none.txt", "--out", "out"], "none.txt: No such file or directory"),
        (
            ["--text", "{text}", "--out", "out", "--recipe", "slow"],
            "choose one of best, fast, minute",
        ),
        (["--text", "{text}", "--out", "out", "--set", "hidden"], "expected KEY.PATH=VALUE"),
        (["--text", "{text}", "--out", "{text}/out"], "--out names a folder"),
        (
            ["--text", "{text}", "--out", "out", "--set", "train.batch_size=999"],
            "one batch of 999 sequences of 100 needs 99901; train.batch_size up to 28 would fit",
        ),
    ],
)
def test_train_fails_with_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text: Path,
    arguments: list[str],
    message: str,
) -> None:
    """The message says what was expected, what was found, and what to do."""
    monkeypatch.chdir(tmp_path)
    given = [argument.format(text=text) for argument in arguments]
    assert message in refused(capsys, "train", *given)


def test_train_names_every_bad_parameter(
    capsys: pytest.CaptureFixture[str], text: Path, tmp_path: Path
) -> None:
    """All come at once, one line each, below a first line that counts them."""
    bad = ("--set", "model.cell=lstn", "--set", "train.epochs=0")
    done = run(capsys, "train", "--text", text, "--out", tmp_path / "out", *bad)
    assert done.status == 1
    first, *lines = done.err.splitlines()
    assert first == "charlab: the parameters given: 2 problems"
    assert [line.split(":")[0].strip() for line in lines] == ["model.cell", "train.epochs"]
    assert not (tmp_path / "out").exists()


def test_evaluate_agrees_with_the_training(model: Path, text: Path) -> None:
    """On the val split it measures the loss that the training recorded."""
    measured = evaluate_alone(model, text.read_text(encoding="utf-8")[2880:3240])
    recorded = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    assert measured["chars"] == 359
    assert measured["bpc"] == pytest.approx(recorded["val_bpc"], rel=1e-6)


def test_evaluate_explains_bad_input(
    capsys: pytest.CaptureFixture[str], model: Path, text: Path, tmp_path: Path
) -> None:
    """A missing model, a missing text and an unknown character each get a message."""
    assert "name a folder" in refused(capsys, "evaluate", tmp_path / "none", "--text", text)
    assert "none.txt" in refused(capsys, "evaluate", model, "--text", tmp_path / "none.txt")
    (tmp_path / "greek").write_text("The Ω", encoding="utf-8")
    message = refused(capsys, "evaluate", model, "--strict", "--text", tmp_path / "greek")
    assert "1 of 5 characters (20 %) is not in the model's vocabulary: 'Ω' (U+03A9)" in message
    done = run(capsys, "evaluate", model, "--text", tmp_path / "greek")
    assert (done.status, json.loads(done.out)["chars"]) == (0, 3)


@pytest.mark.parametrize("name", REFUSED)
def test_a_text_that_is_refused_is_named(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path, name: str
) -> None:
    """By both commands that read one; what has a block in params.yaml is another text."""
    content, words = REFUSED[name]
    path = tmp_path / name
    path.write_bytes(content)
    commands: list[tuple[str | Path, ...]] = [("train", "--out", tmp_path / "out", "--text", path)]
    if name not in ("empty.txt", "short.txt"):
        commands.append(("evaluate", model, "--text", path))
    for command in commands:
        message = refused(capsys, *command)
        assert message.startswith(f"charlab: {path}: "), message
        assert words in message
        assert "params.yaml" not in message


def test_a_wrong_encoding_is_not_to_be_named_again(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path
) -> None:
    """Who has named one is told to name another, or none."""
    path = tmp_path / "russian.txt"
    path.write_bytes("ИИИ\n".encode() * 40)
    message = refused(capsys, "evaluate", model, "--text", path, "--encoding", "cp1251")
    assert message.startswith(f"charlab: {path}: the encoding is cp1251 (named by the user), but")
    assert "; name another encoding with --encoding, or leave that option out" in message


def test_a_text_of_which_the_model_knows_nothing_is_named(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path
) -> None:
    """So is one without characters, and one of which some are left out."""
    contents = {"none": "山月", "empty": "", "strict": "The 山"}
    for name, content in contents.items():
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        options = ["--strict"] if name == "strict" else []
        message = refused(capsys, "evaluate", model, "--text", path, *options)
        assert message.startswith(f"charlab: {path}: "), message
    done = run(capsys, "evaluate", model, "--text", tmp_path / "strict")
    assert done.err.startswith(f"charlab: {tmp_path / 'strict'}: 1 of 5 characters")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "the training split has 43 characters, but one batch of"),
        (["--set", "corpus.split=interleaved", "--set", "corpus.streams=50"], "in each segment"),
    ],
)
def test_a_text_that_is_too_short_for_training_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], words: str
) -> None:
    """What is too short depends on the parameters."""
    path = tmp_path / "short.txt"
    path.write_text("Nothing happened.\n" * 3, encoding="utf-8")
    message = refused(capsys, "train", "--text", path, "--out", tmp_path / "out", *options)
    assert message.startswith(f"charlab: {path}: ")
    assert words in message


@pytest.mark.skipif(sys.platform != "linux", reason="needs a name that is not UTF-8")
def test_a_name_in_another_encoding_is_escaped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: Path
) -> None:
    """The model's folder names the text in UTF-8, after hours of training."""
    configs: list[TrainingConfig] = []

    def keep(_: EncodedText, config: TrainingConfig, out: Path) -> dict[str, float]:
        configs.append(config)
        return {}

    monkeypatch.setattr(charlab.commands.train, "train", keep)
    odd = tmp_path / os.fsdecode(b"caf\xe9.txt")
    shutil.copy(text, odd)
    charlab.commands.train.train_alone(odd, tmp_path / "out", overrides=["train.batch_size=4"])
    assert [config.text for config in configs] == [r"caf\udce9"]


def test_a_short_text_is_read_once(tmp_path: Path) -> None:
    """A pipe, such as the shell's <(echo The), has nothing to read a second time."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=["The Ω".encode()], daemon=True)
    writer.start()
    assert read_body(pipe, tiny=True) == "The Ω"
    writer.join()


def test_evaluate_reads_a_text_as_train_does(
    capsys: pytest.CaptureFixture[str], model: Path, text: Path, tmp_path: Path
) -> None:
    """Line ends, a byte order mark and Gutenberg's marks make no difference."""
    body = text.read_text(encoding="utf-8")
    start, end = (f"*** {word} OF THE PROJECT GUTENBERG EBOOK X ***" for word in ("START", "END"))
    raw = f"{start}\n{body}{end}\n".replace("\n", "\r\n").encode("utf-8-sig")
    (tmp_path / "raw.txt").write_bytes(raw)
    plain, marked = (
        run(capsys, "evaluate", model, "--text", path).out for path in (text, tmp_path / "raw.txt")
    )
    assert plain == marked


def test_a_sample_depends_on_the_seed_only(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    """It has the prompt, if any, and as many characters as asked for, the same twice."""
    one, again, other = (
        run(capsys, "sample", model, "--length", 40, "--seed", seed).out for seed in (1, 1, 2)
    )
    assert one == again != other
    assert len(one) == 40 + len("\n")
    given = run(capsys, "sample", model, "--length", 40, "--prompt", "The ").out
    assert given.startswith("The ")
    assert len(given) == len("The ") + 40 + len("\n")


def test_several_samples_are_separated(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    """A numbered line precedes each of several samples."""
    out = run(capsys, "sample", model, "--length", 9, "--count", 3, "--prompt", "a dog").out
    pieces = re.split(r"--- \d of 3\n", out)
    assert pieces[0] == ""
    assert [len(piece) for piece in pieces[1:]] == [15, 15, 15]
    assert all(piece.startswith("a dog") for piece in pieces[1:])


def test_greedy_sampling_ignores_the_seed(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    """Temperature 0, top-k 1 and a tiny top-p all take the most likely character."""
    cold, top, nucleus = (
        run(capsys, "sample", model, "--length", 30, "--seed", seed, *options).out
        for seed, options in enumerate(
            (["--temperature", 0], ["--top-k", 1], ["--top-p", 0.0001]), start=1
        )
    )
    assert cold == top == nucleus


def test_sample_explains_bad_input(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path
) -> None:
    """An unknown character is named with its position; an empty prompt is an error."""
    message = refused(capsys, "sample", model, "--prompt", "The cät")
    assert "Character 'ä' (U+00E4) at position 5 is not in the vocabulary" in message
    assert "the nearest character in it is 'a'" in message
    assert "the prompt is empty" in refused(capsys, "sample", model, "--prompt", "")
    assert "name a folder" in refused(capsys, "sample", tmp_path / "none")


def test_an_option_out_of_range_is_named(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    """Wrong usage of the command has exit status 2, the convention."""
    done = run(capsys, "sample", model, "--temperature", -1)
    assert done.status == 2
    assert "--temperature" in done.err


def test_as_a_program(model: Path) -> None:
    """A shell sees the exit status and one line; a reader that leaves causes no message."""
    start = [sys.executable, "-m", "charlab", "sample", str(model)]
    path = str(Path(charlab.commands.train.__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [*start, "--prompt", "Ω"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("charlab: Character 'Ω'")
    assert done.stderr.count("\n") == 1
    # More text than a pipe holds, for a reader that takes ten bytes.
    long = [*start, "--length", "3000", "--count", "60"]
    with subprocess.Popen(
        long, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(10)
        child.stdout.close()
        assert child.stderr.read() == b""


def test_an_incomplete_model_is_refused(
    capsys: pytest.CaptureFixture[str], model: Path, text: Path, tmp_path: Path
) -> None:
    """A training that was killed while it replaced a model leaves files of two trainings."""
    copy, waiting = tmp_path / "copy", tmp_path / "copy" / ".incomplete-abc"
    shutil.copytree(model, copy)
    waiting.mkdir()
    (copy / "vocab.json").rename(waiting / "vocab.json")
    shutil.copy(model / "vocab.json", copy)
    for command in (["sample", copy], ["evaluate", copy, "--text", text]):
        assert "incomplete, because writing it was interrupted" in refused(capsys, *command)


def test_another_texts_vocabulary_is_refused(
    capsys: pytest.CaptureFixture[str], model: Path, text: Path, tmp_path: Path
) -> None:
    """The kernels would read past the end of their arrays."""
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    Vocabulary.from_text("The cat sat on 55 mats; a dog, too!").save(copy / "vocab.json")
    for command in (["sample", copy], ["evaluate", copy, "--text", text]):
        assert "of different trainings: train again" in refused(capsys, *command)


def test_training_again_replaces_the_model_only(model: Path, text: Path, tmp_path: Path) -> None:
    """A user's notes beside a model stay; its files are those of the new training."""
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    (copy / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SystemExit):
        main(args=["train", "--text", str(text), "--out", str(copy), *SMALL, "--seed", "7"])
    assert {path.name for path in copy.iterdir()} == {*RESULTS, "notes.txt"}
    assert json.loads((copy / "config.json").read_text(encoding="utf-8"))["seed"] == 7


def test_a_place_that_cannot_be_written_is_found_before_the_training(
    capsys: pytest.CaptureFixture[str],
    text: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A folder may exist on a disk that is read-only or full."""

    def fail(*_: object, **__: object) -> str:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(charlab.commands.train, "train", fail)
    monkeypatch.setattr(tempfile, "mkdtemp", fail)
    message = refused(capsys, "train", "--text", text, "--out", tmp_path)
    assert f"{tmp_path}: cannot be written (Read-only file system)" in message
