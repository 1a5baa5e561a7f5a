"""The stages of a pipeline: as dvc.yaml declares them, and as dvc.lock recorded them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from charlab.core.errors import CharlabError
from charlab.core.stage_inputs import lookup
from charlab.core.yaml_text import LOADER


class VerifyError(CharlabError):
    """A project, or a part of it, of which nothing can be said."""


@dataclass(frozen=True)
class Stage:
    """A stage as dvc.yaml declares it, with the names of a text or variant filled in.

    Attributes
    ----------
    name : str
        As DVC writes it: ``train``, ``train-variant@lstm``.
    cmd : str
        The command, for a shell.
    deps, outs : tuple of str
        Paths relative to the project.
    params : mapping of str to object
        Values in params.yaml by dotted key; None for a missing key.
    tracked : frozenset of str
        Outputs that git tracks (``cache: false``).
    """

    name: str
    cmd: str
    deps: tuple[str, ...]
    outs: tuple[str, ...]
    params: Mapping[str, object]
    tracked: frozenset[str]


@dataclass(frozen=True)
class Record:
    """A stage as dvc.lock recorded it: hashes by path, and values of parameters."""

    cmd: str
    deps: Mapping[str, str]
    outs: Mapping[str, str]
    params: Mapping[str, object]


def declared_stages(root: Path) -> dict[str, Stage]:
    """Return the stages of dvc.yaml by name, in an order in which they can run.

    Raises
    ------
    VerifyError
        If dvc.yaml or params.yaml is missing, or has another form.
    """
    try:
        params = _read(root / "params.yaml")
        entries = _read(root / "dvc.yaml")["stages"]
        stages = [
            stage for name, entry in entries.items() for stage in _stages(name, entry, params)
        ]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise VerifyError(f"{root}: dvc.yaml or params.yaml cannot be read ({error})") from None
    return {stage.name: stage for stage in _in_order(stages)}


def recorded_stages(root: Path, declared: Container[str]) -> dict[str, Record]:
    """Return the records of dvc.lock by the stage's name.

    Parameters
    ----------
    root : Path
        The project.
    declared : container of str
        The names in dvc.yaml; DVC never removes the record of a stage that left it.

    Raises
    ------
    VerifyError
        If there is no dvc.lock, or it has another form.
    """
    try:
        stages = _read(root / "dvc.lock")["stages"]
        return {name: _record(entry) for name, entry in stages.items() if name in declared}
    except FileNotFoundError:
        raise VerifyError(
            "there is no dvc.lock, so no results are recorded; run 'charlab fan-out' and commit it"
        ) from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise VerifyError(f"dvc.lock cannot be read ({error}); see 'charlab mend'") from None


def within(path: str, folder: str) -> bool:
    """Return whether a path is a folder or file, or lies below it."""
    return path == folder or path.startswith(f"{folder}/")


def related(path: str, other: str) -> bool:
    """Return whether one path is the other, or lies below it."""
    return within(path, other) or within(other, path)


def producer(path: str, stages: Mapping[str, Stage]) -> Stage | None:
    """Return the stage whose output contains a path, if there is one."""
    for stage in stages.values():
        if any(within(path, out) for out in stage.outs):
            return stage
    return None


def needs(stage: Stage, stages: Mapping[str, Stage]) -> list[Stage]:
    """Return the stages of whose outputs a stage reads any."""
    return [
        other
        for other in stages.values()
        if other is not stage and any(related(o, dep) for o in other.outs for dep in stage.deps)
    ]


def _read(path: Path) -> Any:
    with path.open(encoding="utf-8") as stream:
        return yaml.load(stream, LOADER)  # a safe loader


def _stages(name: str, entry: dict[str, Any], params: dict[str, Any]) -> Iterator[Stage]:
    """Yield a stage, or one per member of its ``foreach``."""
    if "foreach" not in entry:
        yield _filled(name, entry, params)
        return
    members = lookup(params, entry["foreach"].strip("${}")) or {}
    for key, item in members.items():
        yield _filled(f"{name}@{key}", entry["do"], {**params, "key": key, "item": item})


def _filled(name: str, entry: dict[str, Any], names: dict[str, Any]) -> Stage:
    def filled(text: str) -> str:
        return re.sub(r"\$\{([^}]+)\}", lambda match: str(lookup(names, match[1])), text)

    # An output with options is a mapping from its path to them.
    outs = [(out, {}) if isinstance(out, str) else next(iter(out.items())) for out in entry["outs"]]
    keys = [filled(key) for key in entry.get("params", [])]
    return Stage(
        name=name,
        cmd=_one_line(filled(entry["cmd"])),
        deps=tuple(filled(dep) for dep in entry.get("deps", [])),
        outs=tuple(filled(out) for out, _ in outs),
        params={key: lookup(names, key) for key in keys},
        tracked=frozenset(filled(out) for out, options in outs if not options.get("cache", True)),
    )


def _record(entry: dict[str, Any]) -> Record:
    hashes = [
        {one["path"]: str(one.get("md5", "")) for one in entry.get(part, [])}
        for part in ("deps", "outs")
    ]
    params = entry.get("params", {}).get("params.yaml", {})
    return Record(_one_line(entry["cmd"]), hashes[0], hashes[1], params)


def _one_line(command: str) -> str:
    return " ".join(command.split())


def _in_order(stages: list[Stage]) -> list[Stage]:
    """Return stages so that each comes after those that it needs; otherwise as they were."""
    waiting = {stage.name: stage for stage in stages}
    upstream = {stage.name: {other.name for other in needs(stage, waiting)} for stage in stages}
    ordered: list[Stage] = []
    while waiting:
        ready = [name for name in waiting if not upstream[name] & waiting.keys()]
        if not ready:
            raise VerifyError("dvc.yaml: stages depend on each other in a circle")
        ordered += [waiting.pop(name) for name in ready]
    return ordered
