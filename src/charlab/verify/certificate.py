"""Certificates: small JSON files that say who could reproduce what, and name their parents.

A certificate contains its own hash, so that an edit shows. It proves no authorship: whoever edits
one can write the hash anew. A chain adds to that: each certificate names the one before it, so that
confirmations from several machines are kept together, and none can be exchanged unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from charlab.core.files import UnreadableError, read_json, sha256_of, write_json
from charlab.verify.stages import Record, VerifyError, declared_stages, related
from charlab.verify.verifier import DIFFERENT, UNKNOWN, VERDICTS, Verdict

PACKAGES = ("charlab", "numba", "numpy", "pandas", "scikit-learn", "torch", "llvmlite", "typst")
"""Packages whose versions a certificate names, if they are installed."""

INSTRUCTIONS = ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NPY_DISABLE_CPU_FEATURES")
"""Environment variables that choose instructions; a certificate names those that are set."""

KEYS = {"kind", "lock", "commit", "texts", "versions", "processor", "audit", "verdicts", "parent"}
KIND = "charlab certificate 1"


def certificate(
    root: Path,
    commit: str,
    records: Mapping[str, Record],
    audit: Mapping[str, Any],
    verdicts: Iterable[Verdict],
    parent: str | None = None,
) -> dict[str, Any]:
    """Return a certificate of a verification.

    Parameters
    ----------
    root : Path
        A checkout of the commit.
    commit : str
        Its full name.
    records
        The stages of dvc.lock; the bodies of the texts are among their outputs.
    audit : mapping
        Seed, number of stages, and those that were run.
    verdicts : iterable of Verdict
        One per output.
    parent : str, optional
        Hash of the certificate that this one follows.
    """
    texts = {
        name.partition("@")[2]: md5
        for name, record in records.items()
        if name.startswith("clean@")
        for out, md5 in record.outs.items()
        if out.endswith(".txt")
    }
    content: dict[str, Any] = {
        "kind": KIND,
        "lock": sha256_of(root / "dvc.lock"),
        "commit": commit,
        "texts": texts,
        "versions": {"python": platform.python_version()} | _versions(),
        "processor": processor(),
        "audit": dict(audit),
        "verdicts": [asdict(verdict) for verdict in verdicts],
        "parent": parent,
    }
    # Through JSON, so that tuples are lists as they will be when it is read.
    content = json.loads(json.dumps(content))
    return {**content, "hash": own_hash(content)}


def own_hash(content: Mapping[str, Any]) -> str:
    """Return the hash of a certificate: SHA-256 of all but ``hash``, as canonical JSON."""
    rest = {key: value for key, value in content.items() if key != "hash"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def processor() -> str:
    """Return the kind of the processor that runs this program, the system, and settings of these.

    LLVM asks the processor itself. /proc/cpuinfo is about the machine, also below an emulator.
    """
    import llvmlite.binding as llvm

    model, info = "", Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        model = next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")
    kind, emulator = llvm.get_host_cpu_name(), _emulator()
    name = f"{model} ({kind})" if model and not emulator else kind
    run_by = f"emulated by {emulator} on {model or 'an unknown processor'}" if emulator else ""
    settings = [f"{key}={os.environ[key]}" for key in INSTRUCTIONS if key in os.environ]
    return ", ".join(
        filter(None, (name, platform.machine(), platform.system(), run_by, " ".join(settings)))
    )


def _emulator() -> str:
    """Return the name of the program that executes this one's instructions, "" if none does."""
    try:
        own, real = (Path(f"/proc/{entry}/exe").readlink() for entry in ("self", "thread-self"))
    except OSError:  # not Linux
        return ""
    # QEMU shows a program the link that it would have on the other machine, but not for threads.
    return "" if own == real else real.name


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except ImportError:
            continue
    return found


def check_place(folder: Path, root: Path) -> None:
    """Refuse a folder in which a stage of the project writes.

    DVC removes the output of a stage before it runs, and its hash covers all files in it.

    Raises
    ------
    VerifyError
        With another place.
    """
    place, top = folder.resolve(), root.resolve()
    if not place.is_relative_to(top):
        return
    name = place.relative_to(top).as_posix()
    for stage in declared_stages(root).values():
        for out in stage.outs:
            if related(name, out):
                raise VerifyError(
                    f"{folder}: expected a folder apart from the results, found {out}, which the "
                    f"stage {stage.name} writes anew; name another one, such as certificates"
                )


def add_to_chain(folder: Path, content: dict[str, Any]) -> Path:
    """Write a certificate to a folder, named by its hash, and return its path."""
    path = folder / f"{content['hash'][:16]}.json"
    write_json(path, content)
    return path


def latest(folder: Path, lock: str) -> str | None:
    """Return the hash of the certificate to follow: one for the same dvc.lock that none follows.

    Raises
    ------
    VerifyError
        If the chain is broken.
    """
    chain = read_chain(folder) if folder.is_dir() else []
    same = [one for one in chain if one["lock"] == lock]
    parents = {one["parent"] for one in chain}
    heads = sorted(one["hash"] for one in same if one["hash"] not in parents)
    # Two machines may have followed the same one; either goes on.
    return heads[-1] if heads else None


def read_chain(folder: Path) -> list[dict[str, Any]]:
    """Read the certificates of a folder, parents first, and check hashes and parents.

    Raises
    ------
    VerifyError
        If one was edited, has no parent in the folder, or is no certificate.
    """
    waiting = {}
    for path in sorted(folder.glob("*.json")):
        one = _read(path)
        if one["hash"] != own_hash(one):
            raise VerifyError(f"{path}: was edited: its content has not the hash that it names")
        waiting[one["hash"]] = one
    chain: list[dict[str, Any]] = []
    known: set[str | None] = {None}
    while waiting:
        ready = [key for key, one in waiting.items() if one["parent"] in known]
        if not ready:
            orphan = next(iter(waiting.values()))
            raise VerifyError(
                f"{folder}: certificate {orphan['hash'][:16]} follows {orphan['parent'][:16]}, "
                "which is not there; add it, or remove this one"
            )
        chain += [waiting[key] for key in ready]
        known.update(ready)
        for key in ready:
            del waiting[key]
    return chain


def _read(path: Path) -> dict[str, Any]:
    try:
        one = read_json(path)
    except UnreadableError as error:
        raise VerifyError(str(error)) from None
    if not _is_certificate(one):
        raise VerifyError(f"{path}: expected a {KIND!r} with {', '.join(sorted(KEYS))}")
    # A hash can be written anew, so the content may still be anything.
    if not (isinstance(one["parent"], str | None) and _are_verdicts(one["verdicts"])):
        raise VerifyError(
            f"{path}: expected verdicts that are one of {', '.join(VERDICTS)}, and a hash or null "
            "as parent"
        )
    return dict(one)


def _is_certificate(one: Any) -> bool:
    """Check that a value from a stranger's file has the keys of a certificate."""
    return (
        isinstance(one, dict)
        and KEYS | {"hash"} <= one.keys()
        and one["kind"] == KIND
        and all(isinstance(one[key], str) for key in ("hash", "lock", "processor"))
    )


def _are_verdicts(found: object) -> bool:
    return isinstance(found, list) and all(
        isinstance(one, dict)
        and one.get("verdict") in VERDICTS
        and isinstance(one.get("stage"), str)
        for one in found
    )


def chain_status(chain: list[dict[str, Any]], lock: str | None) -> int:
    """Return 0 if all certificates confirm a dvc.lock, 1 if one contradicts, 2 if not all do."""
    counts = Counter(verdict["verdict"] for one in chain for verdict in one["verdicts"])
    if counts[DIFFERENT]:
        return 1
    # One without verdicts, for which there was no time, confirms nothing.
    confirmed = all(one["lock"] == lock and one["verdicts"] for one in chain)
    return 0 if chain and confirmed and not counts[UNKNOWN] else 2
