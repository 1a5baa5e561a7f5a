"""Read the table of a tuning sweep, and find the variants that use what it chose.

``charlab sweep`` writes the table (docs/tuning.md); ``study.tuning`` names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pandas as pd

from charlab.compare.results import ResultsError
from charlab.plan.tuning import COLUMNS
from charlab.train.params import VariantSet

PUBLISHED = [name for name in COLUMNS if name != "variants"]
"""Columns of metrics/tuning.csv."""


def read_tuning(path: Path | TextIO) -> pd.DataFrame:
    """Return the table of a sweep.

    Raises
    ------
    ResultsError
        If it is missing, or is not such a table.
    """
    try:
        # Only these two may be missing; a family may be called "null".
        missing = {"val_bpc": [""], "diverged_at_step": [""]}
        types = {"chosen": bool, "learning_rate": float}
        table = pd.read_csv(path, dtype=types, na_values=missing, keep_default_na=False)
        return table[list(COLUMNS)]
    except FileNotFoundError:
        raise ResultsError(
            f"{path}: no such file, but params.yaml names it in study.tuning; run 'charlab sweep', "
            "which writes it, or set study.tuning: null"
        ) from None
    except (OSError, ValueError, KeyError) as error:
        raise ResultsError(
            f"{path}: not the table of a sweep ({error}); run 'charlab sweep' again"
        ) from None


def families(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield each variant that a family stands for, the family, and its chosen rows."""
    for family, rows in table.groupby("family", sort=False):
        for variant in str(rows["variants"].iloc[0]).split():
            yield variant, str(family), rows[rows["chosen"]]


def differences(study: VariantSet, table: pd.DataFrame) -> dict[str, str]:
    """Return, by variant, how it differs from the settings that its family chose.

    Variants that the study does not have are left out.
    """
    found = {}
    for slug, family, chosen in families(table):
        if slug not in study.variants:
            continue
        if chosen.empty:
            found[slug] = f"the family {family} has no chosen settings: every candidate diverged"
            continue
        variant, best = study.variant(slug), chosen.iloc[0]
        settings = (f"{variant.train.learning_rate:.6g}", variant.model.init)
        expected = (f"{best['learning_rate']:.6g}", best["init"])
        if settings != expected:
            found[slug] = (
                f"expected learning_rate {expected[0]} and init {expected[1]}, which the family "
                f"{family} chose, found {settings[0]} and {settings[1]}"
            )
    return found


def tuned_by(study: VariantSet, table: pd.DataFrame | None) -> dict[str, str]:
    """Return the family by variant, for each variant that uses what its family chose."""
    if table is None:
        return {}
    different = differences(study, table)
    return {
        slug: family
        for slug, family, _ in families(table)
        if slug in study.variants and slug not in different
    }


def tuning_table(study: VariantSet, table: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows of the families that tuned a variant of the study."""
    if table is None:
        return pd.DataFrame(columns=PUBLISHED)
    used = set(tuned_by(study, table).values())
    return table.loc[table["family"].isin(used), PUBLISHED]
