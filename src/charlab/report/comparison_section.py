"""One comparison in the report: its short and its full table, its findings, figures and samples."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from charlab.report import findings, memory, observations, writing
from charlab.report.evidence import Evidence
from charlab.report.markdown import code, escape
from charlab.report.observations import Table
from charlab.report.pictures import Picture, comparison_data, comparison_figures, picture
from charlab.report.standings import Contender, Standing
from charlab.report.study import StudyResults

NBSP = "\N{NO-BREAK SPACE}"

WRITTEN = 28
"""Number of characters of a sample in the short table."""


@dataclass(frozen=True)
class Block:
    """The content of the report on one comparison.

    Attributes
    ----------
    slug : str
        Its slug.
    title, question : str
        From params.yaml, escaped for Markdown.
    vary : str
        The key that the comparison varies, '' if none.
    builtin : bool
        True if all variants read a built-in text.
    figures : list of Picture
        The figure of the losses is the first.
    short, full : Table
        Losses with what is written, and losses on all splits with intervals.
    aside, brief, findings : list of str
        Sentences in Markdown for a body without the comparison, for one with it, and all of them
        for the appendix.
    extra : dict of Table
        Further tables, by subject: ``memory`` by distance, ``gradient`` by lag, ``writing``.
    samples : list of (str, str, str)
        Label, prompt and text of each variant's sample.
    temperature : float or None
        Temperature of the samples.
    """

    slug: str
    title: str
    question: str
    vary: str
    builtin: bool
    figures: list[Picture]
    short: Table
    full: Table
    aside: list[str]
    brief: list[str]
    findings: list[str]
    extra: dict[str, Table] = field(default_factory=dict)
    samples: list[tuple[str, str, str]] = field(default_factory=list)
    temperature: float | None = None


def comparison_block(evidence: Evidence, slug: str) -> Block:
    """Draw, tabulate and describe one comparison."""
    results, comparison = evidence.results, evidence.results.comparison(slug)
    data, names = comparison_data(results, slug), comparison_figures(results, slug)
    contenders = [evidence.contenders[name] for name in results.variants_of(slug)]
    samples, temperature = _samples(results, contenders)
    return Block(
        slug=slug,
        title=escape(comparison.title),
        question=escape(comparison.question),
        vary=comparison.vary or "",
        builtin=results.on_builtin_text(slug),
        figures=[drawn for name in names for drawn in picture(results, name, data, slug)],
        short=_short_table(evidence, slug, contenders, temperature),
        full=_full_table(evidence, slug, contenders),
        aside=findings.winner(evidence.standings.get(slug)) + findings.failures_of(contenders),
        brief=_findings(evidence, slug, contenders, brief=True),
        findings=_findings(evidence, slug, contenders, brief=False),
        extra=_extra(evidence, slug, contenders),
        samples=samples,
        temperature=temperature,
    )


def _findings(
    evidence: Evidence, slug: str, contenders: list[Contender], *, brief: bool
) -> list[str]:
    """Return the findings on the losses, or on the texts, and on memory."""
    results, standing = evidence.results, evidence.standings.get(slug)
    texts = results.texts_of(slug)
    remembering = memory.acquisition(results, [one.slug for one in contenders])
    if brief and remembering:
        # What the comparison is about is not the loss.
        said = findings.failures_of(contenders)
    elif standing is None:
        said = findings.relative(results, contenders)
        if not results.on_builtin_text(slug):
            said += observations.hardest(results, contenders)
            said += writing.observations(results, texts)
        said += findings.failures_of(contenders)
    elif brief:
        said = findings.in_brief(results, standing)
    else:
        said = findings.on_losses(results, standing)
        if standing.best is not None:
            said += findings.beside_baselines(results, standing.best, texts[0])
    if results.comparison(slug).vary == "clip":
        said += findings.clipped(results, contenders)
    return said + remembering


def _extra(evidence: Evidence, slug: str, contenders: list[Contender]) -> dict[str, Table]:
    """Return the tables on the key that the comparison varies."""
    results, names = evidence.results, [one.slug for one in contenders]
    vary = results.comparison(slug).vary
    tables = {"memory": memory.memory_table(results, names)}
    if vary in ("cell", "activation"):
        tables["gradient"] = observations.gradient_table(results, names)
    if vary == "text" and not results.on_builtin_text(slug):
        tables["writing"] = writing.writing_table(results, results.texts_of(slug))
    return {name: table for name, table in tables.items() if table is not None}


def loss_cell(one: Contender, split: str) -> str:
    """Return the mean loss of the runs that did not fail, and how many these are."""
    if not one.finished:
        return "–" if not one.seeds else "failed"
    mean = one.mean(split)
    if math.isnan(mean.value):
        return "–"
    few = "" if len(one.finished) == one.seeds else f" ({_of(one)} seeds)"
    return f"{mean.bits}{few}"


def _of(one: Contender) -> str:
    """Return how many of the runs did not fail."""
    return f"{one.runs('finished').whole} of {one.runs('all').whole}"


def difference_cell(standing: Standing | None, one: Contender) -> str:
    """Return the difference of a variant from the best one, with its interval."""
    if standing is None or not one.finished:
        return "–"
    pair = standing.versus(one.slug)
    if pair is None:
        return "equal" if findings.all_equal(standing) else "best on val"
    names = {one.slug, standing.best.slug if standing.best else ""}
    if any(names <= {other.slug for other in group} for group in standing.same):
        return "same network"
    if pair.verdict == "equal":
        return "equal"
    interval = f" ({pair.difference.interval})" if pair.difference.interval else ""
    return f"{pair.difference.mean.bits}{interval}"


def rate(results: StudyResults, slug: str) -> str:
    """Return the learning rate of a variant."""
    return f"{results.params.study.variant(slug).train.learning_rate:g}"


def _short_table(
    evidence: Evidence, slug: str, contenders: list[Contender], temperature: float | None
) -> Table:
    """Return losses and differences, the share of real words, and the start of a sample."""
    results, standing = evidence.results, evidence.standings.get(slug)
    compare = f"{results.split} − best" if standing else "of the n-gram's"
    header = ["", "rate", results.split, compare, "real words", "writes"]
    rows = []
    for one in contenders:
        share = findings.share_of_ngram(results, one, results.split)
        beside = (
            difference_cell(standing, one)
            if standing
            else ("–" if share is None else share.shown("percent1"))
        )
        words, text = "–", "–"
        if temperature is not None and (drawn := sample_at(results, one.slug, temperature)):
            known = observations.real_words(results, one.slug, temperature)
            words = "–" if known is None else known.percent
            # The samples are of the first seed, whose run may be one of those that failed.
            text = "(its run failed)" if one.first_failed else f"*{written(drawn[1])}*"
        # Variants of a comparison of texts differ by their text.
        name = escape(one.label) if standing else results.title_of(one.slug)
        rows.append(
            [name, rate(results, one.slug), loss_cell(one, results.split), beside, words, text]
        )
    return Table(header, rows)


def written(text: str) -> str:
    """Return the start of a sample in one line, cut between words."""
    shown = " ".join(text[: 2 * WRITTEN].split())
    if len(shown) <= WRITTEN:
        return escape(shown) or "…"
    return escape(shown[:WRITTEN].rpartition(" ")[0] or shown[:WRITTEN]) + " …"


def _full_table(evidence: Evidence, slug: str, contenders: list[Contender]) -> Table:
    """Return means and spreads on all splits, and the difference from the best with its p."""
    results, standing = evidence.results, evidence.standings.get(slug)
    vary = results.comparison(slug).vary
    # A column with the names of the texts would repeat the labels.
    shows_value = vary is not None and vary not in ("text", "learning_rate")
    splits = ["train", "val"] + (["test"] if results.split == "test" else [])
    header = ["", *([code(vary)] if shows_value and vary else []), "rate", "parameters", *splits]
    header += ["difference from best (95 %)", "p (Holm)"] if standing else ["n-gram", "PPMd", "xz"]
    rows = []
    for one in contenders:
        size = results.column("variants", "parameters", variant=one.slug).only
        cells = [escape(one.label)]
        cells += [escape(results.value_of(slug, one.slug))] if shows_value else []
        cells += [rate(results, one.slug), "–" if size is None else size.whole]
        cells += [_with_spread(one, split) for split in splits]
        cells += _beside(results, standing, one)
        rows.append(cells)
    return Table(header, rows)


def _beside(results: StudyResults, standing: Standing | None, one: Contender) -> list[str]:
    """Return the cells of a variant beside the best one, or beside the baselines of its text."""
    if standing is not None:
        pair = standing.versus(one.slug)
        p = "–" if pair is None or pair.p is None else pair.p.shown("p")
        return [difference_cell(standing, one), p]
    text = results.params.study.variants[one.slug].text
    lines = [results.baseline(text, name) for name in ("ngram", "ppmd", "xz")]
    return ["–" if line is None else line.bits for line in lines]


def _with_spread(one: Contender, split: str) -> str:
    """Return mean and standard deviation over the seeds that did not fail."""
    losses = one.losses(split)
    if len(losses) < 2:
        return loss_cell(one, split)
    few = "" if len(one.finished) == one.seeds else f" ({_of(one)})"
    return f"{losses.mean.bits}{NBSP}±{NBSP}{losses.deviation.bits}{few}"


def _samples(
    results: StudyResults, contenders: list[Contender]
) -> tuple[list[tuple[str, str, str]], float | None]:
    """Return each variant's label, prompt and sample at the usual temperature."""
    usual = usual_temperature(results)
    samples = [
        (_sample_title(one), *drawn)
        for one in contenders
        if (drawn := sample_at(results, one.slug, usual)) is not None
    ]
    return samples, usual if samples else None


def _sample_title(one: Contender) -> str:
    """Return the label of a variant, and if the run that the sample is from failed."""
    return f"{one.label}{' (its run failed)' if one.first_failed else ''}"


def usual_temperature(results: StudyResults) -> float:
    """Return the temperature of the study's samples that is nearest to 0.6."""
    return min(results.params.sample.temperatures, key=lambda t: (abs(t - 0.6), t))


def sample_at(results: StudyResults, variant: str, temperature: float) -> tuple[str, str] | None:
    """Return the prompt and the sample of a variant at a temperature; None if there is none."""
    drawn: dict[str, Any] | None = results.samples.get(variant)
    for sample in drawn["samples"] if drawn else []:
        if sample["temperature"] == temperature:
            return (str(drawn["prompt"]), str(sample["text"])) if drawn else None
    return None
