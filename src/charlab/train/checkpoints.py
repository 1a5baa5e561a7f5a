"""Save the state of an interrupted training, so that it continues and ends in the same bytes.

Each checkpoint lies in a git-ignored folder named by a hash of configuration, data and code,
so a training never continues from another training's checkpoint. The file is a safetensors
document followed by its SHA-256; a damaged checkpoint is ignored.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from charlab.core.files import WriteError, write_bytes
from charlab.vocab.encoded_text import EncodedText

PACKAGE = Path(__file__).resolve().parents[1]
CODE = ("exact/*.py", "models/*.py", "train/*.py")
"""Source files that determine the result of a training."""

LIBRARIES = ("torch", "numpy", "numba", "llvmlite")
"""Libraries that compute; another release may round differently."""

DIGEST_SIZE = hashlib.sha256().digest_size


def key_of(config: Mapping[str, Any], data: EncodedText) -> str:
    """Return a hash of everything that determines the result of a training."""
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    digest.update(json.dumps(data.vocab.as_dict()).encode())
    for split in (data.train, data.val, data.test):
        # The type and length separate the splits: moving their borders changes the hash.
        digest.update(f"{split.dtype} {len(split)} {data.segments}".encode())
        digest.update(np.ascontiguousarray(split).data)
    digest.update(json.dumps({name: metadata.version(name) for name in LIBRARIES}).encode())
    for pattern in CODE:
        for path in sorted(PACKAGE.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


@cache
def _say_once(message: str) -> None:
    """Print a message to stderr, but not after every step."""
    print(message, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Checkpoints:
    """The newest checkpoint of one training, in a folder of its own."""

    folder: Path

    @property
    def path(self) -> Path:
        """File that holds the checkpoint."""
        return self.folder / "checkpoint"

    def save(self, arrays: Mapping[str, NDArray[Any]], progress: Mapping[str, Any]) -> None:
        """Replace the checkpoint by arrays and JSON-compatible values, atomically."""
        # safetensors stores arrays only, so the values travel as the bytes of their JSON.
        values = np.frombuffer(json.dumps(progress).encode(), dtype=np.uint8)
        content = save({**arrays, "progress": values})
        try:
            write_bytes(self.path, content + hashlib.sha256(content).digest())
        except WriteError as error:
            # The folder disappears meanwhile only if the same training has just finished in
            # another process: then this checkpoint is no longer needed.
            if not isinstance(error.__cause__, FileNotFoundError):
                # The result may still fit: --out may be on another disk than the checkpoints.
                _say_once(f"no checkpoint, so an interrupted training starts again: {error}")

    def load(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
        """Return the saved arrays and values, or None without an intact checkpoint."""
        try:
            stored = self.path.read_bytes()
        except OSError:
            return None
        content, digest = stored[:-DIGEST_SIZE], stored[-DIGEST_SIZE:]
        if hashlib.sha256(content).digest() != digest:
            return None
        arrays = load(content)
        progress = json.loads(arrays.pop("progress").tobytes())
        return arrays, progress

    def remove(self) -> None:
        """Remove the checkpoint of a finished training."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # other trainings may have checkpoints beside it
            self.folder.parent.rmdir()
