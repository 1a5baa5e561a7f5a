"""End a process when the process that started it ends, so that no orphan keeps a stage busy."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil

INTERVAL = 1.0
"""Seconds between two looks at the ancestors."""

SHELLS = ("sh", "bash", "dash", "ash", "zsh", "fish", "cmd.exe")
ADOPTERS = ("init", "systemd", "launchd")
"""Processes that adopt orphans."""

CHILD = "charlab.commands.dvc_child"
"""Module that runs DVC for fan-out."""

PR_SET_PDEATHSIG = 1
"""Linux: send this process a signal when its parent ends; prctl(2)."""


def end_with_parent(number: int) -> None:
    """Send this process the signal ``number`` as soon as its parent has ended.

    Linux does so itself and at once; elsewhere, and behind a shell that waits for this process,
    a thread looks once a second.
    """
    try:
        watched = starters(psutil.Process())
    except psutil.Error:
        return  # a system that does not show other processes
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)

    def watch() -> None:
        """Wait until one of the watched processes is gone."""
        # is_running() compares start times too: the system may reuse the id of an ended process.
        while watched and all(process.is_running() for process in watched):
            time.sleep(INTERVAL)
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, daemon=True).start()


def starters(process: psutil.Process) -> list[psutil.Process]:
    """Return the processes that wait for this one: shells, and the program that started them.

    Returns
    -------
    list of psutil.Process
        Empty if that program has ended, and the system has adopted the process.
    """
    chain: list[psutil.Process] = []
    for parent in process.parents():
        chain.append(parent)
        if parent.name() not in SHELLS:
            # In a container, DVC itself may be process 1.
            adopted = parent.pid == 1 or parent.name() in ADOPTERS
            return [] if adopted and not runs_dvc(parent) else chain
    return []


def runs_dvc(process: psutil.Process) -> bool:
    """Check that a process is DVC, one of fan-out's, or a stage of this project."""
    with contextlib.suppress(psutil.Error):
        program, *words = process.cmdline() or [""]
        return "python" in Path(program).name and any(
            word in ("dvc", CHILD)
            or Path(word).name == "dvc"
            or (Path(word).parent.name == "stages" and word.endswith(".py"))
            for word in words
        )
    return False


def kill_children(seconds: float) -> None:
    """Kill all descendants of this process, again and again for a number of seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
        time.sleep(0.05)


def catchable() -> list[signal.Signals]:
    """Return the signals that ask a program to end: Ctrl-C, kill, and a closed terminal."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    asked = [signal.Signals[name] for name in names if hasattr(signal, name)]
    # nohup ignores SIGHUP, and a shell's background job SIGINT: so do we.
    return [number for number in asked if signal.getsignal(number) is not signal.SIG_IGN]
