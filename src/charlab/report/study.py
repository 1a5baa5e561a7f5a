"""Load the results of a study for the report, and select those of each comparison.

Inputs are params.yaml and the folders of results; outputs are tables. Losses are shown on the test
split, or on val if the study has no test split.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from charlab.core.files import read_json
from charlab.core.folders import require_complete
from charlab.plan.params import Params
from charlab.plan.study import ComparisonParams
from charlab.plots.style import Styles, series_styles
from charlab.report.findings import Entry, as_number

MODEL = "model"
"""Name of *the* model in the column ``variant`` of every table."""

TEXT_COLUMNS = {"variant": str, "title": str, "text": str, "value": str, "vary": str, "char": str}
"""Columns of text, even if a value looks like a number or a missing value."""


@dataclass(frozen=True)
class StudyResults:
    """The results of a study.

    Attributes
    ----------
    params : Params
        The whole of params.yaml.
    tables : dict of DataFrame
        Every CSV of metrics/ and plots/, by its name without the suffix.
    model : dict
        metrics/model.json.
    evaluation : dict
        The evaluation of *the* model, from data/evaluation/model.json.
    samples : dict
        The samples from data/samples/, by variant.
    styles : dict
        The style of every variant.
    """

    params: Params
    tables: dict[str, pd.DataFrame]
    model: dict[str, float]
    evaluation: dict[str, Any]
    samples: dict[str, dict[str, Any]]
    styles: Styles

    @property
    def split(self) -> str:
        """The split on which losses are shown: test, or val if there is no test split."""
        return "test" if "test_bpc" in self.model else "val"

    def table(self, name: str, variants: list[str] | None = None) -> pd.DataFrame:
        """Return a table, or only the rows of some variants in their order; empty if missing."""
        table = self.tables.get(name, pd.DataFrame())
        if variants is None or not len(table):
            return table
        rows = table[table["variant"].isin(variants)]
        # A stable sort keeps the rows of a variant in their order.
        return rows.sort_values("variant", key=lambda c: c.map(variants.index), kind="stable")

    def variant_tables(self, variants: list[str]) -> dict[str, pd.DataFrame]:
        """Return the rows of some variants from every table with a column ``variant``."""
        return {
            name: self.table(name, variants)
            for name, table in self.tables.items()
            if "variant" in table.columns
        }

    def text_row(self, slug: str) -> dict[str, Any]:
        """Return the row of a text in metrics/texts.csv, with None for an empty field."""
        table = self.tables["texts"]
        row = table[table["text"] == slug].iloc[0].to_dict()
        return {str(k): None if pd.isna(v) else v for k, v in row.items()}

    def lines(self, text: str, split: str | None = None) -> pd.DataFrame:
        """Return the baselines of a text as lines for a figure: ``kind``, ``label``, ``bpc``."""
        row, split = self.text_row(text), split or self.split
        # The loss of xz would be far outside the axes of most figures; it is in tables only.
        baselines = [
            ("n-gram", "ngram", f"n-gram, order {row['ngram_order'] or 0:.0f}"),
            ("PPMd", "ppmd", f"PPMd, order {row['ppmd_order'] or 0:.0f}"),
            ("floor", "floor", "floor"),
        ]
        # A baseline that was not measured has an empty field, and gets no line.
        values = [(kind, label, row.get(f"{key}_{split}_bpc")) for kind, key, label in baselines]
        return pd.DataFrame(
            [value for value in values if value[2] is not None], columns=["kind", "label", "bpc"]
        )

    def points(self, slug: str) -> pd.DataFrame:
        """Return the rows of a comparison, with labels and the loss to show as ``bpc``."""
        table = self.tables["comparisons"]
        rows = table[table["comparison"] == slug]
        labels = [
            _label(self.styles[name].label, value)
            for name, value in zip(rows["variant"], rows["value"], strict=True)
        ]
        # Figures read bpc, and label their axis with the split.
        shown = rows.assign(split=self.split, bpc=rows[f"{self.split}_bpc"], label=labels)
        return shown.reset_index(drop=True)

    def entries(self, slug: str, split: str | None = None) -> list[Entry]:
        """Return the variants of a comparison with their losses by seed."""
        points, column = self.points(slug), f"{split or self.split}_bpc"
        entries = []
        for name in self.comparison(slug).variants:
            rows = points[points["variant"] == name]
            # By seed, since differences are paired by seed.
            losses = dict(zip(rows["seed"].astype(int), rows[column].astype(float), strict=True))
            # The column is empty in a comparison that varies no key.
            value = str(rows["value"].iloc[0]) if rows["value"].notna().any() else ""
            entries.append(Entry(self.styles[name].label, losses, value))
        return entries

    def comparison(self, slug: str) -> ComparisonParams:
        """Return the entry of a comparison in params.yaml."""
        return self.params.study.comparisons[slug]

    def in_section(self, section: str) -> list[str]:
        """Return the comparisons of a section of the report, in the order of params.yaml."""
        comparisons = self.params.study.comparisons
        return [slug for slug, entry in comparisons.items() if entry.section == section]

    def texts_of(self, slug: str) -> list[str]:
        """Return the text of each variant of a comparison."""
        variants = self.params.study.variants
        return [variants[name].text for name in self.comparison(slug).variants]

    def on_builtin_text(self, slug: str) -> bool:
        """Return whether all variants of a comparison read a built-in text, which has a floor."""
        return all(self.params.texts[text].builtin is not None for text in self.texts_of(slug))


def _label(label: str, value: str) -> str:
    """Return a label with the number that is varied, unless it contains that number."""
    return label if as_number(value) is None or value in label else f"{label} ({value})"


def load(params: Params, metrics: Path, plots: Path, data: Path) -> StudyResults:
    """Read the results of a study.

    Raises
    ------
    IncompleteError
        If writing a folder of tables was interrupted.
    """
    for folder in (metrics, plots):
        require_complete(folder, "run the compare stage again")
    paths = sorted(metrics.glob("*.csv")) + sorted(plots.glob("*.csv"))
    evaluation = data / "evaluation" / "model.json"
    # Named by the slugs in params.yaml, so that left-over files are not read.
    samples = {MODEL: data / "samples" / "model.json"} | {
        slug: data / "samples" / "variants" / f"{slug}.json" for slug in params.study.variants
    }
    return StudyResults(
        params=params,
        tables={path.stem: _read(path) for path in paths},
        model=read_json(metrics / "model.json"),
        evaluation=read_json(evaluation) if evaluation.is_file() else {},
        samples={name: read_json(path) for name, path in samples.items() if path.is_file()},
        styles=series_styles(params),
    )


def _read(path: Path) -> pd.DataFrame:
    # By default pandas would read a text called "null" as a missing value.
    return pd.read_csv(path, dtype=TEXT_COLUMNS, keep_default_na=False, na_values=_empty(path))


def _empty(path: Path) -> dict[str, list[str]]:
    """Return, for each column of numbers, the empty field as the only missing value."""
    header = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
    return {name: [""] for name in header if name not in TEXT_COLUMNS}
