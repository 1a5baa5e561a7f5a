"""Everything that the report is written from, loaded once, and cut for one question.

What enters are params.yaml and the folders of the results; what leaves are tables.
Losses are shown on the test split; where the study has none, on val, and say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from charlab.core.files import read_json
from charlab.plan.params import Params
from charlab.plan.study import ComparisonParams
from charlab.plots.style import Legend, legend_of
from charlab.report.findings import Entry, as_number

MODEL = "model"

TEXT_COLUMNS = {"variant": str, "title": str, "text": str, "value": str, "vary": str, "char": str}


@dataclass(frozen=True)
class Material:
    """The results of a study.

    Attributes
    ----------
    params : Params
        The whole of params.yaml.
    tables : dict of DataFrame
        Every CSV of metrics/ and plots/, by its name without the ending.
    model : dict
        metrics/model.json.
    look : dict
        What was found inside *the* model, as in data/evaluation/model.json.
    samples : dict
        What was sampled, by variant, as in data/samples/.
    legend : dict
        The look of every variant.
    """

    params: Params
    tables: dict[str, pd.DataFrame]
    model: dict[str, float]
    look: dict[str, Any]
    samples: dict[str, dict[str, Any]]
    legend: Legend

    @property
    def split(self) -> str:
        """The split that losses are shown on: test, or val where there is no test split."""
        return "test" if "test_bpc" in self.model else "val"

    def table(self, name: str, variants: list[str] | None = None) -> pd.DataFrame:
        """Return a table, empty if there is none; of some variants only, in their order."""
        table = self.tables.get(name, pd.DataFrame())
        if variants is None or not len(table):
            return table
        rows = table[table["variant"].isin(variants)]
        return rows.sort_values("variant", key=lambda c: c.map(variants.index), kind="stable")

    def text_row(self, slug: str) -> dict[str, Any]:
        """Return a text's row of metrics/texts.csv; what is not known is None."""
        table = self.tables["texts"]
        row = table[table["text"] == slug].iloc[0].to_dict()
        return {str(k): None if pd.isna(v) else v for k, v in row.items()}

    def lines(self, text: str, split: str | None = None) -> pd.DataFrame:
        """Return the baselines of a text as lines for a figure: ``kind``, ``label``, ``bpc``."""
        row, split = self.text_row(text), split or self.split
        found = [
            ("n-gram", "ngram", f"n-gram, order {row['ngram_order'] or 0:.0f}"),
            ("PPMd", "ppmd", f"PPMd, order {row['ppmd_order'] or 0:.0f}"),
            ("floor", "floor", "floor"),
        ]
        values = [(kind, label, row.get(f"{key}_{split}_bpc")) for kind, key, label in found]
        return pd.DataFrame(
            [entry for entry in values if entry[2] is not None], columns=["kind", "label", "bpc"]
        )

    def points(self, slug: str) -> pd.DataFrame:
        """Return a comparison's rows of metrics/comparisons.csv with the shown loss as ``bpc``."""
        table = self.tables["comparisons"]
        rows = table[table["comparison"] == slug]
        labels = [
            _label(self.legend[name].title, value)
            for name, value in zip(rows["variant"], rows["value"], strict=True)
        ]
        shown = rows.assign(split=self.split, bpc=rows[f"{self.split}_bpc"], label=labels)
        return shown.reset_index(drop=True)

    def entries(self, slug: str, split: str | None = None) -> list[Entry]:
        """Return a comparison's variants with their losses by seed."""
        points, column = self.points(slug), f"{split or self.split}_bpc"
        found = []
        for name in self.comparison(slug).variants:
            rows = points[points["variant"] == name]
            losses = dict(zip(rows["seed"].astype(int), rows[column].astype(float), strict=True))
            value = str(rows["value"].iloc[0]) if rows["value"].notna().any() else ""
            found.append(Entry(self.legend[name].title, losses, value))
        return found

    def comparison(self, slug: str) -> ComparisonParams:
        """Return a comparison as params.yaml has it."""
        return self.params.study.comparisons[slug]

    def texts_of(self, slug: str) -> list[str]:
        """Return the text of each variant of a comparison."""
        variants = self.params.study.variants
        return [variants[name].text for name in self.comparison(slug).variants]


def _label(title: str, value: str) -> str:
    """Return a title with the number that is varied, where the title does not have it."""
    return title if as_number(value) is None or value in title else f"{title} ({value})"


def load(params: Params, metrics: Path, plots: Path, data: Path) -> Material:
    """Read the results of a study."""
    paths = sorted(metrics.glob("*.csv")) + sorted(plots.glob("*.csv"))
    tables = {path.stem: _read(path) for path in paths}
    look = data / "evaluation" / "model.json"
    samples = {MODEL: data / "samples" / "model.json"} | {
        slug: data / "samples" / "variants" / f"{slug}.json" for slug in params.study.variants
    }
    return Material(
        params=params,
        tables=tables,
        model=read_json(metrics / "model.json"),
        look=read_json(look) if look.is_file() else {},
        samples={name: read_json(path) for name, path in samples.items() if path.is_file()},
        legend=legend_of(params),
    )


def _read(path: Path) -> pd.DataFrame:
    # A text called "null", or a character "NA", is itself, and not a missing value.
    return pd.read_csv(path, dtype=TEXT_COLUMNS, keep_default_na=False, na_values=_empty(path))


def _empty(path: Path) -> dict[str, list[str]]:
    """Return for each column of numbers what stands for a missing one: nothing."""
    header = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
    return {name: [""] for name in header if name not in TEXT_COLUMNS}
