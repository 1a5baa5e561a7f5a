"""Fixtures and settings that all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from project_clone import Clone, make_clone

# No deadline: a busy machine is not a failure. With CI set, every run has the same examples.
settings.register_profile("charlab", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("charlab")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a copy of the project with tiny parameters, committed but not yet run."""
    return make_clone(tmp_path_factory.mktemp("clone"))
