"""The copy of a killed experiment is removed, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from charlab.commands import killed_experiments
from charlab.commands.killed_experiments import EXPERIMENTS, remove_killed_experiments


def noted(root: Path, name: str, copy: Path, location: str = "tempdir") -> Path:
    """Write DVC's note on an experiment, and return the note's folder."""
    note = root / EXPERIMENTS / "run" / name / f"{name}.run"
    note.parent.mkdir(parents=True)
    content = {"root_dir": os.fspath(copy), "name": name, "location": location, "status": 1}
    note.write_text(json.dumps(content))
    return note.parent


@pytest.mark.parametrize("runs", [False, True])
def test_a_copy_without_a_dvc_is_removed(
    tmp_path: Path, runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the note, by which DVC lists it as running; not while any DVC works here."""
    if runs:
        monkeypatch.setattr(killed_experiments, "dvc_processes", lambda _: ["a process"])
    copy = tmp_path / EXPERIMENTS / "standalone" / "tmp1"
    (copy / "data").mkdir(parents=True)
    note = noted(tmp_path, "tense-jaws", copy)
    messages = remove_killed_experiments(tmp_path)
    assert ["tense-jaws" in message for message in messages] == [True] * (not runs)
    assert copy.exists() == note.exists() == runs
    assert remove_killed_experiments(tmp_path) == []


def test_nothing_else_is_removed(tmp_path: Path) -> None:
    """Experiments of the queue or without a copy, notes that lead elsewhere, damaged notes."""
    own = tmp_path / "own"
    own.mkdir()
    standalone = tmp_path / EXPERIMENTS / "standalone"
    queued = standalone / "tmp2"
    queued.mkdir(parents=True)
    folders = [
        noted(tmp_path, "elsewhere", own),
        noted(tmp_path, "by-dots", standalone / ".." / ".." / ".." / ".." / "own"),
        noted(tmp_path, "queued", queued, "dvc-task"),
        noted(tmp_path, "done", standalone / "tmp3"),
        noted(tmp_path, "damaged", standalone),
    ]
    (folders[-1] / "damaged.run").write_text("{")
    assert remove_killed_experiments(tmp_path) == []
    assert all(path.exists() for path in (own, queued, *folders))
