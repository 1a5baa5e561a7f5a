"""A training that is killed goes on, and ends in the same bytes; bad checkpoints are not used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import killed_training
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.train import checkpoints, learners, loop
from charlab.train.checkpoints import Checkpoints, key_of
from charlab.train.loop import DivergedError
from tiny_training import RESULTS, contents, fit, numbered, periodic

ARRAYS = {"weights.a": np.arange(6, dtype=np.float32).reshape(2, 3), "state": np.zeros(2)}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[int]]]:
    """Kill every training many times; return the folder, and where each run started."""
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


@pytest.mark.parametrize("case", killed_training.CASES)
def test_killed_and_straight_end_in_the_same_bytes(
    killed: tuple[Path, dict[str, list[int]]], case: str
) -> None:
    """Weights, history, metrics: after eight deaths everything is as if there had been none."""
    folder, _ = killed
    straight = contents(folder / "straight" / case)
    assert set(RESULTS) <= set(straight)
    snapshots = [name for name in straight if name.startswith("snapshots/")]
    assert len(snapshots) == killed_training.CASES[case].get("snapshots", 0)
    assert contents(folder / "killed" / case) == straight


@pytest.mark.parametrize("case", killed_training.CASES)
def test_each_run_goes_on_where_the_last_was_saved(
    killed: tuple[Path, dict[str, list[int]]], case: str
) -> None:
    """A run dies one step after its newest checkpoint, and the next starts at that one."""
    last = killed_training.STEPS - 1
    # From "writing 2" on: the run started at 4, saved 5, and died while it saved 6.
    assert killed[1][case] == [0, 0, 4, 5, 13, 14, 19, last, last]


def test_nothing_is_left_behind(killed: tuple[Path, dict[str, list[int]]]) -> None:
    """Neither checkpoints nor what a death left half-written lies in the scratch folder."""
    folder, _ = killed
    for part in ("straight", "killed"):
        assert {path.name for path in (folder / part).iterdir()} == set(killed_training.CASES)


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    """Arrays with their types and shapes, and values as JSON has them."""
    stored = Checkpoints(tmp_path / "key")
    assert stored.load() is None
    stored.save(ARRAYS, {"step": 3, "best_nats": None, "rows": [{"lr": 0.1}]})
    found = stored.load()
    assert found is not None
    arrays, progress = found
    assert progress == {"step": 3, "best_nats": None, "rows": [{"lr": 0.1}]}
    assert arrays.keys() == ARRAYS.keys()
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], value)
        assert arrays[name].dtype == value.dtype


def test_a_later_one_replaces_an_earlier(tmp_path: Path) -> None:
    """One file holds the newest, and removal takes the folders away."""
    stored = Checkpoints(tmp_path / "scratch" / "key")
    for step in (1, 2):
        stored.save(ARRAYS, {"step": step})
    found = stored.load()
    assert found is not None
    assert found[1] == {"step": 2}
    assert [path.name for path in stored.folder.iterdir()] == ["checkpoint"]
    stored.remove()
    assert list(tmp_path.iterdir()) == []
    stored.remove()


def test_removal_leaves_other_trainings_alone(tmp_path: Path) -> None:
    """The folder above goes only when it is empty."""
    one, other = Checkpoints(tmp_path / "a"), Checkpoints(tmp_path / "b")
    for stored in (one, other):
        stored.save(ARRAYS, {})
    one.remove()
    assert other.load() is not None


def test_a_twin_that_finishes_first_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same training run twice at once: one removes what the other is about to save."""
    stored, fsync = Checkpoints(tmp_path / "key"), os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (stored.remove(), fsync(handle)))
    stored.save(ARRAYS, {"step": 1})
    assert stored.load() is None


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Checkpoints:
    """Return a checkpoint that was saved well."""
    stored = Checkpoints(tmp_path_factory.mktemp("whole"))
    stored.save(ARRAYS, {"step": 1})
    return stored


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_one_is_not_used(whole: Checkpoints, data: st.DataObject) -> None:
    """Cut anywhere, or with any byte changed, it is as if there were none."""
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


def test_key_is_of_configuration_and_data() -> None:
    """Any difference in them is another training; the same values in other arrays are not."""
    data = numbered(TEXT, 12, 12)
    others = [
        (CONFIG | {"seed": 2}, data),
        (CONFIG | {"text": "b"}, data),
        (CONFIG | {"model": {"hidden": 5}}, data),
        (CONFIG, numbered(TEXT[:-1] + "a", 12, 12)),
        (CONFIG, numbered(TEXT, 12, 6)),
        (CONFIG, numbered(TEXT, 12, 12, segments=2)),
        (CONFIG, numbered(TEXT.replace("c", "d"), 12, 12)),
    ]
    keys = {key_of(config, text) for config, text in [(CONFIG, data), *others]}
    assert len(keys) == 1 + len(others)
    reordered = dict(reversed(CONFIG.items()))
    assert key_of(reordered, numbered(TEXT, 12, 12)) == key_of(CONFIG, data)


def test_key_is_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed line of a network or of the training is another training."""
    data = numbered(TEXT, 12, 12)
    files = [tmp_path / name for name in ("models/a.py", "training/b.py")]
    files.append(tmp_path / "evaluation" / "likelihood.py")
    for path in files:
        path.parent.mkdir()
        path.write_text("x = 1\n", encoding="utf-8")
    monkeypatch.setattr(checkpoints, "PACKAGE", tmp_path)
    keys = [key_of(CONFIG, data)]
    for path in files:
        path.write_text("x = 2\n", encoding="utf-8")
        keys.append(key_of(CONFIG, data))
    assert len(set(keys)) == 4


@pytest.mark.parametrize("library", ["torch", "np"])
def test_key_is_of_the_libraries(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """Another release may round otherwise, so it does not go on where this one was."""
    data = numbered(TEXT, 12, 12)
    before = key_of(CONFIG, data)
    monkeypatch.setattr(getattr(checkpoints, library), "__version__", "0.0.0")
    assert key_of(CONFIG, data) != before


class PowerCutError(Exception):
    """Stops a training where a power cut would."""


def interrupted(out: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Path:
    """Stop a training at its eighth step; return its newest checkpoint's path."""
    advance = loop._Training._advance

    def stop(training: Any, run: Any) -> None:
        if run.step == 8:
            raise PowerCutError
        advance(training, run)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        patch.setattr(loop._Training, "_advance", stop)
        with pytest.raises(PowerCutError):
            fit(out, **changes)
    (found,) = (out.parent / "scratch").glob("*/checkpoint")
    return found


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each training adds the step that it starts from."""
    noted: list[int] = []
    resumed = loop._resumed

    def noting(*arguments: Any) -> Any:
        run = resumed(*arguments)
        noted.append(run.step)
        return run

    monkeypatch.setattr(loop, "_resumed", noting)
    return noted


def test_unseen_losses_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: list[int]
) -> None:
    """A checkpoint between two looks at the losses: the history is that of a straight run."""
    fit(tmp_path / "straight")
    monkeypatch.setitem(learners.LAG, "cpu", 1000)
    interrupted(tmp_path / "out", monkeypatch)
    fit(tmp_path / "out")
    assert starts == [0, 0, 8]
    assert contents(tmp_path / "out") == contents(tmp_path / "straight")


def test_a_damaged_checkpoint_starts_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: list[int]
) -> None:
    """One flipped bit in the weights is noticed; the result is that of a straight run."""
    fit(tmp_path / "straight")
    path = interrupted(tmp_path / "out", monkeypatch)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    fit(tmp_path / "out")
    assert starts == [0, 0, 0]
    assert contents(tmp_path / "out") == contents(tmp_path / "straight")
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(
    "changes",
    [{"seed": 2}, {"learning_rate": 0.03}, {"model": {"hidden": 17}}, {"data": periodic(1260)}],
    ids=["seed", "train", "model", "text"],
)
def test_a_checkpoint_of_another_configuration_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: list[int], changes: dict[str, Any]
) -> None:
    """It stays where it is, for the training that it belongs to."""
    path = interrupted(tmp_path / "out", monkeypatch)
    fit(tmp_path / "other", **changes)
    assert path.is_file()
    fit(tmp_path / "out")
    assert starts == [0, 0, 8]


def test_a_divergence_comes_again_after_a_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a checkpoint holds is from before it: the same step is named again."""
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    hopeless = {"optimizer": "sgd", "learning_rate": 300.0, "clip": "none"}
    messages = []
    for _ in range(2):
        with pytest.raises(DivergedError) as raised:
            fit(tmp_path / "out", **hopeless)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]
