"""Compute the learning rate of each step, with the same bits on every processor."""

from __future__ import annotations

import math

from charlab.exact.arrays import cosine_of_half_turns
from charlab.exact.powers import power
from charlab.train.params import TrainParams


def learning_rate(params: TrainParams, step: int, steps: int, epoch: float) -> float:
    """Return the learning rate of one step.

    Parameters
    ----------
    params : TrainParams
        ``schedule`` is one of ``constant``; ``cosine``, which falls to a hundredth;
        ``one_cycle``, which rises over the first 30 % and falls to a ten-thousandth (Smith and
        Topin 2017, arXiv:1708.07120), both by half a cosine; and ``exponential``, which is
        constant for ``decay_after`` epochs and then multiplied by ``decay`` at each epoch. All
        except ``one_cycle`` rise linearly over the share ``warmup`` of the steps.
    step, steps : int
        Steps taken so far, and in all.
    epoch : float
        Passes over the training split so far.
    """
    progress = step / steps
    if params.schedule == "one_cycle":
        return params.learning_rate * _one_cycle(progress)
    # step + 1, so that the first step of a warm-up already learns.
    rising = min(1.0, (step + 1) / (params.warmup * steps)) if params.warmup else 1.0
    return params.learning_rate * rising * _factor(params, progress, epoch)


def _factor(params: TrainParams, progress: float, epoch: float) -> float:
    """Return the learning rate relative to its peak, without warm-up."""
    if params.schedule == "cosine":
        after = max(progress - params.warmup, 0.0) / (1 - params.warmup)
        return 0.01 + 0.99 * _half_cosine(after)
    if params.schedule == "exponential" and epoch >= params.decay_after:
        return power(params.decay, math.floor(epoch - params.decay_after) + 1)
    return 1.0


def _one_cycle(progress: float) -> float:
    """Return the one-cycle learning rate relative to its peak."""
    top, start, end = 0.3, 1 / 25, 1e-4
    if progress < top:
        return 1 + (start - 1) * _half_cosine(progress / top)
    return end + (1 - end) * _half_cosine((progress - top) / (1 - top))


def _half_cosine(x: float) -> float:
    """Return half a cosine that falls from 1 at x = 0 to 0 at x = 1."""
    return 0.5 * (1 + float(cosine_of_half_turns(min(x, 1.0))))
