"""Notice that a stage's parameters or input files change while it runs.

DVC hashes a stage's parameters and dependencies when the stage *ends*. If a user edits
params.yaml or code during a training, DVC would record the result of the old values under
the new ones, and count it as up to date. So a stage compares its inputs at its end with those at
its start, and fails if they differ; DVC records no failed stage.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from charlab.core.errors import CharlabError
from charlab.core.yaml_text import LOADER

SMALL = 1 << 20
"""Size in bytes up to which a file is compared by its content, not by its time and size."""


class InputsChangedError(CharlabError):
    """An input of a stage changed while the stage ran."""


@dataclass(frozen=True)
class StageInputs:
    """Inputs of one stage as dvc.yaml declares them.

    Attributes
    ----------
    params : mapping of str to object
        Values of the declared parameters by dotted key; None for a missing key.
    files : mapping of str to object
        A hash, or size and time, by path.
    results : tuple of Path
        The dependencies that other stages have written, or that a person has put into data/.
    """

    params: Mapping[str, object]
    files: Mapping[str, object]
    results: tuple[Path, ...]

    def changed(self, later: StageInputs) -> list[str]:
        """Return the keys and paths that differ in ``later``, sorted."""
        pairs = ((self.params, later.params), (self.files, later.files))
        return sorted(
            name
            for before, after in pairs
            for name in before.keys() | after.keys()
            if before.get(name) != after.get(name)
        )


def read_inputs(root: Path, stage: str) -> StageInputs:
    """Read the inputs of a stage.

    Parameters
    ----------
    root : Path
        The project's folder, which holds dvc.yaml and params.yaml.
    stage : str
        Name as DVC writes it: ``train`` or ``train-variant@lstm``.

    Raises
    ------
    OSError, yaml.YAMLError
        If one of the two files cannot be read.
    KeyError
        If dvc.yaml has no such stage.
    """
    params = _load(root / "params.yaml")
    name, _, key = stage.partition("@")
    entry = _load(root / "dvc.yaml")["stages"][name]
    names = params
    if "foreach" in entry:
        # "${texts}" names a mapping of params.yaml; key and item are its entry.
        members = lookup(params, entry["foreach"].strip("${}"))
        names = {**params, "key": key, "item": lookup(members, key)}
        entry = entry["do"]

    def filled(text: str) -> str:
        """Return ``text`` with each ${name} replaced by its value."""
        return re.sub(r"\$\{([^}]+)\}", lambda match: str(lookup(names, match[1])), text)

    keys = [filled(key) for key in entry.get("params", [])]
    files: dict[str, object] = {}
    paths = [root / filled(path) for path in entry.get("deps", [])]
    for path in paths:
        files.update(_signatures(root, path))
    results = tuple(path for path in paths if root / "data" in path.parents)
    return StageInputs({key: lookup(params, key) for key in keys}, files, results)


def _load(path: Path) -> Any:
    with path.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=LOADER)  # a safe loader


def lookup(document: Any, key: str) -> Any:
    """Return the value at a dotted key, or None if there is none."""
    for step in key.split("."):
        if not isinstance(document, dict) or step not in document:
            return None
        document = document[step]
    return document


def _signatures(root: Path, path: Path) -> Iterator[tuple[str, object]]:
    """Yield the name and signature of a file, or of all files below a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        # DVC ignores compiled modules, and writes .gitignore beside its outputs as it goes.
        if file.suffix == ".pyc" or file.name == ".gitignore" or file.is_dir():
            continue
        name = file.relative_to(root).as_posix()
        try:
            yield name, _signature(file)
        except OSError as error:
            yield name, f"cannot be read: {error.strerror}"


def _signature(path: Path) -> object:
    status = path.stat()
    if status.st_size <= SMALL:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return status.st_size, status.st_mtime_ns


def inputs_at_start(root: Path, stage: str | None) -> StageInputs | None:
    """Return the inputs of the stage that DVC runs; None if there are none to compare.

    A stage of a person's own dvc.yaml, or a file that is not YAML, is left to DVC and the stage.
    """
    try:
        return None if stage is None else read_inputs(root, stage)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError):
        return None


def check_unchanged(root: Path, stage: str | None, started: StageInputs | None) -> None:
    """Check at the end of a stage that its inputs are those that it started with.

    Raises
    ------
    InputsChangedError
        If they are not; the message names them.
    """
    if started is None:
        return
    now = inputs_at_start(root, stage)
    changed = ["params.yaml"] if now is None else started.changed(now)
    if not changed:
        return
    shown = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if changed[5:] else "")
    raise InputsChangedError(
        f"{shown} changed while this stage ran; the result belongs to the old values, so it is "
        "not recorded. Run the same command again"
    )
