"""Draw the pictures of the report, and collect the data for their figures.

Each figure declares the data it needs and its place in the report at its own function; see
:mod:`charlab.plots.registry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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


class _Data(Mapping[str, Any]):
    """Data of figures, with the rows of some variants of each table.

    Rows are selected when a figure first reads them: figures read few of the tables.

    Parameters
    ----------
    variants : list of str
    given : dict
        Data by name, which go before the tables.
    """

    def __init__(self, results: StudyResults, variants: list[str], given: dict[str, Any]) -> None:
        self._results, self._variants, self._known = results, variants, given
        self._names = dict.fromkeys([*given, *results.tables])

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            rows = self._results.tables[name]
            if "variant" in rows.columns:
                rows = self._results.table(name, self._variants)
            # The brief shows another figure where no distance has enough characters.
            self._known[name] = registry.large_bins(name, rows)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def comparison_data(results: StudyResults, slug: str) -> Mapping[str, Any]:
    """Return the data that the figures of a comparison can need."""
    comparison, texts = results.comparison(slug), results.texts_of(slug)
    variants = comparison.variants
    data: dict[str, Any] = {
        "points": results.points(slug),
        # Figures use other names than files for some data.
        "curves": results.table("variants_learning_curves", variants),
        "styles": results.styles,
        "title": comparison.title,
        # Of several texts each has its own baselines.
        "lines": results.lines(texts[0]) if len(texts) == 1 else None,
    }
    if texts == [results.params.text]:
        # *The* model read the same text, so its curve belongs among theirs.
        data["overtaking"] = results.table("overtaking", [*variants, MODEL])
    return _Data(results, variants, data)


def model_data(results: StudyResults) -> Mapping[str, Any]:
    """Return the data that the figures of *the* model, and of the study as a whole, can need."""
    whole = {name: results.table(name) for name in WHOLE}
    return _Data(results, [MODEL], whole | _of_model(results))


def _of_model(results: StudyResults) -> dict[str, Any]:
    """Return the data on *the* model that are no table, or go by another name."""
    evaluation = results.evaluation
    return {
        # Baselines on val, since the learning curve shows val.
        "lines": results.lines(results.params.text, "val"),
        "styles": results.styles,
        "weights": evaluation.get("weights"),
        "colored": evaluation.get("colored"),
        "passage": (evaluation.get("against_ngram") or {}).get("passage"),
        "truth": (evaluation.get("next_char") or {}).get("truth"),
    }


def section_pictures(results: StudyResults) -> dict[str, Picture]:
    """Draw the figures that belong to a section and for which there is data, by name."""
    data = model_data(results)
    names = [name for name, figure in registry.figures().items() if figure.section]
    return {name: drawn for name in names for drawn in picture(results, name, data)}


def further_pictures(results: StudyResults) -> list[Picture]:
    """Draw every figure without a place in the report, from the tables of the whole study."""
    data = _of_model(results) | results.tables
    names = [
        name
        for name, figure in registry.figures().items()
        if not figure.section and not figure.vary
    ]
    return [drawn for name in names for drawn in picture(results, name, data)]
