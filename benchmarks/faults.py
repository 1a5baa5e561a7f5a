"""Break the pipeline in hundreds of ways, run the ordinary command again, and compare the results.

Each trial copies a small project in a known state, breaks a stage, DVC or a file in it, and runs
the same command again; if that fails, ``charlab mend`` and then the same command. The outputs
must have the bytes of a run without faults. See docs/robustness.md.

    python benchmarks/faults.py --seed 1
    python benchmarks/faults.py --only "stage killed at a write" --stages train,sample
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from fault_injection import Fault, Outcome, spawn, start_dvc, start_stage, wait

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
EDITS = {
    "vocab@invented": ("val: 0.1", "val: 0.2"),
    "baselines@invented": ("[2, 3]", "[2, 4]"),
    "train": ("seed: 2\n", "seed: 5\n"),
    "train-variant@wide": ("seeds: [1, 2]", "seeds: [1, 3]"),
    "sample": ("length: 60", "length: 70"),
    "sample-variants": ("seed: 2\n", "seed: 5\n"),
}
"""An edit of params.yaml for stages that have parameters of their own."""

RESULTS = ("data", "metrics", "plots", "report")
UNUSED = ("docs", "tests", "benchmarks", "studies", ".github", ".ci")
COLUMNS = ("faults", "same command", "after mending", "wrong", "lost", "tracebacks", "litter")


@dataclass
class World:
    """Snapshots of a project: one before each stage of a run, and one after the last.

    Attributes
    ----------
    folder : Path
    stages : list of str
        In the order of ``dvc repro``.
    commands : dict of str to str
        The command of each stage.
    writes, seconds : dict
        Number of writes, and duration, of each stage ("stage") and of DVC around it ("dvc").
    """

    folder: Path
    stages: list[str] = field(default_factory=list)
    commands: dict[str, str] = field(default_factory=dict)
    writes: dict[tuple[str, str], int] = field(default_factory=dict)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The project that is broken."""
        return self.folder / "charlab"

    @property
    def log(self) -> Path:
        """Output of the command that runs."""
        return self.folder / "log"

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
        self.log.unlink(missing_ok=True)
        wait(spawn(self.root, self.log, mend), self.log)
        mended = self.run(start, *arguments)
        return Outcome(mended.status, outcome.output + mended.output), True


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
    """Return the stages of dvc.lock."""
    document = yaml.safe_load((root / "dvc.lock").read_text(encoding="utf-8"))
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
    world = World(folder)
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


@dataclass
class Tally:
    """Counts by kind of fault, and the trials that went wrong."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, kind: str, name: str, verdict: str, outputs: str, litter: int) -> None:
        """Count one trial; ``verdict`` is a column, or a column and a reason."""
        column, _, reason = verdict.partition(": ")
        counter = self.counts.setdefault(kind, Counter())
        counter.update({"faults": 1, column: 1})
        counter["litter"] += litter > 0
        if "Traceback (most recent call last)" in outputs:
            counter["tracebacks"] += 1
            reason = reason or "traceback"
        if reason:
            self.problems.append(f"{kind}, {name}: {verdict} ({reason})\n{outputs[-1500:]}")

    def table(self) -> str:
        """Return the counts as a Markdown table."""
        rows = [["kind", *COLUMNS], ["---", *["---:"] * len(COLUMNS)]]
        total: Counter[str] = Counter()
        for kind, counter in self.counts.items():
            rows.append([kind, *(str(counter[column]) for column in COLUMNS)])
            total.update(counter)
        rows.append(["total", *(str(total[column]) for column in COLUMNS)])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


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


Trial = tuple[str, str, Callable[[], tuple[str, str, int]]]
"""Kind, name, and a function that returns the verdict, all output, and the litter."""


@dataclass(frozen=True)
class Faults:
    """All trials of a world, from one seed."""

    world: World
    random: random.Random

    def scripts(self, kind: str, fault: Callable[[str, int], Fault], each: int) -> Iterator[Trial]:
        """Yield trials of the stages' scripts without DVC, which removes no old output first."""
        for index, stage in enumerate(self.world.stages):
            count = self.world.writes[stage, "stage"]
            steps = min(each, count)
            for step in range(steps):
                place = 1 + step * count // steps
                chosen = fault(stage, place)
                name = f"{stage} {chosen.kind} {chosen.count} {chosen.value:.4g}"
                yield kind, name, lambda i=index, f=chosen: self._script(i, f)

    def _script(self, index: int, fault: Fault) -> tuple[str, str, int]:
        world, stage = self.world, self.world.stages[index]
        world.restore(index)
        arguments = (world.commands[stage], stage)
        broken = world.run(start_stage, *arguments, fault=fault)
        outcome, mended = world.again(start_stage, *arguments)
        verdict, litter = verdict_of(world.root, world.snapshot(index + 1), outcome, mended, None)
        return verdict, broken.output + outcome.output, litter

    def under_dvc(self, kind: str, where: str, fault_kind: str, number: int) -> Iterator[Trial]:
        """Yield trials of ``dvc repro -s STAGE``, killed in DVC or in the stage."""
        for _ in range(number):
            index = self.random.randrange(len(self.world.stages))
            stage = self.world.stages[index]
            limit = self.world.seconds[stage, "dvc"]
            fault = Fault(
                fault_kind,
                self.random.randint(1, self.world.writes[stage, where]),
                self.random.uniform(0, limit if fault_kind == "timer" else 0.05),
                where,
            )
            name = f"{stage} {fault.kind} {fault.count} {fault.value:.4g}"
            yield kind, name, lambda i=index, f=fault: self._under_dvc(i, f)

    def _under_dvc(self, index: int, fault: Fault) -> tuple[str, str, int]:
        world, stage = self.world, self.world.stages[index]
        world.restore(index)
        command = ["repro", "-s", stage]
        broken = world.run(start_dvc, command, fault=fault)
        outcome, mended = world.again(start_dvc, command)
        verdict, litter = verdict_of(world.root, world.snapshot(index + 1), outcome, mended, stage)
        return verdict, broken.output + outcome.output, litter

    def edits(self, number: int) -> Iterator[Trial]:
        """Yield trials in which params.yaml is edited while DVC runs a stage."""
        for _ in range(number):
            stage = self.random.choice(list(EDITS))
            moment = self.random.uniform(0, 1) * self.world.seconds[stage, "dvc"]
            yield (
                "params.yaml edited in mid-run",
                f"{stage} after {moment:.2f} s",
                lambda s=stage, m=moment: self._edit(s, m),
            )

    def _edit(self, stage: str, moment: float) -> tuple[str, str, int]:
        world, index = self.world, self.world.stages.index(stage)
        command = ["repro", "-s", stage]
        reference = world.folder / f"edited-{index}"
        if not reference.exists():
            world.restore(index)
            edit(world.root, stage)
            must(world.run(start_dvc, command))
            copy(world.root, reference)
        world.restore(index)
        world.log.unlink(missing_ok=True)
        pid = start_dvc(world.root, command, Fault(), world.log)
        time.sleep(moment)
        edit(world.root, stage)
        broken = wait(pid, world.log)
        outcome, mended = world.again(start_dvc, command)
        verdict, litter = verdict_of(world.root, reference, outcome, mended, stage)
        return verdict, broken.output + outcome.output, litter


def edit(root: Path, stage: str) -> None:
    """Edit a parameter of a stage, as an editor does: a new file under the old name."""
    old, new = EDITS[stage]
    text = (root / "params.yaml").read_text(encoding="utf-8")
    (root / "params.new").write_text(text.replace(old, new, 1), encoding="utf-8")
    (root / "params.new").replace(root / "params.yaml")


def trials(world: World, seed: int) -> Iterator[Trial]:
    """Yield all trials."""
    from fault_damage import damage, full_disks, real_fan_outs

    chance = random.Random(seed)
    faults = Faults(world, chance)

    def moment(stage: str, _: int) -> Fault:
        return Fault("timer", value=chance.uniform(0, world.seconds[stage, "dvc"]))

    yield from faults.scripts("stage killed at a write", lambda _, k: Fault("kill", k), 14)
    yield from faults.scripts("stage killed at a moment", moment, 3)
    yield from faults.scripts("no space left at a write", lambda _, k: Fault("enospc", k), 4)
    yield from faults.scripts(
        "file size limit", lambda *_: Fault("limit", value=chance.choice([0, 100, 3000, 20000])), 2
    )
    yield from full_disks(faults, 16)
    yield from faults.under_dvc("stage killed under DVC", "stage", "kill", 14)
    yield from faults.under_dvc("DVC killed at a write", "dvc", "kill", 40)
    yield from faults.under_dvc("DVC killed after a write", "dvc", "later", 20)
    yield from faults.under_dvc("DVC killed at a moment", "dvc", "timer", 20)
    yield from faults.edits(16)
    yield from damage(faults)
    yield from real_fan_outs(faults, 6)


def main() -> None:
    """Run all trials and print the table; exit with 1 if a result is wrong or lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a part of the kind's name")
    parser.add_argument("--stages", default="", help="parts of the trials' names, with commas")
    parser.add_argument("--world", type=Path, help="folder to build in once and to use again")
    options = parser.parse_args()
    # Threads do not survive a fork, and all trials share the processor's cores.
    os.environ.update(OMP_NUM_THREADS="1", DVC_NO_ANALYTICS="1", PYTHONDONTWRITEBYTECODE="1")
    preload()
    with contextlib.ExitStack() as stack:
        folder = options.world or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        world = load_or_build(folder)
        tally = Tally()
        for kind, name, trial in trials(world, options.seed):
            wanted = not options.stages or any(part in name for part in options.stages.split(","))
            if options.only in kind and wanted:
                verdict, outputs, litter = trial()
                tally.add(kind, name, verdict, outputs, litter)
                if ": " in verdict:
                    print(f"{kind}, {name}: {verdict}", file=sys.stderr, flush=True)
    print("\n\n".join(tally.problems), file=sys.stderr)
    print(tally.table())
    sys.exit(any(counter["wrong"] + counter["lost"] for counter in tally.counts.values()))


def load_or_build(folder: Path) -> World:
    """Return the world of a folder; build it there if there is none."""
    import pickle

    kept = folder / "world.pickle"
    if kept.exists():
        return World(**pickle.loads(kept.read_bytes()))
    folder.mkdir(parents=True, exist_ok=True)
    world = build(folder)
    kept.write_bytes(pickle.dumps(vars(world)))
    return world


def preload() -> None:
    """Import what DVC and the stages import, so that a fork does not have to."""
    import importlib

    sys.path.insert(0, str(ROOT / "src"))
    modules = ("dvc.cli", "dvc.repo.reproduce", "dvc.commands.repro", "dvc.stage.run")
    own = (
        "clean.clean_text vocab.encoded_text baselines.measure train.loop sample.generate "
        "evaluate.evaluate compare.compare report.render plan.plan fetch.gutenberg commands.cli "
        "commands.mend"
    )
    for module in (*modules, *(f"charlab.{name}" for name in own.split())):
        importlib.import_module(module)


if __name__ == "__main__":
    main()
