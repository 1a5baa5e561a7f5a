"""The brief: the study on at most two pages of A4, as a PDF that a student can build on.

What enters are the same tables, findings and pictures as for the report; what leaves is
brief.pdf. Typst sets the pages by templates/brief.typ, with the fonts that it brings along and
without a date, so that the same results give the same bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst
from markdown_it import MarkdownIt

from charlab.core.files import write_bytes, write_json
from charlab.plots import registry
from charlab.report.comparison_section import Block, comparison_tables, model_tables, sample_at
from charlab.report.findings import Entry, as_shares
from charlab.report.model_section import beside_baselines, describe, shared_settings
from charlab.report.statistics import difference, number
from charlab.report.study import MODEL, Material

PAGES = 2
"""At most; what is least important is left out until the text fits."""

WIDTH = 4.9
"""Inches that figures are drawn for: they take two thirds of the page's width."""

Runs = list[dict[str, Any]]


def brief(material: Material, blocks: dict[str, Block], ranks: dict[str, int]) -> bytes:
    """Return the brief as a PDF.

    Parameters
    ----------
    material : Material
        The results of a study.
    blocks : dict of Block
        What the report says of each comparison.
    ranks : dict of int
        For each comparison its place in its section of the report: 0 for the first.
    """
    main = next((slug for slug in ("cells", *blocks) if slug in blocks), None)
    pictures = _pictures(material, main)
    content = _content(material, blocks, main, list(pictures))
    answers = {slug: _answer(material, slug) for slug in blocks}
    least = sorted(answers, key=lambda slug: ranks.get(slug, 0))
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        folder = Path(name)
        for picture, svg in pictures.items():
            write_bytes(folder / f"{picture}.svg", svg)
        template = files("charlab.report") / "templates" / "brief.typ"
        write_bytes(folder / "brief.typ", template.read_bytes())
        compiler = typst.Compiler(root=folder, font_paths=[], ignore_system_fonts=True)

        def pages(shown: int) -> int:
            kept = set(least[:shown])
            rows = [answer for slug, answer in answers.items() if slug in kept]
            write_json(folder / "content.json", content | {"answers": rows})
            return len(_set(compiler, folder, "svg"))

        pages(_most(pages, len(least)))
        (pdf,) = _set(compiler, folder, "pdf")
    return pdf


def _most(pages: Callable[[int], int], count: int) -> int:
    """Return how many answers fit :data:`PAGES` pages; more answers never take fewer pages."""
    if pages(count) <= PAGES:
        return count
    fit, too_many = 0, count
    while too_many - fit > 1:
        middle = (fit + too_many) // 2
        if pages(middle) <= PAGES:
            fit = middle
        else:
            too_many = middle
    return fit


def _set(compiler: Any, folder: Path, form: str) -> list[bytes]:
    """Let typst set the pages; return one file, or for pictures one for each page."""
    done = compiler.compile(folder / "brief.typ", format=form)
    return done if isinstance(done, list) else [done]


def _pictures(material: Material, main: str | None) -> dict[str, bytes]:
    """Draw what there is of: the cells' losses, what they forget, how the model learned."""
    wanted: list[tuple[str, dict[str, Any]]] = []
    if main is not None:
        several = len(set(material.texts_of(main))) > 1
        kind = "texts" if several else "comparison"
        wanted.append((kind, comparison_tables(material, main)))
        far = "cells_invented" if "cells_invented" in material.params.study.comparisons else main
        tables = comparison_tables(material, far)
        forgets = len(tables.get("loss_by_distance", ()))
        wanted.append(("loss_by_distance" if forgets else "gradient_by_lag", tables))
    wanted.append(("model_learning_curve", model_tables(material)))
    drawn = {name: registry.draw(name, tables, width=WIDTH) for name, tables in wanted}
    return {name: svg for name, svg in drawn.items() if svg is not None}


def _content(
    material: Material, blocks: dict[str, Block], main: str | None, pictures: list[str]
) -> dict[str, Any]:
    params = material.params
    ladder = params.sample.temperatures
    texts = [(t, sample_at(material, MODEL, t)) for t in ladder]
    text = material.text_row(params.text)
    return {
        "title": params.study.title,
        "variants": len(params.study.variants),
        "seeds": len(params.study.seeds),
        "texts": len(params.texts),
        "split": material.split,
        "text": text["title"],
        "chars": f"{text['chars']:,.0f}",
        "vocabulary": text["vocabulary"],
        "model": describe(params.model),
        "parameters": f"{material.model['parameters']:,.0f}",
        "shared": shared_settings(params),
        "verdict": [runs(sentence) for sentence in beside_baselines(material)],
        "main": None if main is None else _main(blocks[main]),
        "pictures": [{"name": name, "caption": registry.caption(name)} for name in pictures],
        "samples": [{"title": f"{t:g}", "text": drawn} for t, drawn in texts if drawn is not None],
        "answers": [],
    }


def _main(block: Block) -> dict[str, Any]:
    """Return the comparison that stands first: its table and its findings."""
    return {
        "question": plain(block.question),
        "header": [plain(cell) for cell in block.header],
        "rows": [[plain(cell) for cell in row] for row in block.rows],
        "findings": [runs(sentence) for sentence in block.findings],
    }


def _answer(material: Material, slug: str) -> list[str]:
    """Return one comparison in a line: the best, the next, the difference, and the verdict."""
    comparison, split = material.comparison(slug), material.split
    entries = material.entries(slug)
    if len(set(material.texts_of(slug))) > 1:
        rows = [material.text_row(text) for text in material.texts_of(slug)]
        lines = [row[f"ngram_{split}_bpc"] for row in rows]
        if None in lines:
            return [comparison.question, "–", "–", "–", "not comparable"]
        entries = as_shares(entries, lines)
    best, *others = sorted(entries, key=lambda entry: entry.mean)
    if not others:
        return [comparison.question, best.title, number(best.mean), "–", "–"]
    return [comparison.question, best.title, number(best.mean), *_next(best, others[0])]


def _next(best: Entry, other: Entry) -> list[str]:
    found = difference(other.losses, best.losses)
    verdicts = {
        "equal": "no difference",
        "unknown": "one seed: unknown",
        "unclear": "within the spread",
        "clear": "clear",
    }
    interval = f" ({found.interval})" if found.interval else ""
    return [f"{other.title}: {number(found.mean)}{interval}", verdicts[found.verdict]]


def runs(markdown: str) -> Runs:
    """Return a sentence of Markdown as pieces of text that are bold, italic, code, or plain."""
    found: Runs = []
    strong = slanted = False
    for token in MarkdownIt("commonmark").parseInline(markdown)[0].children or []:
        if token.type in ("strong_open", "strong_close"):
            strong = token.type == "strong_open"
        elif token.type in ("em_open", "em_close"):
            slanted = token.type == "em_open"
        elif token.type == "code_inline" or token.content:
            code = token.type == "code_inline"
            found.append({"text": token.content, "bold": strong, "italic": slanted, "code": code})
    return found


def plain(markdown: str) -> str:
    """Return Markdown as text without marks."""
    return "".join(run["text"] for run in runs(markdown))
