"""One comparison in the report: its figures, its table, its findings and its samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from charlab.report import findings, internals_findings
from charlab.report.findings import Entry
from charlab.report.markdown import code, escape
from charlab.report.pictures import Picture, comparison_data, comparison_figures, picture
from charlab.report.statistics import difference, number
from charlab.report.study import StudyResults

NBSP = "\N{NO-BREAK SPACE}"

FIGURE_FINDINGS: dict[str, Callable[[pd.DataFrame, Any], list[str]]] = {
    "gradient_by_lag": internals_findings.gradient_reach,
    "loss_by_distance": internals_findings.forgetting,
    "loss_by_position": internals_findings.start_of_chunk,
}
"""Functions that compute the findings on a figure from its table, by figure."""


@dataclass(frozen=True)
class Block:
    """The content of the report's section on one comparison.

    Attributes
    ----------
    title, question : str
        From params.yaml, escaped for Markdown.
    vary : str
        The key that the comparison varies, '' if none.
    differing : set of str
        Keys of model: and train: in which the variants differ.
    builtin_text : bool
        True if all variants read a built-in text.
    figures : list of Picture
        The figure of the losses is the first.
    header, rows : list
        The cells of the table of losses.
    findings : list of str
        Sentences in Markdown.
    samples : list of (str, str, str)
        Label, prompt and text of each variant's sample.
    temperature : float or None
        Temperature of the samples.
    """

    title: str
    question: str
    vary: str
    differing: set[str]
    builtin_text: bool
    figures: list[Picture]
    header: list[str]
    rows: list[list[str]]
    findings: list[str]
    samples: list[tuple[str, str, str]]
    temperature: float | None


def comparison_block(results: StudyResults, slug: str) -> Block:
    """Draw, tabulate and describe one comparison."""
    comparison = results.comparison(slug)
    data = comparison_data(results, slug)
    names = comparison_figures(results, slug)
    header, rows = _table(results, slug)
    samples, temperature = _samples(results, comparison.variants)
    # Several comparisons show the same figures, so file names get the slug as a suffix.
    return Block(
        title=escape(comparison.title),
        question=escape(comparison.question),
        vary=comparison.vary or "",
        differing=_differing(results, comparison.variants),
        builtin_text=results.on_builtin_text(slug),
        figures=[drawn for name in names for drawn in picture(name, data, f"_{slug}")],
        header=header,
        rows=rows,
        findings=_loss_findings(results, slug) + _figure_findings(results, names, data),
        samples=samples,
        temperature=temperature,
    )


def _differing(results: StudyResults, variants: list[str]) -> set[str]:
    """Return the keys of model: and train: in which some variants differ."""
    resolved = [results.params.study.variant(name) for name in variants]
    # Settings with their defaults: a variant that spells out a default does not differ.
    settings = [v.model.model_dump() | v.train.model_dump() for v in resolved]
    return {key for key in settings[0] if any(s[key] != settings[0][key] for s in settings)}


def _figure_findings(results: StudyResults, names: list[str], data: dict[str, Any]) -> list[str]:
    """Return the findings on the figures of a comparison that have data."""
    sentences = []
    for name in names:
        if name in FIGURE_FINDINGS and len(data.get(name, ())):
            sentences += FIGURE_FINDINGS[name](data[name], results.styles)
        # A figure of distances has findings by kind of dependency, too.
        if name == "loss_by_distance" and len(data.get("loss_by_kind", ())):
            sentences += internals_findings.remembering(data["loss_by_kind"], results.styles)
    return sentences


def _loss_findings(results: StudyResults, slug: str) -> list[str]:
    """Return the findings on the losses: ranking, trend, divergence, baselines."""
    texts, split = results.texts_of(slug), results.split
    entries, measure = results.entries(slug), f"{split} loss"
    if len(set(texts)) > 1:
        # Losses on different texts are comparable only relative to each text's n-gram.
        lines = [results.text_row(text)[f"ngram_{split}_bpc"] for text in texts]
        return findings.relative(entries, lines) if None not in lines else []
    vary = results.comparison(slug).vary or ""
    # On a single text, losses are compared directly.
    sentences = findings.ranking(entries, measure)
    sentences += findings.no_effect(entries) + findings.trend(entries, measure)
    # These variants form a chain from the NumPy RNN to torch, one change at a time.
    if vary == "backend":
        sentences += findings.step_by_step(entries, measure)
    # Both settings change how much of the training text a network memorizes.
    if vary in ("dropout", "hidden"):
        sentences += findings.gap(entries, results.entries(slug, "train"))
    sentences += findings.diverged(_diverged(results, slug), clipping=vary == "clip")
    return sentences + _against_baselines(results, texts[0], entries, measure)


def _against_baselines(
    results: StudyResults, text: str, entries: list[Entry], measure: str
) -> list[str]:
    """Compare the best variant with the n-gram and with the floor of the one text."""
    names = {"n-gram": "the text's best n-gram", "floor": "the text's floor"}
    return [
        findings.against_line(entries, line["bpc"], names[line["kind"]], measure)
        for line in results.lines(text).to_dict("records")
        if line["kind"] in names
    ]


def _diverged(results: StudyResults, slug: str) -> list[tuple[str, int, int]]:
    """Return label, seed and step of each run of a comparison that diverged."""
    rows = results.table("seeds", results.comparison(slug).variants)
    rows = rows[rows["diverged_at_step"].notna()]  # NaN for runs that did not diverge
    return [
        (results.styles[row["variant"]].label, int(row["seed"]), int(row["diverged_at_step"]))
        for row in rows.to_dict("records")
    ]


def _table(results: StudyResults, slug: str) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a comparison: means, spreads, difference from the best."""
    comparison, split = results.comparison(slug), results.split
    entries = results.entries(slug)
    best = min(entries, key=lambda entry: entry.mean)  # the first of equal ones
    several = len(set(results.texts_of(slug))) > 1
    # A column with the names of the texts would repeat the labels.
    vary = comparison.vary if comparison.vary != "text" else None
    splits = ["train", "val"] + (["test"] if split == "test" else [])
    header = ["", *([code(vary)] if vary else []), "parameters", *splits]
    # Between texts a difference means nothing; show each text's own baselines instead.
    header += (
        ["vocabulary", "n-gram", "PPMd", "xz", "to n-gram"] if several else ["above best (95 %)"]
    )
    rows = []
    for name, entry in zip(comparison.variants, entries, strict=True):
        row = results.table("variants", [name]).iloc[0]
        cells = [escape(entry.label), *([escape(entry.value)] if vary else [])]
        cells += [f"{int(row['parameters']):,}", *(_with_spread(row, s) for s in splits)]
        if several:
            cells += _to_ngram(results.text_row(str(row["text"])), entry, split)
        else:
            cells.append("best" if entry is best else _to_best(entry, best))
        rows.append(cells)
    return header, rows


def _with_spread(row: pd.Series[Any], split: str) -> str:
    """Return mean and standard deviation over the seeds; a dash if the loss is unknown."""
    # With one seed the standard deviation is NaN.
    mean, spread = row[f"{split}_bpc"], row[f"{split}_sd"]
    if pd.isna(mean):
        return "–"
    return number(mean) if pd.isna(spread) else f"{number(mean)}{NBSP}±{NBSP}{number(spread)}"


def _to_best(entry: Entry, best: Entry) -> str:
    """Return the difference of a variant from the best one, with its interval."""
    paired = difference(entry.losses, best.losses)
    # With one seed there is no interval.
    if paired.verdict == "equal":
        return "equal"
    return f"{number(paired.mean)} ({paired.interval})" if paired.interval else number(paired.mean)


def _to_ngram(text: dict[str, Any], entry: Entry, split: str) -> list[str]:
    """Return the cells on the text of a variant: vocabulary, baselines, share of the n-gram."""
    baselines = [text[f"{name}_{split}_bpc"] for name in ("ngram", "ppmd", "xz")]
    shown = ["–" if value is None else number(value) for value in baselines]
    # Below 100 % the network predicts the text better than the n-gram.
    share = "–" if baselines[0] is None else f"{100 * entry.mean / baselines[0]:.1f} %"
    return [f"{text['vocabulary'] or 0:.0f}", *shown, share]


def _samples(
    results: StudyResults, variants: list[str]
) -> tuple[list[tuple[str, str, str]], float | None]:
    """Return each variant's label, prompt and sample at the median temperature."""
    temperatures = results.params.sample.temperatures
    middle = sorted(temperatures)[len(temperatures) // 2]
    samples = [
        (results.styles[name].label, *drawn)
        for name in variants
        if (drawn := sample_at(results, name, middle)) is not None
    ]
    return samples, middle if samples else None


def sample_at(results: StudyResults, variant: str, temperature: float) -> tuple[str, str] | None:
    """Return the prompt and the sample of a variant at a temperature; None if there is none."""
    drawn = results.samples.get(variant)
    for sample in drawn["samples"] if drawn else []:
        if sample["temperature"] == temperature:
            return (str(drawn["prompt"]), str(sample["text"])) if drawn else None
    return None
