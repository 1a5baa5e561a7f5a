"""Train the candidates of a sweep, in this process or in several, and keep their losses."""

from __future__ import annotations

import json
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from charlab.core.errors import CharlabError
from charlab.core.files import explained
from charlab.core.processes import end_with_parent, kill_children
from charlab.models.weights import GATES
from charlab.plan.tuning import Candidate
from charlab.train.batches import Batches
from charlab.train.checkpoints import key_of
from charlab.train.loop import train
from charlab.train.milestones import Milestones
from charlab.train.model_folder import TrainingConfig
from charlab.vocab.encoded_text import EncodedText


@dataclass(frozen=True)
class Outcome:
    """The result of one training.

    Attributes
    ----------
    chars : int
        Characters read.
    val_bpc : float or None
        Loss on val in bits per character; None if the training diverged.
    diverged_at_step : int or None
    """

    chars: int
    val_bpc: float | None
    diverged_at_step: int | None = None


@dataclass(frozen=True)
class Job:
    """A candidate, its encoded text, and the key of its result in the scratch file."""

    candidate: Candidate
    data: Path
    key: str

    @property
    def config(self) -> TrainingConfig:
        """The settings of the training."""
        return _config(self.candidate)

    @property
    def chars(self) -> int:
        """Characters that the training reads if it does not diverge."""
        data, settings = encoded_text(self.data), self.candidate.train
        batches = Batches(data.train, settings.batch_size, settings.seq_len)
        return Milestones.of(settings, batches).steps * batches.chunk_chars

    @property
    def cost(self) -> float:
        """Rough number of multiplications."""
        model = self.candidate.model
        return float(self.chars * GATES[model.cell] * model.layers * model.hidden**2)

    def __str__(self) -> str:
        """Name the training in a line of progress."""
        rate, init = self.candidate.settings
        return f"{self.candidate.family}, rate {rate:g}, {init}, seed {self.candidate.seed}"


@cache
def encoded_text(folder: Path) -> EncodedText:
    """Return an encoded text without its test split, which tuning must not see."""
    data = EncodedText.load(folder)
    return replace(data, test=data.test[:0])


class Results:
    """The outcomes known so far, in a scratch file with one JSON document per line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Outcome] = {}
        lines = path.read_bytes().splitlines() if path.is_file() else []
        for line in lines:
            try:
                document = json.loads(line)
                key = document.pop("key")
                self.known[key] = Outcome(**document)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # a line cut by a kill: that candidate is trained again

    def add(self, key: str, outcome: Outcome) -> None:
        """Append one outcome."""
        self.known[key] = outcome
        line = json.dumps({"key": key, **asdict(outcome)})
        with explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as stream:
                # The line break comes first, so that a line cut by a kill spoils no other.
                stream.write(f"\n{line}\n")


def make_job(candidate: Candidate, data: Path) -> Job:
    """Return the job of a candidate."""
    encoded = encoded_text(data)
    settings = _config(candidate).as_dict(encoded.vocab.size)
    return Job(candidate, data, key_of(settings, encoded))


def _config(candidate: Candidate) -> TrainingConfig:
    """Return the settings of a candidate's training, which also make the key of its result."""
    return TrainingConfig(candidate.model, candidate.train, candidate.seed, candidate.text)


def outcomes_of(
    jobs: list[Job], workers: int, scratch: Path, folder: Path
) -> Iterator[tuple[Job, Outcome]]:
    """Train jobs and yield each with its outcome, in the order in which they end.

    Parameters
    ----------
    jobs : list of Job
    workers : int
        Number of processes; with 1, the trainings run in this one.
    scratch, folder : Path
        Folders for checkpoints, and for models until their losses are known.
    """
    if workers == 1:
        for job in jobs:
            yield job, train_one(job, scratch, folder)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start_worker)
    try:
        running = {pool.submit(train_one, job, scratch, folder): job for job in jobs}
        for done in as_completed(running):
            yield running[done], done.result()
    except BrokenProcessPool:
        raise CharlabError(
            "a worker process was killed, perhaps for want of memory; the same command goes on, "
            "with fewer --workers if need be"
        ) from None
    except BaseException:
        # An error or Ctrl-C: the others need not finish, since checkpoints keep their work.
        pool.shutdown(wait=False, cancel_futures=True)
        kill_children(0.2)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(getattr(signal, "SIGKILL", signal.SIGTERM))


def train_one(job: Job, scratch: Path, folder: Path) -> Outcome:
    """Train one candidate, and return what is kept of it."""
    # A divergence is a result here, as it is in a study.
    with tempfile.TemporaryDirectory(dir=folder) as model:
        metrics = train(
            encoded_text(job.data),
            job.config,
            Path(model),
            scratch=scratch,
            progress=False,
            on_divergence="record",
        )
    diverged, chars = metrics.get("diverged_at_step"), metrics["train_chars"]
    assert chars is not None
    if diverged is not None:
        return Outcome(int(chars), None, int(diverged))
    return Outcome(int(chars), metrics["val_bpc"])
