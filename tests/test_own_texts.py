"""A user's own texts are in every copy of the project in which DVC runs an experiment."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from import_graph import STAGES

SPEC = importlib.util.spec_from_file_location("_own", STAGES / "_own.py")
assert SPEC is not None
assert SPEC.loader is not None
own = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(own)


def test_missing_texts_come_from_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that git has is already there, and stays."""
    project, copy = tmp_path / "the project", tmp_path / "copy"
    for root, names in {project: ("a.txt", "b/c.txt"), copy: ("a.txt",)}.items():
        for name in names:
            (root / "data/own" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "data/own" / name).write_text(f"{name} in {root.name}", encoding="utf-8")
    monkeypatch.chdir(copy)
    own.bring(own.OWN, str(project))
    assert Path("data/own/a.txt").read_text(encoding="utf-8") == "a.txt in copy"
    assert Path("data/own/b/c.txt").read_text(encoding="utf-8") == "b/c.txt in the project"


@pytest.mark.parametrize("project", [None, ".", "nowhere"])
def test_nothing_happens_in_the_project_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str | None
) -> None:
    """Nor without DVC."""
    (tmp_path / "data/own").mkdir(parents=True)
    (tmp_path / "data/own/a.txt").touch()
    monkeypatch.chdir(tmp_path)
    own.bring(own.OWN, project)
    assert [path.name for path in (tmp_path / "data/own").iterdir()] == ["a.txt"]
