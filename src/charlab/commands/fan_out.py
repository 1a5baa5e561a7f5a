"""Run the pipeline with independent stages in parallel.

``dvc repro`` runs one stage at a time. Here each stage that is out of date or downstream of one
becomes a task of a Dask cluster on this machine, which runs
``dvc --wait-for-lock repro --single-item STAGE``. So DVC itself still decides whether to run it,
and leaves the same dvc.lock as a plain ``dvc repro``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx

from charlab.commands.board import Board, log_of, shown
from charlab.commands.children import CHILDREN, stopped_by_signals
from charlab.commands.lockfile import repro_order, sort_lock
from charlab.core.errors import CharlabError
from charlab.core.stage_inputs import InputsChangedError
from charlab.core.units import counted

TOPIC = "charlab stages"
"""Name of the Dask topic on which workers report to the board."""


class StageFailedError(CharlabError):
    """A stage of the pipeline ended with an error."""


class DvcFailedError(CharlabError):
    """DVC refuses to read the project."""


def stale_graph(repo: Any) -> nx.DiGraph[str]:
    """Return the stages to run: those out of date and all that depend on them.

    Parameters
    ----------
    repo : dvc.repo.Repo
        The project.

    Returns
    -------
    networkx.DiGraph
        Stage names; an edge goes from a stage to each stage that it needs.
    """
    graph = nx.relabel_nodes(repo.index.graph, lambda stage: stage.addressing)
    stale = set(repo.status())
    # Edges point upstream, so the ancestors of a stage are the stages downstream of it.
    downstream = {user for name in stale for user in nx.ancestors(graph, name)}
    chosen: nx.DiGraph[str] = graph.subgraph(stale | downstream).copy()
    return chosen


def run_stage(stage: str) -> None:
    """Run one stage through DVC, its output in a log file.

    Raises
    ------
    StageFailedError
        With the end of the stage's output.
    """
    log = log_of(stage)
    log.parent.mkdir(parents=True, exist_ok=True)
    # A file, not a pipe: the board reads its last line, and a person can follow it.
    with log.open("wb") as output:
        # Stages that end at the same time take turns at dvc.lock.
        failed = CHILDREN.run(["--wait-for-lock", "repro", "--single-item", stage], output)
    if failed:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
        raise StageFailedError(f"stage {stage} failed (full output: {log.as_posix()})\n{tail}")


def _task(run: Callable[[str], None], stage: str, *needed: str | None) -> str | None:
    """Run a stage on a worker.

    Returns
    -------
    str or None
        None if the stage succeeded; "" if it was skipped because one that it needs failed;
        otherwise the error message, and not an exception, whose traceback Dask would log.
    """
    from distributed import get_worker

    worker = get_worker()
    # A message of "" passes the failure on to the stages further downstream.
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


def local_cluster(threads: int) -> Any:
    """Return a Dask cluster inside this process that other machines cannot reach.

    ``LocalCluster`` would open its web servers on all interfaces, one of them on port 8787. They
    cannot be switched off, so each gets a free port of the loopback interface.
    """
    from distributed import Scheduler, SpecCluster, Worker

    options = {"protocol": "inproc://", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    # Stages run in their own processes, so the worker's memory limit would not apply to them.
    worker = {"cls": Worker, "options": {**options, "nthreads": threads, "memory_limit": 0}}
    return SpecCluster(
        scheduler={"cls": Scheduler, "options": options},
        workers={0: worker},
        silence_logs=logging.ERROR,
    )


def run_graph(
    graph: nx.DiGraph[str], workers: int, run: Callable[[str], None], board: Board
) -> None:
    """Call ``run`` for every stage of ``graph``, each after those that it needs.

    Parameters
    ----------
    graph : networkx.DiGraph
        Stage names; an edge goes from a stage to each stage that it needs.
    workers : int
        Maximum number of stages that run at the same time.
    run : callable
        Runs one stage; raises CharlabError if it fails.
    board : Board
        Notified when a stage starts or ends.

    Raises
    ------
    StageFailedError
        If a stage failed; all stages that do not depend on it have run.
    """
    from distributed import Client

    with local_cluster(workers) as cluster, Client(cluster) as client:
        client.subscribe_topic(TOPIC, board.note)
        futures: dict[str, Any] = {}
        for stage in reversed(list(nx.topological_sort(graph))):
            # Futures as arguments: Dask starts a task when the results of these are there.
            needed = [futures[other] for other in sorted(graph.successors(stage))]
            futures[stage] = client.submit(_task, run, stage, *needed, key=f"stage {stage}")
        messages = client.gather(list(futures.values()))
    # None means success, "" a stage that was skipped.
    # Report all failures, not only the first: their stages do not depend on each other.
    failures = [message for message in messages if message]
    if failures:
        skipped = sum(message == "" for message in messages)
        note = f"\nnot run, since they need it: {counted(skipped, 'stage')}" if skipped else ""
        raise StageFailedError("\n\n".join(failures) + note)


def fan_out(root: Path, workers: int) -> int:
    """Bring the whole pipeline up to date, ``workers`` stages at a time.

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
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    before = _project_files(root)
    try:
        # A single Repo: parsing dvc.yaml and dvc.lock takes seconds in a large study.
        with Repo(str(root)) as repo:
            order = repro_order(repo)
            graph = stale_graph(repo)
    except DvcException as error:
        raise DvcFailedError(f"DVC: {error}") from None
    if not graph:
        sort_lock(root, order)
        return 0
    board = Board(total=len(graph))
    with stopped_by_signals(CHILDREN):
        try:
            with shown(board):
                run_graph(graph, workers, run_stage, board)
        finally:
            # Also after a failure or an interrupt, when some stages have been recorded.
            CHILDREN.wait()
            sort_lock(root, order)
    if _project_files(root) != before:
        raise InputsChangedError(
            "params.yaml or dvc.yaml changed while the pipeline ran; run the same command again, "
            "for the stages that this concerns"
        )
    return len(graph)


def _project_files(root: Path) -> list[bytes]:
    paths = [root / name for name in ("params.yaml", "dvc.yaml")]
    return [path.read_bytes() for path in paths if path.is_file()]
