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

    @property
    def input(self) -> str:
        """``char``, ``bigram`` or ``trigram``: the longest n-grams with rows at the input."""

    @property
    def direct_order(self) -> int:
        """Last characters that are connected to the output directly."""


class StepSettings(Protocol):
    """The settings of an optimizer."""

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


Span = tuple[int, int, int]
"""(start, stop, first): n-grams of start + 1 to stop characters; ``first`` is row 0's id."""

NO_SPAN: Span = (0, 0, 0)

INPUTS = {"char": 1, "bigram": 2, "trigram": 3}
"""Characters of the longest n-gram with a row at the input, by its name in params.yaml."""

INPUT, DIRECT = "input.rows", "direct.rows"
"""Names of the tables in model.safetensors."""


def spans(params: ModelSettings, vocab_size: int) -> dict[str, Span]:
    """Return what a network looks up in each table that it has."""
    result: dict[str, Span] = {}
    if params.input != "char":  # a character's own row is a column of W_ih
        result[INPUT] = (1, INPUTS[params.input], vocab_size)
    if params.direct_order:
        result[DIRECT] = (0, params.direct_order, 0)
    return result


def longest(params: ModelSettings) -> int:
    """Return the characters of the longest n-gram that a network looks up; 1 for none."""
    return max(INPUTS[params.input], params.direct_order)


def looks_up(params: ModelSettings) -> bool:
    """Return whether a network has weights of n-grams."""
    return params.input != "char" or params.direct_order > 0
