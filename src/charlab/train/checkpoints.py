"""Checkpoints: a training that is killed goes on where it was, and ends in the same bytes.

A checkpoint lies in a git-ignored folder under the hash of configuration, data and code,
so that none of another training is ever found. Its arrays are in one safetensors file
that ends with a SHA-256 of what comes before; a damaged one is not used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load, save

from charlab.core.files import write_bytes
from charlab.vocab.vocabulary import EncodedText

PACKAGE = Path(__file__).resolve().parents[1]
CODE = ("models/*.py", "training/*.py", "evaluation/likelihood.py")
"""The files whose code decides what a training computes."""

DIGEST = hashlib.sha256().digest_size


def key_of(config: Mapping[str, Any], data: EncodedText) -> str:
    """Return the hash of all that decides what a training computes."""
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    digest.update(json.dumps(data.vocab.as_dict()).encode())
    for part in (data.train, data.val, data.test):
        digest.update(f"{part.dtype} {len(part)} {data.segments}".encode())
        digest.update(np.ascontiguousarray(part).data)
    digest.update(f"torch {torch.__version__} numpy {np.__version__}".encode())
    for pattern in CODE:
        for path in sorted(PACKAGE.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoint of one training, in a folder of its own."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file that holds the newest checkpoint."""
        return self.folder / "checkpoint"

    def save(self, arrays: Mapping[str, NDArray[Any]], progress: Mapping[str, Any]) -> None:
        """Replace the checkpoint by arrays and JSON-able values, atomically.

        If the folder goes away meanwhile, the same training has just finished elsewhere: then
        nothing is saved, and nothing is lost.
        """
        values = np.frombuffer(json.dumps(progress).encode(), dtype=np.uint8)
        content = save({**arrays, "progress": values})
        with contextlib.suppress(FileNotFoundError):
            write_bytes(self.path, content + hashlib.sha256(content).digest())

    def load(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
        """Return what was saved last, or None if there is nothing whole."""
        try:
            stored = self.path.read_bytes()
        except OSError:
            return None
        content, digest = stored[:-DIGEST], stored[-DIGEST:]
        if hashlib.sha256(content).digest() != digest:
            return None
        arrays = load(content)
        progress = json.loads(arrays.pop("progress").tobytes())
        return arrays, progress

    def remove(self) -> None:
        """Remove the checkpoint: the training has finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.folder.parent.rmdir()
