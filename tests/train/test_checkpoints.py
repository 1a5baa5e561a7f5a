"""Killed trainings continue and end in the same bytes; bad checkpoints are not used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import killed_training
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.train import checkpoints, learners, loop
from charlab.train.checkpoints import Checkpoints, key_of
from charlab.train.divergence import DivergedError
from tiny_training import RESULTS, contents, encoded, fit, periodic

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "weights.a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "state": np.zeros(2),
}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[int]]]:
    """Kill every training many times; return the folder, and the first step of each run."""
    folder = tmp_path_factory.mktemp("killed")
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests.parent / "src"), str(tests)])
    done = subprocess.run(
        [sys.executable, killed_training.__file__, str(folder)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("case", killed_training.CASES)
def test_a_killed_training_ends_in_the_same_bytes(
    killed: tuple[Path, dict[str, list[int]]], case: str
) -> None:
    """After eight deaths, weights, history and metrics are those of an uninterrupted run."""
    folder, _ = killed
    expected = contents(folder / "uninterrupted" / case)
    assert set(RESULTS) <= set(expected)
    snapshots = [name for name in expected if name.startswith("snapshots/")]
    assert len(snapshots) == killed_training.CASES[case].get("snapshots", 0)
    assert contents(folder / "killed" / case) == expected


@pytest.mark.slow
@pytest.mark.parametrize("case", killed_training.CASES)
def test_each_run_continues_from_the_newest_checkpoint(
    killed: tuple[Path, dict[str, list[int]]], case: str
) -> None:
    """A run dies one step after its newest checkpoint, and the next starts at that one."""
    last = killed_training.STEPS - 1
    # From "writing 2" on: the run started at 4, saved 5, and died while it saved 6.
    assert killed[1][case] == [0, 0, 4, 5, 13, 14, 19, last, last]


@pytest.mark.slow
def test_nothing_is_left_behind(killed: tuple[Path, dict[str, list[int]]]) -> None:
    """Neither checkpoints nor half-written files are left in the scratch folder."""
    folder, _ = killed
    for part in ("uninterrupted", "killed"):
        assert {path.name for path in (folder / part).iterdir()} == set(killed_training.CASES)


def test_saving_and_loading(tmp_path: Path) -> None:
    """Arrays keep their types and shapes, and values those of JSON."""
    stored = Checkpoints(tmp_path / "key")
    assert stored.load() is None
    stored.save(ARRAYS, {"step": 3, "best_nats": None, "rows": [{"lr": 0.1}]})
    loaded = stored.load()
    assert loaded is not None
    arrays, progress = loaded
    assert progress == {"step": 3, "best_nats": None, "rows": [{"lr": 0.1}]}
    assert arrays.keys() == ARRAYS.keys()
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], value)
        assert arrays[name].dtype == value.dtype


def test_a_later_checkpoint_replaces_an_earlier_one(tmp_path: Path) -> None:
    """One file holds the newest, and removal deletes the folders."""
    stored = Checkpoints(tmp_path / "scratch" / "key")
    for step in (1, 2):
        stored.save(ARRAYS, {"step": step})
    loaded = stored.load()
    assert loaded is not None
    assert loaded[1] == {"step": 2}
    assert [path.name for path in stored.folder.iterdir()] == ["checkpoint"]
    stored.remove()
    assert list(tmp_path.iterdir()) == []
    stored.remove()


def test_removal_leaves_other_trainings_alone(tmp_path: Path) -> None:
    """The parent folder is deleted only when it is empty."""
    one, other = Checkpoints(tmp_path / "a"), Checkpoints(tmp_path / "b")
    for stored in (one, other):
        stored.save(ARRAYS, {})
    one.remove()
    assert other.load() is not None


def test_the_same_training_in_another_process_may_finish_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process removes the folder in which the other is about to save."""
    stored, fsync = Checkpoints(tmp_path / "key"), os.fsync

    def remove_first(handle: int) -> None:
        stored.remove()
        fsync(handle)

    monkeypatch.setattr(os, "fsync", remove_first)
    stored.save(ARRAYS, {"step": 1})
    assert stored.load() is None


def test_a_training_goes_on_without_checkpoints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its model may be written to another disk than the one that is full; it says so once."""
    (tmp_path / "file").write_bytes(b"")
    stored = Checkpoints(tmp_path / "file" / "key")
    for step in (1, 2):
        stored.save(ARRAYS, {"step": step})
    message = capsys.readouterr().err
    assert message.count("\n") == message.count("no checkpoint") == 1
    assert "cannot be written (Not a directory)" in message
    assert stored.load() is None


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Checkpoints:
    """Return an intact checkpoint."""
    stored = Checkpoints(tmp_path_factory.mktemp("whole"))
    stored.save(ARRAYS, {"step": 1})
    return stored


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_checkpoint_is_ignored(whole: Checkpoints, data: st.DataObject) -> None:
    """It may be cut anywhere, or have any byte changed."""
    content = whole.path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    cut = content[:at]
    flipped = content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))])
    broken = data.draw(st.sampled_from([cut, flipped + content[at + 1 :], b"", cut + bytes(32)]))
    try:
        whole.path.write_bytes(broken)
        assert whole.load() is None
    finally:
        whole.path.write_bytes(content)


CONFIG = {"seed": 1, "text": "a", "model": {"hidden": 4}}
TEXT = "abcab." * 20


def test_key_depends_on_configuration_and_data() -> None:
    """Any difference in them changes the key; equal values in other arrays do not."""
    data = encoded(TEXT, 12, 12)
    others = [
        (CONFIG | {"seed": 2}, data),
        (CONFIG | {"text": "b"}, data),
        (CONFIG | {"model": {"hidden": 5}}, data),
        (CONFIG, encoded(TEXT[:-1] + "a", 12, 12)),
        (CONFIG, encoded(TEXT, 12, 6)),
        (CONFIG, encoded(TEXT, 12, 12, segments=2)),
        (CONFIG, encoded(TEXT.replace("c", "d"), 12, 12)),
    ]
    keys = {key_of(config, text) for config, text in [(CONFIG, data), *others]}
    assert len(keys) == 1 + len(others)
    reordered = dict(reversed(CONFIG.items()))
    assert key_of(reordered, encoded(TEXT, 12, 12)) == key_of(CONFIG, data)


@pytest.mark.parametrize("at", [0, len(TEXT) - 24, len(TEXT) - 12], ids=["train", "val", "test"])
def test_key_depends_on_every_character(at: int) -> None:
    """Two swapped characters of any split change it, although all counts stay the same."""
    swapped = TEXT[:at] + TEXT[at + 1] + TEXT[at] + TEXT[at + 2 :]
    before, after = encoded(TEXT, 12, 12), encoded(swapped, 12, 12)
    assert before.vocab == after.vocab
    assert key_of(CONFIG, before) != key_of(CONFIG, after)


def test_key_depends_on_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed line of a network or of the training changes it."""
    data = encoded(TEXT, 12, 12)
    files = [tmp_path / name for name in ("models/a.py", "train/b.py")]
    for path in files:
        path.parent.mkdir()
        path.write_text("x = 1\n", encoding="utf-8")
    monkeypatch.setattr(checkpoints, "PACKAGE", tmp_path)
    keys = [key_of(CONFIG, data)]
    for path in files:
        path.write_text("x = 2\n", encoding="utf-8")
        keys.append(key_of(CONFIG, data))
    assert len(set(keys)) == 3


def test_the_code_exists() -> None:
    """The patterns match the source files that a training uses."""
    files = {p.name for pattern in checkpoints.CODE for p in checkpoints.PACKAGE.glob(pattern)}
    assert {"products.py", "weights.py", "loop.py", "torch_learner.py"} <= files


@pytest.mark.parametrize("library", ["torch", "numpy", "numba"])
def test_key_depends_on_the_libraries(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """Another release may round differently, so it must not continue this one's training."""
    data = encoded(TEXT, 12, 12)
    before = key_of(CONFIG, data)
    version = metadata.version
    monkeypatch.setattr(
        metadata, "version", lambda name: "0.0.0" if name == library else version(name)
    )
    assert key_of(CONFIG, data) != before


class PowerCutError(Exception):
    """Stands for a power cut during a training."""


def interrupted(out: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Path:
    """Stop a training at its eighth step; return its newest checkpoint's path."""
    advance = loop.TrainingLoop._advance

    def stop(training: loop.TrainingLoop) -> None:
        if training.run.step == 8:
            raise PowerCutError
        advance(training)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        patch.setattr(loop.TrainingLoop, "_advance", stop)
        with pytest.raises(PowerCutError):
            fit(out, **changes)
    (path,) = (out.parent / "scratch").glob("*/checkpoint")
    return path


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each training appends its first step."""
    noted: list[int] = []
    resume = loop._resume

    def noting(*arguments: Any) -> Any:
        run = resume(*arguments)
        noted.append(run.step)
        return run

    monkeypatch.setattr(loop, "_resume", noting)
    return noted


@pytest.mark.parametrize("case", killed_training.CASES)
def test_an_interrupted_training_ends_in_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: list[int], case: str
) -> None:
    """For every kind of network and optimizer it continues where it was interrupted."""
    fit(tmp_path / "uninterrupted", **killed_training.CASES[case])
    interrupted(tmp_path / "out", monkeypatch, **killed_training.CASES[case])
    fit(tmp_path / "out", **killed_training.CASES[case])
    assert starts == [0, 0, 8]
    assert contents(tmp_path / "out") == contents(tmp_path / "uninterrupted")


def test_pending_losses_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: list[int]
) -> None:
    """After a checkpoint between two readings of the losses, the history is the same."""
    fit(tmp_path / "uninterrupted")
    monkeypatch.setitem(learners.LAG, "cpu", 1000)
    interrupted(tmp_path / "out", monkeypatch)
    fit(tmp_path / "out")
    assert starts == [0, 0, 8]
    assert contents(tmp_path / "out") == contents(tmp_path / "uninterrupted")


def test_a_damaged_checkpoint_starts_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: list[int]
) -> None:
    """One flipped bit in the weights is noticed, and the result is the same."""
    fit(tmp_path / "uninterrupted")
    path = interrupted(tmp_path / "out", monkeypatch)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    fit(tmp_path / "out")
    assert starts == [0, 0, 0]
    assert contents(tmp_path / "out") == contents(tmp_path / "uninterrupted")
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(
    "changes",
    [{"seed": 2}, {"learning_rate": 0.03}, {"model": {"hidden": 17}}, {"data": periodic(1260)}],
    ids=["seed", "train", "model", "text"],
)
def test_a_checkpoint_of_another_configuration_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: list[int], changes: dict[str, Any]
) -> None:
    """It is kept for the training to which it belongs."""
    path = interrupted(tmp_path / "out", monkeypatch)
    fit(tmp_path / "other", **changes)
    assert path.is_file()
    fit(tmp_path / "out")
    assert starts == [0, 0, 8]


def test_a_resumed_training_diverges_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints are from before the divergence, so the message names the same step."""
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    hopeless: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 300.0, "clip": "none"}
    messages = []
    for _ in range(2):
        with pytest.raises(DivergedError) as raised:
            fit(tmp_path / "out", **hopeless)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]
