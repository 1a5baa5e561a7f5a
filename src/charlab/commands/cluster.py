"""Run the pipeline's stages on the workers of a Dask cluster, which share only the DVC remote.

Each worker gets the files of the last commit, restores from the remote what a stage needs, runs it
and pushes its results and DVC's run-cache. At the end ``dvc repro --pull`` restores everything here
and runs what is left, so that dvc.lock is that of a plain ``dvc repro``.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from charlab.commands.board import Board, log_of
from charlab.commands.branches import RESULTS, Repository
from charlab.commands.children import run_logged
from charlab.commands.fan_out import ByValue, run_on
from charlab.commands.pipeline import Pipeline, expected_minutes, limit
from charlab.commands.remote import ClusterError, Remote
from charlab.core.errors import shortened

RETRIES = 3
"""Number of times that a stage is run again after a failure that is not its own."""

TIMEOUT = 15
"""Seconds in which the scheduler must answer."""

PACKAGES = ("dvc", "numba", "numpy", "torch")
"""Packages that results depend on."""

READ = ("src", "stages", "studies", "data/own")
"""Folders in which a file that git does not track could be one that a stage reads."""

WITHOUT_RESULTS = tuple(f":!{name}" for name in RESULTS)
"""Paths for git that leave results out; they may have changed since the last commit."""

COLLECTION = "dvc repro --pull"


@dataclass(frozen=True)
class Cluster:
    """A running Dask scheduler, and the project whose stages its workers run."""

    root: Path
    address: str

    def run(self, pipeline: Pipeline, board: Board) -> None:
        """Run all stages that are out of date.

        Raises
        ------
        ClusterError
            If the remote or the cluster is not usable.
        StageFailedError
            If a stage failed; what the others have pushed stays in the remote.
        """
        from charlab.commands.worker import Copies, run_in_copy

        remote = Remote.of(self.root)
        graph = pipeline.distributable
        if graph:
            with connected(self.address) as client:
                copies = Copies(*_project(self.root, remote, graph))
                push(remote, pipeline.to_push)
                for stage in graph:
                    log_of(stage).unlink(missing_ok=True)
                with placed(client, copies):
                    run = partial(ByValue(run_in_copy), copies.name)
                    run_on(client, graph, run, board, copies.name, RETRIES)
        board.note((0.0, (COLLECTION, "starts")))
        dvc("repro", "--pull")
        board.note((0.0, (COLLECTION, "stops")))


def check_committed(root: Path) -> None:
    """Check that the last commit has all that stages read.

    Raises
    ------
    ClusterError
        With the files that differ.
    """
    options = ("--porcelain", "-uall", "-z", "--", ".", *WITHOUT_RESULTS)
    lines = Repository(root).git("status", *options).decode().split("\0")
    changed = [
        line[3:] for line in lines
        if line and (line[:2] != "??" or line[3:].startswith(tuple(f"{name}/" for name in READ)))
    ]  # fmt: skip
    if changed:
        names = ", ".join(changed[:4]) + (f" and {len(changed) - 4} more" if changed[4:] else "")
        raise ClusterError(
            f"other machines get the last commit, and {names} differs from it: commit or stash, "
            "then the same command"
        )


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield a client of a Dask scheduler.

    Raises
    ------
    ClusterError
        If the address is malformed, none answers there, or a worker has another Python.
    """
    from distributed import Client

    if not re.fullmatch(r"(\w+://)?\S+:\d+", address):
        raise ClusterError(f"{address}: not an address like tcp://HOST:8786")
    try:
        client = Client(address, timeout=TIMEOUT)
    except OSError as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({shortened(str(error))}); start one with "
            "'dask scheduler', workers with 'dask worker ADDRESS --nthreads 1', and see "
            "docs/cluster.md"
        ) from None
    with client:
        versions: Any = client.get_versions()
        workers = versions["workers"]
        check_python(workers)
        if not workers:
            start = f"dask worker {address} --nthreads 1"
            print(f"the scheduler has no workers yet; '{start}' starts one", file=sys.stderr)
        yield client


def check_python(workers: Mapping[str, Any]) -> None:
    """Check that workers have this Python, without which they cannot read what they are sent.

    Raises
    ------
    ClusterError
        If one has another.
    """
    own = sys.version_info[:2]
    for address, about in workers.items():
        found = tuple(int(part) for part in about["host"]["python"].split(".")[:2])
        if found != own:
            raise ClusterError(
                f"worker {address} has Python {'.'.join(map(str, found))}, and "
                f"{'.'.join(map(str, own))} is needed, which runs here"
            )


@contextmanager
def placed(client: Any, copies: Any) -> Iterator[None]:
    """Give all workers, also those to come, the project; remove it when the block ends.

    Raises
    ------
    ClusterError
        If a worker lacks a package or has another version of one.
    """
    try:
        try:
            client.register_plugin(copies, name=copies.name)
        except RuntimeError as error:
            raise ClusterError(str(error)) from None
        yield
    finally:
        # The scheduler may be gone.
        with suppress(OSError):
            client.unregister_worker_plugin(copies.name)


def _project(root: Path, remote: Remote, graph: Any) -> tuple[str, Any]:
    """Return a name for the project as workers see it, and the project."""
    from charlab.commands.worker import Project

    minutes = expected_minutes(root)
    project = Project(
        archive=archive(root),
        config=remote.config,
        folder=remote.folder,
        versions={package: version(package) for package in PACKAGES},
        limits={stage: 60 * limit(minutes, stage) for stage in graph},
    )
    content = project.archive + project.config.encode()
    return f"charlab {hashlib.sha256(content).hexdigest()[:12]}", project


def archive(root: Path) -> bytes:
    """Return the files of the last commit and the present dvc.lock as a compressed tar."""
    lock = ["--add-file=dvc.lock"] if (root / "dvc.lock").is_file() else []
    options = ("--format=tar.gz", *lock, "HEAD", "--", ".", *WITHOUT_RESULTS)
    return Repository(root).git("archive", *options)


def push(remote: Remote, stages: list[str]) -> None:
    """Push the results of stages that are up to date, for the workers that need them."""
    if remote.folder is not None:
        Path(remote.folder).mkdir(parents=True, exist_ok=True)
    if stages:
        dvc("push", "--run-cache", *stages)


def dvc(*arguments: str) -> None:
    """Run a DVC command here, its output in a log.

    Raises
    ------
    ClusterError
        With the end of its output.
    """
    end = run_logged(list(arguments), log_of(COLLECTION))
    if end is not None:
        raise ClusterError(f"'dvc {arguments[0]}' failed {end}")
