"""A project with two studies in git: a course study with results, and a demo beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

SHORT = "texts: {i: {builtin: invented}}\ntext: i\nstudy: {name: demo}\n"
COURSE = "texts: {a: {gutenberg: 11}}\ntext: a\nstudy: {name: course}\n"
FILES = {
    "studies/demo.yaml": SHORT,
    "params.yaml": COURSE,
    "dvc.yaml": "stages: {}\n",
    "dvc.lock": "course results\n",
    "metrics/model.json": "{}\n",
    "report/report.md": "of the course\n",
}


def write_files(root: Path, files: dict[str, str]) -> None:
    """Write files, by path from the project's folder."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8", newline="\n")


def git(root: Path, *arguments: str) -> str:
    """Run git as a user with an identity; return its output."""
    identity = ("-c", "user.name=user", "-c", "user.email=user@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def make_project(root: Path) -> Path:
    """Make and commit the project in an empty folder, on a branch main; return the folder."""
    write_files(root, FILES)
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "start")
    return root
