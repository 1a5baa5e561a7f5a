"""A clone in a place as different from another as one machine allows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from import_graph import ROOT
from project_clone import Clone

NOBODY = 65534

SOURCES = ("src", "stages", "studies", "docs", "tests", "dvc.yaml", "params.yaml")
"""What no stage writes."""


@dataclass(frozen=True)
class Strange:
    """A clone of another user, with read-only sources, in another locale and time zone.

    Attributes
    ----------
    clone : Clone
        The clone.
    user : tuple of str
        Words before a command that let another user run it; empty if that is impossible.
    reason : str
        Why it is.
    """

    clone: Clone
    user: tuple[str, ...]
    reason: str

    def run(self, *command: str) -> None:
        """Run a command in the strange place."""
        self.clone.run(*self.user, *command, check=True, **self._environment())

    def kill_in_mid_run(self, *command: str) -> None:
        """Kill a run of the pipeline when it trains the first variant, and wait for its stages."""
        started = self.clone.start(*self.user, *command, **self._environment())
        deadline = time.monotonic() + 300
        below: list[psutil.Process] = []
        while not any("train_variant.py" in words for words in map(_command_line, below)):
            assert time.monotonic() < deadline
            assert started.poll() is None, started.communicate()[0]
            time.sleep(0.05)
            below = psutil.Process(started.pid).children(recursive=True)
        started.kill()
        started.communicate(timeout=60)
        psutil.wait_procs(below, timeout=60)
        assert not list((self.clone.root / "report").glob("report.md"))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep every core busy meanwhile, with processes that give way."""
        line = "import os\nos.nice(10)\nwhile True: pass"
        others = [
            subprocess.Popen([sys.executable, "-c", line]) for _ in range(os.cpu_count() or 1)
        ]
        try:
            yield
        finally:
            for other in others:
                other.kill()
                other.wait()

    def _environment(self) -> dict[str, str]:
        top = self.clone.root.parent
        return {
            "LC_ALL": "C",
            "TZ": "XYZ-13:45",
            "PYTHONHASHSEED": "12345",
            "NUMBA_CACHE_DIR": str(top / "numba"),
            "DVC_SITE_CACHE_DIR": str(top / "dvc"),
            "TMPDIR": str(top / "home"),
        }


def made_strange(clone: Clone) -> Strange:
    """Give a clone to another user, and let nobody write to its sources."""
    root, top = clone.root, clone.root.parent
    for name in ("metrics", "plots", "report"):
        shutil.rmtree(root / name)
    (root / "dvc.lock").unlink()
    (top / "home").mkdir()
    (top / "home/.gitconfig").write_text("[safe]\n\tdirectory = *\n", encoding="utf-8")
    # The kernels, so that they are not compiled again.
    shutil.copytree(ROOT / ".charlab" / "numba", top / "numba", dirs_exist_ok=True)
    top.parent.chmod(0o755)
    user, reason = _other_user(root)
    sources = [root / name for name in SOURCES]
    for path in (top, *top.rglob("*")):
        if any(path.is_relative_to(source) for source in sources):
            path.chmod(path.stat().st_mode & ~0o222)
        elif user:
            os.chown(path, NOBODY, NOBODY)
    return Strange(clone, user, reason)


def _other_user(root: Path) -> tuple[tuple[str, ...], str]:
    """Return the words before a command of another user, or why there are none."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return (), "only root can be another user"
    words = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    # The environment may be in root's own folder: then let this user read everything.
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    why = ""
    for user in (words, (*words, *reading)):
        # By a shell, as DVC runs a stage.
        probe = [*user, "sh", "-c", f"'{sys.executable}' -c 'import numba, dvc'"]
        try:
            done = subprocess.run(probe, cwd=root, capture_output=True, text=True, check=False)
        except OSError as error:
            why = str(error)
        else:
            if done.returncode == 0:
                return user, ""
            why = done.stderr[-200:]
    if "CI" in os.environ:
        pytest.fail(f"in CI, another user has to be able to run {sys.executable}: {why}")
    return (), why


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""  # it has just ended
