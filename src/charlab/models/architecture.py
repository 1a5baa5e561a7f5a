"""The architecture of a trained network, read without the schemas of all parameters.

Loading pydantic takes half of the time until the first character of ``charlab sample``, which
needs few keys of config.json.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from charlab.core.errors import CharlabError
from charlab.core.files import read_json
from charlab.core.folders import require_complete
from charlab.exact.settings import INPUTS
from charlab.exact.shapes import CELLS, KINDS

MAX_VOCAB = 1 << 16
"""Maximum size of a vocabulary, whose ids have two bytes."""

OF_TRAINING = {
    *("backend", "dropout", "dropout_at", "recurrent_dropout", "init", "init_scale"),
    *("forget_bias", "input_min_count"),
}
"""Keys of the section ``model`` that change no result of a trained network."""

P = TypeVar("P")


def _one_of(default: str, *values: str) -> Any:
    """Return the field of a choice."""
    return field(default=default, metadata={"allowed": values, "type": str})


def _within(default: int, low: int, high: int) -> Any:
    """Return the field of an integer."""
    return field(default=default, metadata={"allowed": range(low, high + 1), "type": int})


@dataclass(frozen=True)
class Architecture:
    """Those keys of :class:`charlab.models.params.ModelParams` that a trained network depends on.

    As settings of the kernels it drops nothing: dropout ends with the training.
    """

    cell: str = _one_of("lstm", *CELLS)
    activation: str = _one_of("tanh", *KINDS)
    hidden: int = _within(128, 1, 8192)
    layers: int = _within(1, 1, 8)
    initial_state: str = _one_of("zero", "zero", "learned")
    input: str = _one_of("char", *INPUTS)
    direct_order: int = _within(0, 0, 3)

    @property
    def dropout(self) -> float:
        """Share of the units that are dropped."""
        return 0.0

    @property
    def dropout_at(self) -> str:
        """Place of the dropout."""
        return "output"

    @property
    def recurrent_dropout(self) -> float:
        """Share of the recurrent weights that are dropped."""
        return 0.0

    @classmethod
    def parse(cls, section: dict[str, Any]) -> Architecture:
        """Return the architecture in the section ``model``.

        Raises
        ------
        ValueError
            If a key is unknown, or its value not allowed.
        """
        known = {one.name: one.metadata for one in fields(cls)}
        given = {key: value for key, value in section.items() if key not in OF_TRAINING}
        for key, value in given.items():
            if key not in known:
                raise ValueError(f"model.{key}: unknown key")
            # Not isinstance: True is an int.
            if type(value) is not known[key]["type"] or value not in known[key]["allowed"]:
                raise ValueError(f"model.{key}: not allowed: {value!r:.40}")
        return cls(**given)


def read_configuration(folder: Path, parse: Callable[[Any], P]) -> tuple[P, int, dict[str, Any]]:
    """Read the configuration of a model folder.

    Parameters
    ----------
    folder : Path
    parse : callable
        Returns what the section ``model`` says; raises ValueError if it is damaged.

    Returns
    -------
    object, int, dict
        The result of ``parse``, the size of the vocabulary, and all of config.json.

    Raises
    ------
    CharlabError
        If the folder is incomplete or has no configuration.
    """
    require_complete(folder, "train again")
    path = folder / "config.json"
    try:
        config = read_json(path)
        params = parse(config["model"])
        size = config["vocab_size"]
        if type(size) is not int or not 1 <= size <= MAX_VOCAB:
            raise ValueError(f"vocab_size is {size!r:.40}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CharlabError(
            f"{path}: not the configuration of a trained model ({in_short(error)}); name a folder "
            "that 'charlab train' or the train stage wrote"
        ) from None
    return params, size, config


def in_short(error: Exception) -> str:
    """Return what is wrong in one line."""
    if isinstance(error, OSError):
        return error.strerror or "cannot be read"
    if isinstance(error, KeyError):
        return f"no {error}"
    return " ".join(str(error).split())[:200]
