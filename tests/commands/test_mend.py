"""What a killed DVC leaves behind is mended, and nothing else is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from charlab.commands import mend as module
from charlab.commands.mend import BusyError, alone, dvc_processes, is_lock, is_rwlock, mend
from two_studies import make_project

LOCK = "schema: '2.0'\nstages:\n  plan:\n    cmd: python plan.py\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project with a committed dvc.lock."""
    make_project(tmp_path)
    (tmp_path / "dvc.lock").write_text(LOCK, encoding="utf-8")
    git = ["git", "-c", "user.name=charlab", "-c", "user.email=charlab@example.org"]
    subprocess.run([*git, "commit", "-qam", "results"], cwd=tmp_path, check=True)
    (tmp_path / ".dvc" / "tmp").mkdir(parents=True)
    return tmp_path


def test_a_sound_project_is_left_alone(project: Path) -> None:
    """Files that are well, or are not there, give no message."""
    assert mend(project) == []
    (project / "dvc.lock").unlink()
    assert mend(project) == []


@pytest.mark.parametrize(
    "damage", ["", "schema: '2.0'\nstages:\n  plan:\n    c", "\0\0\0\0", "a: 1"]
)
def test_a_damaged_lock_is_restored_from_git(project: Path, damage: str) -> None:
    """The damaged one is kept, since it may be a person's unfinished merge."""
    (project / "dvc.lock").write_text(damage, encoding="utf-8")
    assert "restored the committed one" in "".join(mend(project))
    assert (project / "dvc.lock").read_text(encoding="utf-8") == LOCK
    assert (project / ".charlab/damaged/dvc.lock").read_text(encoding="utf-8") == damage


def test_a_damaged_lock_that_git_does_not_have_is_removed(project: Path) -> None:
    """DVC then restores each result from its run-cache."""
    subprocess.run(["git", "update-ref", "-d", "HEAD"], cwd=project, check=True)
    (project / "dvc.lock").write_text("", encoding="utf-8")
    assert "removed; the run-cache restores" in "".join(mend(project))
    assert not (project / "dvc.lock").exists()


def holders(project: Path, pid: int, command: str) -> Path:
    """Write DVC's list of running stages with one entry."""
    path = project / ".dvc/tmp/rwlock"
    path.write_text(json.dumps({"write": {"x": {"pid": pid, "cmd": command}}, "read": {}}))
    return path


@pytest.mark.parametrize("damage", ["", '{"write": {"/a', "[]"])
def test_a_damaged_list_of_running_stages_is_removed(project: Path, damage: str) -> None:
    """DVC writes a new one."""
    path = project / ".dvc/tmp/rwlock"
    path.write_text(damage)
    assert "rwlock" in "".join(mend(project))
    assert not path.exists()


def test_entries_of_other_programs_are_stale(project: Path) -> None:
    """After a restart, another program may have the id of a killed DVC."""
    mine = " ".join(psutil.Process().cmdline()[1:])
    assert is_rwlock(holders(project, os.getpid(), f"dvc {mine}"))
    assert not is_rwlock(holders(project, os.getpid(), "dvc repro --single-item train"))
    assert mend(project)


def test_nothing_is_mended_while_dvc_runs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file may be whole in a moment; temporary files are in use."""
    (project / "data").mkdir()
    (project / "data/.clean.txt.x.part").touch()
    monkeypatch.setattr(module, "dvc_processes", lambda root: [psutil.Process()])
    assert mend(project) == []
    assert (project / "data/.clean.txt.x.part").exists()
    (project / "dvc.lock").write_text("", encoding="utf-8")
    with pytest.raises(BusyError, match=f"damaged, and DVC is running here .process {os.getpid()}"):
        mend(project)


def test_temporary_files_of_killed_runs_are_removed(project: Path) -> None:
    """DVC would take them for a part of the result."""
    for name in ("data/clean/.a.txt.x.part", "data/variants/.xyz.tmp", "data/clean/a.part"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    (project / "data" / "model" / ".new.abc.part").mkdir(parents=True)
    (project / "data" / "model" / ".new.abc.part" / "model").touch()
    assert mend(project) == ["removed 3 temporary files of a killed run"]
    assert [path.name for path in (project / "data").rglob("*.*")] == ["a.part"]


def test_dvc_of_this_project_is_noticed_and_no_other(project: Path, tmp_path: Path) -> None:
    """A process counts if it is DVC or a stage, and works in the project."""
    (project / "stages").mkdir()
    script = project / "stages" / "sleep.py"
    script.write_text("import time; time.sleep(30)")
    elsewhere = tmp_path.parent
    children = [
        subprocess.Popen([sys.executable, str(script)], cwd=folder)
        for folder in (project, elsewhere)
    ]
    children.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"]))
    time.sleep(0.2)
    try:
        assert [process.pid for process in dvc_processes(project)] == [children[0].pid]
    finally:
        for child in children:
            child.kill()
            child.wait()


def test_one_fan_out_at_a_time(project: Path) -> None:
    """A second one is refused, and a lock file that was left behind is no hindrance."""
    with alone(project):
        pass
    with (
        FileLock(project / ".charlab/fan-out.lock"),
        pytest.raises(BusyError, match="another"),
        alone(project),
    ):
        pass
    assert is_lock(project / "dvc.lock")
