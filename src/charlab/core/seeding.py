"""Derive named random number generators from a single seed.

Each purpose has its own generator, so that more draws for one do not change the others: with
another dropout rate, the initial weights stay the same.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def _sequence(seed: int, name: str) -> np.random.SeedSequence:
    """Return the seed of the generator called ``name``; the same on every machine."""
    # Not hash(name): Python salts it anew in each process.
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.SeedSequence([seed, key])


def numpy_generator(seed: int, name: str) -> np.random.Generator:
    """Return the NumPy generator called ``name``."""
    return np.random.Generator(np.random.PCG64(_sequence(seed, name)))


def torch_generator(seed: int, name: str, device: torch.device) -> torch.Generator:
    """Return the torch generator called ``name`` on a device."""
    # Sampling needs NumPy's generator only, and starts without loading torch.
    import torch

    # torch takes a signed 64-bit seed, so the unsigned number loses a bit.
    state = int(_sequence(seed, name).generate_state(1, np.uint64)[0]) >> 1
    return torch.Generator(device=device).manual_seed(state)
