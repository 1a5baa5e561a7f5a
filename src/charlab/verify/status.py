"""Say before anything runs which stages are out of date, why, and what they will cost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from charlab.core.errors import CharlabError, shortened
from charlab.plan.params import Params, load_params
from charlab.plan.plan import write_plan
from charlab.verify.audit import Audit, Difference
from charlab.verify.costs import Costs
from charlab.verify.hashes import listing, md5_of
from charlab.verify.stages import (
    Record,
    Stage,
    declared_stages,
    needs,
    recorded_stages,
    within,
)

SHOWN = 4
"""Maximum number of files that a reason names."""


@dataclass(frozen=True)
class Stale:
    """A stage that is out of date, why, and the minutes of one core that it will take."""

    stage: str
    reasons: list[str]
    minutes: float


def stale(root: Path) -> list[Stale]:
    """Return the stages of a project that are out of date, or need one that is.

    Raises
    ------
    CharlabError
        If params.yaml or dvc.yaml cannot be read.
    """
    params, stages = load_params(root / "params.yaml"), declared_stages(root)
    records = recorded_stages(root, stages) if (root / "dvc.lock").is_file() else {}
    audit, costs = Audit(root, stages, records), Costs(root, params)
    found: dict[str, Stale] = {}
    planned = _planned(root, params)
    for name, stage in stages.items():
        record = records.get(name)
        reasons = list(_reasons(root, stage, record, audit))
        earlier = [one.name for one in needs(stage, stages) if one.name in found]
        if record is not None and _is_planned(stage, record, planned):
            earlier = [other for other in earlier if other != "plan"]
        reasons += [f"{other} runs before it, and may change it" for other in earlier[:1]]
        if reasons:
            found[name] = Stale(name, reasons, costs.minutes(name))
    return list(found.values())


def total_minutes(entries: list[Stale]) -> float:
    """Return the minutes of one core that all of the stages take."""
    return sum(entry.minutes for entry in entries)


def _planned(root: Path, params: Params) -> dict[str, str]:
    """Return the hash of each file that the stage plan would write now.

    It depends on all of params.yaml, so any edit makes it run, and few change what it writes.
    """
    with contextlib.chdir(root), TemporaryDirectory(prefix="charlab-") as name:
        try:
            write_plan(params, Path("data/own"), Path(name), mirrors_given=True)
        except CharlabError:
            return {}  # the stage itself will say why
        return {f"data/plan/{one['relpath']}": one["md5"] for one in listing(Path(name))}


def _is_planned(stage: Stage, record: Record, planned: Mapping[str, str]) -> bool:
    """Return whether a stage reads nothing of the plan but what it has read before."""
    read = [dep for dep in stage.deps if within(dep, "data/plan")]
    return all(planned.get(dep) == record.deps.get(dep) for dep in read)


def _reasons(root: Path, stage: Stage, record: Record | None, audit: Audit) -> Iterator[str]:
    """Yield why a stage itself is out of date."""
    if record is None:
        yield "it was never run"
        return
    for difference in audit.differences(stage.name):
        yield _in_words(root, difference)
    for out in stage.outs:
        if out not in stage.tracked and (present := md5_of(root / out)) != record.outs.get(out):
            yield f"{out}: {'changed' if present else 'missing; restored if the cache has it'}"


def _in_words(root: Path, difference: Difference) -> str:
    """Return a difference as a reason: for code with the files, for parameters the values."""
    if difference.kind == "params" and difference.where != "params.yaml":
        before, after = map(shortened, (difference.recorded, difference.present))
        return f"{difference.where}: {before} -> {after}"
    if difference.present is None:
        return f"{difference.where}: missing"
    files = _changed_files(root, difference.where) if difference.kind == "code" else []
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    return f"{difference.where} changed" + (f": {', '.join(files[:SHOWN])}{more}" if files else "")


def _changed_files(root: Path, path: str) -> list[str]:
    """Return the files below a path that changed since dvc.lock was committed."""
    found: set[str] = set()
    commit = _output(root, "log", "-1", "--format=%H", "--", "dvc.lock").strip()
    if commit:
        found |= set(_output(root, "diff", "--name-only", commit, "--", path).split("\n"))
    listed = _output(root, "ls-files", "--others", "--exclude-standard", "--", path)
    return sorted((found | set(listed.split("\n"))) - {""})


def _output(root: Path, *arguments: str) -> str:
    """Return the output of a command of git, nothing if it fails: the reason is only shorter."""
    # Only if code has changed: the import loads what makes workspaces.
    from charlab.course.workspace import git

    try:
        return git(root, *arguments)
    except CharlabError:
        return ""
