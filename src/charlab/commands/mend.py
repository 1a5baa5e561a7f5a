"""Mend what a killed DVC leaves behind, so that the next run goes on.

DVC rewrites dvc.lock and its list of running stages (.dvc/tmp/rwlock) in place. Killed while it
does, by the system's memory killer or a power cut, it leaves half a file, which every later DVC
command refuses. Nothing is lost: DVC's run-cache restores the results, and trains nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from charlab.commands.branches import GitError, Repository
from charlab.commands.dvc_child import GRACE
from charlab.core.errors import CharlabError
from charlab.core.files import write_bytes
from charlab.core.processes import CHILD, runs_dvc
from charlab.core.temporary import SUFFIX

RESULTS = ("data", "metrics", "plots", "report")
TEMPORARY = (f".*{SUFFIX}", ".*.tmp")
"""Names of the temporary files of this project, and of DVC."""


class BusyError(CharlabError):
    """DVC is running in this project."""


def mend(root: Path) -> list[str]:
    """Mend DVC's files in a project, and remove temporary files.

    Returns
    -------
    list of str
        One line for each thing mended; empty if all was well.

    Raises
    ------
    BusyError
        If something is damaged while DVC is running.
    """
    broken = [
        (path, repair)
        for path, intact, repair in (
            (root / "dvc.lock", is_lock, _restore_lock),
            (root / ".dvc" / "tmp" / "rwlock", is_rwlock, _remove_rwlock),
        )
        if path.is_file() and not intact(path)
    ]
    stale = _temporary(root)
    if not (broken or stale):
        return []
    users = dvc_processes(root)
    if users:
        if not broken:
            return []  # the temporary files may be in use
        name = broken[0][0].relative_to(root).as_posix()
        raise BusyError(
            f"{name} is damaged, and DVC is running here (process {users[0].pid}): "
            "wait until it ends, or end it, and run this command again"
        )
    messages = [repair(root, path) for path, repair in broken]
    for path in stale:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if stale:
        messages.append(f"removed {len(stale)} temporary files of a killed run")
    return messages


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Make sure that nothing else runs or changes the study of a project meanwhile.

    Raises
    ------
    BusyError
        If another one is running.
    """
    path = root / ".charlab" / "fan-out.lock"
    path.parent.mkdir(exist_ok=True)
    # The system releases it when the process ends, however it does.
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            "another 'charlab fan-out' or 'charlab study' is running here: wait until it ends, "
            "or end it"
        ) from None
    with lock:
        # Those of a killed fan-out need a moment to end.
        orphans = [process for process in dvc_processes(root) if CHILD in process.cmdline()]
        psutil.wait_procs(orphans, timeout=GRACE)
        yield


def is_lock(path: Path) -> bool:
    """Check that DVC can read a dvc.lock."""
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from dvc.utils.serialize import load_yaml

    return _reads(lambda: COMPILED_LOCKFILE_SCHEMA(load_yaml(str(path))))


def is_rwlock(path: Path) -> bool:
    """Check that DVC can read its list of running stages, and that it names no stranger.

    DVC drops the entries of processes that have ended, but after a restart another program may
    have such a process's id.
    """
    from dvc.rwlock import SCHEMA

    if not _reads(lambda: SCHEMA(json.loads(path.read_text(encoding="utf-8")))):
        return False
    entries = SCHEMA(json.loads(path.read_text(encoding="utf-8")))
    # A file has one writer or many readers.
    holders = [*entries["write"].values(), *itertools.chain(*entries["read"].values())]
    return not any(_is_stranger(holder["pid"], holder["cmd"]) for holder in holders)


def _is_stranger(pid: int, command: str) -> bool:
    """Check that a process is alive and was started by another command line."""
    with contextlib.suppress(psutil.Error):
        # DVC notes sys.argv; the name of the program itself differs between systems.
        arguments = " ".join(command.split(" ")[1:])
        return not " ".join(psutil.Process(pid).cmdline()).endswith(arguments)
    return False


def _reads(read: Callable[[], object]) -> bool:
    from dvc.exceptions import DvcException
    from voluptuous import Invalid

    try:
        read()
    except (DvcException, Invalid, ValueError, OSError):
        return False
    return True


def _restore_lock(root: Path, path: Path) -> str:
    """Replace a damaged dvc.lock by the committed one, or remove it if none is."""
    # The damaged file may be a merge that a person has not finished.
    kept = root / ".charlab" / "damaged" / "dvc.lock"
    write_bytes(kept, path.read_bytes())
    with contextlib.suppress(OSError, GitError):
        committed = Repository(root).content("HEAD", "./dvc.lock")
        if committed is not None:
            write_bytes(path, committed)
            if is_lock(path):
                return (
                    "dvc.lock was damaged: restored the committed one; "
                    "the run-cache restores results that are newer (DVC says 'is cached')"
                )
    path.unlink(missing_ok=True)
    return (
        "dvc.lock was damaged: removed; the run-cache restores the results (DVC says 'is cached')"
    )


def _remove_rwlock(root: Path, path: Path) -> str:
    """Remove DVC's damaged list of running stages."""
    path.unlink(missing_ok=True)
    return (
        f"{path.relative_to(root).as_posix()}, DVC's list of running stages, was damaged: removed"
    )


def _temporary(root: Path) -> list[Path]:
    """Return the temporary files and folders of killed runs among the results."""
    return [
        path
        for folder in RESULTS
        for pattern in TEMPORARY
        for path in sorted((root / folder).rglob(pattern))
    ]


def dvc_processes(root: Path) -> list[psutil.Process]:
    """Return the processes of DVC and of stages that run in a project, but for this process."""
    ours = {psutil.Process().pid, *(parent.pid for parent in psutil.Process().parents())}
    users = []
    for process in psutil.process_iter():
        # Processes of other users, and those that end just now.
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid not in ours and _works_in(process, root) and runs_dvc(process):
                users.append(process)
    return users


def _works_in(process: psutil.Process, root: Path) -> bool:
    folder = Path(process.cwd()).resolve()
    return folder == root.resolve() or root.resolve() in folder.parents
