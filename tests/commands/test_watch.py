"""``charlab watch`` finds the trainings of a project, and draws them on any terminal."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rich.console import Console

from charlab.commands import watch
from charlab.commands.chart import chart, short, sparkline
from charlab.commands.running import Training, Trainings
from charlab.commands.training_stages import Stage, jobs_of, training_stages
from charlab.commands.watch import Page, picture
from charlab.core.files import read_json, write_json
from charlab.train import loop
from charlab.train.checkpoints import Checkpoints
from charlab.train.loop import train
from charlab.vocab.encoded_text import EncodedText, encode_text
from charlab.vocab.params import SplitParams
from command_line import refused, run
from project_clone import make_clone
from tiny_training import PERIOD

TRAIN = {"batch_size": 4, "seq_len": 12, "epochs": 1, "learning_rate": 0.02, "evaluations": 3}
PARAMS = {
    "seed": 1,
    "text": "x",
    "model": {"cell": "gru", "hidden": 16},
    "train": TRAIN,
    "study": {
        "seeds": [1, 2],
        "defaults": {"model": {"cell": "rnn", "hidden": 8}, "train": TRAIN},
        "variants": {"small": {"text": "x"}, "rnn": {"text": "x", "seeds": [5]}},
    },
}


def write_params(folder: Path, **changes: object) -> None:
    """Write a project's parameters."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.yaml").write_text(yaml.safe_dump(PARAMS | changes), encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project with one encoded text of 960 characters in its training split."""
    folder = tmp_path / "project"
    write_params(folder)
    (folder / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    (folder / "text").write_text(PERIOD * 200, encoding="utf-8")
    encode_text(folder / "text", SplitParams(val=0.1, test=0.1), folder / "data/vocab/x")
    return folder


def interrupted(stage: Stage, monkeypatch: pytest.MonkeyPatch, number: int = 0) -> Path:
    """Train as a stage does until its last checkpoint; return the model's folder, removed."""
    job = jobs_of(stage)[number]
    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(Checkpoints, "remove", lambda self: None)
        scratch = stage.folder / ".charlab/scratch"
        train(EncodedText.load(job.text), job.config, job.out, scratch=scratch)
    return job.out


def test_a_checkpoint_says_how_far_a_training_is(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Characters, losses and the curve are those of history.csv; speed and rest follow."""
    begun = time.time() - 2
    stage = Stage(root, "train", begun)
    trainings = Trainings(root)
    (one,) = trainings.running([stage], begun)
    assert (one.name, one.chars, one.total, one.curve, one.note) == ("train", 0, 912, (), "")
    out = interrupted(stage, monkeypatch)
    (done,) = trainings.finished()
    shutil.rmtree(out)
    (one,) = trainings.running([stage], begun)
    assert (one.chars, one.total) == (864, 912)  # 18 of 19 steps
    np.testing.assert_allclose(one.curve, done.curve[:2], rtol=1e-6)
    assert one.val == one.curve[-1][2]
    assert one.train == pytest.approx(done.curve[2][1], rel=0.1)
    assert one.speed == pytest.approx(864 / (one.when - begun))
    assert one.speed and one.left(one.when) == pytest.approx(48 / one.speed)
    # Of two checkpoints the speed is that between them.
    (path,) = root.glob(".charlab/scratch/*/checkpoint")
    os.utime(path, (one.when + 4, one.when + 4))
    (later,) = trainings.running([stage], begun)
    assert (later.when, later.speed) == (one.when + 4, 0)
    assert later.left(begun) is None
    assert trainings.running([stage], begun) == [later]


def test_seeds_are_trained_in_turn(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results from before the stage began are of an earlier run."""
    stage = Stage(root, "train-variant@small", time.time() - 5)
    interrupted(stage, monkeypatch)
    trainings = Trainings(root)
    (one,) = trainings.running([stage], time.time() + 60)
    assert (one.name, one.note, one.chars) == ("small", "seed 2 of 2", 0)
    (one,) = trainings.running([Stage(root, stage.name, time.time() + 5)], time.time() + 60)
    assert (one.note, one.chars) == ("seed 1 of 2", 864)
    (one,) = trainings.running([Stage(root, "train-variant@rnn", 0)], time.time() + 60)
    assert (one.note, one.chars) == ("", 0)
    assert trainings.running([Stage(root, "train-variant@gone", 0)], time.time() + 60) == []


def test_a_log_tells_more_than_a_checkpoint(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines of a short training are read before it has saved any checkpoint."""
    log, begun = root / "log", time.time() - 5
    stage = Stage(root, "train", begun, log)
    shutil.rmtree(interrupted(stage, monkeypatch))
    shutil.rmtree(root / ".charlab")
    lines = capsys.readouterr().err.splitlines(keepends=True)
    assert "100%" in lines[-1]
    earlier = "".join(lines).replace("val", "val 9").encode()
    log.write_bytes(b"\xff\x1b[2J\n" + earlier + "".join(lines[:-1]).encode())
    (one,) = Trainings(root).running([stage], begun)
    assert 600 < one.chars < 912
    assert len(one.curve) == 2
    assert one.val is not None
    assert one.val < 9
    assert one.speed is not None
    for text in (earlier, b"x seed 12: 50%, 9 characters/s, 1 s left\n", b""):
        log.write_bytes(text)
        assert Trainings(root).running([stage], begun)[0].chars == 0


def test_an_experiment_is_named_by_its_changes(root: Path) -> None:
    """DVC trains in a copy of the project; strings of params.yaml cannot command a terminal."""
    copy = root / ".dvc/tmp/exps/tmpabc"
    shutil.copytree(root / "data", copy / "data")
    stage = Stage(copy, "train", time.time())
    for model, name in (
        ({"cell": "lstm", "hidden": 16}, "cell=lstm"),
        ({"cell": "lstm", "hidden": 9}, "cell=lstm, hidden=9"),
        (PARAMS["model"], "train in tmpabc"),
    ):
        write_params(copy, model=model)
        assert [one.name for one in Trainings(root).running([stage], 0)] == [name]
    (root / "params.yaml").write_text("model: 3", encoding="utf-8")  # being edited
    assert [one.name for one in Trainings(root).running([stage], 0)] == ["train in tmpabc"]
    write_params(copy, model="\x1b[2J")  # what cannot be read is left out
    assert Trainings(root).running([stage], 0) == []


def test_other_trainings_are_those_that_save_checkpoints(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of charlab train and a sweep nothing else is known; an old checkpoint was interrupted."""
    shutil.rmtree(interrupted(Stage(root, "train", 0), monkeypatch))
    now, trainings = time.time(), Trainings(root)
    (one,) = trainings.running([], now)
    assert (one.name, one.chars, one.total, one.speed) == ("unnamed", 864, None, None)
    assert trainings.running([], now + 31) == []
    (path,) = root.glob(".charlab/scratch/*/checkpoint")
    os.utime(path, (now + 2, now + 2))
    assert trainings.running([], now)[0].speed == 0


@pytest.mark.parametrize("content", [b"", b"\xff" * 9, bytes(64), b"\x02\0\0\0\0\0\0\0{}", b"\1\0"])
def test_a_damaged_checkpoint_is_left_out(root: Path, content: bytes) -> None:
    """The others are shown; the training itself starts anew."""
    path = root / ".charlab/scratch/a/checkpoint"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert Trainings(root).running([], time.time()) == []


def test_finished_trainings_are_one_line_for_each_variant(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses are means over the seeds that are there; the newest comes first."""
    stage = Stage(root, "train-variant@small", 0)
    folders = [interrupted(stage, monkeypatch, number) for number in (0, 1)]
    model = interrupted(Stage(root, "train", 0), monkeypatch)
    os.utime(model / "metrics.json", (1, 1))
    small, other = Trainings(root).finished()
    losses = [read_json(folder / "metrics.json")["val_bpc"] for folder in folders]
    assert (small.name, small.note, small.val) == ("small", "2 seeds", sum(losses) / 2)
    assert (other.name, other.note) == ("model", "1 seed")
    write_json(
        folders[0] / "metrics.json",
        read_json(folders[0] / "metrics.json") | {"diverged_at_step": 1},
    )
    assert Trainings(root).finished()[0].note == "2 seeds, 1 diverged"
    (model / "history.csv").write_bytes(b"step,chars\n1")
    (folders[0] / "metrics.json").write_text("{", encoding="utf-8")
    assert Trainings(root).finished() == []


def made(name: str, number: int, **changes: Any) -> Training:
    """Return a training half done."""
    curve = tuple(
        (chars, 4 - chars / 600_000, 4.5 - number - chars / 600_000)
        for chars in range(100_000, 900_000, 100_000)
    )
    given: dict[str, Any] = {
        "chars": 800_000,
        "total": 2_000_000,
        "curve": curve,
        "train": 2.1,
        "val": 2.2,
        "speed": 20_000.0,
    }
    return Training(name, 100.0, **given | changes)


PAGES = {
    "wide": Page(110, 40),
    "letters": Page(80, 24, color=False),
    "ascii": Page(60, 20, ascii=True),
    "phone": Page(34, 30),
    "tiny": Page(12, 5),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_picture_fits_its_page(page: Page, count: int) -> None:
    """No line is longer than the terminal; only running trainings may make it higher."""
    live = [made(f"variant-{n}\x1b[2J", n) for n in range(count)]
    done = [made("x" * 50, n, chars=10**n, speed=None, note="3 seeds") for n in range(40)]
    lines = picture(live, done, page, 100.0).plain.split("\n")
    assert max(map(len, lines)) <= page.width
    assert len(lines) < max(page.height, count + 2)
    assert "\x1b" not in "".join(lines)
    if page.ascii:
        assert "".join(lines).isascii()


def test_a_line_has_the_figures_that_fit() -> None:
    """The most wanted come first, and none is cut."""
    one = made("gru", 0, note="seed 2 of 3")
    whole = " 40%  val 2.200  train 2.100  00:58 left  20 k/s  800 k of 2 M characters  seed 2 of 3"
    (line,) = picture([one], [], Page(110, 4), 102.0).plain.split("\n")[1:]
    assert line == f"■ gru  {whole}"
    (line,) = picture([one], [], Page(44, 4), 102.0).plain.split("\n")[1:]
    assert line == "■ gru   40%  val 2.200  train 2.100"
    begins = Training("gru", 100.0, total=5, train=3.5)
    assert (
        picture([begins], [], PAGES["wide"], 1.0).plain.split("\n")[1]
        == "■ gru  begins, train 3.500"
    )


def test_a_chart_has_its_curves_in_their_places() -> None:
    """The first point is above the last one's place, at the left edge; the axes have numbers."""
    falling, level = [(0, 4.0), (100, 1.0)], [(0, 1.0), (50, 1.0)]
    cells = chart([falling, level, []], 100, 47, 12, plain=True)
    lines = ["".join(cell.char for cell in row) for row in cells]
    assert len(lines) == 12
    assert {len(line) for line in lines} == {47}
    assert lines[0].startswith("3.90 | a")
    assert lines[9].startswith("1.10 | b")
    assert lines[9].endswith("a")
    assert lines[9].count("b") == 21
    assert lines[11].split() == ["0", "100", "characters"]
    assert lines[5].startswith("2.34 |")
    dots = chart([falling, level], 100, 47, 12)
    assert "\N{BRAILLE PATTERN BLANK}" < dots[0][7].char <= "\N{BRAILLE PATTERN DOTS-12345678}"
    assert {cell.curve for row in dots for cell in row} == {None, 0, 1}
    # A curve of finite losses may be longer than its training's mean; none may be too long.
    longer = made("x", 0, total=None, chars=10)
    assert "loss on val" in picture([], [longer], PAGES["wide"], 0.0).plain
    # One point, and curves without any height, have a chart as well.
    assert chart([[(5, 2.0)]], 10, 30, 9)


def test_numbers_and_sparklines_are_short() -> None:
    """Both keep to their widths for any numbers."""
    assert [short(n) for n in (0, 999, 60_000, 999_999, 12_345_678)] == [
        "0",
        "999",
        "60 k",
        "1000 k",
        "12 M",
    ]
    assert sparkline([3, 2, 1], 12) == "█▅▁"
    assert sparkline([1, 1], 12, plain=True) == "__"
    assert len(sparkline(range(100), 12)) == 12
    assert sparkline([], 12) == ""


def test_training_processes_are_found(root: Path) -> None:
    """Those of the project and of DVC's copies below it, with their stage and log; no others."""
    copy, words = root / ".dvc/tmp/exps/tmp1", ["-c", "import time; time.sleep(600)"]
    copy.mkdir(parents=True)
    log = root / "log"
    variant = {**os.environ, "DVC_STAGE": "train-variant@gru"}
    with log.open("wb") as stream:
        started = [
            subprocess.Popen([sys.executable, *words, script], cwd=folder, env=env, stderr=stream)
            for script, folder, env in (
                ("stages/train.py", root, None),
                ("stages/train_variant.py", copy, variant),
                ("stages/sample.py", root, None),
                ("stages/train.py", root.parent, None),
            )
        ]
    try:
        first, second = training_stages(root)
        assert (first.folder, first.name) == (root, "train")
        assert (second.folder, second.name) == (copy, "train-variant@gru")
        assert first.started <= second.started <= time.time()
        if sys.platform == "linux":
            assert first.log == log
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_once_is_for_scripts(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit status says whether a training runs; without a terminal there is one picture too."""
    monkeypatch.chdir(root / "data")
    monkeypatch.setenv("COLUMNS", "80")
    done = run(capsys, "watch", "--once")
    assert (done.status, done.err) == (1, "")
    assert done.out.startswith("no training is running\n'dvc repro', ")
    assert run(capsys, "watch").status == 0
    shutil.rmtree(interrupted(Stage(root, "train", 0), monkeypatch))
    done = run(capsys, "watch", "--once")
    assert done.status == 0
    first, second, *_ = done.out.splitlines()
    assert first == "1 training running"
    assert second.startswith("■ unnamed  val ")
    monkeypatch.chdir(root.parent)
    assert "has no dvc.yaml" in refused(capsys, "watch")


def test_a_terminal_shows_it_until_ctrl_c(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look draws again, with the width that the terminal then has."""
    looks = iter([None, None, KeyboardInterrupt])

    def sleep(seconds: float) -> None:
        if error := next(looks):
            raise error

    out = io.StringIO()
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(
        watch, "Console", lambda **_: Console(file=out, force_terminal=True, width=50)
    )
    assert watch.watch(root, once=False) is False
    assert out.getvalue().count("no training is running") >= 3


@pytest.mark.slow
def test_watch_shows_a_training_that_dvc_runs(tmp_path: Path) -> None:
    """It has its figures while it runs, as the stage's process and its log give them."""
    clone = make_clone(tmp_path)
    params = clone.root / "params.yaml"
    # A training of minutes, that shows itself early.
    text = params.read_text(encoding="utf-8").replace("hidden: 16}", "hidden: 64}")
    text = text.replace("epochs: 1", "epochs: 2000").replace("evaluations: 2", "evaluations: 2000")
    params.write_text(text, encoding="utf-8")
    clone.run("dvc", "repro", "vocab@invented")
    environment = clone.environment()
    with (tmp_path / "log").open("wb") as log:
        dvc = subprocess.Popen(
            ["dvc", "repro", "--single-item", "train"],
            cwd=clone.root, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        done = clone.run("charlab", "watch", "--once", check=False)
        for _ in range(120):
            if " left  " in done.stdout:
                break
            assert dvc.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
            time.sleep(1)
            done = clone.run("charlab", "watch", "--once", check=False)
        assert done.returncode == 0
        assert re.match(r"1 training running\n■ train +\d+%  val ", done.stdout)
    finally:
        dvc.terminate()
        dvc.wait()
    assert clone.run("charlab", "watch", "--once", check=False).returncode == 1
