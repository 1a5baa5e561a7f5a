"""Write one page of a user's experiments: losses, learning curves and samples side by side.

It has the style of the report's page, and like that one needs no other file and no network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from charlab.commands.experiment_records import DONE, FAILED, QUEUED, Experiment
from charlab.core.errors import shortened
from charlab.core.units import counted
from charlab.plots import registry
from charlab.plots.style import INK, SHADES, SeriesStyle, Styles, styled
from charlab.report.html import page
from charlab.report.markdown import listed, templates
from charlab.report.page.build import build
from charlab.report.render import excerpt

MOST = 9
"""Maximum number of experiments, the best ones, of which curves and samples are shown."""

NAME = 24
"""Maximum number of characters of a name beside a curve, which needs the room."""

NONE = "–"

CAPTION = "Loss on val (marked) and on train (thin), against characters read."


def experiments_page(experiments: Sequence[Experiment]) -> str:
    """Return the page.

    Parameters
    ----------
    experiments : sequence of Experiment
        The baseline first.
    """
    baseline, *others = experiments
    finished = sorted((one for one in others if one.state == DONE), key=_loss)
    shown = [baseline, *finished[:MOST]]
    figure = _learning_curves(shown)
    environment = templates("charlab.commands")
    environment.filters["excerpt"] = excerpt
    text = environment.get_template("experiments.md.j2").render(
        baseline=baseline,
        opening=_opening(others, len(finished)),
        rows=[_row(one, baseline) for one in (baseline, *finished)],
        best=_best(finished, baseline),
        unfinished=[_unfinished(one, baseline) for one in others if one.state != DONE],
        picture=figure is not None,
        caption=CAPTION,
        samples=_samples(shown),
        drawn=_drawn(shown),
        missing=", ".join(one.name for one in shown if one.samples is None),
    )
    figures = {"learning_curves": figure} if figure else {}
    return page(text, figures, templates("charlab.report"), build(None))


def _loss(experiment: Experiment) -> float:
    """Return the loss on val by which experiments are ordered; without one, they are last."""
    loss = experiment.number("val_bpc")
    return float("inf") if loss is None else loss


def _opening(others: Sequence[Experiment], finished: int) -> str:
    """Return a sentence with the number of experiments in each state."""
    if not others:
        return "There is no experiment on it yet: 'dvc exp run -S model.hidden=256' makes one."
    states = Counter(one.state for one in others)
    counts = listed([f"{number} {state}" for state, number in states.items()])
    limit = f" Curves and samples are those of the best {MOST}." if finished > MOST else ""
    return f"{counted(len(others), 'experiment')} on it: {counts}.{limit}"


def _row(one: Experiment, baseline: Experiment) -> list[str]:
    """Return the cells of an experiment in the table of losses."""
    cells = [one.name, _changed(one, baseline)]
    for name in ("val_bpc", "test_bpc"):
        loss, difference = one.number(name), _difference(one, baseline, name)
        cells.append(NONE if loss is None else f"{loss:.3f}")
        cells.append(NONE if difference is None else f"{difference:.3f}")
    parameters = one.number("parameters")
    return [*cells, NONE if parameters is None else f"{parameters:,.0f}"]


def _difference(one: Experiment, baseline: Experiment, name: str) -> float | None:
    """Return how much lower a loss is than the baseline's; None if they cannot be compared."""
    own, other = one.number(name), baseline.number(name)
    if one is baseline or own is None or other is None or not _same_text(one, baseline):
        return None
    return other - own


def _same_text(one: Experiment, baseline: Experiment) -> bool:
    """Return whether the losses of two experiments are on the same characters."""
    return _about_text(one) == _about_text(baseline)


def _about_text(one: Experiment) -> dict[str, Any]:
    """Return the parameters that decide which characters a loss is measured on."""
    text = one.params.get("text")
    sections = ("corpus.", f"texts.{text}.")
    return {"text": text} | {
        key: value for key, value in one.params.items() if key.startswith(sections)
    }


def _changed(one: Experiment, baseline: Experiment) -> str:
    """Return the parameters that differ from the baseline's, with their values."""
    if one is baseline:
        return "the baseline"
    keys = dict.fromkeys([*one.params, *baseline.params])
    return (
        ", ".join(
            f"{key} = {shortened(one.params[key]) if key in one.params else 'removed'}"
            for key in keys
            if one.params.get(key) != baseline.params.get(key)
        )
        or "nothing"
    )


def _best(finished: Sequence[Experiment], baseline: Experiment) -> str:
    """Return a sentence on the experiment with the lowest loss among those on the same text."""
    known = [(_difference(one, baseline, "val_bpc"), one.name) for one in finished]
    best, name = max(
        ((value, name) for value, name in known if value is not None), default=(None, "")
    )
    if best is None:
        return ""
    if best <= 0:
        return "No experiment has a lower loss on val than the baseline."
    return f"{name} has the lowest loss on val, {best:.3f} bits per character below the baseline."


def _unfinished(one: Experiment, baseline: Experiment) -> list[str]:
    """Return the cells of an experiment that has no result."""
    steps = {
        QUEUED: "dvc queue start",
        FAILED: f"dvc queue logs {one.name} says why",
    }
    return [one.name, one.state, _changed(one, baseline), steps.get(one.state, NONE)]


def _learning_curves(shown: Sequence[Experiment]) -> bytes | None:
    """Draw the learning curves over one another; None if there is none."""
    # By number, since a branch may have the name of an experiment.
    rows = [
        one.curve.assign(variant=str(number), seed=1)
        for number, one in enumerate(shown)
        if one.curve is not None
    ]
    if not rows:
        return None
    data = {
        "curves": pd.concat(rows, ignore_index=True),
        "styles": _styles(shown),
        "title": "Loss on val as they learn",
    }
    return registry.draw("learning_curves", data)


def _styles(shown: Sequence[Experiment]) -> Styles:
    """Return a style for each curve by its number: ink for the baseline, else a cell's color."""
    baseline, *others = shown
    numbers: Counter[str] = Counter()
    styles = {"0": SeriesStyle(f"baseline: {shortened(baseline.name)[:NAME]}", INK, "*")}
    for number, one in enumerate(others, start=1):
        cell = str(one.params.get("model.cell"))
        # Experiments of one cell differ in shade, line and marker.
        style = styled("", cell if cell in SHADES else "lstm", numbers[cell])
        numbers[cell] += 1
        other = "" if _same_text(one, baseline) else " (other text)"
        label = f"{shortened(one.name)[:NAME]}{other}"
        styles[str(number)] = replace(style, label=label)
    return styles


def _samples(shown: Sequence[Experiment]) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return name, prompt and sample of each experiment, by temperature."""
    entries: dict[float, list[tuple[str, str, str]]] = {}
    for one in shown:
        written = one.samples or {"samples": []}
        for sample in written["samples"]:
            entry = (f"{one.name}{_seed(one, shown[0])}", written["prompt"], sample["text"])
            entries.setdefault(sample["temperature"], []).append(entry)
    return [(f"{temperature:g}", entries[temperature]) for temperature in sorted(entries)]


def _seed(one: Experiment, baseline: Experiment) -> str:
    """Return a note on samples that other random numbers have drawn than the baseline's."""
    own = (one.samples or {}).get("seed")
    return "" if own == (baseline.samples or {}).get("seed", own) else f" (seed {own})"


def _drawn(shown: Sequence[Experiment]) -> str:
    """Return a sentence on the random numbers of the samples."""
    seeds = {one.samples["seed"] for one in shown if one.samples}
    if len(seeds) == 1:
        return f"The same random numbers (seed {seeds.pop()}) drew all samples."
    return "The names of samples that other random numbers drew have the seed beside them."
