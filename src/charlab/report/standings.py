"""Rank the variants of each comparison: chosen on val, reported on test, runs that failed counted.

A run *failed* if it diverged, or if it ended above the loss of a network that guesses all
characters alike. Failed runs enter no mean. The best variant is the one with the lowest mean on
val; the differences from it are measured on test, so that the choice does not flatter it, and are
corrected together for their number in the whole study.

Trainings by torch's layers, by NumPy or on a GPU differ a little between processors. They neither
enter the spread of the others nor the correction of the others' differences, so that on every
processor each sentence on an exact training is the same.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from charlab.report.markdown import escape
from charlab.report.numbers import Column, Quantity
from charlab.report.statistics import (
    LEVEL,
    PAIRED_FROM,
    Difference,
    Spread,
    Verdict,
    difference,
    holm,
    pooled,
)
from charlab.report.study import StudyResults

SPLITS = ("train_bpc", "val_bpc", "test_bpc")


@dataclass(frozen=True)
class Contender:
    """One variant in a comparison.

    Attributes
    ----------
    slug, label : str
        Its slug and its label.
    finished : tuple of int
        Seeds whose run did not fail.
    diverged : tuple of int
        Seeds whose run diverged.
    stuck : tuple of int
        Seeds whose run ended above the loss of guessing.
    exact : bool
        Whether its losses have the same bits on every processor.
    """

    slug: str
    label: str
    finished: tuple[int, ...]
    diverged: tuple[int, ...]
    stuck: tuple[int, ...]
    exact: bool
    results: StudyResults = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The label in bold, which sets off its commas from those of the sentence."""
        return f"**{escape(self.label)}**"

    @property
    def seeds(self) -> int:
        """Number of runs."""
        return len(self.finished) + self.failed

    @property
    def failed(self) -> int:
        """Number of runs that failed."""
        return len(self.diverged) + len(self.stuck)

    @property
    def first_failed(self) -> bool:
        """True if the run with the first seed failed, of which samples are drawn."""
        return min((*self.finished, *self.diverged, *self.stuck), default=None) not in self.finished

    def runs(self, kind: Literal["all", "finished", "diverged", "stuck"]) -> Quantity:
        """Return the number of runs of a kind."""
        counts = {
            "all": self.seeds,
            "finished": len(self.finished),
            "diverged": len(self.diverged),
            "stuck": len(self.stuck),
        }
        return Quantity(counts[kind], f"runs({self.slug!r}, {kind!r})")

    def losses(self, split: str) -> Column:
        """Return the losses of the runs that did not fail, by seed."""
        return self.results.column(
            "seeds", f"{split}_bpc", variant=self.slug, seed=list(self.finished)
        )

    def mean(self, split: str) -> Quantity:
        """Return the mean loss of the runs that did not fail."""
        return self.losses(split).mean


def contenders_of(results: StudyResults) -> dict[str, Contender]:
    """Return all variants by slug, with their failed runs set apart."""
    return {slug: _contender(results, slug) for slug in results.params.study.variants}


def _contender(results: StudyResults, slug: str) -> Contender:
    """Return a variant."""
    rows = results.rows("seeds", slug)
    limit = results.guessing(str(rows[0]["text"])) if rows else math.inf
    runs: dict[str, list[int]] = {"finished": [], "diverged": [], "stuck": []}
    for row in sorted(rows, key=lambda row: int(row["seed"])):
        # The loss is compared so that NaN counts as stuck.
        kind = "finished" if row["val_bpc"] < limit else "stuck"
        runs[kind if math.isnan(row["diverged_at_step"]) else "diverged"].append(int(row["seed"]))
    finished, diverged, stuck = map(tuple, runs.values())
    exact = results.params.study.variant(slug).exact
    label = results.styles[slug].label
    return Contender(slug, label, finished, diverged, stuck, exact, results)


def effective_settings(results: StudyResults, slug: str) -> dict[str, Any]:
    """Return the settings of a variant that its arithmetic depends on.

    Dropout between layers does nothing in one layer, and a backend is another way to compute the
    same.
    """
    variant = results.params.study.variant(slug)
    settings = variant.model.model_dump() | variant.train.model_dump()
    settings |= {"backend": None, "snapshots": None}
    if settings["layers"] == 1 and settings["dropout_at"] == "between_layers":
        settings["dropout"] = 0.0
    if not settings["dropout"]:
        settings["dropout_at"] = None
    return settings | {"text": variant.text}


def same_network(one: Contender, other: Contender) -> bool:
    """Return whether two variants compute the same, and had the same losses at every seed."""
    first, second = (effective_settings(one.results, who.slug) for who in (one, other))
    if first != second:
        return False
    columns = ("seed", *SPLITS)
    losses = []
    for slug in (one.slug, other.slug):
        rows = one.results.rows("seeds", slug)
        # As text, since NaN is not equal to itself.
        losses.append([[str(row.get(name)) for name in columns] for row in rows])
    return losses[0] == losses[1]


@dataclass(frozen=True)
class Versus:
    """A variant beside the best one of its comparison: the difference on the reported split."""

    other: Contender
    difference: Difference
    p: Quantity | None = None

    @property
    def verdict(self) -> Verdict:
        """``clear`` if the difference stands after the correction for all comparisons."""
        if self.difference.equal:
            return "equal"
        if self.p is None:
            return "unknown"
        return "clear" if self.p.value < LEVEL else "unclear"

    @property
    def behind(self) -> bool:
        """True if the variant is clearly worse than the best, also on the reported split."""
        return self.verdict == "clear" and self.difference.mean.value > 0


@dataclass(frozen=True)
class Standing:
    """The variants of a comparison of one text, ordered by their mean loss on val.

    Attributes
    ----------
    contenders : tuple of Contender
        All, in the order of params.yaml.
    ranked : tuple of Contender
        Those with a run that did not fail, the best on val first.
    others : tuple of Versus
        The ranked ones but the first, beside the first.
    same : tuple of tuple of Contender
        Groups of variants that are the same network.
    """

    contenders: tuple[Contender, ...]
    ranked: tuple[Contender, ...]
    others: tuple[Versus, ...]
    same: tuple[tuple[Contender, ...], ...]

    @property
    def exact(self) -> bool:
        """Whether the losses of all variants have the same bits on every processor."""
        return all(one.exact for one in self.contenders)

    @property
    def best(self) -> Contender | None:
        """The variant with the lowest mean loss on val; None if every run failed."""
        return self.ranked[0] if self.ranked else None

    def versus(self, slug: str) -> Versus | None:
        """Return a variant beside the best; None for the best itself and for failed ones."""
        return next((pair for pair in self.others if pair.other.slug == slug), None)

    def verdict(self, slug: str) -> Verdict | None:
        """Return the verdict on a variant beside the best."""
        pair = self.versus(slug)
        return None if pair is None else pair.verdict

    def behind(self, slug: str) -> bool:
        """Return whether a variant is clearly worse than the best."""
        pair = self.versus(slug)
        return pair is not None and pair.behind

    @property
    def all_behind(self) -> bool:
        """True if there are others, all clearly worse than the best."""
        return bool(self.others) and all(pair.behind for pair in self.others)


def standings(results: StudyResults, contenders: Mapping[str, Contender]) -> dict[str, Standing]:
    """Return the standing of every comparison of one text, corrected together for their number.

    Comparisons of several texts have none: their losses cannot be compared.
    """
    spreads = _spreads(results, contenders.values())
    measured = {
        slug: _standing(results, [contenders[name] for name in results.variants_of(slug)], spreads)
        for slug in results.params.study.comparisons
        if len(results.texts_of(slug)) == 1
    }
    by_pair: dict[tuple[str, str], Quantity] = {}
    for exact in (True, False):
        # Every difference with a known spread is one comparison.
        family = [
            (slug, pair.other.slug, pair.difference.p)
            for slug, standing in measured.items()
            for pair in standing.others
            if pair.difference.p is not None
            and not pair.difference.equal
            and standing.exact == exact
        ]
        corrected = holm([p for _, _, p in family])
        by_pair |= {
            (slug, other): Quantity(p, f"holm_p({slug!r}, {other!r})")
            for (slug, other, _), p in zip(family, corrected, strict=True)
        }
    return {
        slug: replace(
            standing,
            others=tuple(
                replace(pair, p=by_pair.get((slug, pair.other.slug))) for pair in standing.others
            ),
        )
        for slug, standing in measured.items()
    }


def _standing(
    results: StudyResults, contenders: Sequence[Contender], spreads: Mapping[int, Spread]
) -> Standing:
    """Return the standing of one comparison, without the correction."""
    finished = [one for one in contenders if one.finished]
    # A stable sort: ties stay in the order of params.yaml.
    ranked = tuple(sorted(finished, key=lambda one: one.mean("val").value))
    others = tuple(
        Versus(other, compared(other, ranked[0], results.split, spreads)) for other in ranked[1:]
    )
    return Standing(tuple(contenders), ranked, others, _groups(contenders))


def compared(
    one: Contender, other: Contender, split: str, spreads: Mapping[int, Spread]
) -> Difference:
    """Return the difference of two variants, over their common seeds where these are enough."""
    common = sorted(set(one.finished) & set(other.finished))
    # Paired by seed where that says enough; otherwise every run of both counts.
    enough = len(common) >= PAIRED_FROM
    more, less = (
        who.results.column("seeds", f"{split}_bpc", variant=who.slug, seed=common)
        if enough
        else who.losses(split)
        for who in (one, other)
    )
    paired = enough or one.finished == other.finished
    return difference(more, less, paired, spreads.get(min(one.seeds, other.seeds)))


def _groups(contenders: Sequence[Contender]) -> tuple[tuple[Contender, ...], ...]:
    """Return the groups of two or more variants that are the same network."""
    groups: list[list[Contender]] = []
    for one in contenders:
        home = next((group for group in groups if same_network(group[0], one)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    return tuple(tuple(group) for group in groups if len(group) > 1)


def _spreads(results: StudyResults, contenders: Collection[Contender]) -> dict[int, Spread]:
    """Return the pooled spread on the reported split, by the number of seeds of a variant.

    It is that of the exact variants, and of the others only where no exact one has so many seeds.
    """
    of_exact = {one.seeds for one in contenders if one.exact}
    groups: dict[int, list[tuple[float, ...]]] = {}
    for one in contenders:
        if one.seeds and (one.exact or one.seeds not in of_exact):
            groups.setdefault(one.seeds, []).append(one.losses(results.split).values)
    spreads = {seeds: pooled(losses, seeds) for seeds, losses in groups.items()}
    return {seeds: spread for seeds, spread in spreads.items() if spread is not None}
