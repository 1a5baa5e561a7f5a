"""Figures and tables say which stage, files and parameters made them."""

from __future__ import annotations

import re

import pytest

from charlab.plots import registry
from charlab.report import origins
from charlab.report.pictures import comparison_data, comparison_figures, model_data
from charlab.report.study import StudyResults
from made_study import Scenario, study_params, write_study


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    """Return results read from files."""
    return write_study(Scenario(), tmp_path_factory.mktemp("study"), study_params())


def test_a_figure_of_a_comparison_names_its_files_and_variants(results: StudyResults) -> None:
    """In the words of dvc.yaml and params.yaml."""
    text = origins.of_figure(results, "comparison", "cells")
    assert text.startswith("compare → metrics/comparisons.csv, metrics/texts.csv; params ")
    assert "study.comparisons.cells, study.defaults, study.seeds, study.variants.rnn" in text


def test_every_figure_that_is_drawn_has_an_origin(results: StudyResults) -> None:
    """And every table that it is drawn from is named."""
    shown = [(name, "") for name, one in registry.figures().items() if one.section]
    shown += [(name, "cells") for name in comparison_figures(results, "cells")]
    for name, slug in shown:
        data = comparison_data(results, slug) if slug else model_data(results)
        if all(
            data.get(key) is not None and len(data[key]) for key in registry.figures()[name].needs
        ):
            text = origins.of_figure(results, name, slug)
            assert "params " in text, name
            assert re.search(r"(metrics|plots)/\w+\.csv|data/evaluation/model\.json", text), name


def test_a_table_is_traced_by_its_formulas(results: StudyResults) -> None:
    """Files, variants, and *the* model."""
    cells = "mean(col('seeds', 'test_bpc', variant='gru')) col('texts', 'x') model('test_bpc')"
    text = origins.of_table(results, cells)
    assert "metrics/seeds.csv, metrics/texts.csv" in text
    assert "study.variants.gru, text, model, train, seed" in text
    assert origins.of_table(results, "2.000") == ""
    own = origins.of_table(results, "2.000", evaluated=True)
    assert own == "evaluate → data/evaluation/model.json; params text, model, train, seed"


def test_a_comment_ends_where_it_should(results: StudyResults) -> None:
    """Two dashes in a slug would end it."""
    assert "--" not in origins.of_table(results, "col('seeds', 'x', variant='a--b')")
