"""Tune learning rates: train every candidate of a specification for a short time, on val.

Each candidate is trained by the library's own training, with the bytes of the stage. Only its
losses are kept. They are appended to a scratch file as they come, under a key of settings, text
and code, so that an interrupted sweep goes on where it stopped.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from charlab.commands.sweep_runs import Job, Outcome, Results, make_job, outcomes_of
from charlab.core.errors import CharlabError
from charlab.core.restored import check_restored
from charlab.core.schema import read_yaml
from charlab.core.sums import mean
from charlab.core.units import counted
from charlab.plan.params import load_params
from charlab.plan.tuning import COLUMNS, candidates, parse_tuning


@dataclass(frozen=True)
class Sweep:
    """The trainings of one specification.

    Attributes
    ----------
    jobs : list of Job
        In the order of the specification.
    variants : mapping of str to list of str
        By family: the variants of the study that use its chosen settings.
    results : Results
    scratch : Path
        Folder for checkpoints.
    """

    jobs: list[Job]
    variants: Mapping[str, list[str]]
    results: Results
    scratch: Path

    @classmethod
    def of(cls, spec: Path, root: Path) -> Sweep:
        """Return the sweep that a specification describes, in the project at ``root``.

        Raises
        ------
        CharlabError
            If params.yaml, the specification or an encoded text cannot be used.
        """
        params = load_params(root / "params.yaml")
        checked = parse_tuning(read_yaml(spec), params, str(spec))
        found = candidates(checked, params.study.defaults)
        vocab = root / "data" / "vocab"
        for text in dict.fromkeys(one.text for one in found):
            if not (vocab / text / "splits.json").is_file():
                raise CharlabError(
                    f"{vocab / text}: expected the encoded text {text!r}, found none; run "
                    f"'dvc repro vocab@{text}', which fetches, cleans and encodes it"
                )
            check_restored(vocab / text)
        jobs = [make_job(one, vocab / one.text) for one in found]
        variants = {slug: family.applies_to for slug, family in checked.families.items()}
        home = root / ".charlab"
        return cls(jobs, variants, Results(home / "sweep.jsonl"), home / "scratch")

    @property
    def families(self) -> dict[str, list[Job]]:
        """The trainings by family, in the order of the specification."""
        families: dict[str, list[Job]] = {}
        for job in self.jobs:
            families.setdefault(job.candidate.family, []).append(job)
        return families

    @property
    def missing(self) -> list[Job]:
        """The trainings without a result, the longest first, so that no core idles at the end."""
        missing = {job.key: job for job in self.jobs if job.key not in self.results.known}
        return sorted(missing.values(), key=lambda job: -job.cost)

    def run(self, workers: int) -> None:
        """Train what has no result yet.

        Raises
        ------
        CharlabError
            If a text is too short for a batch, or a worker process is killed.
        """
        missing = self.missing
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="charlab-") as folder:
            outcomes = outcomes_of(missing, workers, self.scratch, Path(folder))
            for number, (job, outcome) in enumerate(outcomes, 1):
                self.results.add(job.key, outcome)
                seconds = time.monotonic() - started
                line = f"{number} of {len(missing)}, {seconds:.0f} s: {job}: {_in_words(outcome)}"
                print(line, file=sys.stderr, flush=True)

    def rows(self) -> list[tuple[Job, Outcome, bool]]:
        """Return each training with its outcome, and whether its settings are chosen."""
        outcomes = [self.results.known[job.key] for job in self.jobs]
        chosen = choose(self.jobs, outcomes)
        return [
            (job, outcome, chosen[job.candidate.family] == job.candidate.settings)
            for job, outcome in zip(self.jobs, outcomes, strict=True)
        ]

    def csv(self) -> str:
        """Return the table: a row per training in the order of the specification."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for job, outcome, chosen in self.rows():
            one, (rate, init) = job.candidate, job.candidate.settings
            loss = "" if outcome.val_bpc is None else f"{outcome.val_bpc:.6g}"
            row = [one.family, one.label, one.text, f"{rate:.6g}", init, one.seed, outcome.chars]
            row += [loss, outcome.diverged_at_step, chosen, " ".join(self.variants[one.family])]
            writer.writerow(row)
        return text.getvalue()

    def warnings(self) -> Iterator[str]:
        """Yield one line for each family whose best rate may lie outside its grid."""
        best = {job.candidate.family: job.candidate.settings[0] for job, _, c in self.rows() if c}
        for family, jobs in self.families.items():
            grid = [job.candidate.settings[0] for job in jobs]
            if family not in best:
                yield f"{family}: every candidate diverged; add lower rates"
            elif min(grid) < max(grid) and best[family] in (min(grid), max(grid)):
                side = "lower" if best[family] == min(grid) else "higher"
                yield (
                    f"{family}: the chosen rate {best[family]:g} is at the edge of the grid, so "
                    f"the best may lie outside; add a {side} rate"
                )


def choose(jobs: list[Job], outcomes: list[Outcome]) -> dict[str, tuple[float, str] | None]:
    """Return the chosen settings of each family: those with the lowest mean loss on val.

    Settings of which one seed diverged are never chosen; of equal losses the first wins. A family
    in which all diverged has None.
    """
    losses: dict[str, dict[tuple[float, str], list[float | None]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        family = losses.setdefault(job.candidate.family, {})
        family.setdefault(job.candidate.settings, []).append(outcome.val_bpc)
    chosen: dict[str, tuple[float, str] | None] = {}
    for slug, family in losses.items():
        means = {
            settings: mean([loss for loss in own if loss is not None])
            for settings, own in family.items()
            if None not in own
        }
        chosen[slug] = min(means, key=means.__getitem__) if means else None
    return chosen


def _in_words(outcome: Outcome) -> str:
    if outcome.val_bpc is None:
        return f"diverged at step {outcome.diverged_at_step}"
    return f"val {outcome.val_bpc:.4f} bits per character"


def plan_lines(sweep: Sweep) -> Iterator[str]:
    """Yield one line per family, and one for the whole: what a sweep would train."""
    missing = {job.key: job.chars for job in sweep.missing}
    for slug, jobs in sweep.families.items():
        rates = ", ".join(dict.fromkeys(f"{job.candidate.settings[0]:g}" for job in jobs))
        left = sum(job.key in missing for job in jobs)
        yield (
            f"{slug}: {counted(len(jobs), 'training')} of {jobs[0].chars:,} characters of "
            f"{jobs[0].candidate.text}, {left} to do; rates {rates}"
        )
    chars = sum(missing.values())
    yield f"to do: {counted(len(missing), 'training')}, {chars:,} characters"
