"""Kills and edits in the middle of a run of the real dvc, and the same command again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from project_clone import Clone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="Windows has neither of the signals"),
]

STAGE = "stages/train.py"


@pytest.fixture(scope="module")
def ready(clone: Clone) -> Clone:
    """Return the clone with everything that a long training needs."""
    clone.run("dvc", "repro", "train")
    # Each run goes on from the last one's checkpoint, and none may come to the end.
    edit(clone, "epochs: 1", "epochs: 5000")
    return clone


def edit(clone: Clone, old: str, new: str) -> None:
    """Replace a part of params.yaml, which it has."""
    path = clone.root / "params.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    # Only the first: that of the model, and not of the variants.
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def start(clone: Clone, *command: str) -> subprocess.Popen[str]:
    """Start a command in the clone, and wait until the training runs."""
    own = {"HOME": str(clone.root.parent / "home"), "PYTHONPATH": str(clone.root / "src")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    started = subprocess.Popen(
        command,
        cwd=clone.root,
        env={**os.environ, **own, "PATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 300
    while not any(STAGE in " ".join(words) for words in below(started.pid).values()):
        assert time.monotonic() < deadline
        assert started.poll() is None, started.communicate()[0]
        time.sleep(0.1)
    return started


def below(pid: int) -> dict[psutil.Process, list[str]]:
    """Return the command lines of a process's descendants."""
    found = {}
    for process in psutil.Process(pid).children(recursive=True):
        try:
            found[process] = process.cmdline()
        except psutil.Error:
            continue  # it has just ended
    return found


@pytest.mark.usefixtures("heeded_signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", [["charlab", "fan-out", "--workers", "1"], ["dvc", "repro"]])
def test_stages_end_with_the_program_that_runs_them(
    ready: Clone, command: list[str], number: signal.Signals
) -> None:
    """No stage goes on, and nothing is busy or damaged."""
    started = start(ready, *command)
    descendants = list(below(started.pid))
    started.send_signal(number)
    output = started.communicate(timeout=60)[0]
    assert "Traceback" not in output
    assert not psutil.wait_procs(descendants, timeout=60)[1]
    assert ready.run("charlab", "mend").stdout.startswith("nothing to mend")


def test_an_edit_in_mid_run_is_not_recorded(ready: Clone) -> None:
    """The stage fails and says why; the next run trains with the new value."""
    started = start(ready, "dvc", "repro", "train")
    time.sleep(3)
    edit(ready, "epochs: 5000", "epochs: 2")
    assert "train changed while this stage ran" in started.communicate()[0]
    assert started.returncode
    ready.run("dvc", "repro", "train")
    config = (ready.root / "data/model/config.json").read_text(encoding="utf-8")
    assert '"epochs": 2' in config
