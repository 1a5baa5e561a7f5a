"""The stages of the pipeline as a graph: which ones to run, in which order, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx

from charlab.commands.lockfile import repro_order
from charlab.core.errors import CharlabError
from charlab.core.units import counted

FACTOR = 10
SLACK = 30.0
"""A stage may take ``FACTOR`` times its expected minutes and ``SLACK`` more: machines differ."""


class DvcFailedError(CharlabError):
    """DVC refuses to read the project."""


@dataclass(frozen=True)
class Pipeline:
    """The stages of a project.

    Attributes
    ----------
    order : list of str
        All stages in the order in which ``dvc repro`` runs them.
    graph : networkx.DiGraph
        All stages; an edge goes from a stage to each stage that it needs.
    stale : networkx.DiGraph
        Those to run: the stages that are out of date, and all that depend on them.
    uncached : set of str
        Stages with an output that is not in DVC's cache, so that no remote can hold it.
    """

    order: list[str]
    graph: nx.DiGraph[str]
    stale: nx.DiGraph[str]
    uncached: set[str]

    @classmethod
    def read(cls, root: Path) -> Pipeline:
        """Read the pipeline of a project.

        Raises
        ------
        DvcFailedError
            If DVC cannot read the project, or another DVC is using it.
        """
        from dvc.exceptions import DvcException
        from dvc.repo import Repo

        try:
            # A single Repo: parsing dvc.yaml and dvc.lock takes seconds in a large study.
            with Repo(str(root)) as repo:
                return cls._of(repo)
        except DvcException as error:
            raise DvcFailedError(f"DVC: {error}") from None

    @classmethod
    def _of(cls, repo: Any) -> Pipeline:
        graph = nx.relabel_nodes(repo.index.graph, lambda stage: stage.addressing)
        stale = set(repo.status())
        # Edges point upstream, so the ancestors of a stage are the stages downstream of it.
        downstream = {user for name in stale for user in nx.ancestors(graph, name)}
        uncached = {
            stage.addressing
            for stage in repo.index.stages
            if not all(out.use_cache for out in stage.outs)
        }
        chosen = graph.subgraph(stale | downstream).copy()
        return cls(repro_order(repo), graph, chosen, uncached)

    @property
    def distributable(self) -> nx.DiGraph[str]:
        """The stages of ``stale`` whose results other machines can send back."""
        here = {user for name in self.uncached for user in nx.ancestors(self.graph, name)}
        chosen: nx.DiGraph[str] = self.stale.subgraph(set(self.stale) - here - self.uncached).copy()
        return chosen

    @property
    def to_push(self) -> list[str]:
        """The stages that are up to date and whose results other machines need, in order."""
        needed = {
            other for name in self.distributable for other in nx.descendants(self.graph, name)
        }
        return [name for name in self.order if name in needed - set(self.stale)]

    def waves(self, chosen: nx.DiGraph[str]) -> list[list[str]]:
        """Return stages in groups, each of which needs only stages of the groups before it."""
        rank = {name: place for place, name in enumerate(self.order)}
        waves = nx.topological_generations(chosen.reverse(copy=False))
        return [sorted(wave, key=rank.__getitem__) for wave in waves]


def estimate(root: Path, graph: nx.DiGraph[str]) -> None:
    """Note at each stage of a graph its ``minutes``, about, and whether its network is ``large``.

    Nothing is noted if params.yaml cannot be read.
    """
    from charlab.plan.params import load_params
    from charlab.verify.costs import Costs

    try:
        costs = Costs(root, load_params(root / "params.yaml"))
        notes = {
            name: {"minutes": costs.minutes(name), "large": costs.large(name)} for name in graph
        }
    except (CharlabError, KeyError):
        return  # the stage plan will say what is wrong
    nx.set_node_attributes(graph, notes)


def urgency(graph: nx.DiGraph[str], minutes: Mapping[str, float]) -> dict[str, float]:
    """Return, for each stage, the minutes of the longest chain of stages that begins with it.

    Whoever starts the stage with the longest chain first has no long stage left over at the end,
    when all others are done. No number of machines beats the longest chain of all.
    """
    chains: dict[str, float] = {}
    for name in nx.topological_sort(graph):  # edges point upstream, so this ends with the first
        after = max((chains[user] for user in graph.predecessors(name)), default=0.0)
        chains[name] = minutes.get(name, 0.0) + after
    return chains


def expected_minutes(root: Path) -> dict[str, float]:
    """Return the minutes that each stage will take, by what is recorded of earlier runs.

    A stage that DVC finds unchanged when it comes to it is left out.
    """
    from charlab.verify.status import stale

    return {entry.stage: entry.minutes for entry in stale(root)}


def limit(minutes: Mapping[str, float], stage: str) -> float:
    """Return the minutes after which a stage on another machine counts as hanging."""
    return SLACK + FACTOR * minutes.get(stage, 0)


def plan_lines(pipeline: Pipeline, minutes: Mapping[str, float], cluster: bool) -> Iterator[str]:
    """Yield the plan as text: one line for each stage, and a summary.

    Parameters
    ----------
    pipeline : Pipeline
    minutes : mapping of str to float
        See :func:`expected_minutes`.
    cluster : bool
        Whether other machines run the stages whose results they can send back.
    """
    stale = pipeline.stale
    waves = pipeline.waves(stale)
    if not waves:
        yield "everything is up to date"
        return
    yield "wave  minutes  stage"
    for place, wave in enumerate(waves, start=1):
        for name in wave:
            cost = f"{minutes[name]:7.1f}" if name in minutes else "      -"
            here = "  (here, at the end)" if cluster and name not in pipeline.distributable else ""
            needed = ", ".join(sorted(stale.successors(name))[:3])
            more = max(0, stale.out_degree(name) - 3)
            after = f"after {needed}{f' and {more} more' if more else ''}" if needed else ""
            yield f"{place:4}  {cost}  {name + here:36}{after}".rstrip()
    total = sum(minutes.get(name, 0) for name in stale)
    yield (
        f"{counted(len(stale), 'stage')}: about {total:.1f} minutes of one core, and at least "
        f"{max(urgency(stale, minutes).values()):.1f} on any number of cores"
    )
