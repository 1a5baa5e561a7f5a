"""Fixtures and settings that all tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

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


@pytest.fixture
def heeded_signals() -> Iterator[None]:
    """Let this process and its children heed the signals that ask a program to end.

    nohup and a shell's background jobs ignore some, and children inherit that.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [signal.Signals[name] for name in names if hasattr(signal, name)]
    ignored = [number for number in numbers if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
