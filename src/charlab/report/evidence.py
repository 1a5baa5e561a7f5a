"""Find what the conditions of takeaways are about: a study's standings by section and varied key.

A comparison is found by what it varies and not by its slug, so that a study of one's own gets its
takeaways, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from charlab.models.params import ModelParams
from charlab.report.memory import remembered
from charlab.report.numbers import Quantity
from charlab.report.standings import Contender, Standing, contenders_of, standings
from charlab.report.study import StudyResults


@dataclass(frozen=True)
class Evidence:
    """The results of a study and the standings of its comparisons."""

    results: StudyResults

    @cached_property
    def contenders(self) -> dict[str, Contender]:
        """All variants by slug, with their failed runs set apart."""
        return contenders_of(self.results)

    @cached_property
    def standings(self) -> dict[str, Standing]:
        """The standing of every comparison of one text, by slug."""
        return standings(self.results, self.contenders)

    def about(self, section: str, vary: str | None = None) -> list[str]:
        """Return the comparisons of a section that vary a key, or all of the section."""
        comparisons = self.results.params.study.comparisons
        return [
            slug
            for slug in self.results.in_section(section)
            if vary is None or comparisons[slug].vary == vary
        ]

    def model(self, slug: str) -> ModelParams:
        """Return the model settings of a variant."""
        return self.results.params.study.variant(slug).model

    def values(self, slug: str, key: str) -> set[object]:
        """Return the values of a model setting in a comparison."""
        return {getattr(self.model(name), key) for name in self.results.comparison(slug).variants}

    @cached_property
    def dropout(self) -> Standing | None:
        """The comparison of dropout rates at one place."""
        for slug in self.about("dropout", "dropout"):
            if len(self.values(slug, "dropout_at")) == 1 and slug in self.standings:
                return self.standings[slug]
        return None

    @cached_property
    def clipping(self) -> Standing | None:
        """The comparison of ways to clip in which most runs failed, or else the first."""
        found = [self.standings[s] for s in self.about("training", "clip") if s in self.standings]
        return max(found, key=lambda one: sum(who.failed for who in one.contenders), default=None)

    @cached_property
    def equal_units(self) -> Standing | None:
        """The comparison of cells with the same number of units, on a text with no known floor."""
        return self._cells(lambda slug: len(self.values(slug, "hidden")) == 1)

    @cached_property
    def equal_parameters(self) -> Standing | None:
        """The comparison of cells with different numbers of units."""
        return self._cells(lambda slug: len(self.values(slug, "hidden")) > 1)

    def _cells(self, wanted: Callable[[str], bool]) -> Standing | None:
        for slug in self.about("cells", "cell"):
            known = slug in self.standings and not self.results.on_builtin_text(slug)
            if known and wanted(slug):
                return self.standings[slug]
        return None

    def of_cell(self, standing: Standing, cell: str) -> Contender | None:
        """Return the first contender with a cell."""
        return next((c for c in standing.contenders if self.model(c.slug).cell == cell), None)

    @cached_property
    def memories(self) -> list[str]:
        """The variants of comparisons of cells for which the table of memory has rows."""
        slugs = [
            name
            for slug in self.about("cells", "cell")
            if self.results.on_builtin_text(slug)
            for name in self.results.comparison(slug).variants
        ]
        return remembered(self.results, slugs)

    @cached_property
    def growth(self) -> tuple[str, str] | None:
        """Two variants with equal settings on two built-in texts: with growth, and without."""
        study, texts = self.results.params.study, self.results.params.texts
        for comparison in study.comparisons.values():
            pair = [study.variant(name) for name in comparison.variants]
            kinds = [texts[variant.text].builtin for variant in pair]
            differ = len(pair) == 2 and pair[0].text != pair[1].text
            if differ and None not in kinds and pair[0].model == pair[1].model:
                flat = sorted(pair, key=lambda variant: "flat" in variant.text)
                return flat[0].slug, flat[1].slug
        return None

    def overfits(self, one: Contender) -> bool:
        """Return whether the loss on val rose again before the end, at every seed that held."""
        places = [
            self.results.column("seeds", name, variant=one.slug, seed=list(one.finished)).values
            for name in ("best_step", "steps")
        ]
        pairs = list(zip(*places, strict=False))
        return bool(pairs) and all(best < last for best, last in pairs)

    @property
    def model_loss(self) -> Quantity | None:
        """The loss of *the* model on the reported split."""
        return self.results.of_model(f"{self.results.split}_bpc")
