"""Where the results of trainings lie, for the stages that read all of them."""

from __future__ import annotations

from pathlib import Path


def seeds_of(variant: Path) -> list[Path]:
    """Return the model folders of one variant, ``variant/<seed>``, in the order of the seeds."""
    return sorted((path for path in variant.iterdir() if path.is_dir()), key=lambda p: int(p.name))


def first_seeds(variants: Path) -> list[tuple[str, Path]]:
    """Return each variant's slug and the folder of its model with the lowest seed.

    Parameters
    ----------
    variants : Path
        Folder with one folder per variant, each with one model folder per seed.
    """
    folders = sorted(path for path in variants.iterdir() if path.is_dir())
    return [(folder.name, seeds_of(folder)[0]) for folder in folders]
