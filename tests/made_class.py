"""A project, workspaces of a class with made-up results, and answers in their homeworks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from charlab.core.files import write_json, write_text
from charlab.course.homework import FRAME, HOMEWORK, STAMP, results_hash
from charlab.course.pack import pack
from charlab.course.sheet import SHEET
from charlab.course.workspace import new_workspace
from import_graph import ROOT
from project_clone import TINY

BOX = "> **My answer.**\n>\n> …\n"
HOMEWORK_FRAME = "# A study\n\n" + "".join(
    f"## {part.heading}\n\nWhat the frame says of it.\n\n{BOX}\n" for part in SHEET
)
LONG = (
    "The LSTM has the lower loss on val because its gates let the cell pass unchanged for many "
    "steps, and with three seeds the difference is more than the spread."
)


def make_project(root: Path) -> None:
    """Make a project with the real dvc.yaml, that git tracks."""
    write_text(root / "params.yaml", TINY.lstrip())
    for name in ("dvc.yaml", ".gitignore", ".dvc/config"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, root / name)
    for name in ("stages/train.py", "src/charlab/a.py"):
        write_text(root / name, f"{name} of the project\n")
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=root, check=True)


def train(folder: Path, seed: int, name: str) -> None:
    """Write the results of all trainings, with the weights of a student."""
    for stage in ("model", *(f"variants/{slug}/{seed}" for slug in ("rnn", "lstm"))):
        write_json(folder / "data" / stage / "metrics.json", {"val_bpc": 2.0})
        write_text(folder / "data" / stage / "model.safetensors", f"weights of {name}")
        write_json(folder / "data" / stage / "vocab.json", ["a"])


def fill(project: Path, folder: Path, name: str) -> None:
    """Make a workspace with results and a homework without answers."""
    owner = new_workspace(project, folder, name, "tiny")
    train(folder, owner.seed, name)
    write_text(folder / "metrics/seeds.csv", f"variant,val_bpc\nrnn,{len(name)}\n")
    write_text(folder / "dvc.lock", "schema: '2.0'\n")
    for path in (HOMEWORK, FRAME):
        write_text(folder / path, HOMEWORK_FRAME)
    write_text(folder / STAMP, results_hash(folder) + "\n")


def answer(workspace: Path, *texts: str) -> None:
    """Fill the first blanks of a homework."""
    text = HOMEWORK_FRAME
    for one in texts:
        text = text.replace("> …", f"> {one}", 1)
    write_text(workspace / HOMEWORK, text)


def handed(folder: Path, *workspaces: Path) -> Path:
    """Pack workspaces into a folder."""
    for workspace in workspaces:
        pack(workspace, folder / f"{workspace.name}.zip")
    return folder
