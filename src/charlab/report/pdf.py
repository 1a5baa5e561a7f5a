"""Write the brief: the study on two A4 pages, as a good student hands it in, or as a blank frame.

The brief has the report's own sentences, numbers and pictures: question, method, results,
discussion, limits. With ``blank`` the same layout has lines to write on. Typst typesets
templates/brief.typ with its own fonts and without a date, so that the same results give the same
bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst
from markdown_it import MarkdownIt

from charlab.core.errors import printable
from charlab.core.files import write_bytes, write_json
from charlab.plots import registry
from charlab.report.comparison_section import Block
from charlab.report.context import beside_baselines, describe, shared_settings, temperature_samples
from charlab.report.discussion import discussion, limits
from charlab.report.evidence import Evidence
from charlab.report.numbers import without_formulas
from charlab.report.pictures import comparison_data, model_data
from charlab.report.saying import summary
from charlab.report.takeaways import TAKEAWAYS

PAGES = 2
"""Maximum number of pages; the last results are dropped until the rest fits."""

FIGURES, TABLES = 4, 3
"""Maximum numbers of figures and of tables."""

WIDTH = 5.2
"""Width in inches of a figure before it is scaled to half of the page's width."""

EXCERPT = 190
"""Maximum characters of a sample, with its prompt."""

Runs = list[dict[str, Any]]
"""Pieces of text, each in one style, with the keys ``text``, ``bold``, ``italic``, ``code``."""


def brief(evidence: Evidence, blocks: dict[str, Block], *, blank: bool) -> bytes:
    """Return the brief as a PDF.

    Parameters
    ----------
    evidence : Evidence
        The results of a study.
    blocks : dict of Block
        The report's block on each comparison.
    blank : bool
        Leave lines to write on in place of all sentences.
    """
    pictures = _pictures(evidence)
    content = _content(evidence, blocks) | {"blank": blank, "pictures": _captions(pictures)}
    results, tables = content["results"], content["tables"]
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        folder = Path(name)
        for picture, (svg, _) in pictures.items():
            write_bytes(folder / f"{picture}.svg", svg)
        template = files("charlab.report") / "templates" / "brief.typ"
        write_bytes(folder / "brief.typ", template.read_bytes())
        # System fonts would make the bytes depend on the machine.
        compiler = typst.Compiler(root=folder, font_paths=[], ignore_system_fonts=True)
        # The first results are the most important ones; tables go before them.
        lengths = [(len(results), kept) for kept in range(len(tables), 0, -1)]
        lengths += [(shown, min(len(tables), 1)) for shown in range(len(results), -1, -1)]
        for shown, kept in lengths:
            content |= {"results": results[:shown], "tables": tables[:kept]}
            write_json(folder / "content.json", content)
            if len(_set(compiler, folder, "svg")) <= PAGES:
                break
        (pdf,) = _set(compiler, folder, "pdf")
    return pdf


def _captions(pictures: dict[str, tuple[bytes, str]]) -> list[dict[str, str]]:
    """Return name and caption of each picture."""
    return [{"name": name, "caption": caption} for name, (_, caption) in pictures.items()]


def _set(compiler: Any, folder: Path, form: str) -> list[bytes]:
    """Typeset the pages: one file as ``pdf``, or one file per page as ``svg``."""
    done = compiler.compile(folder / "brief.typ", format=form)
    return done if isinstance(done, list) else [done]


def _pictures(evidence: Evidence) -> dict[str, tuple[bytes, str]]:
    """Draw the first figures for which there is data, with their captions, by file name."""
    drawn: dict[str, tuple[bytes, str]] = {}
    for number, (name, data) in enumerate(_wanted(evidence)):
        svg = registry.draw(name, data, width=WIDTH)
        if svg is not None:
            drawn[f"{name}_{number}"] = (svg, registry.figures()[name].caption)
        if len(drawn) == FIGURES:
            break
    return drawn


def _wanted(evidence: Evidence) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the figures that the brief wants with their data, the most important first."""
    results = evidence.results
    for slug in evidence.about("sizes", "hidden"):
        yield "overtaking", comparison_data(results, slug)
    of_cells = evidence.about("cells", "cell")
    # The cells on the book first, then their memory.
    of_cells.sort(key=results.on_builtin_text)
    for slug in of_cells:
        data = comparison_data(results, slug)
        builtin = results.on_builtin_text(slug)
        # Shares say more than losses; one of the two is enough.
        shares = "memory_share" if len(data.get("memory", ())) else "loss_by_distance"
        yield shares if builtin else "comparison", data
    for section, vary, name in (
        ("dropout", "dropout", "overfitting"),
        ("sizes", "hidden", "comparison"),
        ("texts", "text", "texts"),
    ):
        for slug in evidence.about(section, vary)[:1]:
            yield name, comparison_data(results, slug)
    whole = model_data(results)
    yield "model_learning_curve", whole
    yield "temperature", whole


def _content(evidence: Evidence, blocks: dict[str, Block]) -> dict[str, Any]:
    """Return the content of the template."""
    results, params = evidence.results, evidence.results.params
    text = results.text_row(params.text)
    parameters = results.of_model("parameters")
    return {
        "title": params.study.title,
        "variants": len(params.study.variants),
        "texts": len(params.texts),
        "split": results.split,
        "text": text["title"],
        "chars": f"{text['chars']:,.0f}",
        "vocabulary": text["vocabulary"],
        "model": describe(params.model, params.train),
        "parameters": "" if parameters is None else without_formulas(parameters.whole),
        "shared": shared_settings(results),
        "verdict": runs(beside_baselines(evidence)),
        "tables": _tables(evidence, blocks),
        "samples": [
            {
                "title": title,
                "prompt": printable(prompt[:EXCERPT]),
                "text": printable(text[: max(EXCERPT - len(prompt), 0)]),
            }
            for title, prompt, text in temperature_samples(results, "{:g}")[:4]
        ],
        "results": [
            {"topic": topic, "sentence": runs(sentence), "proof": runs(proof)}
            for topic, sentence, proof in summary(evidence, TAKEAWAYS)
        ],
        "discussion": [runs(sentence) for sentence in discussion(evidence)],
        "limits": [runs(sentence) for sentence in limits(evidence)],
    }


def _tables(evidence: Evidence, blocks: dict[str, Block]) -> list[dict[str, Any]]:
    """Return the losses of the cells and of dropout, and what is remembered, without samples."""
    cells = sorted(evidence.about("cells", "cell"), key=evidence.results.on_builtin_text)
    slugs = [*cells, *evidence.about("dropout", "dropout")[:1]] or list(blocks)[:1]
    tables = []
    for slug in slugs[:TABLES]:
        memory = blocks[slug].extra.get("memory")
        shown = blocks[slug].short.without_last() if memory is None else memory
        tables.append(
            {
                "question": plain(blocks[slug].question),
                "header": [plain(cell) for cell in shown.header],
                "rows": [[plain(cell) for cell in row] for row in shown.rows],
            }
        )
    return tables


def runs(markdown: str) -> Runs:
    """Split a sentence of Markdown into pieces that are bold, italic, code, or plain."""
    pieces: Runs = []
    strong = slanted = False
    # Tokens either switch a style on or off, or carry text.
    for token in MarkdownIt("commonmark").parseInline(without_formulas(markdown))[0].children or []:
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
