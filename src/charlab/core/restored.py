"""Notice results that DVC restored from damaged files of its cache.

DVC trusts a read-only file in its cache by its name, the MD5 of what it should contain. It restores
a damaged one as if it were whole, 'dvc status' then calls the result up to date, and a forced run
leaves the file in the cache as it is. Here results are compared with dvc.lock, and where they
differ, with the cache: a result that a person changed is none of our business.
"""

from __future__ import annotations

import configparser
import filecmp
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from charlab.core.errors import CharlabError
from charlab.core.files import explained, write_bytes
from charlab.core.temporary import is_temporary

MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")


class DamagedError(CharlabError):
    """A result that DVC restored from a damaged file."""


@dataclass(frozen=True)
class Output:
    """A result in dvc.lock.

    Attributes
    ----------
    path : Path
        The file or folder.
    md5 : str
        Hash of the file; for a folder, that of the list of its files, and ``.dir``.
    """

    path: Path
    md5: str


@dataclass(frozen=True)
class Damage:
    """A file in DVC's cache whose content is not what its name says.

    Attributes
    ----------
    cached : Path
        The damaged file.
    result : Path
        The result, or the file in it, that DVC would restore from it.
    """

    cached: Path
    result: Path


def check_restored(*paths: Path) -> None:
    """Refuse results, or folders of results, if DVC restored one from a damaged file.

    Raises
    ------
    DamagedError
        The message says how to mend it.
    """
    recorded: dict[Path, list[Output]] = {}  # by project: dvc.lock may be long
    for where in (path.resolve() for path in paths):
        root = next((folder for folder in where.parents if (folder / "dvc.lock").is_file()), None)
        if root is None:
            continue  # not a result of a pipeline
        if root not in recorded:
            recorded[root] = recorded_outputs(root)
        _check(where, root, recorded[root])


def _check(where: Path, root: Path, outputs: list[Output]) -> None:
    """Refuse a result or a folder of results; see :func:`check_restored`."""
    for output in outputs:
        if output.path in where.parents:
            output = _narrowed(root, output, where)
        elif where not in (output.path, *output.path.parents):
            continue
        if _is_whole(output):
            continue
        for damage in damages(root, output):
            # A damaged list of a folder's files spoils the folder.
            if (damage.result == output.path and damage.result.is_dir()) or _copied(damage):
                raise DamagedError(
                    f"{_shown(damage.result)}: damaged, because DVC restored it from "
                    f"{_shown(damage.cached)}, whose content has changed; 'charlab mend' "
                    "removes both, then 'dvc pull' or 'dvc repro' brings the result back"
                )


def _narrowed(root: Path, folder: Output, path: Path) -> Output:
    """Return the one file of a folder that is wanted, if DVC's list of its files names it.

    Hashing a model takes less time than hashing all of its snapshots, too.
    """
    listing = _object(_cache(root), folder.md5)
    if listing.is_file() and _md5(listing) == folder.md5.removesuffix(".dir"):
        name = path.relative_to(folder.path).as_posix()
        for entry in json.loads(listing.read_bytes()):
            if entry["relpath"] == name:
                return Output(path, entry["md5"])
    return folder


def recorded_outputs(root: Path) -> list[Output]:
    """Return the results that dvc.lock records; none if it cannot be read."""
    # Here, since a model outside a project needs none of it.
    import yaml

    from charlab.core.yaml_text import LOADER

    try:
        with (root / "dvc.lock").open(encoding="utf-8") as stream:
            stages = yaml.load(stream, LOADER)["stages"].values()  # a safe loader
        outs = [out for stage in stages for out in stage.get("outs", [])]
        return [Output(root / out["path"], out["md5"]) for out in outs if _is_ours(out)]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError):
        return []  # DVC itself says what is wrong with it


def _is_ours(out: Mapping[str, Any]) -> bool:
    """Return whether a recorded output is in the project, with a hash that is one.

    Both become paths of files that may be removed, and a stranger may have written dvc.lock.
    """
    path = PurePath(out["path"])
    inside = ".." not in path.parts and not path.is_absolute()
    return out.get("hash") == "md5" and inside and MD5.fullmatch(out["md5"]) is not None


def damages(root: Path, output: Output) -> Iterator[Damage]:
    """Yield the damaged files in DVC's cache that a result would be restored from."""
    cache = _cache(root)
    listing = _object(cache, output.md5)
    if not listing.is_file():
        return
    if _md5(listing) != output.md5.removesuffix(".dir"):
        yield Damage(listing, output.path)
        return
    if output.md5.endswith(".dir"):
        for entry in json.loads(listing.read_bytes()):
            if not _is_ours({"path": entry["relpath"], "hash": "md5", "md5": entry["md5"]}):
                continue
            cached = _object(cache, entry["md5"])
            if cached.is_file() and _md5(cached) != entry["md5"]:
                yield Damage(cached, output.path / entry["relpath"])


def _copied(damage: Damage) -> bool:
    """Return whether a result has the content of the damaged file."""
    return damage.result.is_file() and filecmp.cmp(damage.cached, damage.result, shallow=False)


def mend(found: list[Damage]) -> list[Damage]:
    """Replace damaged files of the cache by intact results; remove those of which there is none.

    Returns
    -------
    list of Damage
        Those removed from the cache, and from the results.
    """
    intact = {damage.cached: damage.result for damage in found if _intact(damage)}
    removed = [damage for damage in found if damage.cached not in intact]
    # First the results, since several of the same content share a file of the cache.
    for path in [damage.result for damage in found if _copied(damage)]:
        with explained(path):
            path.unlink(missing_ok=True)
    for cached, result in intact.items():
        write_bytes(cached, result.read_bytes())
        cached.chmod(0o444)  # the sign of a file that DVC need not hash again
    for damage in removed:
        with explained(damage.cached):
            damage.cached.unlink(missing_ok=True)
    return removed


def _intact(damage: Damage) -> bool:
    """Return whether a result has the content that the damaged file should have."""
    name = damage.cached.parent.name + damage.cached.name
    return damage.result.is_file() and _md5(damage.result) == name


def _is_whole(output: Output) -> bool:
    """Return whether a result is missing, or is what dvc.lock says."""
    if output.md5.endswith(".dir"):
        return not output.path.is_dir() or f"{_folder_md5(output.path)}.dir" == output.md5
    return not output.path.is_file() or _md5(output.path) == output.md5


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        # A checksum against accidents, not against people.
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _folder_md5(folder: Path) -> str:
    """Return DVC's hash of a folder: that of the sorted list of its files and their hashes."""
    files = [
        {"md5": _md5(path), "relpath": path.relative_to(folder).as_posix()}
        for path in folder.rglob("*")
        if path.is_file() and not any(map(is_temporary, path.relative_to(folder).parts))
    ]
    files.sort(key=lambda file: file["relpath"])
    content = json.dumps(files, sort_keys=True).encode()
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _cache(root: Path) -> Path:
    """Return the folder of DVC's cache, which a checkout for an experiment shares."""
    named = "cache"
    for name in ("config", "config.local"):
        config = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            config.read(root / ".dvc" / name, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        named = config.get("cache", "dir", fallback=named)
    return root / ".dvc" / named


def _object(cache: Path, md5: str) -> Path:
    """Return the file in the cache for a hash."""
    return cache / "files" / "md5" / md5[:2] / md5[2:]


def _shown(path: Path) -> str:
    """Return a path as a person in the current folder would write it."""
    return os.path.relpath(path)
