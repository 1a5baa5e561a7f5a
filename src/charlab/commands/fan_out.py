"""The pipeline with independent stages side by side.

``dvc repro`` runs one stage at a time. Here the stages that are out of date, and
everything below them, become tasks of a Dask cluster on this machine; each task is
one ``dvc --wait-for-lock repro --single-item STAGE``, so that DVC itself still
decides what to run and writes the same dvc.lock as a plain ``dvc repro``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import networkx as nx

from charlab.core.errors import CharlabError

LOGS = Path(".charlab/logs")
TOPIC = "charlab stages"


class StageFailedError(CharlabError):
    """A stage of the pipeline ended with an error."""


def stale_graph(root: Path) -> nx.DiGraph[str]:
    """Return the stages to run: those out of date and all that depend on them.

    Returns
    -------
    networkx.DiGraph
        Stage names; an edge goes from a stage to each stage that it needs.
    """
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        graph = nx.relabel_nodes(repo.index.graph, lambda stage: stage.addressing)
        stale = set(repo.status())
    needing = {user for name in stale for user in nx.ancestors(graph, name)}
    chosen: nx.DiGraph[str] = graph.subgraph(stale | needing).copy()
    return chosen


@dataclass
class Board:
    """What is running now, for the person who watches."""

    total: int
    started: dict[str, float] = field(default_factory=dict)
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, event: tuple[float, tuple[str, str]]) -> None:
        """Take up what a worker says of a stage: that it starts, or that it ends."""
        _, (stage, what) = event
        with self.lock:
            if what == "starts":
                self.started[stage] = time.monotonic()
            else:
                self.started.pop(stage, None)
                self.done += 1

    def lines(self) -> list[str]:
        """Return one line for the whole, and one for each running stage."""
        now = time.monotonic()
        with self.lock:
            running = dict(self.started)
            done = self.done
        rows = [
            f"  {stage:32} {now - start:5.0f} s  {last_line(log_of(stage))}"
            for stage, start in running.items()
        ]
        return [f"{done} of {self.total} stages done, {len(running)} running", *rows]


def log_of(stage: str) -> Path:
    """Return the file that takes a stage's output."""
    return LOGS / f"{stage.replace('/', '_').replace(':', '_')}.log"


def last_line(path: Path) -> str:
    """Return the last line that a running stage wrote, shortened for a terminal."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - 400))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    return lines[-1][:100] if lines else ""


def run_stage(stage: str) -> None:
    """Run one stage through DVC, its output in a log file.

    Raises
    ------
    StageFailedError
        With the end of the stage's output.
    """
    log = log_of(stage)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro", "--single-item", stage]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    # A training takes the threads that its parameters say; nothing else may take more than one.
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
    with log.open("wb") as output:
        done = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment, check=False
        )
    if done.returncode:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
        raise StageFailedError(f"stage {stage} failed (all of its output: {log})\n{tail}")


def _task(run: Callable[[str], None], stage: str, *needed: str | None) -> str | None:
    """Run a stage on a worker; return why it failed, "" if it was not run, None if it is well."""
    from distributed import get_worker

    worker = get_worker()
    if any(message is not None for message in needed):
        return ""
    worker.log_event(TOPIC, (stage, "starts"))
    try:
        run(stage)
    except CharlabError as error:
        return str(error)
    finally:
        worker.log_event(TOPIC, (stage, "ends"))
    return None


def run_graph(
    graph: nx.DiGraph[str], workers: int, run: Callable[[str], None], board: Board
) -> None:
    """Call ``run`` for every stage of ``graph``, each after those that it needs.

    Parameters
    ----------
    graph : networkx.DiGraph
        Stage names; an edge goes from a stage to each stage that it needs.
    workers : int
        How many stages may run at once.
    run : callable
        Runs one stage; raises CharlabError if it fails. It is sent to the workers.
    board : Board
        Told of each stage that starts or ends.

    Raises
    ------
    StageFailedError
        If a stage failed. What did not need it has run all the same.
    """
    from distributed import Client, LocalCluster

    cluster = LocalCluster(
        n_workers=1, threads_per_worker=workers, processes=False, dashboard_address=None
    )
    with cluster, Client(cluster) as client:
        client.subscribe_topic(TOPIC, board.note)
        futures: dict[str, Any] = {}
        for stage in reversed(list(nx.topological_sort(graph))):
            needed = [futures[other] for other in sorted(graph.successors(stage))]
            futures[stage] = client.submit(_task, run, stage, *needed, key=f"stage {stage}")
        messages = client.gather(list(futures.values()))
    failures = [message for message in messages if message]
    if failures:
        skipped = sum(message == "" for message in messages)
        note = f"\nnot run, since they need it: {skipped} stages" if skipped else ""
        raise StageFailedError("\n\n".join(failures) + note)


@contextmanager
def shown(board: Board) -> Iterator[None]:
    """Show the board while the block runs: live on a terminal, now and then elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        def picture() -> Text:
            return Text("\n".join(board.lines()), no_wrap=True, overflow="ellipsis")

        with Live(get_renderable=picture, console=Console(stderr=True), refresh_per_second=2):
            yield
        return
    stop = threading.Event()

    def report() -> None:
        while not stop.wait(15):
            print("\n".join(board.lines()), file=sys.stderr, flush=True)

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def fan_out(root: Path, workers: int) -> int:
    """Bring the whole pipeline up to date, ``workers`` stages at a time.

    Returns
    -------
    int
        How many stages were out of date or below one that was.

    Raises
    ------
    StageFailedError
        If a stage failed; its last lines of output are in the message.
    """
    graph = stale_graph(root)
    if not graph:
        return 0
    board = Board(total=len(graph))
    with shown(board):
        run_graph(graph, workers, run_stage, board)
    return len(graph)
