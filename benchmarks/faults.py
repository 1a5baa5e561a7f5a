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
import pickle
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fault_injection import Fault, start_dvc, start_stage, wait
from fault_world import MISSED, UNNOTICED, World, copy, load_or_build, must, preload, verdict_of

EDITS = {
    "vocab@invented": ("val: 0.1", "val: 0.2"),
    "baselines@invented": ("[2, 3]", "[2, 4]"),
    "train": ("seed: 2\n", "seed: 5\n"),
    "train-variant@wide": ("seeds: [1, 2]", "seeds: [1, 3]"),
    "sample": ("length: 60", "length: 70"),
    "sample-variants": ("seed: 2\n", "seed: 5\n"),
}
"""An edit of params.yaml for stages that have parameters of their own."""

SLOW = ("evaluate", "evaluate-variants", "report")
"""Stages that take several seconds, of which a quarter of the trials is run."""

COLUMNS = (
    "faults",
    "same command",
    "after mending",
    UNNOTICED,
    "wrong",
    "lost",
    "tracebacks",
    "litter",
)


@dataclass
class Tally:
    """Counts by kind of fault, and the trials that went wrong."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, kind: str, name: str, verdict: str, outputs: str, litter: int) -> None:
        """Count one trial; ``verdict`` is a column, or a column and a reason."""
        if verdict == MISSED:
            return
        column, _, reason = verdict.partition(": ")
        counter = self.counts.setdefault(kind, Counter())
        counter.update({"faults": 1, column: 1})
        counter["litter"] += litter > 0
        if "Traceback (most recent call last)" in outputs:
            counter["tracebacks"] += 1
            reason = reason or "traceback"
        if reason:
            self.problems.append(f"{kind}, {name}: {verdict} ({reason})\n{outputs[-1500:]}")

    def merge(self, other: Tally) -> None:
        """Add the counts of another process."""
        for kind, counter in other.counts.items():
            self.counts.setdefault(kind, Counter()).update(counter)
        self.problems += other.problems

    def table(self) -> str:
        """Return the counts as a Markdown table."""
        rows = [["kind", *COLUMNS], ["---", *["---:"] * len(COLUMNS)]]
        total: Counter[str] = Counter()
        for kind, counter in self.counts.items():
            rows.append([kind, *(str(counter[column]) for column in COLUMNS)])
            total.update(counter)
        rows.append(["total", *(str(total[column]) for column in COLUMNS)])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


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
            steps = min(max(1, each // 4) if stage in SLOW else each, count)
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
        if broken.status == 0:
            return MISSED, broken.output, 0
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
        if broken.status == 0:
            return MISSED, broken.output, 0
        outcome, mended = world.again(start_dvc, command)
        verdict, litter = verdict_of(world.root, world.snapshot(index + 1), outcome, mended, stage)
        return verdict, broken.output + outcome.output, litter

    def edits(self, number: int) -> Iterator[Trial]:
        """Yield trials in which params.yaml is edited while DVC runs a stage."""
        for _ in range(number):
            stage = self.random.choice(list(EDITS))
            moment = self.random.uniform(0, 1) * self.world.seconds[stage, "dvc"]
            yield (
                "params.yaml edited during a run",
                f"{stage} after {moment:.2f} s",
                lambda s=stage, m=moment: self._edit(s, m),
            )

    def _edit(self, stage: str, moment: float) -> tuple[str, str, int]:
        world, index = self.world, self.world.stages.index(stage)
        command = ["repro", "-s", stage]
        reference = world.work / f"edited-{index}"
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
        return Fault("timer", value=chance.uniform(0, 0.3 * world.seconds[stage, "dvc"]))

    def after(_: str, place: int) -> Fault:
        return Fault("later", place, chance.uniform(0, 0.005))

    yield from real_fan_outs(faults, 1)
    yield from damage(faults)
    yield from full_disks(faults, 16)
    yield from faults.under_dvc("stage killed under DVC", "stage", "kill", 8)
    yield from faults.under_dvc("DVC killed at a write", "dvc", "kill", 20)
    yield from faults.under_dvc("DVC killed after a write", "dvc", "later", 8)
    yield from faults.under_dvc("DVC killed at a moment", "dvc", "timer", 12)
    yield from faults.edits(8)
    yield from faults.scripts("stage killed at a moment", moment, 2)
    yield from faults.scripts(
        "file size limit", lambda *_: Fault("limit", value=chance.choice([0, 100, 3000, 20000])), 1
    )
    yield from faults.scripts("no space left at a write", lambda _, k: Fault("enospc", k), 3)
    yield from faults.scripts("stage killed after a write", after, 8)
    yield from faults.scripts("stage killed at a write", lambda _, k: Fault("kill", k), 10)


def main() -> None:
    """Run all trials and print the table; exit with 1 if a result is wrong or lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="parts of kinds' names, with commas")
    parser.add_argument("--stages", default="", help="parts of trials' names, with commas")
    parser.add_argument("--processes", type=int, default=1, help="trials at the same time")
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after this time [600]")
    parser.add_argument("--world", type=Path, help="folder to build in once and to use again")
    options = parser.parse_args()
    # Threads do not survive a fork, and all trials share the processor's cores.
    os.environ.update(OMP_NUM_THREADS="1", DVC_NO_ANALYTICS="1", PYTHONDONTWRITEBYTECODE="1")
    preload()
    with contextlib.ExitStack() as stack:
        folder = options.world or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        world = load_or_build(folder)
        parts = options.stages.split(",")
        wanted = [
            trial
            for trial in trials(world, options.seed)
            if any(part in trial[0] for part in options.only.split(","))
            and any(part in trial[1] for part in parts)
        ]
        # Shuffled, so that a run that is stopped has some of every kind.
        random.Random(options.seed).shuffle(wanted)
        wanted.sort(key=lambda trial: not trial[0].startswith("fan-out"))
        tally = Tally()
        pids = []
        for place in range(options.processes):
            pid = os.fork()
            if not pid:
                world.work = folder / f"work-{os.getpid()}"
                world.work.mkdir()
                mine = wanted[place :: options.processes]
                run(mine, folder / f"tally-{os.getpid()}", 60 * options.minutes)
                shutil.rmtree(world.work)
                os._exit(0)
            pids.append(pid)
        for pid in pids:
            os.waitpid(pid, 0)
            tally.merge(pickle.loads((folder / f"tally-{pid}").read_bytes()))
    print("\n\n".join(tally.problems), file=sys.stderr)
    print(tally.table())
    sys.exit(any(counter["wrong"] + counter["lost"] for counter in tally.counts.values()))


def run(wanted: list[Trial], kept: Path, limit: float) -> None:
    """Run trials one after the other for some seconds; write the tally to a file after each."""
    tally = Tally()
    begin = time.monotonic()
    for place, (kind, name, trial) in enumerate(wanted):
        started = time.monotonic()
        if started - begin > limit:
            print(f"stopped: {len(wanted) - place} trials are left", file=sys.stderr)
            break
        verdict, outputs, litter = trial()
        tally.add(kind, name, verdict, outputs, litter)
        seconds = time.monotonic() - started
        print(f"{seconds:5.1f} s  {kind}, {name}: {verdict}", file=sys.stderr, flush=True)
        kept.write_bytes(pickle.dumps(tally))


if __name__ == "__main__":
    main()
