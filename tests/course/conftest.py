"""A project and the workspaces of two students, with results that were made up."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from charlab.core.files import write_json, write_text
from charlab.course import check as checking
from charlab.course import pack as packing
from charlab.plan.params import load_params
from made_class import fill, make_project, train


@pytest.fixture(scope="module")
def made_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with the real dvc.yaml, and two workspaces with results that were made up."""
    root = tmp_path_factory.mktemp("made")
    project = root / "project"
    make_project(project)
    write_text(project / "README.md", "A sentence of the project that a student could quote.\n")
    for name in ("ada", "ben"):
        fill(project, root / name, name)
    return root


@pytest.fixture
def project(made_class: Path, tmp_path: Path) -> Path:
    """Return the instructor's project."""
    return shutil.copytree(made_class / "project", tmp_path / "project")


@pytest.fixture
def ada(made_class: Path, tmp_path: Path) -> Path:
    """Return a student's workspace."""
    return shutil.copytree(made_class / "ada", tmp_path / "ada")


@pytest.fixture
def ben(made_class: Path, tmp_path: Path) -> Path:
    """Return another student's workspace."""
    return shutil.copytree(made_class / "ben", tmp_path / "ben")


@pytest.fixture
def up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let DVC find nothing to run; the slow test asks the real one."""
    monkeypatch.setattr(packing, "_out_of_date", lambda root: [])


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Replace the runs; each training writes the weights of ada. Return the stages."""
    stages: list[tuple[str, ...]] = []

    def run(self: checking._Run, *names: str) -> None:
        stages.append(names)
        params = load_params(self.folder / "params.yaml")
        if "plan" in names:
            write_json(self.folder / "data/plan/invented.json", {"builtin": "invented"})
        if any(name.startswith("fetch") for name in names):
            write_text(self.folder / "data/raw/invented.txt", "a text")
        train(self.folder, params.seed, "ada")

    monkeypatch.setattr(checking._Run, "stages", run)
    return stages
