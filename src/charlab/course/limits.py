"""Run a program that may be wrong or hostile for a limited time, with limited memory.

The limits keep an endless loop or a huge array from stopping the check. They are no sandbox: the
program can read what its user can read. docs/teaching.md has a container for that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

MEMORY = 4 * 1024**3
"""Bytes of address space."""

FILE_SIZE = 64 * 1024**2
"""Bytes of each file that the program writes."""

KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP")
"""Environment variables that the program gets; others may hold secrets."""


def own_path() -> str:
    """Return PATH with this interpreter's folder first, so that a stage's "python" is this one."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"


def _limit() -> None:
    """Set the limits of the process that is about to start."""
    import resource

    for kind, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_CORE, 0),
    ):
        # A system may not know a limit, or have a lower one already.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (value, value))


def run_limited(command: list[str], folder: Path, seconds: float) -> tuple[int | None, str]:
    """Run a program in a folder, with an environment of its own, and end all it has started.

    Parameters
    ----------
    command : list of str
    folder : Path
        The program's working folder, and its home.
    seconds : float
        Time after which it is killed.

    Returns
    -------
    status : int or None
        None if the time was up.
    output : str
        The end of what it has printed.
    """
    # The package that runs now, wherever it was loaded from.
    package = str(Path(__file__).resolve().parents[2])
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"PYTHONPATH": package, "HOME": str(folder), "OMP_NUM_THREADS": "1"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
    log = folder / "output.txt"
    posix = os.name == "posix"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=stream,
            stderr=subprocess.STDOUT, start_new_session=posix,
            preexec_fn=_limit if posix and sys.platform != "darwin" else None,
        )  # fmt: skip
        try:
            status: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            end_session(process)
    return status, log.read_bytes()[-4000:].decode("utf-8", "replace")


def end_session(process: subprocess.Popen[Any]) -> None:
    """Kill a program and everything in its session, also what outlives the program."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
