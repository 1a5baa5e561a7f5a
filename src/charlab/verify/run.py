"""The whole of a verification: choose stages, run them, and collect what is to be said."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from charlab.core.files import sha256_of
from charlab.core.units import counted
from charlab.course.workspace import git
from charlab.verify.certificate import certificate
from charlab.verify.codecheck import public_address, write_bundle
from charlab.verify.sampling import drawn, odds
from charlab.verify.scratch import cloned
from charlab.verify.stages import VerifyError, declared_stages, recorded_stages
from charlab.verify.verifier import Verdict, Verifier, exit_status


@dataclass(frozen=True)
class Choice:
    """The stages to run again.

    Attributes
    ----------
    rev : str
        The commit whose dvc.lock is verified.
    names : sequence of str
        Stages named by the user; then none are drawn.
    sample : int or None
        Number of stages to draw; all of them if None.
    minutes : float or None
        No stage starts after so many minutes.
    seed : int
        Of the draw.
    """

    rev: str = "HEAD"
    names: Sequence[str] = ()
    sample: int | None = None
    minutes: float | None = None
    seed: int = 0


@dataclass
class Outcome:
    """The result of a verification.

    Attributes
    ----------
    verdicts : list of Verdict
        One per output of the stages that ran, and of those whose records contradict the commit.
    stages : int
        Number of stages of the pipeline.
    drawn : list of str
        The stages that were drawn and verified, in this order; empty if the user named them.
    left : list of str
        Stages that were chosen, for which there was no time.
    certificate : dict
        See :mod:`charlab.verify.certificate`.
    named : bool
        Whether the user named the stages.
    """

    verdicts: list[Verdict]
    stages: int
    drawn: list[str]
    left: list[str]
    seed: int
    certificate: dict[str, Any] = field(default_factory=dict)
    named: bool = False

    @property
    def status(self) -> int:
        """Exit status: 0 as recorded, 1 different, 2 cannot tell."""
        return exit_status(self.verdicts)

    def as_dict(self) -> dict[str, Any]:
        """Return the result for ``--json``."""
        counts = Counter(verdict.verdict for verdict in self.verdicts)
        return {
            "status": self.status,
            "counts": dict(counts),
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "audit": audit_facts(self),
            "certificate": self.certificate,
        }


def audit_facts(outcome: Outcome) -> dict[str, Any]:
    """Return how the stages were chosen, and what that is worth."""
    caught = odds(outcome.stages, len(outcome.drawn)) if outcome.drawn else {}
    return {
        "seed": outcome.seed if outcome.drawn else None,
        "stages": outcome.stages,
        "drawn": outcome.drawn,
        "no_time_for": outcome.left,
        "caught": {str(forged): round(chance, 4) for forged, chance in caught.items()},
    }


def summary(outcome: Outcome) -> list[str]:
    """Return sentences on how many outputs have which verdict, and on what the draw is worth."""
    counts = Counter(verdict.verdict for verdict in outcome.verdicts)
    total = counted(len(outcome.verdicts), "output")
    found = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
    lines = [f"{total}: {found or 'nothing was verified'}"]
    if outcome.left:
        lines.append(f"no time for {counted(len(outcome.left), 'stage')} of those chosen")
    if outcome.drawn:
        ran, stages = len(outcome.drawn), outcome.stages
        chances = ", ".join(f"{k}: {100 * p:.0f} %" for k, p in odds(stages, ran).items())
        lines.append(
            f"{ran} of {counted(stages, 'stage')} drawn with --seed {outcome.seed}; chance that a "
            f"forgery would have been caught, by the number of forged stages: {chances}"
        )
    elif outcome.named:
        lines.append("the stages were named, not drawn: nothing is said about the others")
    return lines


def verify(
    root: Path,
    choice: Choice,
    note: Callable[[str], None] = lambda _: None,
    parent: Callable[[str], str | None] = lambda _: None,
    bundle: Path | None = None,
) -> Outcome:
    """Run stages of a commit again, and compare their outputs with dvc.lock.

    Parameters
    ----------
    root : Path
        The project; nothing in it is changed.
    choice : Choice
        The stages to run.
    note : callable
        Called with the name of each stage before it runs.
    parent : callable
        Returns the certificate to follow, by the hash of dvc.lock.
    bundle : Path, optional
        Folder for a CODECHECK bundle, empty or absent.

    Raises
    ------
    CharlabError
        If there is no such commit, no dvc.lock in it, or no such stage.
    """
    started = time.monotonic()
    with cloned(root, choice.rev, _cache(root)) as scratch:
        stages = declared_stages(scratch.committed)
        records = recorded_stages(scratch.committed, stages)
        if unknown := [name for name in choice.names if name not in stages]:
            raise VerifyError(f"no stage is called {unknown[0]!r}; there are {', '.join(stages)}")
        verifier = Verifier(scratch, stages, records, note=note, keep=bundle)
        every = drawn(list(stages), choice.seed)
        random = choice.sample is not None or choice.minutes is not None
        wanted = list(choice.names) or (every[: choice.sample] if random else list(stages))
        left = _run_in_time(verifier, wanted, choice.minutes, started)
        ran = [name for name in wanted if name not in left]
        outcome = Outcome(
            _collected(verifier), len(stages), [] if choice.names else ran, left, choice.seed,
            named=bool(choice.names),
        )  # fmt: skip
        commit = git(scratch.committed, "rev-parse", "HEAD").strip()
        outcome.certificate = certificate(
            scratch.committed,
            commit,
            records,
            audit_facts(outcome),
            outcome.verdicts,
            parent(sha256_of(scratch.committed / "dvc.lock")),
        )
        if bundle is not None:
            write_bundle(bundle, scratch.committed, public_address(root), outcome.certificate,
                         summary(outcome))  # fmt: skip
    return outcome


def _cache(root: Path) -> Path:
    """Return the folder of DVC's cache with a file for each hash, wherever it is configured.

    Raises
    ------
    VerifyError
        If DVC cannot read the project.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            return Path(repo.cache.local.path)
    except DvcException as error:
        raise VerifyError(f"DVC cannot read the project ({error})") from None


def _run_in_time(
    verifier: Verifier, wanted: list[str], minutes: float | None, started: float
) -> list[str]:
    """Verify stages in their order; return those for which there was no time."""
    for place, name in enumerate(wanted):
        # None is skipped for a shorter one: expensive stages would never be verified.
        if minutes is not None and time.monotonic() - started > 60 * minutes:
            return wanted[place:]
        verifier.verify(name)
    return []


def _collected(verifier: Verifier) -> list[Verdict]:
    """Return the verdicts on what ran and on what contradicts the commit, in order of stages."""
    ran = verifier.done
    static = [verdict for verdict in verifier.inconsistent() if verdict.stage not in ran]
    found = [verdict for verdicts in ran.values() for verdict in verdicts] + static
    rank = {name: place for place, name in enumerate(verifier.stages)}
    return sorted(found, key=lambda verdict: rank[verdict.stage])
