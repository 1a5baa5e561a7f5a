"""docs/course.md offers settings that the published model takes, and variants that are there."""

from __future__ import annotations

import re

import pytest
import yaml

from charlab.plan.params import parse_params
from import_graph import ROOT
from published import published, published_params

SETTING = re.compile(r"-S '?([a-z_.]+)=([^ `',]+)")
"""A setting of a command; of several values the first."""

PAGE = (ROOT / "docs" / "course.md").read_text(encoding="utf-8")
ROWS = [
    cells for line in PAGE.splitlines() if len(cells := [c.strip() for c in line.split("|")]) == 5
][2:]
"""The rows of the table: an empty cell, the task, the command, the variants, an empty cell."""


def test_variants_of_the_tasks_are_in_the_study() -> None:
    """A name that begins with a hyphen ends like the one before it."""
    variants = published_params().study.variants
    named = [name for row in ROWS for name in re.findall(r"`([a-z].*?)`", row[3])]
    assert len(named) > 20
    assert set(named) <= set(variants)


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_settings_of_the_tasks_are_accepted(row: list[str]) -> None:
    """With those of the first row where a task starts from "the same" or "the first line"."""
    first = ROWS[0] if row[2].startswith("the ") else row
    settings = dict(SETTING.findall(first[2])) | dict(SETTING.findall(row[2]))
    document = yaml.safe_load(published("params.yaml"))
    document["texts"]["die-verwandlung"] = {"gutenberg": 22367}  # what add-text writes
    assert settings
    for key, value in settings.items():
        *sections, last = key.split(".")
        place = document
        for section in sections:
            place = place[section]
        place[last] = yaml.safe_load(value)
    parse_params(document)
