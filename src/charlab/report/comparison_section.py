"""One comparison as a part of the report: its figures, its table, its findings, its samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from charlab.plots import registry
from charlab.report import findings
from charlab.report import internals_findings as looking
from charlab.report.findings import Entry
from charlab.report.statistics import difference, number
from charlab.report.study import MODEL, Material

FIGURES: dict[str, tuple[str, ...]] = {
    "activation": ("gradient_by_lag", "activations"),
    "cell": ("gradient_by_lag", "loss_by_distance"),
    "clip": ("gradient_norms",),
    "state": ("loss_by_position",),
}
"""What is drawn for a comparison beside losses and curves, by the key that it varies."""

COMPARISON_FIGURES = ("comparison", "texts", "learning_curves")
"""What is drawn for every comparison; texts in place of the first where texts differ."""

NBSP = "\N{NO-BREAK SPACE}"

LOOKS: dict[str, Callable[[pd.DataFrame, Any], list[str]]] = {
    "gradient_by_lag": looking.gradient_reach,
    "loss_by_distance": looking.forgetting,
    "loss_by_position": looking.start_of_chunk,
}
"""What is said below each of these figures."""


@dataclass(frozen=True)
class Figure:
    """A picture in the report: its name without the ending, its SVG, its caption."""

    name: str
    svg: bytes
    caption: str


@dataclass(frozen=True)
class Block:
    """What the report has to say to one question.

    Attributes
    ----------
    title, question : str
        As params.yaml has them.
    figures : list of Figure
        The loss first.
    header, rows : lists of cells
        The table of the numbers.
    findings : list of str
        Sentences in Markdown.
    samples : list of (str, str)
        Title and text of each variant's sample.
    temperature : float or None
        That the samples were drawn at.
    """

    title: str
    question: str
    figures: list[Figure]
    header: list[str]
    rows: list[list[str]]
    findings: list[str]
    samples: list[tuple[str, str]]
    temperature: float | None


def figure(name: str, tables: dict[str, Any], suffix: str = "") -> list[Figure]:
    """Draw one figure; an empty list if its tables are missing."""
    svg = registry.draw(name, tables)
    if svg is None:
        return []
    return [Figure(f"{name}{suffix}", svg, registry.caption(name))]


def block(material: Material, slug: str) -> Block:
    """Write one comparison up."""
    comparison = material.comparison(slug)
    tables = comparison_tables(material, slug)
    found, figures = _losses(material, slug), _loss_figures(material, slug, tables)
    for name in FIGURES.get(comparison.vary or "", ()):
        figures += figure(name, tables, f"_{slug}")
        if name in LOOKS and len(tables.get(name, ())):
            found += LOOKS[name](tables[name], material.legend)
        if name == "loss_by_distance" and len(tables.get("loss_by_kind", ())):
            found += looking.remembering(tables["loss_by_kind"], material.legend)
    header, rows = _table(material, slug)
    samples, temperature = _samples(material, comparison.variants)
    return Block(
        findings.escape(comparison.title),
        findings.escape(comparison.question),
        figures,
        header,
        rows,
        found,
        samples,
        temperature,
    )


def comparison_tables(material: Material, slug: str) -> dict[str, Any]:
    """Return what figures of a comparison can ask for."""
    comparison = material.comparison(slug)
    tables: dict[str, Any] = {
        name: material.table(name, comparison.variants)
        for name in material.tables
        if "variant" in material.tables[name].columns
    }
    return tables | {
        "points": material.points(slug),
        "curves": tables.get("variants_learning_curves"),
        "legend": material.legend,
        "title": comparison.title,
        "lines": _lines(material, slug),
        "texts": material.tables["texts"],
    }


def _lines(material: Material, slug: str) -> pd.DataFrame | None:
    """Return the lines of the comparison's one text, with *the* model's own if it is on it."""
    texts = set(material.texts_of(slug))
    if len(texts) != 1:
        return None
    text = texts.pop()
    lines = material.lines(text)
    if text != material.params.text:
        return lines
    own = {"kind": "the model", "label": "the model", "bpc": material.model[_measured(material)]}
    return pd.concat([lines, pd.DataFrame([own])], ignore_index=True)


def _measured(material: Material) -> str:
    return f"{material.split}_bpc"


def _loss_figures(material: Material, slug: str, tables: dict[str, Any]) -> list[Figure]:
    """Draw the losses (beside each text's own baselines, if texts differ) and the curves."""
    several = len(set(material.texts_of(slug))) > 1
    first = figure("texts" if several else "comparison", tables, f"_{slug}")
    return first + figure("learning_curves", tables, f"_{slug}")


def _losses(material: Material, slug: str) -> list[str]:
    """Say who won, how the loss goes with the parameter, and how it stands to the baselines."""
    entries, measure = material.entries(slug), f"{material.split} loss"
    texts = material.texts_of(slug)
    if len(set(texts)) > 1:
        rows = [material.text_row(text) for text in texts]
        lines = [row[f"ngram_{material.split}_bpc"] for row in rows]
        return findings.relative(entries, lines) if None not in lines else []
    vary = material.comparison(slug).vary or ""
    sentences = findings.ranking(entries, measure)
    sentences += findings.no_effect(entries) + findings.trend(entries, measure)
    if vary == "backend":
        sentences += findings.step_by_step(entries, measure)
    if vary in ("dropout", "hidden"):
        sentences += findings.gap(entries, material.entries(slug, "train"))
    sentences += findings.diverged(_diverged(material, slug), clipping=vary == "clip")
    for kind, line in material.lines(texts[0]).set_index("kind")["bpc"].items():
        name = {"n-gram": "the text's best n-gram", "floor": "the text's floor"}.get(str(kind))
        if name:
            sentences.append(findings.against_line(entries, line, name, measure))
    return sentences


def _diverged(material: Material, slug: str) -> list[tuple[str, int, int]]:
    rows = material.table("seeds", material.comparison(slug).variants)
    rows = rows[rows["diverged_at_step"].notna()]
    return [
        (material.legend[row["variant"]].title, int(row["seed"]), int(row["diverged_at_step"]))
        for row in rows.to_dict("records")
    ]


def _table(material: Material, slug: str) -> tuple[list[str], list[list[str]]]:
    """Return the table of a comparison: means, spreads, and the difference to the best."""
    comparison, split = material.comparison(slug), material.split
    entries = material.entries(slug)
    best = min(entries, key=lambda entry: entry.mean)
    several = len(set(material.texts_of(slug))) > 1
    vary = comparison.vary if comparison.vary != "text" else None
    header = ["", *([f"`{vary}`"] if vary else []), "parameters", "train", "val"] + (
        ["test"] if split == "test" else []
    )
    header += (
        ["vocabulary", "n-gram", "PPMd", "xz", "to n-gram"] if several else ["above best (95 %)"]
    )
    rows = []
    for name, entry in zip(comparison.variants, entries, strict=True):
        row = material.table("variants", [name]).iloc[0]
        cells = [findings.escape(entry.title), *([entry.value] if vary else [])]
        cells += [f"{int(row['parameters']):,}", *(_with_spread(row, s) for s in ("train", "val"))]
        cells += [_with_spread(row, "test")] if split == "test" else []
        if several:
            cells += _to_ngram(material.text_row(str(row["text"])), entry, split)
        else:
            cells.append("best" if entry is best else _to_best(entry, best))
        rows.append(cells)
    return header, rows


def _with_spread(row: pd.Series[Any], split: str) -> str:
    mean, spread = row[f"{split}_bpc"], row[f"{split}_sd"]
    if pd.isna(mean):
        return "–"
    return number(mean) if pd.isna(spread) else f"{number(mean)}{NBSP}±{NBSP}{number(spread)}"


def _to_best(entry: Entry, best: Entry) -> str:
    found = difference(entry.losses, best.losses)
    if found.verdict == "equal":
        return "equal"
    return f"{number(found.mean)} ({found.interval})" if found.interval else number(found.mean)


def _to_ngram(text: dict[str, Any], entry: Entry, split: str) -> list[str]:
    baselines = [text[f"{name}_{split}_bpc"] for name in ("ngram", "ppmd", "xz")]
    shown = ["–" if value is None else number(value) for value in baselines]
    share = "–" if baselines[0] is None else f"{100 * entry.mean / baselines[0]:.1f} %"
    return [f"{text['vocabulary'] or 0:.0f}", *shown, share]


def _samples(material: Material, variants: list[str]) -> tuple[list[tuple[str, str]], float | None]:
    """Return each variant's sample at the temperature in the middle of the ladder."""
    ladder = material.params.sample.temperatures
    temperature = sorted(ladder)[len(ladder) // 2]
    found = [
        (material.legend[name].title, text)
        for name in variants
        if (text := sample_at(material, name, temperature)) is not None
    ]
    return found, temperature if found else None


def sample_at(material: Material, variant: str, temperature: float) -> str | None:
    """Return what a variant wrote at a temperature, with its prompt; None if nothing."""
    drawn = material.samples.get(variant)
    for sample in drawn["samples"] if drawn else []:
        if sample["temperature"] == temperature:
            return str(drawn["prompt"]) + str(sample["text"]) if drawn else None
    return None


def model_tables(material: Material) -> dict[str, Any]:
    """Return what figures of *the* model can ask for."""
    tables: dict[str, Any] = {
        name: material.table(name, [MODEL])
        for name in material.tables
        if "variant" in material.tables[name].columns
    }
    return tables | {
        "model_learning_curve": material.table("model_learning_curve"),
        "lines": material.lines(material.params.text, "val"),
        "legend": material.legend,
        "weights": material.look.get("weights"),
        "colored": material.look.get("colored"),
        "passage": (material.look.get("against_ngram") or {}).get("passage"),
    }
