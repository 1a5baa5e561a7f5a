"""The environment's own programs are found without activating it."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import pytest

from import_graph import ROOT


def test_programs_of_the_environment_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC's shell finds this Python as "python"; a path that is right already stays."""
    line = (ROOT / "charlab-path.pth").read_text(encoding="utf-8")
    # Python executes a line of a .pth file only if it starts so.
    assert line.startswith("import ")
    assert line.count("\n") == 1
    for before in ("/usr/bin", os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin"])):
        monkeypatch.setenv("PATH", before)
        exec(line, {})
        assert os.environ["PATH"].split(os.pathsep) == [
            str(Path(sys.executable).parent),
            "/usr/bin",
        ]


@pytest.mark.skipif(Path(sys.prefix) != ROOT / ".venv", reason="not the environment of make setup")
def test_make_setup_has_put_them_there() -> None:
    """DVC runs "python stages/..." through a shell, whose PATH may name another Python."""
    assert (Path(sysconfig.get_path("purelib")) / "charlab-path.pth").exists()
