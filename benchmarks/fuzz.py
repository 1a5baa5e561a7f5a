"""Fuzz the cleaner and the loaders with mutated inputs; count crashes, broken laws, slow cases.

Each target takes small seeds, applies some random mutations, and calls what a user's or a
stranger's file reaches. An input may be accepted, or refused with charlab's own error. A failure
is any other exception, a broken law of the target, or a case that takes longer than a second.

    python benchmarks/fuzz.py --cases 1000000 --seed 1 --processes 2
    python benchmarks/fuzz.py --only cleaner --seed 1 --case 4711     # one case again, verbosely

Case K of a target depends on the seed, the target and K only. The status is 1 if any case failed.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

from charlab.core.errors import CharlabError
from fuzz_targets import TARGETS, LawError, Target

SLOW = 1.0
"""Processor seconds of one case that count as a failure; inputs have some kilobytes."""

HANG = 20
"""Seconds after which a case is interrupted."""

CHUNK = 500
"""Number of cases that a process takes at a time."""

KEPT = 5
"""Maximum number of examples kept of one kind of failure."""


@dataclass
class Counts:
    """What happened in some cases of one target.

    Attributes
    ----------
    outcomes : Counter
        Cases by outcome: ``accepted``, ``refused``, ``failed``.
    refusals : Counter
        Refused cases by class of the error.
    failures : dict
        Numbers of failed cases, by kind.
    seconds, slowest : float
        Processor time of all cases, and of the slowest.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    failures: dict[str, list[int]] = field(default_factory=dict)
    seconds: float = 0.0
    slowest: float = 0.0

    def add(self, other: Counts) -> None:
        """Add the counts of other cases."""
        self.outcomes += other.outcomes
        self.refusals += other.refusals
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)
        for kind, cases in other.failures.items():
            self.failures[kind] = [*self.failures.get(kind, []), *cases]


def source(seed: int, target: str, case: int) -> random.Random:
    """Return the generator of one case, the same on every machine."""
    digest = hashlib.blake2b(f"{seed} {target} {case}".encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "big"))


def attempt(target: Target, seed: int, case: int) -> tuple[str, str, float]:
    """Run one case; return its outcome, its kind, and its processor time in seconds."""
    # The input is made before the clock starts.
    content = target.make(source(seed, target.name, case))
    started = time.process_time()
    signal.alarm(HANG)
    try:
        target.run(content)
        outcome, kind = "accepted", ""
    except CharlabError as error:
        outcome, kind = "refused", type(error).__name__
    except LawError as error:
        outcome, kind = "failed", str(error)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "charlab" in frame.filename] or frames
        place = f"{ours[-1].filename.rpartition('charlab/')[2]}:{ours[-1].lineno}"
        outcome, kind = "failed", f"{type(error).__name__} at {place}"
    finally:
        signal.alarm(0)
    seconds = time.process_time() - started
    if outcome != "failed" and seconds > SLOW:
        outcome, kind = "failed", "slow"
    return outcome, kind, seconds


def _interrupt(*_: object) -> None:
    raise LawError(f"took more than {HANG} seconds")


def run_chunk(name: str, seed: int, first: int, last: int, deadline: float) -> Counts:
    """Run the cases from ``first`` up to ``last`` of one target, none after the deadline."""
    signal.signal(signal.SIGALRM, _interrupt)
    counts = Counts()
    if time.monotonic() > deadline:
        return counts
    for case in range(first, last):
        outcome, kind, seconds = attempt(TARGETS[name], seed, case)
        counts.outcomes[outcome] += 1
        counts.seconds += seconds
        counts.slowest = max(counts.slowest, seconds)
        if outcome == "refused":
            counts.refusals[kind] += 1
        elif outcome == "failed":
            counts.failures.setdefault(kind, []).append(case)
    return counts


def chunks(names: list[str], cases: int) -> list[tuple[str, int, int]]:
    """Divide the cases among the targets by their shares, such that all advance together."""
    shares = sum(TARGETS[name].share for name in names)
    parts: list[tuple[float, str, int, int]] = []
    for name in names:
        wanted = round(cases * TARGETS[name].share / shares)
        parts += [
            (first / wanted, name, first, min(first + CHUNK, wanted))
            for first in range(0, wanted, CHUNK)
        ]
    return [part[1:] for part in sorted(parts)]


def run_all(options: argparse.Namespace, names: list[str]) -> dict[str, Counts]:
    """Run the cases of all targets, or as many as there is time for."""
    totals = {name: Counts() for name in names}
    deadline = time.monotonic() + 60 * options.minutes
    with ProcessPoolExecutor(options.processes) as pool:
        futures = {
            pool.submit(run_chunk, name, options.seed, first, last, deadline): (name, first)
            for name, first, last in chunks(names, options.cases)
        }
        for future in as_completed(futures):
            name, first = futures[future]
            try:
                counts = future.result()
            except Exception as error:
                # A process that crashed takes its chunk with it.
                counts = Counts(Counter(failed=1), failures={f"{error!r}, or soon after": [first]})
            totals[name].add(counts)
    return totals


def report(totals: dict[str, Counts], seed: int) -> int:
    """Print a line per target and per kind of failure; return the number of failed cases."""
    head = f"{'target':12} {'cases':>9} {'accepted':>9} {'refused':>9} {'failed':>7}"
    print(head, "mean and slowest in ms")
    everything: Counter[str] = Counter()
    for name, counts in totals.items():
        everything += counts.outcomes
        mean = 1000 * counts.seconds / max(1, counts.outcomes.total())
        print(_line(name, counts.outcomes), f"{mean:5.2f} {1000 * counts.slowest:6.0f}")
    print(_line("all", everything))
    for name, counts in totals.items():
        refusals = ", ".join(f"{kind} {n}" for kind, n in counts.refusals.most_common())
        print(f"{name}: refused as {refusals or 'nothing'}")
        for kind, failed in sorted(counts.failures.items()):
            print(f"FAILED {name}: {kind}: {len(failed)} cases")
            for case in sorted(failed)[:KEPT]:
                print(f"  python benchmarks/fuzz.py --only {name} --seed {seed} --case {case}")
    return everything["failed"]


def _line(name: str, outcomes: Counter[str]) -> str:
    parts = [outcomes.total(), *(outcomes[kind] for kind in ("accepted", "refused"))]
    numbers = " ".join(f"{number:9,}" for number in parts)
    return f"{name:12} {numbers} {outcomes['failed']:7,} "


def show(target: Target, seed: int, case: int) -> int:
    """Run one case, and print its input and what happened."""
    content = target.make(source(seed, target.name, case))
    print(repr(content))
    run: Callable[[bytes], None] = target.run
    try:
        run(content)
    except CharlabError as error:
        print(f"refused: {type(error).__name__}: {error}")
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Run all cases of all targets, or a single case."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cases", type=int, default=100_000, help="number of cases [100000]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after this time [600]")
    parser.add_argument("--only", choices=sorted(TARGETS), action="append", help="a target")
    parser.add_argument("--case", type=int, help="run one case of one target, and print it")
    options = parser.parse_args()
    names = options.only or list(TARGETS)
    if options.case is not None:
        sys.exit(show(TARGETS[names[0]], options.seed, options.case))
    started = time.perf_counter()
    failed = report(run_all(options, names), options.seed)
    print(f"{time.perf_counter() - started:.0f} s with {options.processes} processes")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
