"""The brief has at most two pages, is complete, and has the same bytes for the same results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from charlab.report import pdf as module
from charlab.report.comparison_section import comparison_block
from charlab.report.pdf import PAGES, brief, plain, runs
from made_reports import blank_pictures
from made_study import Scenario, evidence_of, study_params, swapped

Seen = list[tuple[dict[str, Any], list[bytes]]]


@pytest.fixture(autouse=True)
def _blank() -> Iterator[None]:
    """Draw nothing, in no time, with the size of a picture."""
    with blank_pictures():
        yield


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


def written(scenario: Scenario, *, blank: bool = False, **study: Any) -> bytes:
    """Return the brief on a scenario."""
    evidence = evidence_of(scenario, study_params(**study))
    slugs = evidence.results.params.study.comparisons
    return brief(evidence, {s: comparison_block(evidence, s) for s in slugs}, blank=blank)


def text_of(pieces: list[dict[str, Any]]) -> str:
    """Return the text of a sentence."""
    return "".join(piece["text"] for piece in pieces)


def test_the_same_results_give_the_same_bytes() -> None:
    """No clock, no name of a machine; a blank frame is another document."""
    pdf = written(Scenario())
    assert pdf.startswith(b"%PDF-")
    assert written(Scenario()) == pdf
    assert b"CreationDate" not in pdf
    assert written(Scenario(), blank=True) != pdf


def test_it_is_complete_on_two_pages(seen: Seen) -> None:
    """Four figures, results with numbers, a discussion and limits."""
    written(Scenario())
    content, pages = seen[-2]
    assert len(pages) == PAGES
    assert len(content["pictures"]) == 4
    assert len(content["results"]) >= 5
    assert content["tables"]
    assert all(any(c.isdigit() for c in text_of(r["proof"])) for r in content["results"])
    assert len(content["discussion"]) >= 2
    assert content["limits"]
    assert "\ue000" not in json.dumps(content, ensure_ascii=False)


def test_the_results_follow_the_study(seen: Seen) -> None:
    """Reversed losses, other sentences."""
    written(Scenario(losses=swapped()))
    topics = {r["topic"]: text_of(r["sentence"]) for r in seen[-1][0]["results"]}
    assert "came first" in topics["Gates"]
    assert "still behind counting" in topics["The model"]


def test_a_frame_has_the_figures_and_no_sentence(seen: Seen) -> None:
    """The same layout, with lines to write on."""
    written(Scenario(), blank=True)
    content, pages = seen[-2]
    assert content["blank"]
    assert len(content["pictures"]) == 4
    assert len(pages) <= PAGES


def test_a_model_alone_has_a_brief(seen: Seen) -> None:
    """Without comparisons there are the loss and the samples of the model."""
    written(Scenario(memory={}, overtaking={}, tuning={}), variants={}, comparisons={})
    assert seen[-1][0]["tables"] == []
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
