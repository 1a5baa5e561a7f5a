"""Damaged entries of DVC's run-cache are removed, and no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from charlab.commands.run_cache import remove_damaged_runs

STAGES = """\
stages:
  one:
    cmd: echo 1 > one && echo 2 > two
    deps: [given]
    outs: [one, two]
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a stage by DVC."""
    root = tmp_path_factory.mktemp("ran")
    (root / "dvc.yaml").write_text(STAGES)
    (root / "given").write_text("1")
    for words in (["init", "-q", "--no-scm"], ["repro", "-q"]):
        subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, check=True)
    return root


def test_what_dvc_writes_is_whole(ran: Path) -> None:
    """Also with sizes, which are not part of the hash."""
    assert remove_damaged_runs(ran) == []
    assert len(list((ran / ".dvc/cache/runs").glob("*/*/*"))) == 1


@pytest.mark.parametrize("damage", ["", "cut", "no outs", "one out", "zeros", "a: !!int", "[1]"])
def test_a_damaged_entry_is_removed(ran: Path, damage: str) -> None:
    """Half an entry is YAML, too: DVC fails at every later run of the stage, or misses outputs."""
    (path,) = (ran / ".dvc/cache/runs").glob("*/*/*")
    whole = path.read_text()
    content = {
        "cut": whole[: len(whole) // 2],
        "no outs": whole[: whole.index("outs:")],
        "one out": whole[: whole.index("- path: two")],
        "zeros": "\0" * len(whole),
    }.get(damage, damage)
    path.chmod(0o644)
    path.write_text(content)
    message, folder = remove_damaged_runs(ran)
    assert f"removed ({path.name})" in message
    # DVC fails at an empty folder, too.
    assert f"empty folder of DVC's run-cache ({path.parent.name})" in folder
    assert not path.parent.exists()
    path.parent.mkdir()
    path.write_text(whole)


def test_a_folder_without_dvc_has_none(tmp_path: Path) -> None:
    """Nothing is looked for."""
    assert remove_damaged_runs(tmp_path) == []
