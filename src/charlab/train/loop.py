"""The training loop: truncated backpropagation through time, with the state carried.

What enters is a numbered text and the parameters of a model and its training; what leaves is
a model folder. The same parameters, text and code give the same bytes, whether the
training was interrupted or not.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, SupportsFloat

import numpy as np

from charlab.core.errors import CharlabError
from charlab.core.units import bits
from charlab.models.numpy_model import InferenceModel
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.train.batches import Batches
from charlab.train.checkpoints import Checkpoints, key_of
from charlab.train.history import Row
from charlab.train.learners import LEARNERS, Arrays, Learner
from charlab.train.model_folder import write_folder
from charlab.train.params import TrainParams
from charlab.train.progress import Progress
from charlab.train.schedules import learning_rate
from charlab.vocab.vocabulary import EncodedText, Ids

SCRATCH = Path(".charlab/scratch")
CHECKPOINT_SECONDS = 10.0
FORMAT = 1


class DivergedError(CharlabError):
    """The loss is no longer a number, or far above that of guessing."""

    def __init__(
        self, step: int, loss: float, norm: float, train: TrainParams, split: str = ""
    ) -> None:
        where = f" on {split}" if split else ""
        super().__init__(
            f"training diverged at step {step}: loss{where} {loss:.4g} nats per character, "
            f"gradient norm {norm:.4g}, learning rate at most {train.learning_rate:g}; try a "
            f"learning_rate ten times lower, clip: norm with a lower clip_at (now {train.clip} "
            f"at {train.clip_at:g}), or activation: tanh"
        )
        self.step = step


def snapshot_steps(steps: int, count: int) -> set[int]:
    """Return after how many steps the weights are kept on the way: 0, then at equal ratios.

    What is learned shows at a logarithmic scale: letters, then spaces, then words. For
    20,000 steps and 5 snapshots: 0, 7, 53, 381, 2,759.
    """
    if count == 0:
        return set()
    return {0, *(round(steps ** (j / count)) for j in range(1, count))} - {steps}


@dataclass
class _Run:
    """Where a training stands."""

    step: int = 0
    rows: list[Row] = field(default_factory=list)
    best_step: int = 0
    best_nats: float = math.inf
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    kept: Arrays = field(default_factory=dict)
    snapshots: dict[int, Arrays] = field(default_factory=dict)
    diverged_at: int | None = None

    def arrays(self) -> Arrays:
        """Return the weights that are kept, and those of the snapshots by their steps."""
        named = {"kept": self.kept, **{str(step): w for step, w in self.snapshots.items()}}
        return {f"run.{key}.{name}": w for key, ws in named.items() for name, w in ws.items()}

    def progress(self) -> dict[str, Any]:
        """Return all but the arrays, as JSON can hold it."""
        arrays = ("kept", "snapshots")
        values = {name: value for name, value in vars(self).items() if name not in arrays}
        infinite = math.isinf(self.best_nats)
        rows = [asdict(row) for row in self.rows]
        return {**values, "rows": rows, "best_nats": None if infinite else self.best_nats}

    @classmethod
    def resumed(cls, values: dict[str, Any], arrays: Arrays) -> _Run:
        """Return the run of which these are the progress and the arrays."""
        weights: dict[str, Arrays] = {}
        for name, value in arrays.items():
            if name.startswith("run."):
                _, key, rest = name.split(".", 2)
                weights.setdefault(key, {})[rest] = value
        rows = [Row(**row) for row in values["rows"]]
        best = math.inf if values["best_nats"] is None else values["best_nats"]
        kept = weights.pop("kept")
        snapshots = {int(step): weights[step] for step in sorted(weights, key=int)}
        return cls(
            **{**values, "rows": rows, "best_nats": best, "kept": kept, "snapshots": snapshots}
        )


class _Training:
    """One training from its parameters to its last step."""

    def __init__(
        self, data: EncodedText, model: ModelParams, train: TrainParams, learner: Learner
    ) -> None:
        self.data, self.model, self.train, self.learner = data, model, train, learner
        self.batches = Batches(data.train, train.batch_size, train.seq_len)
        if train.max_chars is None:
            self.steps = max(round(train.epochs * self.batches.chunks), 1)
        else:
            self.steps = max(train.max_chars // self.batches.chunk_chars, 1)
        count = min(train.evaluations, self.steps)
        self.measured_at = {round(self.steps * (i + 1) / count) for i in range(count)}
        self.snapshot_at = snapshot_steps(self.steps, train.snapshots)
        self.limit = math.log(data.vocab.size) + 10
        self.unseen: list[tuple[SupportsFloat, SupportsFloat]] = []

    def go(self, run: _Run, checkpoints: Checkpoints, progress: Progress) -> None:
        """Take all steps that are left."""
        if run.step in self.snapshot_at:
            run.snapshots[run.step] = self.learner.weights()
        saved = time.monotonic()
        while run.step < self.steps:
            self._advance(run)
            progress.read(self.batches.chunk_chars)
            if run.step in self.measured_at:
                self._measure(run, progress)
            if run.step in self.snapshot_at:
                run.snapshots[run.step] = self.learner.weights()
            if time.monotonic() - saved > CHECKPOINT_SECONDS and run.step < self.steps:
                self._look(run)
                checkpoints.save({**self.learner.snapshot(), **run.arrays()}, run.progress())
                saved = time.monotonic()

    def _advance(self, run: _Run) -> None:
        """Take one step, and look at its loss if it is time to."""
        chunk = run.step % self.batches.chunks
        if chunk == 0:
            self.learner.reset_state()
        rate = self._rate(run.step)
        self.unseen.append(self.learner.learn(*self.batches.chunk(chunk), rate))
        run.step += 1
        if len(self.unseen) >= self.learner.lag:
            self._look(run)

    def _look(self, run: _Run) -> None:
        """Look at the losses of the latest steps; raise if one shows that training diverged."""
        for step, figures in enumerate(self.unseen, run.step - len(self.unseen) + 1):
            loss, norm = map(float, figures)
            # So written, what is no number is above the limit.
            if not (loss <= self.limit and norm < math.inf):
                run.step = step  # what was done after it is worth nothing
                raise DivergedError(step, loss, norm, self.train)
            run.losses.append(loss)
            run.norms.append(norm)
        self.unseen.clear()

    def _rate(self, step: int) -> float:
        return learning_rate(self.train, step, self.steps, step / self.batches.chunks)

    def _measure(self, run: _Run, progress: Progress) -> None:
        """Measure val, write the row, and keep the weights if they are to be kept."""
        self._look(run)
        weights = self.learner.weights()
        val = mean_nats(self.model, weights, self.data.val, self.data.segments)
        if not val <= self.limit:
            raise DivergedError(run.step, val, run.norms[-1], self.train, "val")
        chars = run.step * self.batches.chunk_chars
        run.rows.append(
            Row(
                step=run.step,
                chars=chars,
                epoch=run.step / self.batches.chunks,
                train_nats=float(np.mean(run.losses)),
                val_nats=val,
                lr=self._rate(run.step - 1),
                grad_norm=float(np.mean(run.norms)),
            )
        )
        run.losses, run.norms = [], []
        progress.measured(chars, run.rows[-1].train_nats, val)
        if self.train.keep == "last" or val < run.best_nats:
            run.kept, run.best_step, run.best_nats = weights, run.step, val


def mean_nats(model: ModelParams, weights: Arrays, ids: Ids, segments: int) -> float:
    """Return the mean loss of a split: one long pass, the state carried, each character once."""
    network = InferenceModel(model, weights)
    return float(nats_per_char(network, ids, segments).mean())


def train(
    data: EncodedText,
    model: ModelParams,
    train: TrainParams,
    seed: int,
    out: Path,
    *,
    text: str = "",
    scratch: Path | None = None,
    progress: bool | None = None,
    on_divergence: Literal["raise", "record"] = "raise",
) -> dict[str, float | None]:
    """Train one model and write its folder.

    Parameters
    ----------
    data : EncodedText
        A numbered text in three splits.
    model, train : ModelParams, TrainParams
        What is trained, and how.
    seed : int
        Decides the initial weights and the dropout masks, by streams of their own.
    out : Path
        Folder for model.safetensors, config.json, vocab.json, history.csv, metrics.json.
    text : str
        The text's name, for config.json.
    scratch : Path, optional
        Folder for checkpoints; ``.charlab/scratch`` below the current one by default.
    progress : bool, optional
        False shows nothing.
    on_divergence : {"raise", "record"}
        With "record" a divergence is a result: the weights of the last good measurement are
        kept, and metrics.json says at which step the training diverged.

    Returns
    -------
    dict
        What is written to metrics.json.

    Raises
    ------
    DivergedError
        If the loss is no longer a number, or far above that of guessing.
    CharlabError
        If the text is too short for one batch.
    """
    config = {
        "format": FORMAT,
        "vocab_size": data.vocab.size,
        "seed": seed,
        "text": text,
        "model": model.model_dump(),
        "train": train.model_dump(),
    }
    learner: Learner = LEARNERS[model.backend](data.vocab.size, model, train, seed)
    training = _Training(data, model, train, learner)
    checkpoints = Checkpoints((scratch or SCRATCH) / key_of(config, data))
    run = _resumed(learner, checkpoints)
    shown = Progress(
        f"{text} seed {seed}".strip(),
        training.steps * training.batches.chunk_chars,
        run.step * training.batches.chunk_chars,
        progress,
    )
    try:
        # An overflow shows in the losses, and is told of there.
        with np.errstate(over="ignore", invalid="ignore"):
            training.go(run, checkpoints, shown)
    except DivergedError as error:
        if on_divergence == "raise":
            raise
        run.diverged_at = error.step
    finally:
        shown.close()
    metrics = _metrics(training, run)
    write_folder(out, config, data.vocab, run.kept, run.snapshots, run.rows, metrics)
    checkpoints.remove()
    return metrics


def _resumed(learner: Learner, checkpoints: Checkpoints) -> _Run:
    """Return where the training stands: at its checkpoint, or at its start."""
    found = checkpoints.load()
    if found is None:
        return _Run(kept=learner.weights())
    arrays, values = found
    learner.restore({k: v for k, v in arrays.items() if not k.startswith("run.")})
    return _Run.resumed(values, arrays)


def _metrics(training: _Training, run: _Run) -> dict[str, float | None]:
    """Measure the kept weights on val and test."""
    data, model = training.data, training.model
    val = mean_nats(model, run.kept, data.val, data.segments)
    test = mean_nats(model, run.kept, data.test, data.segments) if len(data.test) else None
    metrics: dict[str, float | None] = {
        "val_nats": val,
        "test_nats": test,
        "val_bpc": bits(val),
        "test_bpc": None if test is None else bits(test),
        "train_nats": run.rows[-1].train_nats if run.rows else None,
        "parameters": sum(value.size for value in run.kept.values()),
        "train_chars": run.step * training.batches.chunk_chars,
        "steps": run.step,
        "best_step": run.best_step,
    }
    if run.diverged_at is not None:
        metrics["diverged_at_step"] = run.diverged_at
    return {name: _rounded(value) for name, value in metrics.items()}


def _rounded(value: float | None) -> float | None:
    """Round to eight significant digits: what is beyond is noise of the last bit."""
    return float(f"{value:.8g}") if isinstance(value, float) else value
