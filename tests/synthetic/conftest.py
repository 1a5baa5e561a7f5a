"""A generated book and its exact floor."""

from __future__ import annotations

import pytest

from charlab.synthetic.text import Floor, code_length, write


@pytest.fixture(scope="session")
def text() -> str:
    """Return a book that is long enough for averages, and in which every rule is used."""
    return write(120_000, seed=7)


@pytest.fixture(scope="session")
def floor(text: str) -> Floor:
    """Return the floor of that book."""
    return code_length(text)
