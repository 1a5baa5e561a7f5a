"""Browsers and a page of made-up networks, for the tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import browser
import firefox
from made_page import write_page


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page of made-up networks."""
    return write_page(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def tab() -> Iterator[browser.Tab]:
    """Return an empty page in Chromium."""
    with browser.running() as chromium:
        yield chromium.tab()


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def web(request: pytest.FixtureRequest) -> Iterator[firefox.Page]:
    """Return an empty page in each browser in turn."""
    if request.param == "firefox":
        with firefox.running() as page:
            yield page
    else:
        yield request.getfixturevalue("tab")
