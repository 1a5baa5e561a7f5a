"""Read the parameters and the weights of a model folder.

The parameters are those of a training; what only runs a network reads its
:class:`charlab.models.architecture.Architecture`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from charlab.models.architecture import read_configuration
from charlab.models.params import ModelParams
from charlab.models.weights import load_weights


def read_config(folder: Path) -> tuple[ModelParams, int, dict[str, Any]]:
    """Read the configuration of a model folder.

    Returns
    -------
    ModelParams, int, dict
        The network, the size of its vocabulary, and all of config.json.

    Raises
    ------
    CharlabError
        If the folder is incomplete or has no configuration.
    """
    return read_configuration(folder, _parse)


def _parse(section: object) -> ModelParams:
    """Return the parameters in the section ``model``."""
    try:
        return ModelParams.model_validate(section)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"model.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def load_trained(folder: Path) -> tuple[ModelParams, dict[str, NDArray[np.float32]]]:
    """Read the configuration and the weights of a model folder.

    Raises
    ------
    CharlabError
        If the folder has no configuration or weights, or they do not match.
    """
    params, vocab_size, _ = read_config(folder)
    return params, load_weights(folder / "model.safetensors", params, vocab_size)
