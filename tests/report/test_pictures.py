"""The figures of a comparison: whose rows they show, and what they do not depend on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from charlab.plots import kept, registry
from charlab.report.pictures import comparison_data, comparison_figures
from charlab.report.study import MODEL, StudyResults
from made_study import Scenario, results_of


@pytest.fixture(scope="module")
def results() -> StudyResults:
    """Return a made-up study."""
    return results_of(Scenario())


def test_a_comparison_has_the_rows_of_its_variants(results: StudyResults) -> None:
    """Of every table with a row per variant; other tables are whole."""
    variants = results.comparison("cells").variants
    data = comparison_data(results, "cells")
    assert list(dict.fromkeys(data["variants"]["variant"])) == list(variants)
    assert len(data["texts"]) == len(results.tables["texts"])
    assert data.get("no table") is None


def test_a_table_is_selected_when_it_is_read(
    results: StudyResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and only the tables that a figure needs: selecting all took a tenth of the stage."""
    calls = []
    table = StudyResults.table

    def noted(self: StudyResults, name: str, variants: list[str] | None = None) -> object:
        calls.append(name)
        return table(self, name, variants)

    monkeypatch.setattr(StudyResults, "table", noted)
    data = comparison_data(results, "cells")
    before = len(calls)
    assert data["seeds"] is data["seeds"]
    assert calls[before:] == ["seeds"]
    assert "memory" not in calls


def test_the_figures_of_a_comparison_do_not_show_the_model(results: StudyResults) -> None:
    """So an experiment draws none of them again, but for the model's own curve."""
    other = replace(
        results,
        model={name: value / 2 for name, value in results.model.items()},
        tables={
            name: rows[rows["variant"] != MODEL] if "variant" in rows else rows
            for name, rows in results.tables.items()
        },
    )
    for slug in results.params.study.comparisons:
        for name in set(comparison_figures(results, slug)) - {"overtaking"}:
            one, two = (
                kept._key([], registry._arguments(name, comparison_data(each, slug)))
                for each in (results, other)
            )
            assert one is not None
            assert one == two, (slug, name)
