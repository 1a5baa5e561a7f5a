"""State when networks overtake counting, and which learning rates suit them.

Inputs are metrics/overtaking.csv, metrics/tuning.csv and the baselines of metrics/texts.csv.
Outputs are sentences and tables in Markdown. A table that is missing gives no sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

from charlab.core.sums import mean
from charlab.report.markdown import escape, listed
from charlab.report.numbers import Quantity
from charlab.report.observations import Table
from charlab.report.study import MODEL, StudyResults


@dataclass(frozen=True)
class Crossing:
    """The snapshot at which a network's mean loss on val is first below that of the n-gram.

    Attributes
    ----------
    slug : str
        The variant.
    chars : Quantity or None
        Characters read at that snapshot, None if there is none.
    before : Quantity or None
        Characters read at the snapshot before it, None if there is none: it passed in between.
    final : Quantity
        Mean loss on val at the last snapshot.
    start : int
        Characters read at the first snapshot.
    """

    slug: str
    chars: Quantity | None
    before: Quantity | None
    final: Quantity
    start: int

    @property
    def where(self) -> str:
        """The characters read when it passed, which snapshots narrow down to a range."""
        if self.chars is None:
            return "never"
        if self.before is None:
            return f"after {self.chars.shown('millions')}"
        return f"between {self.before.shown('millions')} and {self.chars.shown('millions')}"


def crossings(results: StudyResults) -> list[Crossing]:
    """Return the crossing of each variant on *the* model's text, in the order of the table."""
    table, text = results.table("overtaking"), results.params.text
    line = results.baseline(text, "ngram", "val")
    if not len(table) or line is None:
        return []
    variants = results.params.study.variants
    of_text = [
        str(slug)
        for slug in dict.fromkeys(table["variant"])
        # *The* model reads this text by definition.
        if slug == MODEL or (str(slug) in variants and variants[str(slug)].text == text)
    ]
    return [_crossing(results, slug, line.value) for slug in of_text]


def _crossing(results: StudyResults, slug: str, line: float) -> Crossing:
    """Return the crossing of one variant."""
    losses: dict[int, list[float]] = {}
    for row in results.rows("overtaking", slug):
        losses.setdefault(int(row["chars"]), []).append(row["val_bpc"])
    # Trainings of the same length have their snapshots at the same places.
    means = {chars: mean(own) for chars, own in losses.items()}
    last = max(means)
    # A loss that rises above the line again has not overtaken it for good.
    below = [chars for chars in means if all(means[c] < line for c in means if c >= chars)]
    first = min(below, default=-1)
    before = max((chars for chars in means if chars < first), default=-1)
    at, ahead = (
        results.column("overtaking", "chars", variant=slug, chars=chars)
        for chars in (first, before)
    )
    final = results.column("overtaking", "val_bpc", variant=slug, chars=last)
    return Crossing(
        slug,
        at.smallest if len(at) else None,
        ahead.smallest if len(ahead) else None,
        final.mean,
        min(means),
    )


def overtaking(results: StudyResults) -> list[str]:
    """Report which networks end below the n-gram, and after how many characters."""
    found = crossings(results)
    line = results.baseline(results.params.text, "ngram", "val")
    if not found or line is None:
        return []
    label = {one.slug: f"**{escape(results.styles[one.slug].label)}**" for one in found}
    across = [one for one in found if one.chars is not None]
    never = [one for one in found if one.chars is None]
    sentences = []
    if across:
        parts = listed([f"{label[one.slug]} {one.where}" for one in across])
        sentences.append(
            f"Below the best n-gram on val ({line.bits}) for good, in characters read: {parts}."
        )
    if never:
        parts = listed([f"{label[one.slug]} (ends at {one.final.bits})" for one in never])
        which = "it" if across else f"the best n-gram on val ({line.bits})"
        sentences.append(f"Never below {which} for good: {parts}.")
    return sentences


def tuning_families(results: StudyResults) -> dict[str, list[tuple[float, Quantity]]]:
    """Return, for each family, its rates with the lowest loss on val of the runs that held."""
    families: dict[str, list[tuple[float, Quantity]]] = {}
    for family, rate in sorted(_tried(results)):
        # A run that diverged has no loss.
        losses = results.column("tuning", "val_bpc", family=family, learning_rate=rate)
        if len(losses):
            families.setdefault(family, []).append((rate, losses.smallest))
    return families


def family_label(results: StudyResults, family: str) -> str:
    """Return the title of a family, as the sweep's specification gives it."""
    row = next(row for row in results.rows("tuning") if row["family"] == family)
    return escape(str(row["label"]))


def _tried(results: StudyResults) -> set[tuple[str, float]]:
    """Return the pairs of a family and a rate that were tried, also those that diverged."""
    return {(str(row["family"]), float(row["learning_rate"])) for row in results.rows("tuning")}


def rate_spans(results: StudyResults) -> dict[str, Quantity]:
    """Return what the worst rate that held costs, for each family with several such rates."""
    spans = {}
    for family, rates in tuning_families(results).items():
        losses = [loss for _, loss in rates]
        if len(losses) > 2:
            worst = max(losses, key=lambda loss: loss.value)
            spans[family] = worst - min(losses, key=lambda loss: loss.value)
    return spans


def best_rate(rates: list[tuple[float, Quantity]]) -> float:
    """Return the rate with the lowest loss."""
    return min(rates, key=lambda pair: pair[1].value)[0]


def valleys(results: StudyResults) -> list[str]:
    """Return the families whose best rate lies inside the range that was tried."""
    return [
        family
        for family, rates in tuning_families(results).items()
        if len(rates) > 2 and rates[0][0] < best_rate(rates) < rates[-1][0]
    ]


def at_edges(results: StudyResults) -> dict[str, list[str]]:
    """Return the families whose best rate is the lowest, or the highest, that was tried.

    A rate that diverged was tried, so a best rate beside it is at no edge.
    """
    edges: dict[str, list[str]] = {"lowest": [], "highest": []}
    for family, rates in tuning_families(results).items():
        tried = sorted(rate for name, rate in _tried(results) if name == family)
        for side, edge in (("lowest", tried[0]), ("highest", tried[-1])):
            if len(tried) > 1 and best_rate(rates) == edge:
                edges[side].append(family)
    return edges


def tuning_table(results: StudyResults) -> Table | None:
    """Return the loss on val of each family at each rate that was tried."""
    families = tuning_families(results)
    if not families:
        return None
    tried = sorted({rate for rates in families.values() for rate, _ in rates})
    runs, rows = _tried(results), []
    for family, rates in families.items():
        losses, best, cells = dict(rates), best_rate(rates), []
        for rate in tried:
            if rate in losses:
                shown = losses[rate].bits
                cells.append(f"**{shown}**" if rate == best else shown)
            else:
                cells.append("diverged" if (family, rate) in runs else "")
        rows.append([family_label(results, family), *cells])
    header = ["", *(f"{rate:g}" for rate in tried)]
    return Table(header, rows, "Short runs, best initialization of each; val, bits per character.")


def rates(results: StudyResults) -> list[str]:
    """Report how many runs tuned the rates, and what the worst rate that held costs."""
    spans = rate_spans(results)
    if not spans:
        return []
    family, span = max(spans.items(), key=lambda pair: pair[1].value)
    runs = results.column("tuning", "learning_rate").count
    diverged = results.column("tuning", "diverged_at_step").count
    failed = f"; {diverged.whole} of them diverged" if diverged.value else ""
    return [
        f"{runs.whole} short runs chose the rates, on val{failed}. The rate mattered most for "
        f"*{family_label(results, family)}*: without divergence, the worst one cost "
        f"{span.bits} bits more than the best.",
        *_edges(results),
    ]


def _edges(results: StudyResults) -> list[str]:
    """Report which best rates are at the end of those tried, where a better one may follow."""
    sentences = []
    for side, families in at_edges(results).items():
        if families:
            names = listed([f"*{family_label(results, family)}*" for family in families])
            sentences.append(
                f"The best rate is the {side} that was tried for {names}: a better one may lie "
                "beyond it."
            )
    return sentences
