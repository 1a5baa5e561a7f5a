"""The suite passes whatever a user has left in params.yaml, dvc.lock, studies and report."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from import_graph import ROOT
from published import published_revision

pytestmark = pytest.mark.slow

READERS = (
    *("tests/plan", "tests/plots", "tests/report", "tests/test_graph.py"),
    *("tests/exact/test_demo_outputs.py", "tests/verify/test_unaffected.py"),
)
"""Tests that read published files."""


def test_tests_of_published_files_ignore_the_working_copy(tmp_path: Path) -> None:
    """With a misspelled value, a broken study and no report, the same tests pass."""
    clone = tmp_path / "charlab"
    cloned = subprocess.run(
        ["git", "clone", "--quiet", "--shared", str(ROOT), str(clone)], check=False
    )
    if cloned.returncode:
        pytest.skip("not in a git repository")
    # On the branch of a study, the clone has no record of where the published files are.
    revision = subprocess.run(
        ["git", "rev-parse", published_revision()], cwd=ROOT, capture_output=True, check=True
    ).stdout.strip()
    subprocess.run(["git", "checkout", "--quiet", "--detach", revision], cwd=clone, check=True)
    # The code under test is that of the working copy, committed or not.
    for folder in ("src", "stages", "tests", "docs"):
        shutil.rmtree(clone / folder)
        shutil.copytree(ROOT / folder, clone / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (clone / "params.yaml").write_text("model: {cell: lstn}\n", encoding="utf-8")
    (clone / "dvc.lock").unlink()
    shutil.rmtree(clone / "report")
    (clone / "studies" / "mine.yaml").write_text("texts: [\n", encoding="utf-8")
    (clone / "studies" / "demo.yaml").write_text("study: {name: other}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-k", "published or course or "
         "committed or demo or params or complete or cell or unaffected", *READERS],
        cwd=clone, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
