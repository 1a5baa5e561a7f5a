"""Run DVC and stages in forked processes, and break them at a chosen write, for faults.py.

The parent imports DVC and charlab once; a fork then runs a command in a tenth of the time that a
new interpreter takes to start. The faults are injected here and not in the product: an audit
hook of Python sees every open, rename and removal before it happens.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import resource
import runpy
import shlex
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import psutil

HANG = 600
"""Seconds after which a process is ended."""

WRITES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate")
"""Audit events that change a folder; os.replace counts as os.rename."""


@dataclass(frozen=True)
class Fault:
    """A fault of one process.

    Attributes
    ----------
    kind : {"none", "kill", "later", "enospc", "limit", "timer"}
        Kill at a write; kill a moment after it; let it and all that follow fail for lack of
        space; limit the size of files; kill at a moment.
    count : int
        Number of the write, from 1.
    value : float
        Seconds of "later" and "timer", bytes of "limit".
    where : {"stage", "dvc"}
        Process that fails.
    """

    kind: str = "none"
    count: int = 0
    value: float = 0.0
    where: str = "stage"


@dataclass(frozen=True)
class Outcome:
    """End of a process: its exit status (negative: a signal), its output, its writes."""

    status: int
    output: str
    writes: int = 0


def arm(fault: Fault, root: Path, counts: Path) -> None:
    """Make this process suffer a fault, and record the number of its writes in a file."""
    seen = 0
    inside = str(root)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event == "open":
            writing = isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if not writing:
                return
        elif event not in WRITES:
            return
        name = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes) else ""
        if not os.path.abspath(name).startswith(inside):  # noqa: PTH100 (Path audits too)
            return
        seen += 1
        if fault.kind == "none":
            return
        if fault.kind == "kill" and seen == fault.count:
            os.kill(os.getpid(), signal.SIGKILL)
        if fault.kind == "later" and seen == fault.count:
            signal.setitimer(signal.ITIMER_REAL, max(fault.value, 1e-6))
        if fault.kind == "enospc" and seen >= fault.count and event != "os.remove":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    if fault.kind == "timer":
        signal.setitimer(signal.ITIMER_REAL, max(fault.value, 1e-6))
    if fault.kind == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(fault.value), resource.RLIM_INFINITY))
    sys.addaudithook(hook)
    if fault.kind == "none":
        global _finish
        _finish = lambda: os.write(  # noqa: E731
            os.open(counts, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), str(seen).encode()
        )
        atexit.register(_finish)  # a stage that succeeds ends its process itself


def _finish() -> object:
    """Record the number of writes; replaced by arm()."""
    return None


def leave(status: int) -> NoReturn:
    """End a forked process, its output flushed."""
    # The log and the counts may be on a full disk.
    for flush in (sys.stdout.flush, sys.stderr.flush, _finish):
        with contextlib.suppress(OSError):
            flush()
    os._exit(status)


def status_of(action: Callable[[], object]) -> int:
    """Call a program's main function; return its exit status."""
    try:
        result = action()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 1
    return int(result) if isinstance(result, int) else 0


def run_script(command: str, environment: dict[str, str]) -> int:
    """Run the script of a stage in this process, as ``python SCRIPT ...`` would."""
    _, *words = shlex.split(command)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words
    sys.modules.pop("_stage", None)
    sys.path.insert(0, str(Path(words[0]).resolve().parent))
    return status_of(lambda: runpy.run_path(words[0], run_name="__main__") and None)


def spawn(root: Path, log: Path, action: Callable[[], int]) -> int:
    """Fork a process that calls ``action`` in ``root``, its output in a log; return its id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.chdir(root)
    leave(status_of(action))


def wait(pid: int, log: Path) -> Outcome:
    """Wait for a forked process; end it, and those that it started, when it hangs."""
    deadline = time.monotonic() + HANG
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        time.sleep(0.01)
        if time.monotonic() > deadline:
            for process in [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]:
                # faulthandler writes to the log where each of them hangs.
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGABRT)
                time.sleep(0.5)
            deadline += HANG
    status = os.waitstatus_to_exitcode(ended[1])
    return Outcome(status, log.read_text(encoding="utf-8", errors="replace"))


def start_stage(root: Path, command: str, stage: str, fault: Fault, log: Path) -> int:
    """Start a stage's script without DVC; return its process id."""

    def action() -> int:
        arm(fault, root, log.with_suffix(".count"))
        return run_script(command, {**os.environ, "DVC_STAGE": stage})

    return spawn(root, log, action)


def start_dvc(root: Path, arguments: list[str], fault: Fault, log: Path) -> int:
    """Start dvc, whose stages are forks of it; return its process id."""

    def action() -> int:
        import dvc.stage.run
        from dvc.cli import main
        from dvc.stage.exceptions import StageCmdFailedError

        def run(executable: str, command: str, **options: Any) -> None:
            pid = os.fork()
            if not pid:
                os.chdir(options["cwd"])
                signal.setitimer(signal.ITIMER_REAL, 0)
                if fault.where == "stage":
                    arm(fault, root, log.with_suffix(".count"))
                leave(run_script(command, options["env"]))
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if status:
                raise StageCmdFailedError(command, status)

        dvc.stage.run._run = run
        sys.argv = ["dvc", *arguments]
        if fault.where == "dvc":
            arm(fault, root, log.with_suffix(".count"))
        return int(main(arguments))

    return spawn(root, log, action)
