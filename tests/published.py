"""The project's files as git has them.

A user's params.yaml, dvc.lock and report may hold anything; tests on the published ones read
them from the last commit, so that the suite passes whatever has been run or edited. On a study's
branch, such as that of 'make demo', the published files are those of the branch it was made from.
"""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import yaml

from charlab.commands.branches import HOME
from charlab.plan.document import SWEEP
from charlab.plan.params import Params, parse_params
from import_graph import ROOT


def _git(*arguments: str) -> str | None:
    """Return the output of a git command in the project, or None if it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    return done.stdout.decode("utf-8") if done.returncode == 0 else None


@cache
def published_revision() -> str:
    """Return the branch or commit with the published files."""
    branch = (_git("symbolic-ref", "--short", "--quiet", "HEAD") or "").strip()
    home = _git("config", "--local", f"branch.{branch}.{HOME}") if branch else None
    return (home or "HEAD").strip()


def published(path: str) -> str:
    """Return a file's text in the last commit; outside git, in the working copy."""
    committed = _git("show", f"{published_revision()}:./{path}")
    return (ROOT / path).read_text(encoding="utf-8") if committed is None else committed


def published_params(path: str = "params.yaml") -> Params:
    """Return the parameters in a published file."""
    return parse_params(yaml.safe_load(published(path)), path)


def published_studies() -> list[str]:
    """Return the paths of all published studies, such as studies/demo.yaml, sorted."""
    listed = _git("ls-tree", "--name-only", published_revision(), "studies/")
    names = (
        [f"studies/{path.name}" for path in (ROOT / "studies").iterdir()]
        if listed is None
        else listed.split()
    )
    # The specification of a sweep has a schema of its own.
    return sorted(name for name in names if name.endswith(".yaml") and Path(name).stem != SWEEP)
