"""Collect what git and DVC's cache have of the last commit's experiments.

The outputs of an experiment are not in the working copy: metrics/ and plots/ are in its own
commit, its samples in DVC's cache, under the hash in that commit's dvc.lock.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from charlab.commands.branches import Repository
from charlab.core.restored import MD5
from charlab.core.yaml_text import LOADER
from charlab.verify.explain import leaves

# Files of each commit.
METRICS, PARAMS = "metrics/model.json", "params.yaml"
CURVE, SAMPLES = "plots/model_learning_curve.csv", "data/samples/model.json"

BASELINE, DONE, RUNNING, QUEUED, FAILED = "baseline", "done", "running", "queued", "failed"
"""States of an experiment."""


@dataclass(frozen=True)
class Experiment:
    """One row of ``dvc exp show``.

    Attributes
    ----------
    name : str
        For the baseline, the branch.
    state : str
        One of the five names above.
    params : dict
        Values of params.yaml, by their full name.
    metrics : dict
        metrics/model.json; empty unless the experiment is done: DVC gives one that failed, or
        has not started, the numbers of its baseline.
    curve : DataFrame, optional
        Learning curve of the model; None if it is not in the experiment's commit.
    samples : dict, optional
        Output of the stage ``sample``; None if DVC's cache does not have it.
    """

    name: str
    state: str
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    curve: pd.DataFrame | None = None
    samples: Mapping[str, Any] | None = None

    def number(self, name: str) -> float | None:
        """Return one of the metrics; None if it is missing, as the loss of a diverged training."""
        value = self.metrics.get(name)
        if isinstance(value, int | float) and math.isfinite(value):
            return float(value)
        return None


def collect(root: Path) -> list[Experiment]:
    """Return the last commit as the baseline, and its experiments in the order of DVC."""
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        results = _Results(Repository(root), Path(repo.cache.local.path))
        # One state per commit, here that of HEAD.
        (head,) = repo.experiments.show(hide_workspace=True)
        baseline = _experiment(head, head.name or head.rev[:7], BASELINE, results)
        return [baseline, *_below(head, results)]


def _below(head: Any, results: _Results) -> Iterator[Experiment]:
    """Yield the experiments on a commit."""
    for entry in head.experiments or []:
        # Without an executor, the experiment ran in another clone or before the queue was cleared.
        state = entry.executor.state if entry.executor else DONE
        newest = entry.revs[0]
        name = entry.name or newest.name or newest.rev[:7]
        yield _experiment(newest, name, DONE if state == "success" else state, results)


def _experiment(revision: Any, name: str, state: str, results: _Results) -> Experiment:
    """Return what is known of a revision; results only of those that are its own."""
    if revision.data is None:  # DVC could not read it
        return Experiment(name, state)
    document = revision.data.params.get(PARAMS, {}).get("data") or {}
    params = dict(pair for key, value in document.items() for pair in leaves(key, value))
    if state not in (BASELINE, DONE):
        return Experiment(name, state, params)
    return Experiment(
        name,
        state,
        params,
        revision.data.metrics.get(METRICS, {}).get("data") or {},
        results.curve(revision.rev),
        results.samples(revision.rev),
    )


@dataclass(frozen=True)
class _Results:
    """Results of any commit."""

    git: Repository
    cache: Path

    def curve(self, commit: str) -> pd.DataFrame | None:
        """Return the learning curve of the model, which is in git."""
        content = self.git.content(commit, CURVE)
        if content is None:
            return None
        rows = pd.read_csv(io.BytesIO(content))
        return rows if {"chars", "train_bpc", "val_bpc"} <= set(rows) else None

    def samples(self, commit: str) -> dict[str, Any] | None:
        """Return the samples of the model, which are in DVC's cache under their hash."""
        md5 = self._md5(commit, SAMPLES)
        if md5 is None or not MD5.fullmatch(md5):
            return None
        path = self.cache / md5[:2] / md5[2:]
        content = path.read_bytes() if path.is_file() else b""
        # A damaged file must not pass for what the experiment wrote.
        intact = hashlib.md5(content, usedforsecurity=False).hexdigest() == md5
        return dict(json.loads(content)) if intact else None

    def _md5(self, commit: str, output: str) -> str | None:
        """Return the hash of an output in the dvc.lock of a commit."""
        lock = yaml.load(self.git.content(commit, "dvc.lock") or b"{}", LOADER)  # a safe loader
        outs = [out for stage in lock.get("stages", {}).values() for out in stage.get("outs", [])]
        return next((out.get("md5") for out in outs if out.get("path") == output), None)
