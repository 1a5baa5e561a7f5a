"""Write the report: report.md with its figures, index.html for reading offline, and the brief.

Inputs are the tables of metrics/ and plots/, samples and evaluations. The text consists of
explanations from templates/, of findings computed from the numbers, and of takeaways, sentences
written by hand that are said where their condition holds. report/numbers.csv has the formula of
every number in the text.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import jinja2

from charlab.core.errors import printable
from charlab.core.files import write_bytes, write_text
from charlab.core.folders import replacing
from charlab.plan.params import Params
from charlab.report.comparison_section import Block, comparison_block
from charlab.report.context import context_of, order_of
from charlab.report.evidence import Evidence
from charlab.report.html import page
from charlab.report.markdown import code, templates
from charlab.report.numbers import formulas, without_formulas
from charlab.report.page.build import build
from charlab.report.page.claims import linked
from charlab.report.page.data import live_data
from charlab.report.pdf import brief
from charlab.report.pictures import Picture, further_pictures, section_pictures
from charlab.report.places import placed
from charlab.report.study import StudyResults, load

WORDS = 4000
"""Maximum number of words before the appendix."""

EXCERPT = 420
"""Maximum number of characters shown of a sample."""


@dataclass(frozen=True)
class Report:
    """The report before it is written.

    Attributes
    ----------
    text : str
        The Markdown, whose numbers carry their formulas.
    figures : dict
        The SVG of each figure, by file name without the suffix.
    blocks : dict of Block
        The comparisons, by slug.
    evidence : Evidence
        What it is about.
    """

    text: str
    figures: dict[str, bytes]
    blocks: dict[str, Block]
    evidence: Evidence


def render(
    params: Params, metrics: Path, plots: Path, data: Path, out: Path, *, blank: bool = False
) -> None:
    """Write the report.

    Parameters
    ----------
    params : Params
        The whole of params.yaml.
    metrics, plots : Path
        Folders that :func:`charlab.compare.compare.compare` wrote.
    data : Path
        Folder of all results, for samples and evaluations.
    out : Path
        Folder for the report; other files in it are removed.
    blank : bool
        Write a student's own: the Markdown and the brief with blanks for answers in place of
        explanations and findings.
    """
    results = load(params, metrics, plots, data)
    report = compose(results, blank=blank)
    text, environment = without_formulas(report.text), _environment()
    # Figures of an earlier study must go.
    with replacing(out) as folder:
        for name, svg in report.figures.items():
            write_bytes(folder / "figures" / f"{name}.svg", svg)
        write_text(folder / "report.md", text)
        frame = brief(report.evidence, report.blocks, blank=True)
        write_bytes(folder / "brief-blank.pdf", frame)
        # Answers are written into the Markdown, so blanks are of no use elsewhere.
        if not blank:
            write_text(folder / "numbers.csv", numbers_csv(report.text))
            document = live_data(results, data)
            with_links = linked(report.text, report.evidence, document)
            html_page = page(with_links, report.figures, environment, build(document))
            write_text(folder / "index.html", html_page)
            write_bytes(folder / "brief.pdf", brief(report.evidence, report.blocks, blank=False))


def compose(results: StudyResults, *, blank: bool = False) -> Report:
    """Return the report on some results."""
    evidence = Evidence(results)
    # The appendix lists comparisons in this order, that of params.yaml.
    blocks = {slug: comparison_block(evidence, slug) for slug in results.params.study.comparisons}
    pictures, further = section_pictures(results), further_pictures(results)
    figures = _figures(pictures.values(), blocks, further)
    template, context = _environment().get_template("report.md.j2"), context_of(evidence, blocks)
    text = ""
    # The first length that fits: fewer samples, then fewer comparisons before the appendix.
    for shown, terse in ((None, False),) if blank else ((2, False), (2, True), (1, True)):
        order, whole = order_of(results, shown), order_of(results, None)
        places = placed(pictures, blocks, order)
        # Whatever has no place in the body is in the appendix.
        used = {drawn.name for own in places.values() for drawn in own}
        context |= {
            "order": order,
            "omitted": {
                part: [slug for slug in own if slug not in order[part]]
                for part, own in whole.items()
            },
            # The first comparison of each part always shows what is written.
            "firsts": [own[0] for own in order.values() if own],
            "places": places,
            "further": [one for one in (*pictures.values(), *further) if one.name not in used],
            "shown": used,
            "blank": blank,
            "terse": terse,
        }
        text = _tidy(template.render(context))
        if blank or words(text) <= WORDS:
            break
    return Report(text, figures, blocks, evidence)


def words(text: str) -> int:
    """Return the number of words before the appendix, without source code and markup."""
    body = without_formulas(text).split("\n## Appendix")[0]
    # Source code, pictures, tags of HTML.
    body = re.sub(r"```.*?```|!\[(?:\\.|[^\]\\])*\]\([^)]*\)|<[^>]*>", " ", body, flags=re.DOTALL)
    return sum(re.search(r"\w", word) is not None for word in body.split())


def numbers_csv(text: str) -> str:
    """Return the line, the printed form and the formula of every number of a text, as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["line", "printed", "formula"])
    writer.writerows(formulas(text))
    return stream.getvalue()


def _figures(
    pictures: Iterable[Picture], blocks: dict[str, Block], further: list[Picture]
) -> dict[str, bytes]:
    """Return the SVG of every picture in the report, by file name without the suffix."""
    of_blocks = [drawn for block in blocks.values() for drawn in block.figures]
    return {drawn.name: drawn.svg for drawn in (*pictures, *of_blocks, *further)}


def _environment() -> jinja2.Environment:
    """Return the templates of the report, with the filters that they use."""
    environment = templates("charlab.report")
    environment.filters |= {"code": code, "excerpt": excerpt, "quoted": quoted}
    return environment


def excerpt(text: str, prompt: str = "", length: int = EXCERPT) -> str:
    """Return a prompt in bold and the start of a sample as one line of HTML, with line breaks."""
    # Cut before escaping, which turns one character into several. In Markdown a carriage return
    # is a line end, too: two of them would end the block of HTML that the text is in.
    first, rest = prompt[:length], text[: max(length - len(prompt), 0)]
    bold = f"<strong>{html.escape(printable(first))}</strong>" if first else ""
    more = "…" if len(first) + len(rest) < len(prompt) + len(text) else ""
    return f"{bold}{html.escape(printable(rest))}{more}".replace("\n", "<br>")


def quoted(source: str) -> str:
    """Return lines of source code as a block of Markdown."""
    return f"```python\n{source}\n```"


def _tidy(text: str) -> str:
    """Replace runs of blank lines, which templates leave behind, by single ones."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
