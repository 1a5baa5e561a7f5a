"""Run stages on the workers of a Dask cluster, each worker in a copy of the project.

Dask sends the functions and the class of this module by value, so a worker needs the packages of
requirements.lock but no charlab, which each copy of the project brings along. That is why this
module imports nothing of charlab.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import cloudpickle
from distributed import WorkerPlugin, get_worker

# Where this module is imported. Workers get its functions without this line.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

INTERVAL = 1.0
"""Seconds between two checks of a running stage."""

GRACE = 15.0
"""Seconds that a command has to end when asked to."""

PAUSE = 20.0
"""Seconds before a job that failed for reasons outside its stage is given back."""

STAGE_FAILED = re.compile(r"failed to run: .*, exited with (\d+)")
"""DVC's message if the command of a stage fails, rather than DVC, the network or the machine."""

SIGNALED = 128
"""Exit statuses from here on are those of a killed command."""


def task(
    name: str, run: Callable[[str], str | None], stage: str, *needed: str | None
) -> str | None:
    """Run a stage on a worker.

    Parameters
    ----------
    name : str
        Dask topic on which the worker reports to the board.
    run : callable
        Runs one stage; returns a message if it fails, and None otherwise.
    stage : str
    *needed : str or None
        Results of the tasks of the stages that it needs.

    Returns
    -------
    str or None
        None if the stage succeeded; "" if it was skipped because one that it needs failed;
        otherwise the error message, and not an exception, whose traceback Dask would log.
    """
    worker = get_worker()
    # A message of "" passes the failure on to the stages further downstream.
    if any(message is not None for message in needed):
        return ""
    worker.log_event(name, (stage, "starts"))
    try:
        message = run(stage)
    except BaseException:
        worker.log_event(name, (stage, "stops"))
        raise
    worker.log_event(name, (stage, "ends"))
    return message


def run_in_copy(name: str, stage: str) -> str | None:
    """Run a stage in this worker's copy of the project, and push its results.

    Parameters
    ----------
    name : str
        That of the :class:`Copies` on this worker.
    stage : str

    Returns
    -------
    str or None
        The message if the stage itself failed.

    Raises
    ------
    RuntimeError, OSError
        If it failed for other reasons; Dask then tries it again.
    """
    copies: Any = get_worker().plugins[name]
    try:
        message: str | None = copies.run(stage)
    except Exception:
        # Time for another worker to become free, or for the network to come back.
        copies.closed.wait(PAUSE)
        raise
    return message


@dataclass(frozen=True)
class Project:
    """All that a worker needs for the stages of a project.

    Attributes
    ----------
    archive : bytes
        The files of the commit, as a compressed tar.
    config : str
        Content of .dvc/config.local, which names the remote.
    folder : str or None
        The remote, if it is a folder and not a server.
    versions : mapping of str to str
        Of the packages that results depend on.
    limits : mapping of str to float
        Seconds after which a stage counts as hanging.
    """

    archive: bytes
    config: str
    folder: str | None
    versions: Mapping[str, str]
    limits: Mapping[str, float]


class Copies(WorkerPlugin):
    """The copies of the project on a worker: one for each stage that it runs at a time."""

    def __init__(self, name: str, project: Project) -> None:
        self.name, self.project = name, project

    def setup(self, worker: Any) -> None:
        """Check the versions of the worker; no stage runs if they differ."""
        # Dask removes its own folder when the worker ends, or when the next one starts.
        self.root = Path(worker.local_directory) / self.name.replace(" ", "-")
        self.worker, self.free, self.made, self.busy = worker, list[Path](), 0, 0
        self.closed, self.changed = threading.Event(), threading.Condition()
        for package, wanted in self.project.versions.items():
            if (present := _version(package)) != wanted:
                raise RuntimeError(
                    f"worker {worker.address}: {package} is {present or 'not installed'}, but "
                    f"{wanted} runs here; install requirements.lock on both"
                )

    async def teardown(self, worker: Any) -> None:
        """Stop what is running, and remove the copies."""
        import asyncio

        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self.closed.set()
        with self.changed:
            self.changed.wait_for(lambda: not self.busy, timeout=3 * GRACE)
        shutil.rmtree(self.root, ignore_errors=True)

    def run(self, stage: str) -> str | None:
        """Run a stage; see :func:`run_in_copy`."""
        with self.changed:
            self.busy += 1
            if not self.free:
                self.made += 1
                self.free.append(self.root / f"copy{self.made}")
            folder = self.free.pop()
        try:
            return self._run(stage, folder)
        finally:
            with self.changed:
                self.busy -= 1
                self.free.append(folder)
                self.changed.notify_all()

    def _run(self, stage: str, folder: Path) -> str | None:
        place = self.project.folder
        # DVC would make it, on this machine only.
        if place is not None and not Path(place).is_dir():
            raise RuntimeError(
                f"{self.worker.address} has no folder {place}, which is the DVC remote; "
                "mount it there, or use a remote on a server"
            )
        if not folder.exists():
            self._extract(folder)
        log = Path(f"{folder}.log")
        with log.open("wb"):
            pass
        # The first restores what the stage needs, and the stage itself if it was pushed before.
        if self._dvc(folder, log, stage, "repro", "--pull"):
            # It may be half-written. The log of a training is large, its end is enough.
            shutil.rmtree(folder, ignore_errors=True)
            end = log.read_text(encoding="utf-8", errors="replace")[-4000:]
            tail = "\n".join(end.splitlines()[-12:])
            status = STAGE_FAILED.search(end)
            if status and int(status[1]) < SIGNALED:
                return f"stage {stage} failed on {self.worker.address}\n{tail}"
            raise RuntimeError(f"on {self.worker.address}:\n{tail}")
        if self._dvc(folder, log, stage, "push", "--run-cache"):
            # The copy stays: its cache has the result.
            raise RuntimeError(f"{self.worker.address} cannot push to the DVC remote")
        return None

    def _extract(self, folder: Path) -> None:
        """Make a copy of the project."""
        new = folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(self.project.archive)) as archive:
            archive.extractall(new, filter="data")
        (new / ".dvc" / "config.local").write_text(self.project.config, encoding="utf-8")
        # DVC looks for a git repository; it needs no commit.
        subprocess.run(["git", "init", "--quiet"], cwd=new, check=True)
        new.rename(folder)

    def _dvc(self, folder: Path, log: Path, stage: str, *command: str) -> int:
        """Run a command of DVC on a stage, send its output, and return its exit status.

        Raises
        ------
        RuntimeError
            If it was stopped.
        """
        starter = [sys.executable, "-m", "charlab.commands.dvc_child", str(os.getpid())]
        with log.open("ab") as output, log.open("rb") as reader:
            reader.seek(0, os.SEEK_END)
            child = subprocess.Popen(
                [*starter, *command, stage], cwd=folder, env=_environment(folder),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
            reason = self._watch(child, stage, reader)
            if reason is not None:
                _end(child)
                shutil.rmtree(folder, ignore_errors=True)
                raise RuntimeError(f"{self.worker.address} stopped: {reason}")
            self._send(stage, reader)
        return child.returncode

    def _watch(self, child: subprocess.Popen[bytes], stage: str, reader: IO[bytes]) -> str | None:
        """Wait until a command ends; return the reason if it must be stopped before that."""
        seconds = self.project.limits[stage]
        deadline = time.monotonic() + seconds
        key = self.worker.get_current_task()
        while child.poll() is None:
            entry = self.worker.state.tasks.get(key)
            # So it is after Ctrl-C or a kill of the coordinator, or if the network was lost.
            if self.closed.is_set() or entry is None or entry.state == "cancelled":
                return "nobody waits for the result"
            if time.monotonic() > deadline:
                return f"no end after {seconds / 60:.0f} minutes"
            time.sleep(INTERVAL)
            self._send(stage, reader)
        return None

    def _send(self, stage: str, reader: IO[bytes]) -> None:
        """Send what a command has printed since the last time."""
        if text := reader.read().decode("utf-8", errors="replace"):
            self.worker.log_event(self.name, (stage, "prints", text))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment in which the commands of a copy of the project run."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    # A training uses as many threads as its parameters say; nothing else may use more than one.
    own = {"PATH": path, "PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}
    return {**os.environ, **own}


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a command: ask it to, and kill it if it does not."""
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
