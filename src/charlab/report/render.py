"""Write the report: report.md with its figures, index.html for reading offline, and brief.pdf.

Inputs are the tables of metrics/ and plots/, samples and evaluations. The text consists of
explanations from templates/, and of findings that :mod:`charlab.report.findings` computes from the
numbers.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any, get_args

import jinja2

from charlab.core.errors import printable
from charlab.core.files import write_bytes, write_text
from charlab.core.folders import replacing
from charlab.plan.params import Params
from charlab.plan.study import ReportSection
from charlab.plots import registry
from charlab.report.comparison_section import Block, comparison_block
from charlab.report.html import page
from charlab.report.markdown import code, templates
from charlab.report.model_section import model_context, shared_settings
from charlab.report.page.build import build
from charlab.report.page.data import live_data
from charlab.report.pdf import brief
from charlab.report.pictures import Picture, further_pictures, model_pictures
from charlab.report.study import StudyResults, load

COMPARISONS: tuple[str, ...] = get_args(ReportSection)
"""Sections for comparisons; a section without any is left out."""

SECTIONS = (
    *("model", "training", "generation", "dropout", "activations", "cells", "sizes", "texts"),
    *("inside", "articles", "further", "figures", "made"),
)
"""The sections of the report, in order; each has a template."""

EXCERPT = 420
"""Maximum number of characters shown of a sample."""


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
        Write only the Markdown, with blanks for answers in place of findings.
    """
    results = load(params, metrics, plots, data)
    # The summary lists comparisons in this order, that of params.yaml.
    blocks = {slug: comparison_block(results, slug) for slug in params.study.comparisons}
    pictures, further = model_pictures(results), further_pictures(results)
    environment = _environment()
    context = (
        _study_context(results)
        | model_context(results)
        | _section_context(results, pictures, further)
        | {"blocks": blocks, "pictures": pictures, "further": further, "blank": blank}
    )
    text = _tidy(environment.get_template("report.md.j2").render(context))
    figures = _figures(pictures, blocks, further)
    # Figures of an earlier study must go.
    with replacing(out) as folder:
        for name, svg in figures.items():
            write_bytes(folder / "figures" / f"{name}.svg", svg)
        write_text(folder / "report.md", text)
        # Answers are written into the Markdown, so blanks are of no use elsewhere.
        if not blank:
            live = build(live_data(results, data))
            write_text(folder / "index.html", page(text, figures, environment, live))
            write_bytes(folder / "brief.pdf", brief(results, blocks))


def _figures(
    pictures: dict[str, Picture], blocks: dict[str, Block], further: list[Picture]
) -> dict[str, bytes]:
    """Return the SVG of every picture in the report, by file name without the suffix."""
    of_blocks = [drawn for block in blocks.values() for drawn in block.figures]
    return {drawn.name: drawn.svg for drawn in (*pictures.values(), *of_blocks, *further)}


def _environment() -> jinja2.Environment:
    """Return the templates of the report, with the filters that they use."""
    environment = templates("charlab.report")
    environment.filters |= {
        # None is an unknown loss or count; it becomes a dash.
        "bpc": lambda value: "–" if value is None else f"{value:.3f}".replace("-", "−"),
        "whole": lambda value: "–" if value is None else f"{value:.0f}",
        "code": code,
        "excerpt": excerpt,
    }
    return environment


def excerpt(text: str, prompt: str = "") -> str:
    """Return a prompt in bold and the start of a sample as one line of HTML, with line breaks."""
    # Cut before escaping, which turns one character into several. In Markdown a carriage return
    # is a line end, too: two of them would end the block of HTML that the text is in.
    first, rest = prompt[:EXCERPT], text[: max(EXCERPT - len(prompt), 0)]
    bold = f"<strong>{html.escape(printable(first))}</strong>" if first else ""
    more = "…" if len(first) + len(rest) < len(prompt) + len(text) else ""
    return f"{bold}{html.escape(printable(rest))}{more}".replace("\n", "<br>")


def _tidy(text: str) -> str:
    """Replace runs of blank lines, which templates leave behind, by single ones."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _study_context(results: StudyResults) -> dict[str, Any]:
    """Return the variables of the templates that describe the study."""
    params = results.params
    texts = [results.text_row(slug) for slug in params.texts]
    return {
        "study": params.study,
        "train": params.train,
        "corpus": params.corpus,
        "split_kind": params.corpus.split,
        "split": results.split,
        "shared": shared_settings(params),
        "figures_of_study": {
            "variants": len(params.study.variants),
            "seeds": len(params.study.seeds),
        },
        "texts": texts,
        "has_floor": any(row["floor_val_bpc"] is not None for row in texts),
    }


def _section_context(
    results: StudyResults, pictures: dict[str, Picture], further: list[Picture]
) -> dict[str, Any]:
    """Return the sections with content, and the comparisons in each."""
    in_section = {section: results.in_section(section) for section in COMPARISONS}
    inside = {name for name, figure in registry.figures().items() if figure.section == "inside"}
    # A section that is not a key of this dict is in every report.
    content = in_section | {
        "training": True,
        "inside": inside & pictures.keys(),
        "figures": further,
    }
    sections = [section for section in SECTIONS if content.get(section, True)]
    return {"sections": sections, "in_section": in_section}
