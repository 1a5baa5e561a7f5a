"""Fan-out leaves dvc.lock in the order of a fresh ``dvc repro``, in DVC's own formatting."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from dvc.repo import Repo
from dvc.utils.serialize import dumps_yaml

from charlab.commands.fan_out import fan_out, run_here
from charlab.commands.lockfile import canonical, repro_order, sort_lock
from charlab.core.errors import CharlabError

# DVC uses a deprecated attribute of the library that holds its outputs.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")

PIPELINE = """\
stages:
  last:
    cmd: python join.py joined.txt b.txt a.txt
    deps: [join.py, a.txt, b.txt]
    outs: [joined.txt]
  copy:
    foreach: [b, a]
    do:
      cmd: python join.py ${item}.txt ${item}/source
      deps: [join.py, "${item}/source"]
      outs: ["${item}.txt"]
  alone:
    cmd: python join.py alone.txt a/source a/source a/source a/source a/source a/source a/source
    deps: [join.py, a/source]
    outs: [alone.txt]
"""
JOIN = """\
import sys
from pathlib import Path
Path(sys.argv[1]).write_text("".join(Path(name).read_text() for name in sys.argv[2:]))
"""
STAGES = ["copy@a", "copy@b", "last", "alone"]
"""The order of ``dvc repro``: a stage after those that it needs, else as in dvc.yaml."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a small DVC project without git and go to its folder."""
    (tmp_path / "dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    (tmp_path / "join.py").write_text(JOIN, encoding="utf-8")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "source").write_text(f"text {name}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    Repo.init(str(tmp_path), no_scm=True).close()
    return tmp_path


def lock_of(project: Path, stages: list[str]) -> bytes:
    """Write dvc.lock with these stages, as DVC formats it; return its bytes."""
    # A command this long is folded into several lines.
    entry = {"cmd": "python join.py " + "a/source " * 20, "outs": [{"path": "out.txt"}]}
    content = {"schema": "2.0", "stages": {stage: entry.copy() for stage in stages}}
    (project / "dvc.lock").write_text(dumps_yaml(content), encoding="utf-8")
    return (project / "dvc.lock").read_bytes()


def test_unknown_stages_come_last_by_name() -> None:
    """Stages that dvc.yaml no longer has stay in the lock, after those that it has."""
    assert canonical(["z", "c", "y", "a"], ["a", "b", "c"]) == ["a", "c", "y", "z"]


@pytest.mark.parametrize("recorded", [["last", "copy@b", "copy@a"], ["gone", "alone", "copy@a"]])
def test_a_lock_is_sorted_in_dvc_s_formatting(project: Path, recorded: list[str]) -> None:
    """The file has the bytes that DVC would have written; a sorted one is not written again."""
    with Repo(str(project)) as repo:
        order = repro_order(repo)
    assert order == STAGES
    wanted = lock_of(project, canonical(recorded, order))
    inode = (project / "dvc.lock").stat().st_ino
    sort_lock(project, order)
    assert (project / "dvc.lock").stat().st_ino == inode
    assert lock_of(project, recorded) != wanted
    sort_lock(project, order)
    assert (project / "dvc.lock").read_bytes() == wanted


def test_a_project_without_a_lock_gets_none(project: Path) -> None:
    """Nothing is written before the first run."""
    sort_lock(project, STAGES)
    assert not (project / "dvc.lock").exists()


@pytest.mark.slow
def test_fan_out_and_repro_leave_the_same_lock(project: Path) -> None:
    """The two locks have the same bytes, and a later ``dvc repro`` changes none of them."""
    lock = project / "dvc.lock"
    subprocess.run(["dvc", "repro", "--quiet"], check=True)
    fresh = lock.read_bytes()
    for name in ("dvc.lock", "a.txt", "b.txt", "joined.txt", "alone.txt"):
        (project / name).unlink()
    assert fan_out(project, partial(run_here, 3)) == len(STAGES)
    assert lock.read_bytes() == fresh
    subprocess.run(["dvc", "repro", "--quiet"], check=True)
    assert lock.read_bytes() == fresh


@pytest.mark.slow
def test_a_failed_run_leaves_a_sorted_lock(project: Path) -> None:
    """The stages that did run are recorded in canonical order."""
    (project / "a" / "source").unlink()
    lock_of(project, ["gone", "last", "copy@b"])
    with pytest.raises(CharlabError, match="copy@a failed"):
        fan_out(project, partial(run_here, 1))
    recorded = [line for line in (project / "dvc.lock").read_text().splitlines() if line[2] != " "]
    assert [line.strip(" :") for line in recorded[2:]] == ["copy@b", "last", "gone"]
