"""Say which stage, files and parameters made a figure or a table.

A line in the words of dvc.yaml and params.yaml, as ``charlab verify --explain`` uses them. In the
Markdown it is a comment; the page shows it, folded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from charlab.plots import registry
from charlab.report.study import MODEL, StudyResults

TABLES = {
    "points": "comparisons",
    "curves": "variants_learning_curves",
    "lines": "texts",
}
"""Table behind data that figures know by another name."""

OF_EVALUATION = ("weights", "colored", "passage")
"""Data of a figure that are no table."""

EVALUATION = "data/evaluation/model.json"

OF_MODEL = ("text", "model", "train", "seed")
"""Parameters of the model and of its training."""

OF_SAMPLES = ("generation", "novelty", "as_it_learned")
"""Tables that depend on the parameters of sampling, too."""

SELECTED = re.compile(r"col\('(\w+)'")
VARIANTS = re.compile(r"variant=(?:'([^']+)'|\[([^\]]+)\])")
ORIGIN = re.compile(r"<!-- made by: (.*?) -->")


def of_figure(results: StudyResults, name: str, comparison: str = "") -> str:
    """Return the origin of a figure: of a comparison, or of *the* model and the whole study."""
    figure = registry.figures()[name]
    data = (*figure.needs, *figure.optional)
    tables = {TABLES.get(key, key) for key in data}
    evaluated = any(key in OF_EVALUATION for key in data)
    if comparison:
        params = [f"study.comparisons.{comparison}", *_variants(results.variants_of(comparison))]
    elif tables & {"tuning"}:
        params = ["studies/tuning.csv"]
    elif not figure.section:
        params = ["study"]
    else:
        params = [*OF_MODEL, *(["sample"] if tables & set(OF_SAMPLES) else [])]
    return _line(results, tables, params, evaluated=evaluated)


def of_table(results: StudyResults, cells: str, *, evaluated: bool = False) -> str:
    """Return the origin of a table, from the formulas of the numbers in its cells."""
    slugs = [
        slug
        for one, several in VARIANTS.findall(cells)
        for slug in ([one] if one else re.findall(r"'([^']+)'", several))
    ]
    known = [slug for slug in dict.fromkeys(slugs) if slug != MODEL]
    params = [
        *_variants(known),
        *(OF_MODEL if evaluated or MODEL in slugs or "model(" in cells else ()),
    ]
    return _line(results, set(SELECTED.findall(cells)), params, evaluated=evaluated)


def _variants(slugs: Iterable[str]) -> list[str]:
    slugs = list(slugs)
    return ["study.defaults", "study.seeds", *(f"study.variants.{s}" for s in slugs)] * bool(slugs)


def _line(
    results: StudyResults, tables: Iterable[str], params: Iterable[str], *, evaluated: bool
) -> str:
    """Return stage, files and parameters in one line, '' if nothing is known."""
    files = sorted(results.files[name] for name in tables if name in results.files)
    parts = [f"compare → {', '.join(files)}"] if files else []
    parts += [f"evaluate → {EVALUATION}"] if evaluated else []
    if not parts:
        return ""
    shown = "; ".join([*parts, f"params {', '.join(params)}"] if params else parts)
    # The end of a comment, which slugs of params.yaml cannot contain, must not come early.
    return shown.replace("--", "‐‐")
