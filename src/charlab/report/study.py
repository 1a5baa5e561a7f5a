"""Load the results of a study for the report, and select those of each comparison.

Inputs are params.yaml and the folders of results; outputs are tables. Losses are shown on the test
split, or on val if the study has no test split.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from charlab.core.files import read_json
from charlab.core.folders import require_complete
from charlab.core.units import bits, nats
from charlab.plan.params import Params
from charlab.plan.study import ComparisonParams
from charlab.plots.style import Styles, series_styles
from charlab.report.markdown import escape
from charlab.report.numbers import Column, Quantity, selected

MODEL = "model"
"""Name of *the* model in the column ``variant`` of every table."""

TEXT_COLUMNS = dict.fromkeys(
    ("variant", "title", "text", "value", "vary", "char", "family", "label", "init", "kind"), str
)
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
    files : dict
        Folder and name of the file of each table, such as metrics/texts.csv.
    records : dict
        Rows of the tables that were read so far, by table and by variant.
    """

    params: Params
    tables: dict[str, pd.DataFrame]
    model: dict[str, float]
    evaluation: dict[str, Any]
    samples: dict[str, dict[str, Any]]
    styles: Styles
    files: dict[str, str] = field(default_factory=dict)
    records: dict[str, dict[str | None, list[dict[str, Any]]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

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

    def text_row(self, slug: str) -> dict[str, Any]:
        """Return the row of a text in metrics/texts.csv, with None for an empty field."""
        row = next(row for row in self.rows("texts") if row["text"] == slug)
        return {name: None if pd.isna(value) else value for name, value in row.items()}

    def text_title(self, slug: str) -> str:
        """Return the title of a text, escaped for Markdown."""
        return escape(str(self.text_row(slug)["title"]))

    def title_of(self, variant: str) -> str:
        """Return the title of a variant's text, in italics and escaped for Markdown."""
        return f"*{self.text_title(self.params.study.variants[variant].text)}*"

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

    def rows(self, table: str, variant: str | None = None) -> list[dict[str, Any]]:
        """Return the rows of a table, or only those of a variant; none if it is missing."""
        # The report reads thousands of single values, which pandas is slow at.
        if table not in self.records:
            by_variant: dict[str | None, list[dict[str, Any]]] = {None: []}
            for row in self.table(table).to_dict("records"):
                named = {str(key): value for key, value in row.items()}
                by_variant[None].append(named)
                if "variant" in named:
                    by_variant.setdefault(str(named["variant"]), []).append(named)
            self.records[table] = by_variant
        return self.records[table].get(variant, [])

    def column(self, table: str, column: str, **where: Any) -> Column:
        """Return a column of some rows of a table, without its empty fields; empty if missing.

        Parameters
        ----------
        table, column : str
            Name of a CSV of metrics/ or plots/, and of its column.
        **where : value or list of values
            Conditions on other columns.
        """
        conditions = [
            (key, value if isinstance(value, list) else [value]) for key, value in where.items()
        ]
        variant = where.get("variant")
        values = [
            row.get(column)
            for row in self.rows(table, variant if isinstance(variant, str) else None)
            if all(row.get(key) in wanted for key, wanted in conditions)
        ]
        return selected(table, column, values, where)

    def of_model(self, name: str) -> Quantity | None:
        """Return a number of metrics/model.json; None if it is not there."""
        value = self.model.get(name)
        return None if value is None else Quantity(float(value), f"model({name!r})")

    def baseline(self, text: str, name: str, split: str | None = None) -> Quantity | None:
        """Return the loss of a baseline (ngram, ppmd, xz, floor) on a text, None if unknown."""
        return self.column("texts", f"{name}_{split or self.split}_bpc", text=text).only

    def guessing(self, text: str) -> float:
        """Return the loss of a network that guesses all characters of a text alike."""
        vocabulary = self.column("texts", "vocabulary", text=text).only
        return math.inf if vocabulary is None else bits(nats(1 / vocabulary.value))

    def value_of(self, slug: str, variant: str) -> str:
        """Return a variant's value of the key that a comparison varies, '' if it varies none."""
        for row in self.rows("comparisons", variant):
            if row["comparison"] == slug:
                return "" if pd.isna(row["value"]) else str(row["value"])
        return ""

    def comparison(self, slug: str) -> ComparisonParams:
        """Return the entry of a comparison in params.yaml."""
        return self.params.study.comparisons[slug]

    def in_section(self, section: str) -> list[str]:
        """Return the comparisons of a section of the report, in the order of params.yaml."""
        comparisons = self.params.study.comparisons
        return [slug for slug, entry in comparisons.items() if entry.section == section]

    def variants_of(self, slug: str) -> list[str]:
        """Return the variants of a comparison, each once."""
        return list(dict.fromkeys(self.comparison(slug).variants))

    def texts_of(self, slug: str) -> list[str]:
        """Return the texts of a comparison's variants, each once."""
        variants = self.params.study.variants
        return list(dict.fromkeys(variants[name].text for name in self.variants_of(slug)))

    def on_builtin_text(self, slug: str) -> bool:
        """Return whether all variants of a comparison read a built-in text, which has a floor."""
        return all(self.params.texts[text].builtin is not None for text in self.texts_of(slug))


def as_number(text: str) -> float | None:
    """Return the value of a parameter as a number, None if it is not a number."""
    try:
        return float(text)
    except ValueError:
        return None


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
        files={path.stem: f"{path.parent.name}/{path.name}" for path in paths},
    )


def _read(path: Path) -> pd.DataFrame:
    # By default pandas would read a text called "null" as a missing value.
    return pd.read_csv(path, dtype=TEXT_COLUMNS, keep_default_na=False, na_values=_empty(path))


def _empty(path: Path) -> dict[str, list[str]]:
    """Return, for each column of numbers, the empty field as the only missing value."""
    header = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
    return {name: [""] for name in header if name not in TEXT_COLUMNS}
