"""The learning rate at each step."""

from __future__ import annotations

import math

from charlab.train.params import TrainParams


def learning_rate(params: TrainParams, step: int, steps: int, epoch: float) -> float:
    """Return the learning rate of one step.

    Parameters
    ----------
    params : TrainParams
        ``constant``; ``cosine``, from the rate down to a hundredth of it; ``one_cycle``, up
        over the first 30 % and down to a ten-thousandth (Smith and Topin 2017,
        arXiv:1708.07120), both by half a cosine; ``exponential``, constant for ``decay_after``
        epochs and then ``decay`` times smaller with each. All but ``one_cycle`` rise
        linearly over the first ``warmup`` of all steps.
    step, steps : int
        Steps done, and steps in all.
    epoch : float
        Passes done over the training split.
    """
    progress = step / steps
    if params.schedule == "one_cycle":
        return params.learning_rate * _one_cycle(progress)
    rising = min(1.0, (step + 1) / (params.warmup * steps)) if params.warmup else 1.0
    return params.learning_rate * rising * _factor(params, progress, epoch)


def _factor(params: TrainParams, progress: float, epoch: float) -> float:
    if params.schedule == "cosine":
        after = max(progress - params.warmup, 0.0) / (1 - params.warmup)
        return 0.01 + 0.99 * _half_cosine(after)
    if params.schedule == "exponential" and epoch >= params.decay_after:
        return float(params.decay ** (math.floor(epoch - params.decay_after) + 1))
    return 1.0


def _one_cycle(progress: float) -> float:
    top, start, end = 0.3, 1 / 25, 1e-4
    if progress < top:
        return 1 + (start - 1) * _half_cosine(progress / top)
    return end + (1 - end) * _half_cosine((progress - top) / (1 - top))


def _half_cosine(x: float) -> float:
    """Return a curve from 1 at x = 0 to 0 at x = 1."""
    return 0.5 * (1 + math.cos(math.pi * min(x, 1.0)))
