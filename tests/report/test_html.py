"""The HTML page has all pictures inside, and needs no other file."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from made_reports import MadeReports, collect, render
from made_results import made_params


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a report without pictures."""
    return MadeReports(tmp_path_factory.mktemp("made")).render(made_params())


def test_the_whole_report_is_written(written: Path) -> None:
    """Every picture that is named exists, none is left over, the page has them all inside."""
    markdown = (written / "report" / "report.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\]\(figures/(.+?)\.svg\)", markdown))
    assert named == {path.stem for path in (written / "report" / "figures").iterdir()}
    assert {"comparison_cells", "learning_curves_dropout", "texts_texts", "colored_text"} <= named
    page_has_all_pictures(written, len(named))


def assert_only_own_script(page: str) -> None:
    """Check that the page runs one script, which its policy names by hash, and asks for nothing."""
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.S)
    kinds = [kind for kind, _ in scripts]
    assert kinds in ([""], [' type="application/json" id="live-data"', ""])
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    digest = base64.b64encode(hashlib.sha256(scripts[-1][1].encode()).digest()).decode()
    assert len(policy) == 1
    assert policy[0].startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}' 'wasm-unsafe-eval';" in policy[0]


def page_has_all_pictures(root: Path, count: int) -> None:
    """Check that the page needs no other file, and defines each letter shape once."""
    page = (root / "report" / "index.html").read_text(encoding="utf-8")
    assert page.count('<svg class="picture"') == count
    assert "<img " not in page
    shapes = re.findall(r' id="([^"]+)"', page)
    assert len(shapes) == len(set(shapes))
    assert set(re.findall(r'href="#([sbm]\d+)"', page)) <= set(shapes)
    assert not re.search(
        r'(src|href)="(?!data:|#|(?:brief\.pdf|numbers\.csv)"|https://doi\.org/)', page
    )
    assert_only_own_script(page)
    assert "prefers-color-scheme: dark" in page


@pytest.mark.slow
def test_the_whole_report_is_drawn(tmp_path: Path) -> None:
    """With real pictures and the brief, all files are the same a second time."""
    params = made_params([1, 2])
    collect(params, tmp_path)
    render(params, tmp_path)
    report = tmp_path / "report"
    first = {path.name: path.read_bytes() for path in report.rglob("*.*")}
    page_has_all_pictures(tmp_path, sum(name.endswith(".svg") for name in first))
    render(params, tmp_path)
    assert {path.name: path.read_bytes() for path in report.rglob("*.*")} == first


def test_the_widgets_come_before_the_report(written: Path) -> None:
    """A browser runs the script before it has read the report, whose parts are whole elements."""
    page = (written / "report" / "index.html").read_text(encoding="utf-8")
    assert page.index("<script") < page.index('<div class="part">')
    parts = page.split('<div class="part">')[1:]
    assert len(parts) == len(re.findall(r"<h[23]", page[page.index("</script>") :]))
    for part in parts:
        inside = part.rpartition("</div>")[0]
        for tag in ("details", "div", "table", "blockquote"):
            assert inside.count(f"<{tag}") == inside.count(f"</{tag}>")


def test_samples_cannot_bring_markup_into_the_page(written: Path) -> None:
    """The browser shows the text of a network, and runs none of it."""
    page = (written / "report" / "index.html").read_text(encoding="utf-8")
    assert "<b>" not in page
    assert "&lt;b&gt;LSTM&lt;/b&gt;" in page
