"""A project with two studies in git: a course study, and a demo beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

SHORT = "texts: {i: {builtin: invented}}\ntext: i\nstudy: {name: demo}\n"
COURSE = "texts: {a: {gutenberg: 11}}\ntext: a\nstudy: {name: course}\n"


def make_project(root: Path) -> Path:
    """Make and commit the project in an empty folder; return the folder."""
    (root / "studies").mkdir()
    (root / "studies" / "demo.yaml").write_text(SHORT, encoding="utf-8")
    (root / "params.yaml").write_text(COURSE, encoding="utf-8")
    (root / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    (root / "dvc.lock").write_text("course results\n", encoding="utf-8")
    git = ["git", "-c", "user.name=charlab", "-c", "user.email=charlab@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "start"]):
        subprocess.run([*git, *command], cwd=root, check=True)
    return root
