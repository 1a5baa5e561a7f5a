"""The brief: two pages at most, the same bytes for the same results, sentences from the results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from charlab.compare.compare import compare
from charlab.plots import registry
from charlab.report import pdf as module
from charlab.report.comparison_section import comparison_block
from charlab.report.pdf import PAGES, brief, plain, runs
from charlab.report.study import StudyResults, load
from made_results import (
    TWO_TEXTS,
    Loss,
    all_equal,
    made_params,
    upside_down,
    wobbling,
    write_results,
)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="350pt" height="200pt"/>'


@pytest.fixture(autouse=True)
def blank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing, in no time, with the size of a picture."""
    monkeypatch.setattr(registry, "draw", lambda name, tables, width=7.0: SVG)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[dict[str, Any], list[bytes]]]]:
    """Note what typst is given, and the files that it makes of it."""
    noted: list[tuple[dict[str, Any], list[bytes]]] = []
    set_pages = module._set

    def note(compiler: Any, folder: Path, form: str) -> list[bytes]:
        pages = set_pages(compiler, folder, form)
        noted.append((json.loads((folder / "content.json").read_text("utf-8")), pages))
        return pages

    monkeypatch.setattr(module, "_set", note)
    yield noted


def material(root: Path, loss: Loss = wobbling, **study: Any) -> StudyResults:
    """Return made-up results as the report reads them."""
    params = made_params(**study)
    write_results(params, root / "data", loss)
    compare(params, root / "data", root / "metrics", root / "plots")
    return load(params, root / "metrics", root / "plots", root / "data")


def written(found: StudyResults, ranks: dict[str, int] | None = None) -> bytes:
    """Return the brief of some results."""
    blocks = {slug: comparison_block(found, slug) for slug in found.params.study.comparisons}
    return brief(found, blocks, ranks or {})


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    """No clock, no path, no name of a machine."""
    found = material(tmp_path)
    pdf = written(found)
    assert pdf.startswith(b"%PDF-")
    assert written(found) == pdf
    assert b"CreationDate" not in pdf
    assert str(tmp_path).encode() not in pdf


@pytest.mark.parametrize(
    ("loss", "best", "verdict"),
    [
        (wobbling, "LSTM", "clear"),
        (upside_down, "RNN", "clear"),
        (all_equal, "RNN", "no difference"),
    ],
)
def test_answers_follow_the_results(
    tmp_path: Path, seen: list[Any], loss: Loss, best: str, verdict: str
) -> None:
    """Who is lowest changes with the losses, and equal ones are not told apart."""
    found = material(tmp_path, loss)
    written(found)
    content = seen[-1][0]
    (cells,) = [row for row in content["answers"] if row[0] == "What do the gates gain?"]
    assert (cells[1], cells[4]) == (best, verdict)
    mean = found.entries("cells")[{"RNN": 0, "LSTM": 2}[best]].mean
    assert cells[2] == f"{mean:.3f}"
    assert content["main"]["question"] == "What do the gates gain?"


def test_one_seed_gives_no_verdict(tmp_path: Path, seen: list[Any]) -> None:
    """What is not known is not claimed."""
    written(material(tmp_path, seeds=[1]))
    assert {row[4] for row in seen[-1][0]["answers"]} == {"one seed: unknown"}


def test_it_has_two_pages_at_most(tmp_path: Path, seen: list[Any]) -> None:
    """Of many comparisons, those that are first in their section stay."""
    cells = TWO_TEXTS["study"]["comparisons"]["cells"]
    many = {f"more_{k}": cells | {"question": f"Is this question {k}? " * 9} for k in range(40)}
    ranks = dict.fromkeys(many, 1) | {"cells": 0}
    written(material(tmp_path, comparisons=many | {"cells": cells}), ranks)
    content, pages = seen[-2]
    assert len(pages) == PAGES
    questions = [row[0] for row in content["answers"]]
    assert 2 < len(questions) < 40
    assert questions[-1] == cells["question"]


def test_a_model_alone_has_a_brief(tmp_path: Path, seen: list[Any]) -> None:
    """Without comparisons there is still what the model reached and wrote."""
    written(material(tmp_path, variants={}, comparisons={}))
    assert seen[-1][0]["main"] is None
    assert seen[-1][0]["samples"]


def test_markdown_becomes_pieces_of_text() -> None:
    """Bold, italic and code are told apart; escapes and entities are what they stand for."""
    found = runs("**a\\_b** &lt; *c* and `d`")
    assert [
        (run["text"], run["bold"], run["italic"], run["code"]) for run in found if run["text"]
    ] == [
        ("a_b", True, False, False),
        (" < ", False, False, False),
        ("c", False, True, False),
        (" and ", False, False, False),
        ("d", False, False, True),
    ]
    assert plain("**a\\_b** &lt; *c*") == "a_b < c"
