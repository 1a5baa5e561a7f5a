"""Remove results of texts and variants that params.yaml no longer names.

Stages read only the results that params.yaml names, so left-overs change no result. But dvc.yaml
cannot list the members of a ``foreach``, so dvc.lock records hashes of whole folders such as
data/variants. Without left-overs these are the same on every machine.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from charlab.plan.params import Params

# Folders below data/ with one file or folder per text, and per variant.
PER_TEXT = ("raw", "clean", "vocab", "baselines")
PER_VARIANT = ("variants", "samples/variants", "evaluation/variants")


def remove_leftovers(params: Params, data: Path) -> list[Path]:
    """Remove outputs of texts and variants that ``params`` does not name.

    DVC's cache keeps them: going back to the old params.yaml restores each without a run.

    Returns
    -------
    list of Path
        The files and folders removed.
    """
    kept = {folder: set(params.texts) for folder in PER_TEXT}
    kept |= {folder: set(params.study.variants) for folder in PER_VARIANT}
    removed = []
    for folder, slugs in kept.items():
        # Not the .gitignore files that DVC writes beside its outputs.
        for path in sorted((data / folder).glob("[!.]*")):
            # A slug has no dot; an output's name is the slug with a suffix or without.
            if path.name.partition(".")[0] in slugs:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            removed.append(path)
    return removed
