"""The brief has at most two pages, and the same bytes for the same results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from charlab.report import pdf as module
from charlab.report.comparison_section import comparison_block
from charlab.report.pdf import PAGES, brief, plain, runs
from charlab.report.study import StudyResults
from made_reports import MadeReports, blank_pictures
from made_results import TWO_TEXTS, Loss, all_equal, made_params, upside_down, wobbling

COUNT = 14
"""Comparisons that do not fit on the pages of a brief."""

Seen = list[tuple[dict[str, Any], list[bytes]]]


@pytest.fixture(autouse=True)
def _blank() -> Iterator[None]:
    """Draw nothing, in no time, with the size of a picture."""
    with blank_pictures():
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeReports:
    """Return the results that several tests read."""
    return MadeReports(tmp_path_factory.mktemp("made"))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """Record the content given to typst, and the pages that it returns."""
    noted: Seen = []
    set_pages = module._set

    def note(compiler: Any, folder: Path, form: str) -> list[bytes]:
        pages = set_pages(compiler, folder, form)
        noted.append((json.loads((folder / "content.json").read_text("utf-8")), pages))
        return pages

    monkeypatch.setattr(module, "_set", note)
    yield noted


def written(results: StudyResults) -> bytes:
    """Return the brief of some results."""
    slugs = results.params.study.comparisons
    return brief(results, {slug: comparison_block(results, slug) for slug in slugs})


def test_the_same_results_give_the_same_bytes(made: MadeReports) -> None:
    """No clock, no path, no name of a machine."""
    results = made.results(made_params())
    pdf = written(results)
    assert pdf.startswith(b"%PDF-")
    assert written(results) == pdf
    assert b"CreationDate" not in pdf
    assert str(made.folder).encode() not in pdf


@pytest.mark.parametrize(
    ("loss", "best", "verdict"),
    [
        (wobbling, "LSTM", "clear"),
        (upside_down, "RNN", "clear"),
        (all_equal, "RNN", "no difference"),
    ],
)
def test_answers_follow_the_results(
    made: MadeReports, seen: Seen, loss: Loss, best: str, verdict: str
) -> None:
    """The best variant depends on the losses; equal ones have none."""
    results = made.results(made_params(), loss)
    written(results)
    content = seen[-1][0]
    (cells,) = [row for row in content["answers"] if row[0] == "What do the gates gain?"]
    assert (cells[1], cells[4]) == (best, verdict)
    mean = results.entries("cells")[{"RNN": 0, "LSTM": 2}[best]].mean
    assert cells[2] == f"{mean:.3f}"
    assert content["main"]["question"] == "What do the gates gain?"


def test_one_seed_gives_no_verdict(made: MadeReports, seen: Seen) -> None:
    """The spread is unknown."""
    written(made.results(made_params([1])))
    assert {row[4] for row in seen[-1][0]["answers"]} == {"one seed: unknown"}


def test_it_has_two_pages_at_most(made: MadeReports, seen: Seen) -> None:
    """Of many comparisons, those that are first in their section stay."""
    cells = TWO_TEXTS["study"]["comparisons"]["cells"]
    many = {
        f"more_{k}": cells | {"section": "sizes", "question": f"Is this question {k}? " * 40}
        for k in range(COUNT)
    }
    written(made.results(made_params([1], comparisons=many | {"cells": cells})))
    content, pages = seen[-2]
    assert len(pages) == PAGES
    questions = [row[0] for row in content["answers"]]
    assert 2 < len(questions) < COUNT
    assert questions[-1] == cells["question"]


def test_a_model_alone_has_a_brief(made: MadeReports, seen: Seen) -> None:
    """Without comparisons there are the loss and the samples of the model."""
    written(made.results(made_params(variants={}, comparisons={})))
    assert seen[-1][0]["main"] is None
    assert seen[-1][0]["samples"]


def test_markdown_becomes_pieces_of_text() -> None:
    """Bold, italic and code are separate; escapes and entities become characters."""
    pieces = runs("**a\\_b** &lt; *c* and `d`")
    assert [
        (run["text"], run["bold"], run["italic"], run["code"]) for run in pieces if run["text"]
    ] == [
        ("a_b", True, False, False),
        (" < ", False, False, False),
        ("c", False, True, False),
        (" and ", False, False, False),
        ("d", False, False, True),
    ]
    assert plain("**a\\_b** &lt; *c*") == "a_b < c"
