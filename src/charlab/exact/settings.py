"""The settings that the kernels read, as protocols: this package imports none of the others.

``ModelParams`` and ``TrainParams`` of the pipeline satisfy them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class ModelSettings(Protocol):
    """The architecture of a network."""

    @property
    def cell(self) -> str:
        """``rnn``, ``gru`` or ``lstm``."""

    @property
    def activation(self) -> str:
        """``tanh``, ``relu`` or ``sigmoid``."""

    @property
    def hidden(self) -> int:
        """H, units of each layer."""

    @property
    def layers(self) -> int:
        """Number of layers."""

    @property
    def dropout(self) -> float:
        """Probability that an output is dropped."""

    @property
    def dropout_at(self) -> str:
        """``output``, ``between_layers`` or ``variational``."""

    @property
    def recurrent_dropout(self) -> float:
        """Probability that a recurrent weight is dropped."""

    @property
    def initial_state(self) -> str:
        """``zero`` or ``learned``."""


class StepSettings(Protocol):
    """How gradients become steps."""

    @property
    def optimizer(self) -> str:
        """``adam``, ``rmsprop``, ``adagrad`` or ``sgd``."""

    @property
    def betas(self) -> Sequence[float]:
        """Decay rates of the two moving averages."""

    @property
    def weight_decay(self) -> float:
        """Decoupled from the gradient."""

    @property
    def clip(self) -> str:
        """``norm``, ``value`` or ``none``."""

    @property
    def clip_at(self) -> float:
        """The largest norm, or element."""
