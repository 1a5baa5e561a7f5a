"""DVC commands end when a signal asks this process to."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from charlab.commands import children
from charlab.commands.children import Children, StoppedError, stopped_by_signals

FAKE = """\
import sys, time
from pathlib import Path
# Whoever sees the file may read it at once.
Path("starting").write_text(" ".join(sys.argv[1:]))
Path("starting").rename("started")
time.sleep(30)
"""


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Children:
    """Start a child that sleeps instead of DVC."""
    (tmp_path / "sleeping_dvc.py").write_text(FAKE, encoding="utf-8")
    monkeypatch.setattr(children, "CHILD", "sleeping_dvc")
    monkeypatch.chdir(tmp_path)
    started = Children()

    def run() -> None:
        """Run the child to its end."""
        with (tmp_path / "log").open("wb") as log:
            started.run(["repro", "train"], log)

    threading.Thread(target=run, daemon=True).start()
    deadline = time.monotonic() + 20
    while not (tmp_path / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return started


@pytest.mark.usefixtures("heeded_signals")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not deliver signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_children(running: Children, name: str) -> None:
    """The first signal raises; none is left, and none starts any more."""
    number = signal.Signals[name]
    before = signal.getsignal(number)
    with pytest.raises(StoppedError, match=name) as stopped, stopped_by_signals(running):
        os.kill(os.getpid(), number)
        time.sleep(5)
    assert stopped.value.number == number
    running.wait()
    with Path("log").open("wb") as log:
        assert running.run(["repro", "sample"], log) == 1
    assert signal.getsignal(number) is before


def test_a_child_gets_the_process_id_to_watch(running: Children, tmp_path: Path) -> None:
    """The process id comes first, DVC's own arguments after it."""
    assert (tmp_path / "started").read_text() == f"{os.getpid()} repro train"
    running.stop()
    running.wait()
