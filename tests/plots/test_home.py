"""Figures can be drawn where the user's home cannot be written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from charlab import plots


def test_matplotlib_gets_a_folder_where_home_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All processes share it, so that fonts are searched once; a home that can be written stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    plots.settle_matplotlib()
    assert "MPLCONFIGDIR" not in os.environ
    monkeypatch.setenv("HOME", str(tmp_path / "missing"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "missing"))
    plots.settle_matplotlib()
    folder = Path(os.environ["MPLCONFIGDIR"])
    assert folder.is_dir()
    assert folder.parent == tmp_path
