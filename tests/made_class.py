"""Workspaces of a class with made-up results, and answers in their homeworks."""

from __future__ import annotations

from pathlib import Path

from charlab.core.files import write_json, write_text
from charlab.course.homework import FRAME, HOMEWORK, STAMP, results_hash
from charlab.course.pack import pack
from charlab.course.sheet import SHEET
from charlab.course.workspace import new_workspace

BOX = "> **My answer.**\n>\n> …\n"
HOMEWORK_FRAME = "# A study\n\n" + "".join(
    f"## {part.heading}\n\nWhat the frame says of it.\n\n{BOX}\n" for part in SHEET
)
LONG = (
    "The LSTM has the lower loss on val because its gates let the cell pass unchanged for many "
    "steps, and with three seeds the difference is more than the spread."
)


def fill(project: Path, folder: Path, name: str) -> None:
    """Make a workspace with results and a homework without answers."""
    owner = new_workspace(project, folder, name, "tiny")
    for stage in ("model", *(f"variants/{slug}/{owner.seed}" for slug in ("rnn", "lstm"))):
        write_json(folder / "data" / stage / "metrics.json", {"val_bpc": 2.0})
        write_text(folder / "data" / stage / "model.safetensors", f"weights of {name}")
        write_json(folder / "data" / stage / "vocab.json", ["a"])
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
