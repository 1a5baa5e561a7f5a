"""Run the pipeline with independent stages in parallel.

``dvc repro`` runs one stage at a time. Here each stage that is out of date or downstream of one
becomes a task of a Dask cluster on this machine, which runs
``dvc --wait-for-lock repro --single-item STAGE``. So DVC itself still decides whether to run it,
and leaves the same dvc.lock as a plain ``dvc repro``.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Container
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx

from charlab.commands.board import Board, log_of, shown
from charlab.commands.children import CHILDREN, run_logged, stopped_by_signals
from charlab.commands.lockfile import sort_lock
from charlab.commands.pipeline import Pipeline, estimate, urgency
from charlab.core.errors import CharlabError
from charlab.core.stage_inputs import InputsChangedError
from charlab.core.units import counted

QUIET = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "1s"}
"""Turns off what Dask measures of its own: by default that wakes a local cluster, which only waits
for other programs, a hundred and fifty times a second."""


MEMORY = "memory of large networks"
"""Resource of a worker that lets only so many large networks train at the same time."""


class StageFailedError(CharlabError):
    """A stage of the pipeline ended with an error."""


def run_stage(stage: str) -> None:
    """Run one stage through DVC, its output in a log file.

    Raises
    ------
    StageFailedError
        With the end of the stage's output.
    """
    # Stages that end at the same time take turns at dvc.lock.
    end = run_logged(["--wait-for-lock", "repro", "--single-item", stage], log_of(stage))
    if end is not None:
        raise StageFailedError(f"stage {stage} failed {end}")


class ByValue:
    """A function of the module worker that workers receive as code, not as a name to import."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *arguments: Any) -> Any:
        """Call the function."""
        return self.function(*arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the function itself."""
        import cloudpickle

        return pickle.loads, (cloudpickle.dumps(self.function),)


def local_cluster(threads: int) -> Any:
    """Return a Dask cluster inside this process that other machines cannot reach.

    ``LocalCluster`` would open its web servers on all interfaces, one of them on port 8787. They
    cannot be switched off, so each gets a free port of the loopback interface.
    """
    import dask
    from distributed import Scheduler, SpecCluster, Worker

    options = {"protocol": "inproc://", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    # Stages run in their own processes, so the worker's memory limit would not apply to them.
    own = {"nthreads": threads, "memory_limit": 0, "resources": {MEMORY: at_once(threads)}}
    worker = {"cls": Worker, "options": {**options, **own}}
    with dask.config.set(QUIET):
        return SpecCluster(
            scheduler={"cls": Scheduler, "options": options},
            workers={0: worker},
            silence_logs=logging.ERROR,
        )


def at_once(threads: int) -> int:
    """Return how many large networks train at the same time beside smaller ones."""
    return max(1, threads // 2)


def kept_apart(graph: nx.DiGraph[str], threads: int) -> set[str]:
    """Return the stages of large networks, if there is enough else to run beside them.

    Two of them wait for memory, while a small one beside a large one does not. But a core that
    waits for the only large network to end loses more than both of them would.
    """
    minutes = nx.get_node_attributes(graph, "minutes", default=0.0)
    large = {name for name, is_large in graph.nodes(data="large") if is_large}
    alone = sum(minutes[name] for name in large) / at_once(threads)
    return large if alone <= sum(minutes.values()) / threads else set()


def run_on(
    client: Any, graph: nx.DiGraph[str], run: Callable[[str], str | None], board: Board,
    name: str = "charlab", retries: int = 0, apart: Container[str] = (),
) -> None:  # fmt: skip
    """Call ``run`` on the workers of a cluster for every stage, each after those that it needs.

    Parameters
    ----------
    client : distributed.Client
    graph : networkx.DiGraph
        Stage names; an edge goes from a stage to each stage that it needs. Of the stages that
        could start, those with the longest chain of ``minutes`` behind them go first.
    run : callable
        Runs one stage; returns a message if it fails, and None otherwise.
    board : Board
        Notified when a stage starts, prints or ends.
    name : str
        Distinguishes this run from others on the same cluster.
    retries : int
        Maximum number of times that a stage is tried again after an exception.
    apart : container of str
        Stages that need the resource :data:`MEMORY`, which workers elsewhere do not have.

    Raises
    ------
    StageFailedError
        If a stage failed; all stages that do not depend on it have run.
    """
    from concurrent.futures import CancelledError

    from distributed import wait

    from charlab.commands.worker import task

    client.subscribe_topic(name, board.note)
    futures: dict[str, Any] = {}
    urgent = urgency(graph, nx.get_node_attributes(graph, "minutes"))
    # The first ones start before the others are submitted.
    order = nx.lexicographical_topological_sort(graph.reverse(), key=lambda one: -urgent[one])
    for stage in order:
        # Futures as arguments: Dask starts a task when the results of these are there.
        needed = [futures[other] for other in sorted(graph.successors(stage))]
        futures[stage] = client.submit(
            ByValue(task), name, run, stage, *needed,
            key=f"{stage} {name}", retries=retries, priority=urgent[stage],
            resources={MEMORY: 1} if stage in apart else None,
        )  # fmt: skip
    try:
        wait(list(futures.values()))
    except CancelledError:
        raise StageFailedError(
            "the connection to the scheduler was lost; what was pushed is kept, and the same "
            "command goes on"
        ) from None
    # None means success, "" a stage that was skipped.
    # Report all failures, not only the first: their stages do not depend on each other.
    messages = [_message(stage, futures, graph) for stage in graph]
    failures = [message for message in messages if message]
    if failures:
        skipped = sum(message == "" for message in messages)
        note = f"\nnot run, since they need it: {counted(skipped, 'stage')}" if skipped else ""
        raise StageFailedError("\n\n".join(failures) + note)


def _message(stage: str, futures: dict[str, Any], graph: nx.DiGraph[str]) -> str | None:
    """Return the result of a task, or its exception as a message."""
    if futures[stage].status != "error":
        message: str | None = futures[stage].result()
        return message
    if any(futures[other].status == "error" for other in graph.successors(stage)):
        return ""
    return f"stage {stage} failed again and again: {futures[stage].exception()}"


def run_graph(
    graph: nx.DiGraph[str], workers: int, run: Callable[[str], None], board: Board
) -> None:
    """Call ``run`` in this process for every stage, at most ``workers`` at a time.

    ``run`` raises CharlabError if a stage fails; otherwise this is :func:`run_on`.
    """
    from distributed import Client

    with local_cluster(workers) as cluster, Client(cluster) as client:
        run_on(client, graph, partial(_failure, run), board, apart=kept_apart(graph, workers))


def _failure(run: Callable[[str], None], stage: str) -> str | None:
    """Run a stage; return the message of its error."""
    try:
        run(stage)
    except CharlabError as error:
        return str(error)
    return None


def run_here(workers: int, pipeline: Pipeline, board: Board) -> None:
    """Run all stages that are out of date on this machine, at most ``workers`` at a time."""
    run_graph(pipeline.stale, workers, run_stage, board)


def fan_out(root: Path, run: Callable[[Pipeline, Board], None]) -> int:
    """Bring the whole pipeline up to date.

    Parameters
    ----------
    root : Path
        The project.
    run : callable
        Runs all stages that are out of date: :func:`run_here` or ``Cluster.run``.

    Returns
    -------
    int
        Number of stages that were out of date or downstream of one that was.

    Raises
    ------
    StageFailedError
        If a stage failed; its last lines of output are in the message.
    DvcFailedError
        If DVC cannot read the project, or another DVC is using it.
    InputsChangedError
        If params.yaml or dvc.yaml changed meanwhile, so that stages may be out of date again.
    """
    before = _project_files(root)
    pipeline = Pipeline.read(root)
    if not pipeline.stale:
        sort_lock(root, pipeline.order)
        return 0
    estimate(root, pipeline.stale)
    board = Board(total=len(pipeline.stale))
    with stopped_by_signals(CHILDREN):
        try:
            with shown(board):
                run(pipeline, board)
        finally:
            # Also after a failure or an interrupt, when some stages have been recorded.
            CHILDREN.wait()
            sort_lock(root, pipeline.order)
    if _project_files(root) != before:
        raise InputsChangedError(
            "params.yaml or dvc.yaml changed while the pipeline ran; run the same command again, "
            "for the stages that this concerns"
        )
    return len(pipeline.stale)


def _project_files(root: Path) -> list[bytes]:
    paths = [root / name for name in ("params.yaml", "dvc.yaml")]
    return [path.read_bytes() for path in paths if path.is_file()]
