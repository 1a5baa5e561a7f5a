"""Write the brief: the study on at most two A4 pages, as a PDF that a student can build on.

The brief has the same tables, findings and pictures as the report. Typst typesets
templates/brief.typ with its own fonts and without a date, so that the same results give the same
bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst
from markdown_it import MarkdownIt

from charlab.core.errors import printable
from charlab.core.files import write_bytes, write_json
from charlab.plots import registry
from charlab.report.comparison_section import Block
from charlab.report.findings import Entry, as_shares
from charlab.report.model_section import (
    beside_baselines,
    describe,
    shared_settings,
    temperature_samples,
)
from charlab.report.pictures import comparison_data, loss_figure, model_data
from charlab.report.statistics import difference, number
from charlab.report.study import StudyResults

PAGES = 2
"""Maximum number of pages; the least important answers are dropped until the rest fits."""

WIDTH = 4.9
"""Width in inches of the figures: two thirds of the page's width."""

EXCERPT = 260
"""Maximum characters of a sample, with its prompt."""

Runs = list[dict[str, Any]]
"""Pieces of text, each in one style, with the keys ``text``, ``bold``, ``italic``, ``code``."""


def brief(results: StudyResults, blocks: dict[str, Block]) -> bytes:
    """Return the brief as a PDF.

    Parameters
    ----------
    results : StudyResults
        The results of a study.
    blocks : dict of Block
        The report's block on each comparison.
    """
    # The main comparison is the first of cells, or else the first of the study.
    main = next(iter([*results.in_section("cells"), *blocks]), None)
    pictures = _pictures(results, main)
    content = _content(results, blocks, main, list(pictures))
    answers = {slug: _answer(results, slug) for slug in blocks}
    by_importance = sorted(blocks, key=lambda slug: _rank(results, slug))
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        folder = Path(name)
        for picture, svg in pictures.items():
            write_bytes(folder / f"{picture}.svg", svg)
        template = files("charlab.report") / "templates" / "brief.typ"
        write_bytes(folder / "brief.typ", template.read_bytes())
        # System fonts would make the bytes depend on the machine.
        compiler = typst.Compiler(root=folder, font_paths=[], ignore_system_fonts=True)

        def pages(shown: int) -> int:
            """Return the number of pages with the most important answers, so many of them."""
            kept = set(by_importance[:shown])
            rows = [answer for slug, answer in answers.items() if slug in kept]
            # Still in the order of params.yaml.
            write_json(folder / "content.json", content | {"answers": rows})
            return len(_set(compiler, folder, "svg"))

        # The last call writes content.json with the answers that fit; the PDF is set from it.
        pages(_most(pages, len(by_importance)))
        (pdf,) = _set(compiler, folder, "pdf")
    return pdf


def _rank(results: StudyResults, slug: str) -> int:
    """Return the position of a comparison in its section; the first are dropped last."""
    return results.in_section(results.comparison(slug).section).index(slug)


def _most(pages: Callable[[int], int], count: int) -> int:
    """Return the number of answers that fit on :data:`PAGES` pages, by bisection.

    More answers never take fewer pages.
    """
    if pages(count) <= PAGES:
        return count
    # Invariant: ``fit`` answers fit, ``too_many`` do not.
    fit, too_many = 0, count
    while too_many - fit > 1:
        middle = (fit + too_many) // 2
        if pages(middle) <= PAGES:
            fit = middle
        else:
            too_many = middle
    return fit


def _set(compiler: Any, folder: Path, form: str) -> list[bytes]:
    """Typeset the pages: one file as ``pdf``, or one file per page as ``svg``."""
    done = compiler.compile(folder / "brief.typ", format=form)
    return done if isinstance(done, list) else [done]


def _pictures(results: StudyResults, main: str | None) -> dict[str, bytes]:
    """Draw the losses of the main comparison, its memory, and how *the* model learned."""
    wanted: list[tuple[str, dict[str, Any]]] = []
    if main is not None:
        wanted.append((loss_figure(results, main), comparison_data(results, main)))
        # The distances of dependencies are known only in a built-in text.
        builtin = [s for s in results.in_section("cells") if results.on_builtin_text(s)]
        data = comparison_data(results, next(iter([*builtin, main])))
        has_distances = len(data.get("loss_by_distance", ()))
        wanted.append(("loss_by_distance" if has_distances else "gradient_by_lag", data))
    wanted.append(("model_learning_curve", model_data(results)))
    drawn = {name: registry.draw(name, data, width=WIDTH) for name, data in wanted}
    return {name: svg for name, svg in drawn.items() if svg is not None}


def _content(
    results: StudyResults, blocks: dict[str, Block], main: str | None, pictures: list[str]
) -> dict[str, Any]:
    """Return the content of the template except the answers."""
    params = results.params
    captions = {name: registry.figures()[name].caption for name in pictures}
    text = results.text_row(params.text)
    return {
        "title": params.study.title,
        "variants": len(params.study.variants),
        "seeds": len(params.study.seeds),
        "texts": len(params.texts),
        "split": results.split,
        "text": text["title"],
        "chars": f"{text['chars']:,.0f}",
        "vocabulary": text["vocabulary"],
        "model": describe(params.model),
        "parameters": f"{results.model['parameters']:,.0f}",
        "shared": shared_settings(params),
        "verdict": [runs(sentence) for sentence in beside_baselines(results)],
        "main": None if main is None else _main(blocks[main]),
        "pictures": [{"name": name, "caption": caption} for name, caption in captions.items()],
        "samples": [
            {
                "title": title,
                "prompt": printable(prompt[:EXCERPT]),
                "text": printable(text[: max(EXCERPT - len(prompt), 0)]),
            }
            for title, prompt, text in temperature_samples(results, "{:g}")
        ],
        "answers": [],
    }


def _main(block: Block) -> dict[str, Any]:
    """Return the table and the findings of the main comparison."""
    return {
        "question": plain(block.question),
        "header": [plain(cell) for cell in block.header],
        "rows": [[plain(cell) for cell in row] for row in block.rows],
        "findings": [runs(sentence) for sentence in block.findings],
    }


def _answer(results: StudyResults, slug: str) -> list[str]:
    """Return a row on one comparison: question, best, its loss, margin, verdict."""
    comparison, split = results.comparison(slug), results.split
    entries = results.entries(slug)
    # Texts are compared relative to their n-grams, like in the report.
    if len(set(results.texts_of(slug))) > 1:
        rows = [results.text_row(text) for text in results.texts_of(slug)]
        lines = [row[f"ngram_{split}_bpc"] for row in rows]
        if None in lines:
            return [comparison.question, "–", "–", "–", "not comparable"]
        entries = as_shares(entries, lines)
    best, *others = sorted(entries, key=lambda entry: entry.mean)
    # A single variant has no margin and no verdict.
    if not others:
        return [comparison.question, best.label, number(best.mean), "–", "–"]
    return [comparison.question, best.label, number(best.mean), *_next(best, others[0])]


def _next(best: Entry, other: Entry) -> list[str]:
    """Return the difference between the best and the second best, and the verdict on it."""
    paired = difference(other.losses, best.losses)
    verdicts = {
        "equal": "no difference",
        "unknown": "one seed: unknown",
        "unclear": "within the spread",
        "clear": "clear",
    }
    interval = f" ({paired.interval})" if paired.interval else ""
    return [f"{other.label}: {number(paired.mean)}{interval}", verdicts[paired.verdict]]


def runs(markdown: str) -> Runs:
    """Split a sentence of Markdown into pieces that are bold, italic, code, or plain."""
    pieces: Runs = []
    strong = slanted = False
    # Tokens either switch a style on or off, or carry text.
    for token in MarkdownIt("commonmark").parseInline(markdown)[0].children or []:
        if token.type in ("strong_open", "strong_close"):
            strong = token.type == "strong_open"
        elif token.type in ("em_open", "em_close"):
            slanted = token.type == "em_open"
        elif token.type == "code_inline" or token.content:
            code = token.type == "code_inline"
            pieces.append({"text": token.content, "bold": strong, "italic": slanted, "code": code})
    return pieces


def plain(markdown: str) -> str:
    """Return the text of a piece of Markdown without its markup."""
    return "".join(run["text"] for run in runs(markdown))
