"""Divide a trained network's logits by the temperature that suits it best.

Dropout trains a network under noise; without the noise, and after many passes over a text, it is
too sure of what it says. One number, found on val, corrects that: the temperature of Guo, Pleiss,
Sun and Weinberger 2017, "On Calibration of Modern Neural Networks" (arXiv:1706.04599). The order of
the likeliest characters stays the same. The weights of the output take it up, so that nothing that
reads the model has to know of it.
"""

from __future__ import annotations

from charlab.models.params import ModelParams
from charlab.train.metrics import mean_nats
from charlab.train.model_folder import Arrays
from charlab.vocab.encoded_text import EncodedText

OUTPUT = ("head.weight", "head.bias", "direct.rows")
"""Weights that the logits are sums of."""

STEPS = (0.1, 0.05, 0.025)
"""Distances of the temperatures that are compared, one after the other."""


def calibrated(data: EncodedText, model: ModelParams, weights: Arrays) -> tuple[float, Arrays]:
    """Return the temperature with the lowest loss on val, and the weights divided by it.

    The loss is a convex function of the inverse temperature, so the search walks downhill from 1,
    in shorter and shorter steps.

    Returns
    -------
    temperature : float
        A multiple of the shortest step; 1 if no other is better.
    weights : dict of str to ndarray
        With the logits divided by the temperature.
    """

    def loss(temperature: float) -> float:
        return mean_nats(model, divided(weights, temperature), data.val, data.segments)

    best, lowest = 1.0, loss(1.0)
    for step in STEPS:
        for direction in (step, -step):
            improved = False
            while (tried := round(best + direction, 3)) > 0 and (nats := loss(tried)) < lowest:
                best, lowest, improved = tried, nats, True
            if improved:  # the other side is uphill
                break
    return best, divided(weights, best)


def divided(weights: Arrays, temperature: float) -> Arrays:
    """Return weights whose logits are divided by a temperature."""
    if temperature == 1:
        return weights
    return {
        name: value / value.dtype.type(temperature) if name in OUTPUT else value
        for name, value in weights.items()
    }
