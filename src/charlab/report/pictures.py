"""Draw the pictures of the report, and collect the data for their figures.

Each figure declares the data it needs and its place in the report at its own function; see
:mod:`charlab.plots.registry`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from charlab.plots import registry
from charlab.report import origins
from charlab.report.study import MODEL, StudyResults

WHOLE = ("overtaking", "tuning", "memory", "texts", "variants", "seeds", "comparisons", "baselines")
"""Tables whose figures show the whole study, not *the* model alone."""

IN_ALL = ("real_words",)
"""Further figures that every comparison shows."""


@dataclass(frozen=True)
class Picture:
    """A picture in the report.

    Attributes
    ----------
    name : str
        File name without the suffix.
    svg : bytes
        The file.
    caption : str
        One sentence on its kind.
    alternative : str
        What it shows, in words.
    origin : str
        Which stage, files and parameters made it.
    """

    name: str
    svg: bytes
    caption: str
    alternative: str
    origin: str


def picture(
    results: StudyResults, name: str, data: Mapping[str, Any], comparison: str = ""
) -> list[Picture]:
    """Draw one figure; return an empty list if data that it needs are missing."""
    svg = registry.draw(name, data)
    if svg is None:
        return []
    return [
        Picture(
            # Several comparisons show the same figures.
            f"{name}_{comparison}" if comparison else name,
            svg,
            registry.figures()[name].caption,
            registry.alternative(name, data),
            origins.of_figure(results, name, comparison),
        )
    ]


def loss_figure(results: StudyResults, slug: str) -> str:
    """Return the figure of a comparison's final losses.

    Losses on different texts are comparable only beside the baselines of each text.
    """
    return "texts" if len(results.texts_of(slug)) > 1 else "comparison"


def comparison_figures(results: StudyResults, slug: str) -> list[str]:
    """Return the figures of a comparison: losses, curves, those of the varied key, samples."""
    vary = results.comparison(slug).vary
    # The losses and learning curves have EVERY, which equals no key, so none appears twice.
    of_key = [name for name, figure in registry.figures().items() if vary in figure.vary]
    return [loss_figure(results, slug), "learning_curves", *of_key, *IN_ALL]


def comparison_data(results: StudyResults, slug: str) -> dict[str, Any]:
    """Return the data that the figures of a comparison can need."""
    comparison = results.comparison(slug)
    tables = results.variant_tables(comparison.variants)
    if results.texts_of(slug) == [results.params.text]:
        # *The* model read the same text, so its curve belongs among theirs.
        tables["overtaking"] = results.table("overtaking", [*comparison.variants, MODEL])
    # The brief shows another figure where no distance has enough characters.
    tables |= {name: registry.large_bins(name, rows) for name, rows in tables.items()}
    return (
        results.tables
        | tables
        | {
            "points": results.points(slug),
            # Figures use other names than files for some data.
            "curves": tables.get("variants_learning_curves"),
            "styles": results.styles,
            "title": comparison.title,
            "lines": _lines(results, slug),
            "texts": results.tables["texts"],
        }
    )


def _lines(results: StudyResults, slug: str) -> pd.DataFrame | None:
    """Return the baselines of a comparison's one text, and the loss of *the* model on that text."""
    texts = results.texts_of(slug)
    if len(texts) != 1:
        return None
    (text,) = texts
    lines = results.lines(text)
    if text != results.params.text:
        return lines  # *the* model was trained on another text
    loss = results.model[f"{results.split}_bpc"]
    own = {"kind": "the model", "label": "the model", "bpc": loss}
    return pd.concat([lines, pd.DataFrame([own])], ignore_index=True)


def model_data(results: StudyResults) -> dict[str, Any]:
    """Return the data that the figures of *the* model, and of the study as a whole, can need."""
    of_study = {name: results.table(name) for name in WHOLE}
    return (
        of_study
        | {
            name: rows
            for name, rows in results.variant_tables([MODEL]).items()
            if name not in WHOLE
        }
        | {
            "model_learning_curve": results.table("model_learning_curve"),
            # Baselines on val, since the learning curve shows val.
            "lines": results.lines(results.params.text, "val"),
            "styles": results.styles,
            "weights": results.evaluation.get("weights"),
            "colored": results.evaluation.get("colored"),
            "passage": (results.evaluation.get("against_ngram") or {}).get("passage"),
            "truth": (results.evaluation.get("next_char") or {}).get("truth"),
        }
    )


def section_pictures(results: StudyResults) -> dict[str, Picture]:
    """Draw the figures that belong to a section and for which there is data, by name."""
    data = model_data(results)
    names = [name for name, figure in registry.figures().items() if figure.section]
    return {name: drawn for name in names for drawn in picture(results, name, data)}


def further_pictures(results: StudyResults) -> list[Picture]:
    """Draw every figure without a place in the report, from the tables of the whole study."""
    data = model_data(results) | results.tables
    names = [
        name
        for name, figure in registry.figures().items()
        if not figure.section and not figure.vary
    ]
    return [drawn for name in names for drawn in picture(results, name, data)]
