"""A recorded run of a made-up pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest

from made_pipeline import Made


@pytest.fixture
def project(tmp_path: Path) -> Made:
    """Return an honest run."""
    made = Made(tmp_path / "project")
    made.root.mkdir()
    made.record()
    return made
