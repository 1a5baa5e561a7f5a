"""State what was observed inside models and texts: gradients, memory, samples, units, letters.

Inputs are tables of metrics/ and plots/; outputs are sentences and rows in Markdown whose numbers
carry their formulas. A table that is missing gives no sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from charlab.core.units import counted
from charlab.report.markdown import code, escape, listed
from charlab.report.numbers import Quantity
from charlab.report.standings import Contender
from charlab.report.study import MODEL, StudyResults

LAGS = (10, 30, 60)
"""Lags, in characters, at which the gradient's norm is printed."""

LONG = 9
"""Number of rows or columns above which a table is folded."""

COMMON = 0.01
"""Minimum share of the characters of a kind to be named."""


@dataclass(frozen=True)
class Table:
    """A small table: its header, its rows, what its numbers are, and if they have no formulas.

    Those without formulas are from the evaluation of *the* model.
    """

    header: list[str]
    rows: list[list[str]]
    note: str = ""
    evaluated: bool = False

    @property
    def long(self) -> bool:
        """True if it is folded on the page."""
        return len(self.rows) > LONG or len(self.header) > LONG

    @property
    def title(self) -> str:
        """The number of its rows and columns, as a title where it is folded."""
        return f"Table of {counted(len(self.rows), 'row')} and {len(self.header)} columns"

    def without_last(self) -> Table:
        """Return the table without its last column."""
        return Table(self.header[:-1], [row[:-1] for row in self.rows], self.note)


def gradient_table(results: StudyResults, variants: Sequence[str]) -> Table | None:
    """Return the gradient's norm at :data:`LAGS` for each variant, of hidden and cell state."""
    rows = []
    for slug in variants:
        for column, state in (("norm", "hidden state"), ("cell_norm", "cell state")):
            norms = [
                results.column("gradient_by_lag", column, variant=slug, lag=lag).only
                for lag in LAGS
            ]
            if all(norm is None for norm in norms):
                continue
            shown = ["–" if norm is None else norm.shown("power") for norm in norms]
            rows.append([escape(results.styles[slug].label), state, *shown])
    header = ["", "gradient of the", *(f"lag {lag}" for lag in LAGS)]
    return Table(header, rows, "Norm of the gradient, lag 0 = 1; first seed.") if rows else None


def start_of_chunk(results: StudyResults, slug: str) -> list[str]:
    """Report the cost of a start from zeros after one character, and after a whole chunk."""
    costs = start_costs(results, slug)
    if costs is None:
        return []
    (first, cost), (last, end) = costs
    learned = results.column("loss_by_position", "learned_bpc", variant=slug, position=first).only
    zero = results.column("loss_by_position", "zero_bpc", variant=slug, position=first).only
    extra = ""
    if learned is not None and zero is not None:
        gain = zero - learned
        word = "below" if gain.value > 0 else "above"
        extra = f" A learned start lies {gain.amount} {word} zeros at first."
    return [
        f"Started from zeros instead of the carried state, {_who(results, slug)} loses "
        f"{_more(cost)} after {first} character and {_more(end)} after {last}.{extra}"
    ]


def _more(cost: Quantity) -> str:
    """Return an extra loss, or a gain, in words."""
    return f"{cost.amount} bits {'less' if cost.value < 0 else 'more'}"


def start_costs(
    results: StudyResults, slug: str
) -> tuple[tuple[int, Quantity], tuple[int, Quantity]] | None:
    """Return the extra loss of a start from zeros at the first and at the last position."""
    places = results.column("loss_by_position", "position", variant=slug).values
    if not places:
        return None
    ends = []
    for place in (int(min(places)), int(max(places))):
        zero, carried = (
            results.column("loss_by_position", f"{start}_bpc", variant=slug, position=place).only
            for start in ("zero", "carried")
        )
        if zero is None or carried is None:
            return None
        ends.append((place, zero - carried))
    return ends[0], ends[1]


def _who(results: StudyResults, slug: str) -> str:
    """Return the name of a model in a sentence."""
    return "the model" if slug == MODEL else f"**{escape(results.styles[slug].label)}**"


def real_words(results: StudyResults, slug: str, temperature: float) -> Quantity | None:
    """Return the share of a sample's words that the training text has."""
    return results.column("generation", "real_words", variant=slug, temperature=temperature).only


def temperature_ladder(results: StudyResults) -> list[str]:
    """Describe the samples of *the* model at the lowest and at the highest temperature."""
    parts = []
    for temperature in ladder_ends(results):
        words, copied, entropy = (
            results.column("generation", name, variant=MODEL, temperature=temperature).only
            for name in ("real_words", "longest_copied", "drawn_bpc")
        )
        if words is None or copied is None or entropy is None:
            return []
        parts.append(
            f"at {temperature:g} it draws from {entropy.bits} bits of entropy per character, "
            f"{words.percent} of the words are real, and the longest passage copied from the "
            f"training text has {copied.whole} characters"
        )
    return [f"{parts[0][0].upper()}{'; '.join(parts)[1:]}."] if len(parts) == 2 else []


def ladder_ends(results: StudyResults) -> list[float]:
    """Return the lowest temperature above 0 and the highest one of *the* model's samples."""
    found = results.column("generation", "temperature", variant=MODEL).values
    temperatures = sorted({t for t in found if t > 0})
    return [temperatures[0], temperatures[-1]] if len(temperatures) > 1 else []


def while_learning(results: StudyResults) -> list[str]:
    """Report loss and share of real words at the first and the last snapshot."""
    chars = sorted(set(results.column("as_it_learned", "chars", variant=MODEL).values))
    if len(chars) < 2:
        return []
    temperatures = sorted(results.params.sample.temperatures)
    # Snapshots have a sample at the middle temperature alone.
    at = f" real words in its sample at temperature {temperatures[len(temperatures) // 2]:g},"
    parts = []
    for count in (int(chars[0]), int(chars[-1])):
        loss, words = (
            results.column("as_it_learned", name, variant=MODEL, chars=count).only
            for name in ("val_bpc", "real_words")
        )
        read = results.column("as_it_learned", "chars", variant=MODEL, chars=count).only
        if loss is None or read is None:
            return []
        when = f"after {read.shown('millions')} characters" if count else "before it read anything"
        share = "" if words is None else f", with {words.percent}{at}"
        at = "," if share else at
        parts.append(f"{loss.bits} bits{share} {when}")
    return [f"Its loss on val was {' and '.join(parts)}."]


def telling_units(results: StudyResults) -> Table | None:
    """Return, for each feature of the text, the unit that val chose, with both correlations."""
    # The unit that follows a feature most closely on val, by feature.
    best: dict[str, dict[str, Any]] = {}
    for row in results.rows("neurons", MODEL):
        known = best.get(str(row["feature"]))
        if known is None or abs(row["val_correlation"]) > abs(known["val_correlation"]):
            best[str(row["feature"])] = row
    rows = []
    for feature, unit in best.items():
        layer, number = int(unit["layer"]), int(unit["unit"])
        val, test = (
            results.column(
                "neurons", name, variant=MODEL, feature=feature, layer=layer, unit=number
            ).only
            for name in ("val_correlation", "correlation")
        )
        if val is not None and test is not None:
            name = escape(feature.replace("_", " "))
            rows.append([name, str(layer + 1), str(number), val.bits, test.bits])
    header = ["feature", "layer", "unit", "correlation, val", "correlation, test"]
    return Table(header, rows, "Units were chosen by val; test is reported.") if rows else None


def open_gates(results: StudyResults) -> list[str]:
    """Report the share of time that each gate of *the* model is nearly open and nearly shut."""
    parts = []
    for gate in results.table("gates", [MODEL]).to_dict("records"):
        opened, shut = (
            results.column("gates", name, variant=MODEL, gate=gate["gate"]).only
            for name in ("open", "shut")
        )
        if opened is not None and shut is not None:
            parts.append(
                f"the {escape(str(gate['gate']))} gate is nearly open {opened.percent} and nearly "
                f"shut {shut.percent} of the time"
            )
    return [f"Averaged over all units, {listed(parts)}."] if parts else []


def network_and_ngram(results: StudyResults, slug: str) -> list[str]:
    """Report the kinds of character at which a network gains most and least on the n-gram."""
    gains = sorted(kinds(results, slug), key=lambda row: row[1].value)
    if len(gains) < 2:
        return []
    (worst, low, _), (best, high, _) = gains[0], gains[-1]
    return [
        f"Beside the n-gram, {_who(results, slug)} does best at *{escape(best)}* "
        f"({_side(high)}) and worst at *{escape(worst)}* ({_side(low)}), among the kinds that "
        "make up at least 1 % of the characters."
    ]


def kinds(results: StudyResults, slug: str) -> list[tuple[str, Quantity, Quantity]]:
    """Return each kind of character, the network's gain on the n-gram, and its own loss."""
    table = results.table("against_ngram", [slug])
    if not len(table):
        return []
    # A rare kind would be the best or the worst by chance.
    common = table[table["chars"] >= COMMON * table["chars"].sum()]
    rows = []
    for kind in common["kind"]:
        network, ngram = (
            results.column("against_ngram", name, variant=slug, kind=kind).only
            for name in ("network_bpc", "ngram_bpc")
        )
        if network is not None and ngram is not None:
            rows.append((str(kind), ngram - network, network))
    return rows


def _side(gain: Quantity) -> str:
    return f"{gain.amount} bits {'below' if gain.value > 0 else 'above'} it"


def extremes(results: StudyResults, key: str) -> Table | None:
    """Return the places where the network (rnn_better) or the n-gram is better by most."""
    against = results.evaluation.get("against_ngram") or {}
    rows = [
        [
            code(row["context"][-30:]),
            code(row["char"]),
            _chance(row["network_p"]),
            _chance(row["ngram_p"]),
        ]
        for row in (against.get(key) or [])[:3]
    ]
    header = ["text before", "next", "network", "n-gram"]
    return Table(header, rows, evaluated=True) if rows else None


def _chance(probability: float) -> str:
    """Return a probability of the evaluation, which no table has, as text."""
    return Quantity(probability, repr(probability)).shown("chance")


def hardest(results: StudyResults, contenders: Sequence[Contender]) -> list[str]:
    """Report, for each text, the kind of character that costs the network most."""
    parts = []
    for one in contenders:
        costs = [(kind, loss) for kind, _, loss in kinds(results, one.slug)]
        if costs:
            kind, loss = max(costs, key=lambda pair: pair[1].value)
            parts.append((kind, f"{results.title_of(one.slug)} ({loss.bits})"))
    # Texts with the same hardest kind share a part of the sentence.
    groups: dict[str, list[str]] = {}
    for kind, part in parts:
        groups.setdefault(kind, []).append(part)
    clauses = [f"the *{escape(kind)}* in {listed(names)}" for kind, names in groups.items()]
    return [f"The hardest kind of character: {'; '.join(clauses)}."] if clauses else []
