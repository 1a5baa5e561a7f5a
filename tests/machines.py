"""Machines for tests of the cluster: Dask's processes in folders of their own, and SLURM's."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from import_graph import ROOT

SLURM = """
ClusterName=charlab
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=1,sched_interval=5
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=4096 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def wait_for(check: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextlib.contextmanager
def started(*commands: tuple[Path, list[str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start commands, each in a folder of its own that is its home too; end them at the end."""
    running = []
    try:
        for folder, command in commands:
            folder.mkdir(parents=True, exist_ok=True)
            # All have the same kernels, which are compiled once.
            own = {"HOME": str(folder), "NUMBA_CACHE_DIR": str(ROOT / ".charlab" / "numba")}
            environment = {**os.environ, **own}
            environment.pop("PYTHONPATH", None)
            with (folder / "log").open("wb") as log:
                running.append(
                    subprocess.Popen(
                        command, cwd=folder, env=environment, stdout=log, stderr=log
                    )
                )  # fmt: skip
        yield running
    finally:
        for process in running:
            process.terminate()
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()


@contextlib.contextmanager
def dask_machines(folder: Path, count: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Yield the address of a Dask scheduler, and its workers, which share no folder."""
    dask, file = [sys.executable, "-m", "dask"], folder / "address"
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file"]
    with started((folder / "scheduler", [*dask, "scheduler", *options, str(file)])):
        wait_for(file.is_file)
        wait_for(lambda: file.read_text().endswith("}"))
        address = json.loads(file.read_text())["address"]
        options = [address, "--no-nanny", "--no-dashboard", "--nthreads", "1"]
        homes = [folder / f"machine{number}" for number in range(count)]
        with started(
            *((home, [*dask, "worker", *options, "--local-directory", str(home)]) for home in homes)
        ) as workers:
            yield address, workers


def machine_of(pid: int, workers: list[subprocess.Popen[bytes]]) -> int:
    """Return the number of the worker that has started a process."""
    above = {process.pid for process in psutil.Process(pid).parents()}
    return next(number for number, worker in enumerate(workers) if worker.pid in above)


def has_ended(pid: int) -> bool:
    """Return whether a process has ended, also if nobody has asked for its exit status."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    return True


@contextlib.contextmanager
def slurm_node(folder: Path) -> Iterator[str]:
    """Yield the path of the configuration of a SLURM cluster that is this machine."""
    missing = [name for name in ("munged", "slurmctld", "slurmd", "sbatch") if not program(name)]
    if missing or os.geteuid():
        pytest.skip(f"needs root and SLURM's daemons; not installed: {', '.join(missing) or '-'}")
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    # Its folders up to / must not be writable by others.
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    config = folder / "slurm.conf"
    host = socket.gethostname().partition(".")[0]
    config.write_text(
        SLURM.format(folder=folder, host=host, cores=os.cpu_count(), ports=free_ports())
    )
    files = {name: folder / f"munge.{name}" for name in ("socket", "pid-file", "log-file")}
    munge = [f"--{name}={path}" for name, path in files.items()]
    seed = f"--seed-file={folder / 'munge.seed'}"
    with started(
        (folder / "m", [program("munged"), "-F", "--force", f"--key-file={key}", seed, *munge])
    ):
        wait_for(files["socket"].exists)
        commands = [[program(name), "-D", "-f", str(config)] for name in ("slurmctld", "slurmd")]
        with started(*((folder / command[0].rpartition("/")[2], command) for command in commands)):
            wait_for(lambda: "idle" in ask_slurm(str(config), "sinfo"))
            yield str(config)


def program(name: str) -> str:
    """Return the path of a program, "" if it is not installed."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or ""


def free_ports() -> list[int]:
    """Return two ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def ask_slurm(config: str, *command: str) -> str:
    """Return the output of one of SLURM's commands."""
    environment = {**os.environ, "SLURM_CONF": config}
    return subprocess.run(
        [*command, "--noheader"], env=environment, capture_output=True, text=True, check=False
    ).stdout
