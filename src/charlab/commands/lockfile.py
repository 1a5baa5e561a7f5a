"""Sort the stages in dvc.lock into a canonical order.

DVC appends a stage to dvc.lock when it ends. Stages that run in parallel end in a different order
each time, so git would show hundreds of changed lines after an identical run.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from charlab.commands.mend import is_lock
from charlab.core.files import write_text


def repro_order(repo: Any) -> list[str]:
    """Return the names of all stages in the order in which ``dvc repro`` runs them.

    Parameters
    ----------
    repo : dvc.repo.Repo
        The project.
    """
    from dvc.repo.reproduce import get_active_graph, plan_repro

    return [stage.addressing for stage in plan_repro(get_active_graph(repo.index.graph))]


def canonical(recorded: Iterable[str], order: Iterable[str]) -> list[str]:
    """Return the recorded stages in the given order, followed by unknown stages by name.

    DVC keeps the records of stages that dvc.yaml no longer has, and so does this function.
    """
    # Unknown stages share the last rank, so that their names decide.
    rank = {name: place for place, name in enumerate(order)}
    return sorted(recorded, key=lambda name: (rank.get(name, len(rank)), name))


def sort_lock(root: Path, order: Iterable[str]) -> None:
    """Sort the stages in the project's dvc.lock; leave a sorted file untouched.

    Parameters
    ----------
    root : Path
        The project's folder.
    order : iterable of str
        All stages of dvc.yaml, from :func:`repro_order`.
    """
    from dvc.dvcfile import LOCK_FILE
    from dvc.repo import Repo
    from dvc.utils.serialize import dumps_yaml, load_yaml, parse_yaml_for_update

    path = root / LOCK_FILE
    # The next run mends one that a killed DVC has left half-written.
    if not path.is_file() or not is_lock(path):
        return
    # Another DVC process may be about to record a stage: wait until it is done.
    with Repo(str(root), _wait_for_lock=True) as repo, repo.lock:
        # The plain parser is several times as fast as the one that keeps the formatting.
        recorded = list(load_yaml(str(path)).get("stages", {}))
        wanted = canonical(recorded, order)
        if recorded == wanted:
            return
        # DVC's own parser and writer, so that the next 'dvc repro' leaves the file as it is.
        content = parse_yaml_for_update(path.read_text(encoding="utf-8"), str(path))
        for name in wanted:
            content["stages"].move_to_end(name)
        write_text(path, dumps_yaml(content))
