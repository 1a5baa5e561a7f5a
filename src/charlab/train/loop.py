"""Train a network by truncated backpropagation through time, with the state carried.

``train`` takes an encoded text and a configuration and writes a model folder. The same
configuration, text and code give the same bytes, interrupted or not.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal, SupportsFloat

import numpy as np

from charlab.core.sums import mean
from charlab.models.ngrams import frequent_ngrams
from charlab.train.batches import Batches
from charlab.train.calibration import calibrated
from charlab.train.checkpoints import Checkpoints, key_of
from charlab.train.divergence import DivergedError, DivergenceCheck
from charlab.train.learners import Learner, make_learner
from charlab.train.metrics import final_metrics, mean_nats
from charlab.train.milestones import Milestones
from charlab.train.model_folder import Measurement, TrainedModel, TrainingConfig, write_folder
from charlab.train.progress import Progress
from charlab.train.run_state import PREFIX, RunState
from charlab.train.schedules import learning_rate
from charlab.vocab.encoded_text import EncodedText

SCRATCH = Path(".charlab/scratch")
"""Default folder for checkpoints."""

CHECKPOINT_SECONDS = 10.0
"""Time between two checkpoints."""


class TrainingLoop:
    """The steps of one training, from its current state to its end."""

    def __init__(
        self, data: EncodedText, config: TrainingConfig, learner: Learner, run: RunState
    ) -> None:
        self.data, self.config, self.learner, self.run = data, config, learner, run
        self.batches = Batches(data.train, config.train.batch_size, config.train.seq_len)
        self.milestones = Milestones.of(config.train, self.batches)
        self.check = DivergenceCheck(config.train, data.vocab.size)
        self.pending: list[tuple[SupportsFloat, SupportsFloat]] = []

    @property
    def chars(self) -> int:
        """Characters read so far."""
        return self.run.step * self.batches.chunk_chars

    def finish(self, checkpoints: Checkpoints, progress: Progress) -> None:
        """Take all remaining steps.

        Raises
        ------
        DivergedError
            If the training diverges.
        """
        run, milestones = self.run, self.milestones
        self._snapshot()  # of the initial weights
        saved = time.monotonic()
        while run.step < milestones.steps:
            self._advance()
            progress.read(self.batches.chunk_chars)
            if run.step in milestones.evaluations:
                self._measure()
                progress.measured(self.chars, run.history[-1])
            self._snapshot()
            # The last step needs no checkpoint: the model folder follows at once.
            due = time.monotonic() - saved > CHECKPOINT_SECONDS
            if due and run.step < milestones.steps:
                self._read_losses()  # a checkpoint does not store pending losses
                checkpoints.save({**self.learner.snapshot(), **run.arrays()}, run.progress())
                saved = time.monotonic()

    def _advance(self) -> None:
        """Take one step, and read the losses of the latest steps if it is time to."""
        chunk = self.run.step % self.batches.chunks
        if chunk == 0:  # a new epoch starts at the beginning of the text
            self.learner.reset_state()
        rate = self._learning_rate(self.run.step)
        self.pending.append(self.learner.learn(*self.batches.chunk(chunk), rate))
        self.run.step += 1
        # Converting a loss to float waits for the GPU, so several are read together.
        if len(self.pending) >= self.learner.lag:
            self._read_losses()

    def _read_losses(self) -> None:
        """Wait for the losses of the latest steps, and check them for divergence."""
        first = self.run.step - len(self.pending) + 1
        for step, figures in enumerate(self.pending, first):
            loss, norm = map(float, figures)
            try:
                self.check(step, loss, norm)
            except DivergedError:
                self.run.step = step  # later steps were taken with useless weights
                raise
            self.run.losses.append(loss)
            self.run.norms.append(norm)
        self.pending.clear()

    def _learning_rate(self, step: int) -> float:
        epoch = step / self.batches.chunks
        return learning_rate(self.config.train, step, self.milestones.steps, epoch)

    def _measure(self) -> None:
        """Measure val, add a line to the history, and keep the weights if they are better."""
        self._read_losses()
        run, weights = self.run, self.learner.weights()
        # On the whole of val, with the state carried, so that the lowest loss is the best model.
        val = mean_nats(self.config.model, weights, self.data.val, self.data.segments)
        self.check(run.step, val, run.norms[-1], "val")
        run.history.append(
            Measurement(
                step=run.step,
                chars=self.chars,
                epoch=run.step / self.batches.chunks,
                train_nats=mean(run.losses),
                val_nats=val,
                lr=self._learning_rate(run.step - 1),
                grad_norm=mean(run.norms),
                clipped=self._clipped_share(),
            )
        )
        run.losses, run.norms = [], []
        if self.config.train.keep == "last" or val < run.best_nats:
            run.kept, run.best_step, run.best_nats = weights, run.step, val

    def _clipped_share(self) -> float | None:
        """Return the share of the latest steps that were clipped by norm; None if none can be."""
        params, norms = self.config.train, self.run.norms
        if params.clip != "norm":
            return None
        return sum(norm > params.clip_at for norm in norms) / len(norms)

    def _snapshot(self) -> None:
        """Keep a copy of the weights if the parameters ask for one after this step."""
        if self.run.step in self.milestones.snapshots:
            self.run.snapshots[self.run.step] = self.learner.weights()


def train(
    data: EncodedText,
    config: TrainingConfig,
    out: Path,
    *,
    scratch: Path = SCRATCH,
    progress: bool | None = None,
    on_divergence: Literal["raise", "record"] = "raise",
) -> dict[str, float | None]:
    """Train one model and write its folder.

    Parameters
    ----------
    data : EncodedText
        The text in three splits.
    config : TrainingConfig
        Network, training and seed.
    out : Path
        Folder for model.safetensors, config.json, vocab.json, history.csv, metrics.json.
    scratch : Path
        Folder for checkpoints.
    progress : bool, optional
        False shows nothing; by default a bar on a terminal, lines elsewhere.
    on_divergence : {"raise", "record"}
        With "record" a divergence is a result: the weights of the last good measurement are
        kept, and metrics.json names the step at which the training diverged.

    Returns
    -------
    dict
        The content of metrics.json.

    Raises
    ------
    DivergedError
        If the loss is not a number, or far above that of guessing.
    CharlabError
        If the text is too short for one batch.
    """
    ngrams = frequent_ngrams(data.train, data.vocab.size, config.model)
    learner = make_learner(data.vocab.size, config.model, config.train, config.seed, ngrams)
    # The key of the checkpoint covers everything that determines the result.
    stored_config = config.as_dict(data.vocab.size)
    checkpoints = Checkpoints(scratch / key_of(stored_config, data))
    run = _resume(learner, checkpoints)
    loop = TrainingLoop(data, config, learner, run)
    name, chunk_chars = f"{config.text} seed {config.seed}".strip(), loop.batches.chunk_chars
    shown = Progress(name, loop.milestones.steps * chunk_chars, loop.chars, progress)
    try:
        # An overflow shows in the losses, and is reported there.
        with np.errstate(over="ignore", invalid="ignore"):
            loop.finish(checkpoints, shown)
    except DivergedError as error:
        if on_divergence == "raise":
            raise
        run.diverged_at = error.step  # run.kept has the last good weights
    finally:
        shown.close()
    if config.train.calibrate and run.diverged_at is None:
        run.temperature, run.kept = calibrated(data, config.model, run.kept)
    metrics = final_metrics(data, config.model, run, chunk_chars)
    write_folder(
        out,
        TrainedModel(stored_config, data.vocab, run.kept, run.snapshots, run.history, metrics),
    )
    checkpoints.remove()
    return metrics


def _resume(learner: Learner, checkpoints: Checkpoints) -> RunState:
    """Return the state at the newest checkpoint, or that of a new training."""
    checkpoint = checkpoints.load()
    if checkpoint is None:
        return RunState(kept=learner.weights())
    arrays, progress = checkpoint
    learner.restore({k: v for k, v in arrays.items() if not k.startswith(PREFIX)})
    return RunState.restored(progress, arrays)
