"""Every free string is data in the report: in Markdown, in the page, in the brief, in figures."""

from __future__ import annotations

import copy
import json
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from charlab.core.files import write_json
from charlab.core.schema import ParamsError
from charlab.course.student import Student
from charlab.course.tasks import tasks_page
from charlab.plan.params import Params, parse_params
from charlab.plots.registry import draw
from charlab.plots.style import SeriesStyle
from charlab.report.markdown import escape
from made_reports import blank_pictures, collect, render
from made_results import TWO_TEXTS

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> </title></style></details>"
    " [a](javascript:alert(1)) ![b](http://evil.example/b.png) `<script>` ** | $x$ &lt;script&gt;"
    ' " onload="alert(1) #eval(read("x")) {{ 7 * 7 }} {% include "x" %} =1+1'
)
SAMPLE = f"\r\r{HOSTILE}\r\n\r\n# heading\n\n{HOSTILE}\x1b[2J\0\u202e\u2029" + "é" * 12_000

ALLOWED = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "nav",
        "ul",
        "li",
        "a",
        "main",
        "br",
        "div",
    ),
    *("button", "script"),
    *("h1", "h2", "h3", "p", "em", "strong", "code", "pre", "blockquote", "hr", "ol"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
    *("svg", "defs", "path", "use"),
}

OWN = ("#", "https://doi.org/", "figures/", "brief.pdf", "docs/", "numbers.csv", "../src/")
"""Beginnings of the addresses that templates write."""


class Elements(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note elements, handlers and addresses that no template writes."""
        values = [(name, value or "") for name, value in attrs]
        own_picture = tag == "img" and dict(values)["src"].startswith("figures/")
        number = tag == "span" and [name for name, _ in values] == ["title"]  # with its formula
        if tag not in ALLOWED and not own_picture and not number:
            self.problems.append(tag)
        for name, value in values:
            if name.startswith("on") or (name in ("href", "src") and not value.startswith(OWN)):
                self.problems.append(f"{name}={value}")


def hostile_params() -> Params:
    """Return a study in which every free string is hostile."""
    document = copy.deepcopy(TWO_TEXTS)
    for text in document["texts"].values():
        text["title"] = HOSTILE
    study = document["study"]
    study["title"] = HOSTILE
    study["titles"] = {"rnn": HOSTILE, "lstm-other": f"={HOSTILE}"}
    for comparison in study["comparisons"].values():
        comparison |= {"title": HOSTILE, "question": HOSTILE}
    document["sample"]["prompt"] = "<script>\r\r"
    return parse_params(document)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of the hostile study, with hostile samples."""
    root = tmp_path_factory.mktemp("hostile")
    params = hostile_params()
    collect(params, root)
    for path in (root / "data/samples").rglob("*.json"):
        samples = json.loads(path.read_text(encoding="utf-8"))
        for sample in (*samples["samples"], *(samples.get("as_it_learned") or ())):
            sample["text"] = SAMPLE
        write_json(path, samples | {"prompt": HOSTILE})
    for path in (root / "data/evaluation").rglob("*.json"):
        text = json.dumps(json.loads(path.read_text(encoding="utf-8")))
        write_json(path, json.loads(text.replace('"char": "e"', '"char": "\\r"')))
    with blank_pictures():
        render(params, root)
    return root / "report"


def test_the_page_has_the_elements_of_its_templates_only(report: Path) -> None:
    """No script, no handler, no address of anybody else's."""
    assert Elements((report / "index.html").read_text(encoding="utf-8")).problems == []


def test_the_markdown_has_none_either(report: Path) -> None:
    """Sites that render Markdown with HTML show the same."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    text = (report / "report.md").read_text(encoding="utf-8")
    assert Elements(reader.render(text)).problems == []
    assert not {"\x1b", "\0", "\r", "\u202e", "\u2029"} & set(text)


HOSTILE_STUDENT = Student(student="ada", study="course", seed=100)


def test_the_tasks_have_none_either() -> None:
    """The page that each student gets."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    assert Elements(reader.render(tasks_page(hostile_params(), HOSTILE_STUDENT))).problems == []


def test_the_brief_shows_them_as_text(report: Path) -> None:
    """Typst evaluates none of it: '#eval' would fail, and long samples do not break it."""
    assert (report / "brief.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    "label", [HOSTILE[:60], r"$\frac{$", "$", r"\$x$", "_hidden", "\x01 - -- -->"]
)
def test_figures_draw_them_as_text(label: str) -> None:
    """A dollar sign starts no formula, whose mistakes would end the report."""
    import pandas as pd

    curves = pd.DataFrame(
        {"variant": ["a", "a"], "seed": 1, "chars": [1, 2], "train_bpc": [3.0, 2.0],
         "val_bpc": [3.0, 2.0], "step": [1, 2]}
    )  # fmt: skip
    styles = {"a": SeriesStyle(label, "black", "o")}
    drawn = draw("learning_curves", {"curves": curves, "styles": styles, "title": label})
    assert drawn is not None
    # The values for hovering hold the label, too, as text.
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(drawn).iter()}
    assert tags.isdisjoint({"script", "img"})
    assert b"<script" not in drawn


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\u202eb", "a\rb", "a\nb", "\u2028", "x" * 1001])
@pytest.mark.parametrize("key", ["title", "question"])
def test_control_characters_are_refused(text: str, key: str) -> None:
    """With the key, before anything runs; what comes from elsewhere is escaped."""
    document = copy.deepcopy(TWO_TEXTS)
    document["study"]["comparisons"]["cells"][key] = text
    with pytest.raises(ParamsError, match=rf"study\.comparisons\.cells\.{key}: ") as caught:
        parse_params(document)
    assert "\x1b" not in str(caught.value)
    assert set("\x1b\u202e\r\n\u2028").isdisjoint(escape(text))


def test_only_a_key_can_vary() -> None:
    """Its name is written into the report."""
    document = copy.deepcopy(TWO_TEXTS)
    document["study"]["comparisons"]["cells"]["vary"] = "x` <script>alert(1)</script>"
    with pytest.raises(ParamsError, match=r"cells\.vary: expected text or a key of model or train"):
        parse_params(document)
