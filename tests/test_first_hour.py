"""The first hour of a user: a study on its branch, an experiment, and the way back."""

from __future__ import annotations

import json

import pytest

from project_clone import TINY, Clone, make_clone

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a clone whose study "demo" has run, in a folder with a blank and an accent."""
    clone = make_clone(tmp_path_factory.mktemp("a folder é"))
    small = TINY.replace("name: tiny", "name: demo").replace("hidden: 16", "hidden: 12")
    (clone.root / "studies/demo.yaml").write_text(small, encoding="utf-8")
    clone.commit("a smaller demo")
    # No identity: the first commits of a student.
    (clone.root.parent / "home/.gitconfig").unlink()
    clone.run("charlab", "study", "demo", "--run")
    return clone


def test_head_is_the_baseline(demo: Clone) -> None:
    """Nothing is left to do or to commit, and DVC compares with the demo's own model."""
    assert demo.status() == ""
    assert "up to date" in demo.run("dvc", "status").stdout
    second = demo.run("charlab", "study", "demo", "--run").stdout
    assert "everything is up to date" in second
    assert "committed" not in second
    rows = demo.run("dvc", "exp", "show", "--csv").stdout.splitlines()
    assert json.loads((demo.root / "metrics/model.json").read_text())["test_bpc"] > 0
    assert [row.split(",")[1] for row in rows[1:]] == ["workspace", "demo"]


def test_an_experiment_and_the_way_back(demo: Clone) -> None:
    """The table fits; a mistake shows no numbers; params.yaml undoes; --back restores all."""
    failed = demo.run("dvc", "exp", "run", "-S", "model.cell=lstn", check=False)
    assert failed.returncode
    assert not (demo.root / "metrics/model.json").exists()
    demo.run("git", "checkout", "--quiet", ".")
    demo.run("dvc", "exp", "run", "-S", "model.hidden=20", "--name", "wide")
    table = demo.run("charlab", "experiments").stdout
    assert "wide" in table
    assert max(map(len, table.splitlines())) <= 120
    assert "params.yaml" in demo.run("charlab", "study", "--back", check=False).stderr
    demo.run("git", "checkout", "params.yaml")
    demo.run("dvc", "repro")
    assert demo.status() == ""
    demo.run("charlab", "study", "--back")
    assert demo.status() == ""
    assert "name: tiny" in (demo.root / "params.yaml").read_text(encoding="utf-8")
    assert not (demo.root / "dvc.lock").exists()  # the home branch has none
    demo.run("charlab", "study", "demo")
    assert "up to date" in demo.run("dvc", "status").stdout
