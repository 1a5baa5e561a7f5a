"""Certificates show edits, and chain."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import llvmlite.binding
import pytest

from charlab.verify.certificate import (
    INSTRUCTIONS,
    add_to_chain,
    certificate,
    chain_status,
    latest,
    own_hash,
    read_chain,
)
from charlab.verify.stages import Record, VerifyError
from charlab.verify.verifier import DIFFERENT, IDENTICAL, UNKNOWN, WITHIN, Verdict

RECORDS = {"clean@one": Record("clean", {}, {"data/clean/one.txt": "5" * 32}, {})}


def made(root: Path, *found: str, parent: str | None = None) -> dict[str, Any]:
    """Return a certificate with these verdicts."""
    (root / "dvc.lock").write_text("stages: {}\n")
    verdicts = [Verdict(f"s{n}", f"out{n}", verdict) for n, verdict in enumerate(found)]
    return certificate(root, "c" * 40, RECORDS, {"seed": 3}, verdicts, parent)


def test_certificate_names_what_was_verified_where(tmp_path: Path) -> None:
    """The lock's hash, the bodies, versions, the processor, verdicts; and its own hash."""
    one = made(tmp_path, IDENTICAL)
    assert one["texts"] == {"one": "5" * 32}
    assert {"python", "numpy", "numba"} <= one["versions"].keys()
    assert one["processor"]
    assert one["verdicts"] == [{"stage": "s0", "output": "out0", "verdict": IDENTICAL, "notes": []}]
    assert len(one["lock"]) == len(one["hash"]) == 64
    path = add_to_chain(tmp_path / "certificates", one)
    assert json.loads(path.read_text()) == one
    assert own_hash(json.loads(path.read_text())) == one["hash"]


def test_certificate_names_the_processor_that_the_code_is_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run for an older one on a newer one is not a run on either alone."""
    for name in INSTRUCTIONS:
        monkeypatch.delenv(name, raising=False)
    plain = made(tmp_path, IDENTICAL)["processor"]
    assert llvmlite.binding.get_host_cpu_name() in plain
    monkeypatch.setenv("NUMBA_CPU_NAME", "haswell")
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "")
    told = made(tmp_path, IDENTICAL)["processor"]
    assert told == f"{plain}, NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES="


def test_certificate_names_the_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below QEMU /proc/cpuinfo is still about the machine, which did not run the code."""
    links = {"self": Path("/opt/bin/python3.11"), "thread-self": Path("/usr/bin/qemu-x86_64")}
    monkeypatch.setattr(Path, "readlink", lambda path: links[path.parent.name])
    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_name", lambda: "nehalem")
    processor = made(tmp_path, IDENTICAL)["processor"]
    assert processor.startswith("nehalem, ")
    assert ", emulated by qemu-x86_64 on " in processor


def test_certificates_chain(tmp_path: Path) -> None:
    """Each names the one before it; the next follows one that none follows."""
    folder, one = tmp_path / "certificates", made(tmp_path, IDENTICAL)
    assert latest(folder, one["lock"]) is None
    add_to_chain(folder, one)
    two = made(tmp_path, WITHIN, parent=latest(folder, one["lock"]))
    add_to_chain(folder, two)
    assert two["parent"] == one["hash"]
    assert [entry["hash"] for entry in read_chain(folder)] == [one["hash"], two["hash"]]
    assert latest(folder, one["lock"]) == two["hash"]
    assert latest(folder, "0" * 64) is None


@pytest.mark.parametrize(
    ("found", "lock", "status"),
    [
        ([[IDENTICAL], [WITHIN]], "mine", 0),
        ([[IDENTICAL], [UNKNOWN]], "mine", 2),
        ([[UNKNOWN], [DIFFERENT]], "mine", 1),
        ([[IDENTICAL], [IDENTICAL]], "another", 2),
        ([[IDENTICAL], []], "mine", 2),
        ([], "mine", 2),
    ],
)
def test_chain_has_the_status_of_its_worst(
    tmp_path: Path, found: list[list[str]], lock: str, status: int
) -> None:
    """It confirms nothing of another dvc.lock."""
    chain = [made(tmp_path, *verdicts) for verdicts in found]
    mine = chain[0]["lock"] if chain and lock == "mine" else lock
    assert chain_status(chain, mine) == status


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda one: one["verdicts"][0].update(verdict=IDENTICAL), "was edited"),
        (lambda one: one.update(parent="f" * 64), "was edited"),
        (lambda one: one.update(parent="f" * 64, hash=""), "follows ffffffffffffffff"),
        (lambda one: one.pop("processor"), "expected a 'charlab certificate 1'"),
        (
            lambda one: one.update(verdicts=[{"stage": "s", "verdict": "excellent"}], hash=""),
            "expected verdicts",
        ),
        (lambda one: one.update(verdicts=["fine"], hash=""), "expected verd"),
        (lambda one: one.update(verdicts=3, hash=""), "expected verd"),
        (lambda one: one.update(parent=[], hash=""), "null as parent"),
    ],
    ids=["verdict", "parent", "orphan", "no certificate", "word", "text", "number", "list"],
)
def test_damaged_chain_is_refused(tmp_path: Path, damage: Any, message: str) -> None:
    """An edit shows by the hash, a missing parent by its name."""
    folder, one = tmp_path / "certificates", made(tmp_path, DIFFERENT)
    path = add_to_chain(folder, one)
    damage(one)
    if one.get("hash") == "":  # a careful forger
        one["hash"] = own_hash(one)
    path.write_text(json.dumps(one))
    with pytest.raises(VerifyError, match=message):
        read_chain(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"parent": ["x"]},
        {"parent": 5},
        {"hash": 5},
        {"verdicts": 5},
        {"verdicts": [{"verdict": 1}]},
    ],
    ids=str,
)
def test_values_of_other_types_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    """A certificate comes from anybody; a value of another type is one line, not a traceback."""
    one = {**made(tmp_path, DIFFERENT), **change}
    if "hash" not in change:
        one["hash"] = own_hash(one)
    (tmp_path / "one.json").write_text(json.dumps(one))
    kinds = "a 'charlab certificate 1'|verdicts that are one of"
    with pytest.raises(VerifyError, match=f"expected ({kinds})"):
        read_chain(tmp_path)


def test_pipe_and_deep_json_are_no_certificates(tmp_path: Path) -> None:
    """The first would wait for ever, the second exhaust Python's stack."""
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a" / "one.json")
    with pytest.raises(VerifyError, match="found a pipe"):
        read_chain(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "one.json").write_text("[" * 100_000)
    with pytest.raises(VerifyError, match="nested too deeply"):
        read_chain(tmp_path / "b")
