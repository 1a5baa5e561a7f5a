"""The table of experiments has the columns that a person compares."""

from __future__ import annotations

import re

import pytest

from charlab.commands.experiments import DROPPED, KEPT


@pytest.mark.parametrize("column", ["params.yaml", "metrics", "data/model", "src/charlab/core"])
def test_files_and_folders_are_left_out(column: str) -> None:
    """A hash says nothing to a person."""
    assert re.match(DROPPED, column)


@pytest.mark.parametrize("column", ["Experiment", "test_bpc", "parameters", "model.hidden", "text"])
def test_names_losses_and_settings_stay(column: str) -> None:
    """The same expressions as DVC's --drop and --keep, which match at the start."""
    assert not re.match(DROPPED, column)


def test_losses_stay_even_if_all_are_equal() -> None:
    """DVC leaves out columns of equal values, and with one row all are."""
    assert all(re.match(KEPT, column) for column in ("Experiment", "val_bpc", "test_bpc"))
