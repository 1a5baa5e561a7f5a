"""Streams of chance, each with a name, all from the one seed.

A change in how often one stream is asked leaves the others as they were: with another
dropout rate, the initial weights stay the same.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch


def _sequence(seed: int, name: str) -> np.random.SeedSequence:
    """Return the seed of the stream called ``name``; the same on every machine."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.SeedSequence([seed, key])


def numpy_stream(seed: int, name: str) -> np.random.Generator:
    """Return NumPy's generator of the stream ``name``."""
    return np.random.Generator(np.random.PCG64(_sequence(seed, name)))


def torch_stream(seed: int, name: str, device: torch.device) -> torch.Generator:
    """Return torch's generator of the stream ``name`` on a device."""
    state = int(_sequence(seed, name).generate_state(1, np.uint64)[0]) >> 1
    return torch.Generator(device=device).manual_seed(state)
