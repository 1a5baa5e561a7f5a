"""DVC commands that run side by side, and end with this process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

import charlab
from charlab.commands.dvc_child import GRACE
from charlab.core.processes import CHILD, catchable
from charlab.course.limits import own_path


@dataclass
class Children:
    """The running DVC commands.

    Attributes
    ----------
    running : set of subprocess.Popen
    stopped : bool
        True once all have been asked to end; no other is started then.
    lock : threading.Lock
        Held while one of the two changes.
    """

    running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    stopped: bool = False
    # Reentrant: the signal handler may interrupt a holder of the same thread.
    lock: threading.RLock = field(default_factory=threading.RLock)

    def run(self, arguments: list[str], output: IO[bytes]) -> int:
        """Run dvc with these arguments to its end; return its exit status."""
        script = [sys.executable, "-m", CHILD, str(os.getpid())]
        with self.lock:
            if self.stopped:
                return 1
            child = subprocess.Popen(
                [*script, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
            )
            self.running.add(child)
        try:
            return child.wait()
        finally:
            with self.lock:
                self.running.discard(child)

    def stop(self) -> None:
        """Ask all commands to end, and start no others."""
        with self.lock:
            self.stopped = True
            for child in self.running:
                child.terminate()

    def wait(self) -> None:
        """Wait until no command is running; kill those that do not end when asked to."""
        for child in list(self.running):
            try:
                child.wait(GRACE + 5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


CHILDREN = Children()
"""Those of this process. Here, since Dask pickles a task's arguments even for its own threads."""


def run_logged(arguments: list[str], log: Path) -> str | None:
    """Run dvc with its output in a log; return the end of that if it fails, else None."""
    log.parent.mkdir(parents=True, exist_ok=True)
    # A file, not a pipe: the board reads its last line, and a person can follow it.
    with log.open("wb") as output:
        failed = CHILDREN.run(arguments, output)
    if not failed:
        return None
    tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
    return f"(full output: {log.as_posix()})\n{tail}"


def _environment() -> dict[str, str]:
    # The stage's "python" is this interpreter even if its environment is not activated.
    path = own_path()
    # The command is of this copy of charlab, whichever is installed.
    own = str(Path(charlab.__file__).resolve().parents[1])
    modules = os.pathsep.join(filter(None, [own, os.environ.get("PYTHONPATH")]))
    # A training uses as many threads as its parameters say; nothing else may use more than one.
    return {**os.environ, "PATH": path, "PYTHONPATH": modules, "OMP_NUM_THREADS": "1"}


class StoppedError(BaseException):
    """A signal asked this process to end.

    Like KeyboardInterrupt no Exception, so that no library takes it for an error of its own.

    Attributes
    ----------
    number : signal.Signals
    """

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.number = number


@contextlib.contextmanager
def stopped_by_signals(children: Children) -> Iterator[None]:
    """Stop the children and raise StoppedError if Ctrl-C, kill or a closed terminal asks to."""

    def stop(number: int, _: FrameType | None) -> None:
        first = not children.stopped
        children.stop()
        # A second signal, as both a shell and its terminal send one, must not stop the stopping.
        if first:
            raise StoppedError(signal.Signals(number))

    before = {number: signal.signal(number, stop) for number in catchable()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
