"""The README's picture of the pipeline says what dvc.yaml says."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import networkx as nx
import yaml

from import_graph import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def drawn() -> tuple[dict[str, str], set[tuple[str, str]]]:
    """Return the box of each stage in the README's picture, and the arrows between boxes."""
    (picture,) = re.findall(r"```mermaid\n(.*?)```", README, re.DOTALL)
    labels = re.findall(r'(\w+)\["<b>[^<]+</b><br/>([^"]+)"\]', picture)
    boxes = {stage: box for box, stages in labels for stage in stages.split(", ")}
    arrows = set()
    for line in re.sub(r"\[[^]]*\]", "", picture).splitlines()[1:]:
        *chain, last = [re.findall(r"\w+", end) for end in line.split("-->")]
        for sources in chain:
            arrows |= set(product(sources, last))
    return boxes, arrows


def overlaps(one: str, other: str) -> bool:
    """Check that one path is the other, or contains it, for some value of a foreach."""
    first, second = (re.sub(r"\$\{[^}]*\}", "*", path).split("/") for path in (one, other))
    return all("*" in a + b or a == b for a, b in zip(first, second, strict=False))


def test_the_picture_has_every_stage_and_every_arrow() -> None:
    """Arrows are those of dvc.yaml between the boxes, without those that others imply."""
    stages: dict[str, dict[str, Any]] = {
        name: stage.get("do", stage)
        for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))[
            "stages"
        ].items()
    }
    boxes, arrows = drawn()
    assert boxes.keys() == stages.keys()
    graph: nx.DiGraph[str] = nx.DiGraph()
    for (maker, made), (user, used) in product(stages.items(), repeat=2):
        outs = [next(iter(out)) if isinstance(out, dict) else out for out in made["outs"]]
        if any(overlaps(out, dep) for out, dep in product(outs, used["deps"])):
            graph.add_edge(boxes[maker], boxes[user])
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    assert arrows == set(nx.transitive_reduction(graph).edges)
