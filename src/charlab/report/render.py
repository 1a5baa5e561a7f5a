"""Write the report: report.md with its figures, and index.html, one file for reading offline.

What enters are the tables of metrics/ and plots/ and what was sampled and found inside the
models; what leaves is text of two kinds: explanation, which stands in templates/, and
findings, which :mod:`charlab.report.findings` computes from the numbers.
"""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2

from charlab.core.files import write_bytes, write_text
from charlab.plan.params import Params
from charlab.plots import registry
from charlab.report import findings
from charlab.report.comparison_section import (
    COMPARISON_FIGURES,
    FIGURES,
    Block,
    Figure,
    block,
    figure,
    model_tables,
    sample_at,
)
from charlab.report.html import page
from charlab.report.internals_findings import code
from charlab.report.model_section import best_neurons, describe, said_of_model, shared_settings
from charlab.report.pdf import brief
from charlab.report.study import MODEL, Material, load

LEARNING_RATES = ("learning_rate", "learning_rate_rnn", "learning_rate_gru")

SECTIONS: dict[str, tuple[str, ...] | None] = {
    "model": None,
    "training": None,
    "generation": None,
    "dropout": ("dropout", "dropout_place"),
    "activations": ("activations_rnn", "activations_lstm"),
    "cells": ("cells", "cells_equal_parameters", "cells_invented"),
    "sizes": ("hidden_size", "seq_len", *LEARNING_RATES),
    "texts": ("texts",),
    "inside": None,
    "articles": None,
    "others": (),
    "further": (),
    "made": None,
}
"""The report's sections in order, and the comparisons of each; None: it is always there."""

ELSEWHERE = ("initial_state", "numpy_vs_torch", "clipping", "clipping_adam")
"""Comparisons that stand in a section that is always there."""

MODEL_FIGURES = (
    *("weights", "loss_by_position", "model_learning_curve", "next_char", "temperature"),
    *("novelty", "as_it_learned", "colored_text", "gate_saturation", "against_ngram"),
    "against_ngram_passage",
)

INSIDE = {"as_it_learned", "colored_text", "gate_saturation", "against_ngram"}
"""Those of them without which there is nothing to look inside at."""

EXCERPT = 420
"""Characters of a sample that are shown."""


def render(
    params: Params, metrics: Path, plots: Path, data: Path, out: Path, *, blank: bool = False
) -> None:
    """Write the report.

    Parameters
    ----------
    params : Params
        The whole of params.yaml.
    metrics, plots : Path
        What :func:`charlab.compare.compare.compare` wrote.
    data : Path
        Folder of all results, of which samples and evaluations are read.
    out : Path
        Folder for the report; what else it holds is removed.
    blank : bool
        Leave room for answers in place of findings; then the Markdown alone is written.
    """
    material = load(params, metrics, plots, data)
    blocks = {slug: block(material, slug) for slug in params.study.comparisons}
    tables = model_tables(material)
    pictures = {name: drawn[0] for name in MODEL_FIGURES if (drawn := figure(name, tables))}
    environment = _environment()
    further = further_figures(material)
    context = _context(material, blocks, pictures, further) | {"blank": blank}
    text = _tidy(environment.get_template("report.md.j2").render(context))
    drawn = [*pictures.values(), *(f for part in blocks.values() for f in part.figures), *further]
    figures = {picture.name: picture.svg for picture in drawn}
    _write(out, text, figures)
    if not blank:
        write_text(out / "index.html", page(text, figures, environment))
        write_bytes(out / "brief.pdf", brief(material, blocks, _ranks()))


def _ranks() -> dict[str, int]:
    """Return each comparison's place in its section; the first are left out last."""
    return {slug: rank for part in SECTIONS.values() for rank, slug in enumerate(part or ())}


def _write(out: Path, text: str, figures: dict[str, bytes]) -> None:
    if out.exists():
        shutil.rmtree(out)
    for name, svg in figures.items():
        write_bytes(out / "figures" / f"{name}.svg", svg)
    write_text(out / "report.md", text)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("charlab.report"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "md": findings.escape,
        "bpc": lambda value: "–" if value is None else f"{value:.3f}".replace("-", "−"),
        "whole": lambda value: "–" if value is None else f"{value:.0f}",
        "code": code,
        "excerpt": excerpt,
    }
    return environment


def excerpt(text: str) -> str:
    """Return the start of a sample as one line of HTML, its line breaks kept."""
    shown = html.escape(text[:EXCERPT]) + ("…" if len(text) > EXCERPT else "")
    return shown.replace("\n", "<br>")


def _tidy(text: str) -> str:
    """Leave one blank line where templates left several."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def further_figures(material: Material) -> list[Figure]:
    """Draw every figure that no section asks for, from the study's whole tables.

    So a new figure's function is all that is needed to see it in the report.
    """
    placed = {
        *MODEL_FIGURES,
        *COMPARISON_FIGURES,
        *(n for names in FIGURES.values() for n in names),
    }
    tables = material.tables | {"legend": material.legend}
    names = [name for name in registry.figures() if name not in placed]
    return [drawn for name in names for drawn in figure(name, tables)]


def _context(
    material: Material,
    blocks: dict[str, Block],
    pictures: dict[str, Figure],
    further: list[Figure],
) -> dict[str, Any]:
    """Return everything that the templates name."""
    params = material.params
    texts = [material.text_row(slug) for slug in params.texts]
    known = {slug for part in SECTIONS.values() for slug in part or ()} | set(ELSEWHERE)
    others = [slug for slug in blocks if slug not in known]
    shown = {
        "inside": bool(INSIDE & pictures.keys()),
        "others": bool(others),
        "further": bool(further),
    }
    return {
        "study": params.study,
        "train": params.train,
        "corpus": params.corpus,
        "split_kind": params.corpus.split,
        "model": material.model,
        "described": describe(params.model),
        "shared": shared_settings(params),
        "figures_of_study": {
            "variants": len(params.study.variants),
            "seeds": len(params.study.seeds),
        },
        "texts": texts,
        "has_floor": any(row["floor_val_bpc"] is not None for row in texts),
        "split": material.split,
        "sections": list(_shown(blocks, shown)),
        "blocks": blocks,
        "learning_rates": LEARNING_RATES,
        "others": others,
        "pictures": pictures,
        "weights": material.look.get("weights"),
        "next_char_context": (material.look.get("next_char") or {}).get("context", ""),
        "against": material.look.get("against_ngram") or {},
        "further": further,
        "ladder": _ladder(material),
        "learned": _learned(material),
        "learned_temperature": _learned_at(material),
        "neurons": best_neurons(material).to_dict("records"),
        "said": said_of_model(material),
    }


def _shown(blocks: dict[str, Block], known: dict[str, bool]) -> Iterator[str]:
    """Yield the sections that have something to say in this study.

    Parameters
    ----------
    known : dict
        By section, whether there is anything to say in it, where comparisons do not decide.
    """
    for section, slugs in SECTIONS.items():
        if known.get(section, slugs is None or any(slug in blocks for slug in slugs)):
            yield section


def _ladder(material: Material) -> list[tuple[str, str]]:
    """Return *the* model's samples, each with its temperature as a title."""
    ladder = material.params.sample.temperatures
    samples = [(f"temperature {t:g}", sample_at(material, MODEL, t)) for t in ladder]
    return [(title, text) for title, text in samples if text is not None]


def _learned(material: Material) -> list[tuple[str, str]]:
    """Return what *the* model wrote as it learned, each text with the characters read before."""
    drawn = material.samples.get(MODEL) or {}
    return [
        (f"after {row['chars']:,} characters", str(drawn["prompt"]) + str(row["text"]))
        for row in drawn.get("as_it_learned") or []
    ]


def _learned_at(material: Material) -> float | None:
    rows = (material.samples.get(MODEL) or {}).get("as_it_learned") or [{"temperature": None}]
    temperature: float | None = rows[0]["temperature"]
    return temperature
