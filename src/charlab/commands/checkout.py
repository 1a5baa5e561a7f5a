"""Check out the data of a branch's results."""

from __future__ import annotations

from pathlib import Path


def restore_data(root: Path) -> list[str]:
    """Let DVC check out the data of the current branch's results, as far as it has them.

    Returns
    -------
    list of str
        DVC's objection, if it has one.
    """
    if not (root / "dvc.lock").is_file():
        return []
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            # Whatever another study left there is in the cache.
            repo.checkout(force=True, allow_missing=True)
    except DvcException as error:
        return [f"DVC could not check out data/ ({error}); try 'dvc checkout'"]
    return []
