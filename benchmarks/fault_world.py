"""A small project in all states of a run, for faults.py."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from fault_injection import Fault, Outcome, spawn, start_dvc, wait

ROOT = Path(__file__).resolve().parents[1]
PARAMS = """\
seed: {seed}
texts:
  invented: {{builtin: invented, chars: {chars}, seed: 3, title: A small book}}
corpus: {{val: 0.1, test: 0.1, clean: {{ascii_quotes: false}}}}
baselines: {{ngram_orders: [2, 3], ppmd_orders: [4]}}
text: invented
model: {{cell: rnn, backend: numpy, hidden: 8}}
train: &train {{batch_size: 8, seq_len: 32, epochs: 1, learning_rate: 0.01, evaluations: 2}}
sample: {{prompt: "The ", temperatures: [0.5, 1.0], length: 60}}
study:
  name: tiny
  seeds: [1, 2]
  defaults:
    model: {{cell: rnn, backend: numpy, hidden: 8}}
    train: *train
  variants:
    narrow: {{text: invented, model: {{hidden: 6}}}}
    wide: {{text: invented, model: {{hidden: 10}}}}
  comparisons:
    width: {{title: Width, question: Which, vary: hidden, variants: [narrow, wide]}}
"""
BEFORE = PARAMS.format(seed=1, chars=20000)
AFTER = PARAMS.format(seed=2, chars=24000)
MISSED = "missed"
"""Verdict of a trial in which nothing failed: the process had ended before, or needed no space."""

UNNOTICED = "by mend only"
"""Verdict where a plain ``dvc repro`` restores damaged bytes, and ``charlab mend`` names them."""

RESULTS = ("data", "metrics", "plots", "report")
UNUSED = ("docs", "tests", "benchmarks", ".github", ".ci")


@dataclass
class World:
    """Snapshots of a project: one before each stage of a run, and one after the last.

    Attributes
    ----------
    folder, work : Path
        Folder of the snapshots, and of the project that is broken.
    stages : list of str
        In the order of ``dvc repro``.
    commands : dict of str to str
        The command of each stage.
    writes, seconds : dict
        Number of writes, and duration, of each stage ("stage") and of DVC around it ("dvc").
    """

    folder: Path
    work: Path
    stages: list[str] = field(default_factory=list)
    commands: dict[str, str] = field(default_factory=dict)
    writes: dict[tuple[str, str], int] = field(default_factory=dict)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The project that is broken."""
        return self.work / "charlab"

    @property
    def log(self) -> Path:
        """Output of the command that runs."""
        return self.work / "log"

    def snapshot(self, index: int) -> Path:
        """Return the project before stage ``index``."""
        return self.folder / f"before-{index}"

    def restore(self, index: int, to: Path | None = None) -> Path:
        """Make the project as it was before stage ``index``; return its folder."""
        return copy(self.snapshot(index), to or self.root)

    def run(
        self, start: Callable[..., int], *arguments: Any, fault: Fault | None = None
    ) -> Outcome:
        """Run a command to its end."""
        self.log.unlink(missing_ok=True)
        return wait(start(self.root, *arguments, fault or Fault(), self.log), self.log)

    def again(self, start: Callable[..., int], *arguments: Any) -> tuple[Outcome, bool]:
        """Run a command after a fault, mend if it fails; return its end, and if it had to be."""
        outcome = self.run(start, *arguments)
        if outcome.status == 0:
            return outcome, False
        mending = self.mend()
        mended = self.run(start, *arguments)
        return Outcome(mended.status, outcome.output + mending.output + mended.output), True

    def mend(self) -> Outcome:
        """Run ``charlab mend``."""
        self.log.unlink(missing_ok=True)
        return wait(spawn(self.root, self.log, mend), self.log)


def mend() -> int:
    """Run ``charlab mend`` in this process."""
    from charlab.commands.cli import cli

    return int(cli(["mend"], standalone_mode=True) or 0)


def copy(source: Path, target: Path) -> Path:
    """Make a folder the same as another one; copy only files that differ in size or time."""
    target.mkdir(parents=True, exist_ok=True)
    have = {entry.name: entry for entry in os.scandir(target)}
    for entry in os.scandir(source):
        there, path = have.pop(entry.name, None), target / entry.name
        if entry.is_dir(follow_symlinks=False):
            if there and not there.is_dir(follow_symlinks=False):
                path.unlink()
            copy(Path(entry.path), path)
        elif there is None or not _same(entry.stat(), there.stat()):
            if there:
                _remove(path)
            shutil.copy2(entry.path, path)
    for name in have:
        _remove(target / name)
    return target


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    keys = ("st_mode", "st_size", "st_mtime_ns")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def contents(root: Path) -> dict[str, bytes]:
    """Return the bytes of all results; DVC's .gitignore files are none."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for folder in RESULTS
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and path.name != ".gitignore"
    }


def is_litter(name: str) -> bool:
    """Check for a temporary file of a killed process, which DVC and charlab ignore."""
    parts = name.split("/")
    return any(part.startswith(".") and part.endswith((".part", ".tmp")) for part in parts)


def recorded(root: Path) -> dict[str, Any]:
    """Return the stages of dvc.lock without sizes.

    DVC writes the size of the file at hand beside the hash that it knows of the whole one, and
    compares hashes only.
    """
    document = yaml.safe_load((root / "dvc.lock").read_text(encoding="utf-8"))
    for stage in document["stages"].values():
        for entry in (*stage.get("deps", ()), *stage.get("outs", ())):
            entry.pop("size", None)
    return dict(document["stages"])


def build(folder: Path) -> World:
    """Run the pipeline twice, the second time with other parameters and stage by stage."""
    sys.path.insert(0, str(ROOT / "tests"))
    from project_clone import make_clone

    clone = make_clone(folder / "first")
    os.environ["HOME"] = str(folder / "first" / "home")
    for name in UNUSED:
        shutil.rmtree(clone.root / name, ignore_errors=True)
    (clone.root / "params.yaml").write_text(BEFORE, encoding="utf-8")
    world = World(folder, folder / "work")
    world.work.mkdir()
    copy(clone.root, world.snapshot(0))
    world.restore(0)
    must(world.run(start_dvc, ["repro"]))
    for command in (["add", "--all"], ["commit", "--quiet", "--message", "results"]):
        subprocess.run(["git", *command], cwd=world.root, check=True)
    (world.root / "params.yaml").write_text(AFTER, encoding="utf-8")
    document = recorded(world.root)
    world.stages = list(document)
    world.commands = {name: entry["cmd"] for name, entry in document.items()}
    for index, stage in enumerate(world.stages):
        copy(world.root, world.snapshot(index))
        for where in ("stage", "dvc"):
            if where == "dvc":
                world.restore(index)
            started = time.monotonic()
            outcome = world.run(start_dvc, ["repro", "-s", stage], fault=Fault(where=where))
            world.seconds[stage, "dvc"] = time.monotonic() - started
            must(outcome)
            world.writes[stage, where] = int(world.log.with_suffix(".count").read_text())
        print(f"{stage}: {world.writes[stage, 'stage']} writes", file=sys.stderr, flush=True)
    copy(world.root, world.snapshot(len(world.stages)))
    return world


def must(outcome: Outcome) -> None:
    """Stop if a command without a fault failed."""
    if outcome.status:
        sys.exit(outcome.output)


def verdict_of(
    root: Path, reference: Path, outcome: Outcome, mended: bool, stage: str | None
) -> tuple[str, int]:
    """Compare a project with its reference; return the column of the trial, and the litter."""
    if outcome.status:
        return "lost: the command fails even after mending", 0
    have, want = contents(root), contents(reference)
    litter = [name for name in have if is_litter(name)]
    for name in sorted(have.keys() | want.keys()):
        if not is_litter(name) and have.get(name) != want.get(name):
            state = "differs" if name in have and name in want else "is there in one only"
            return f"wrong: {name} {state}", len(litter)
    if stage is not None:
        lock, right = recorded(root), recorded(reference)
        names = right if stage == "all" else [stage]
        for name in names:
            if lock.get(name) != right[name]:
                return f"wrong: dvc.lock differs at {name}", len(litter)
    return ("after mending" if mended else "same command"), len(litter)


def load_or_build(folder: Path) -> World:
    """Return the world of a folder; build it there if there is none."""
    kept = folder / "world.pickle"
    if kept.exists():
        return World(**pickle.loads(kept.read_bytes()))
    folder.mkdir(parents=True, exist_ok=True)
    world = build(folder)
    kept.write_bytes(pickle.dumps(vars(world)))
    return world


def preload() -> None:
    """Import what DVC and the stages import, so that a fork does not have to."""
    import faulthandler
    import importlib

    faulthandler.enable()
    sys.path.insert(0, str(ROOT / "src"))
    modules = ("dvc.cli", "dvc.repo.reproduce", "dvc.commands.repro", "dvc.stage.run")
    own = (
        "clean.clean_text vocab.encoded_text baselines.measure train.loop sample.generate "
        "evaluate.evaluate compare.compare report.render plan.plan fetch.gutenberg commands.cli "
        "commands.mend"
    )
    lazily = (
        "dulwich.repo dulwich.ignore dvc.analytics dvc.cachemgr dvc.data_cloud dvc.repo.stage "
        "dvc.repo.plots dvc.rwlock dvc.scm dvc.utils.strictyaml dvc_render fsspec.implementations"
        ".memory ruamel.yaml scmrepo.git zc.lockfile"
    )
    modules = (*modules, *lazily.split())
    for module in (*modules, *(f"charlab.{name}" for name in own.split())):
        importlib.import_module(module)
    importlib.import_module("dvc.cli.parser").get_main_parser()
    # Garbage collection in a fork would copy the pages of all of these.
    gc.freeze()
