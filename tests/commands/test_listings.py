"""A damaged list of a folder's files is removed, and its stage runs again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from charlab.commands.listings import remove_damaged_listings, restore_listings

STAGES = """\
stages:
  made:
    cmd: mkdir -p made && echo 1 > made/one && echo 2 > made/two
    deps: [given]
    outs: [made]
  read:
    cmd: cat made/one made/two > read
    deps: [made]
    outs: [read]
"""


def dvc(root: Path, *words: str) -> int:
    """Run DVC quietly; return its exit status."""
    command = [sys.executable, "-m", "dvc", *words]
    return subprocess.run(command, cwd=root, check=False, capture_output=True).returncode


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """Run two stages by DVC."""
    (tmp_path / "dvc.yaml").write_text(STAGES)
    (tmp_path / "given").write_text("1")
    assert dvc(tmp_path, "init", "--no-scm") == 0
    assert dvc(tmp_path, "repro") == 0
    return tmp_path


def test_whole_lists_stay(ran: Path) -> None:
    """Nothing is said of them."""
    before = (ran / "dvc.lock").read_bytes()
    assert remove_damaged_listings(ran) == []
    assert (ran / "dvc.lock").read_bytes() == before


@pytest.mark.parametrize("damage", ["missing", "longer"])
def test_the_list_of_a_whole_folder_is_written_anew(ran: Path, damage: str) -> None:
    """So that no stage runs again."""
    (listing,) = (ran / ".dvc/cache/files/md5").glob("*/*.dir")
    content = listing.read_bytes()
    listing.unlink()
    if damage == "longer":
        listing.write_bytes(content + b"X")
    (message,) = restore_listings(ran)
    assert "the list of made" in message
    assert listing.read_bytes() == content
    assert restore_listings(ran) == []


def test_the_list_of_a_changed_folder_is_left_alone(ran: Path) -> None:
    """What it said is not known."""
    (listing,) = (ran / ".dvc/cache/files/md5").glob("*/*.dir")
    listing.chmod(0o644)
    listing.write_bytes(b"[]")
    (ran / "made/one").unlink()
    assert restore_listings(ran) == []
    assert listing.read_bytes() == b"[]"


def test_what_came_of_a_damaged_list_is_made_again(ran: Path) -> None:
    """DVC restores a file of another name, and records it; afterwards all is as it was."""
    (listing,) = (ran / ".dvc/cache/files/md5").glob("*/*.dir")
    content, lock = listing.read_bytes(), (ran / "dvc.lock").read_bytes()
    listing.chmod(0o644)
    listing.write_bytes(content.replace(b'"two"', b'"twn"'))
    listing.chmod(0o444)  # by this DVC takes it for whole
    shutil.rmtree(ran / "made")
    assert dvc(ran, "repro") != 0
    assert (ran / "made/twn").is_file()
    (message,) = remove_damaged_listings(ran)
    assert listing.parent.name + listing.name in message
    assert dvc(ran, "repro") == 0
    assert (ran / "made/two").read_text() == "2\n"
    # The stage that was forgotten comes last now.
    assert yaml.safe_load((ran / "dvc.lock").read_bytes()) == yaml.safe_load(lock)


def test_a_folder_without_dvc_has_none(tmp_path: Path) -> None:
    """Nothing is looked for."""
    assert remove_damaged_listings(tmp_path) == []
