"""A process ends with the one that started it, also through a shell."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from charlab.core.processes import kill_children, starters

ROOT = Path(__file__).parents[2]
CHILD = """\
import signal, sys, time
from pathlib import Path
from charlab.core.processes import end_with_parent
end_with_parent(signal.SIGTERM)
Path("ready").touch()
time.sleep(30)
"""
PARENT = """\
import subprocess, sys
subprocess.run(sys.argv[1:])
"""


@pytest.mark.parametrize("shell", [[], ["sh", "-c", '"$@"; exit', "sh"]], ids=["direct", "shell"])
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_a_child_ends_with_a_killed_parent(tmp_path: Path, shell: list[str]) -> None:
    """A killed parent cannot tell its child, nor can a shell between the two."""
    python = sys.executable
    parent = subprocess.Popen(
        [python, "-c", PARENT, *shell, python, "-c", CHILD],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "ready").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    descendants = psutil.Process(parent.pid).children(recursive=True)
    assert len(descendants) == (2 if shell else 1)
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(descendants, timeout=20)
    assert not alive


def test_an_orphan_has_no_starters() -> None:
    """A process that the system has adopted must end, except if process 1 is DVC itself."""

    class Process:
        def __init__(self, pid: int, name: str, *words: str) -> None:
            self.pid, self.words = pid, list(words)
            self.name = lambda: name
            self.cmdline = lambda: self.words

    class Child:
        def __init__(self, *parents: Process) -> None:
            self.parents = lambda: list(parents)

    dvc = Process(7, "python3", "python3", "/usr/bin/dvc", "repro")
    shell, init = Process(8, "sh", "sh"), Process(1, "init", "/sbin/init")
    container = Process(1, "python3", "python3", "-m", "dvc", "repro")
    chains = {
        (dvc, init): [dvc],
        (shell, dvc, init): [shell, dvc],
        (container,): [container],
        (init,): [],
        (shell, init): [],
        (): [],
    }
    for parents, expected in chains.items():
        assert starters(Child(*parents)) == expected


def test_kill_children_kills_descendants() -> None:
    """The child of the child is killed too."""
    sleeper = "import time; time.sleep(30)"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {sleeper!r}])"
    child = subprocess.Popen([sys.executable, "-c", script])
    while not (below := psutil.Process(child.pid).children()):
        time.sleep(0.02)
    kill_children(0.2)
    child.wait(10)
    assert not psutil.wait_procs(below, timeout=10)[1]
