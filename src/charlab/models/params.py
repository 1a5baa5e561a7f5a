"""Parameters of the ``model`` section."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from charlab.core.schema import Float, Int, Section


class ModelParams(Section):
    """A recurrent network over characters."""

    backend: Literal["exact", "torch", "numpy"] = Field(
        default="exact",
        description="exact (same bits on every processor), torch (its layers), numpy (by hand)",
    )
    cell: Literal["rnn", "gru", "lstm"] = Field(default="lstm", description="rnn, gru, lstm")
    activation: Literal["tanh", "relu", "sigmoid"] = Field(
        default="tanh",
        description="tanh, relu, sigmoid; replaces tanh in the cell, gates stay sigmoid",
    )
    hidden: Annotated[Int, Field(ge=1, le=8192)] = Field(
        default=128, description="hidden size: units per layer"
    )
    layers: Annotated[Int, Field(ge=1, le=8)] = Field(default=1, description="1 to 8")
    dropout: Annotated[Float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="share of the units dropped in training"
    )
    dropout_at: Literal["between_layers", "output", "variational"] = Field(
        default="output",
        description="output, between_layers (acts from 2 layers on), variational",
    )
    recurrent_dropout: Annotated[Float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="share of W_hh's elements dropped, for a whole chunk"
    )
    init: Literal["uniform", "xavier", "orthogonal", "identity"] = Field(
        default="uniform", description="uniform, xavier, orthogonal, identity (rnn only)"
    )
    init_scale: Annotated[Float, Field(gt=0)] | None = Field(
        default=None, description="half-width of uniform; null: 1 / sqrt(hidden)"
    )
    forget_bias: Float = Field(default=1.0, description="LSTM: initial bias of the forget gate")
    initial_state: Literal["zero", "learned"] = Field(
        default="zero", description="zero, or learned"
    )

    input: Literal["char", "bigram", "trigram"] = Field(
        default="char",
        description="char, bigram, trigram: the longest n-grams with input weights of their own",
    )
    input_min_count: Annotated[Int, Field(ge=1)] = Field(
        default=2,
        description="occurrences in train from which an n-gram has weights of its own",
    )
    direct_order: Annotated[Int, Field(ge=0, le=3)] = Field(
        default=0,
        description="0 to 3: last characters with direct connections to the output",
    )

    @model_validator(mode="after")
    def _backend_limits(self) -> Self:
        if self.backend == "numpy":
            for key, only in (
                ("cell", "rnn"),
                ("layers", 1),
                ("dropout", 0.0),
                ("recurrent_dropout", 0.0),
                ("input", "char"),
                ("direct_order", 0),
            ):
                if getattr(self, key) != only:
                    raise ValueError(
                        f"backend: numpy trains the vanilla RNN only, so {key} must be {only}, "
                        f"not {getattr(self, key)}; use backend: exact"
                    )
            if self.initial_state != "zero":
                raise ValueError("backend: numpy starts from a zero state; use backend: exact")
        if self.init == "identity" and self.cell != "rnn":
            raise ValueError("init: identity is for cell: rnn (Le, Jaitly and Hinton 2015)")
        return self
