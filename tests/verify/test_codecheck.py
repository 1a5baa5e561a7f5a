"""The bundle of a CODECHECK."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from charlab.core.files import sha256_of
from charlab.verify.certificate import certificate, check_place, read_chain
from charlab.verify.codecheck import public_address, write_bundle
from charlab.verify.stages import VerifyError
from codecheck_rules import ADVICE, broken
from made_pipeline import Made

FOR_A_PERSON = {"CC-CFG-009", "CC-CFG-010", "CC-CFG-019", "CC-CFG-020", "CC-CFG-025"}
"""Names and ORCIDs of codecheckers and authors, and the number that the register awards."""


@pytest.fixture
def bundle(project: Made, tmp_path: Path) -> Path:
    """Return the bundle of a check in which one output is different."""
    verifier = project.verifier(tmp_path / "scratch", {"train-variant@lstm-2": "other"})
    verifier.keep = tmp_path / "bundle"
    committed = verifier.scratch.committed
    (committed / "LICENSE").write_text("MIT\n")
    (committed / "report/report.md").write_text("# What: a “report”\n")
    for name in ("clean@one", "train-variant@lstm-2", "compare"):
        verifier.verify(name)
    found = [verdict for verdicts in verifier.done.values() for verdict in verdicts]
    content = certificate(committed, "c" * 40, verifier.records, {"drawn": ["compare"]}, found)
    summary = ["5 outputs: 4 identical", "drawn: 1 of 9 stages"]
    write_bundle(verifier.keep, committed, "https://example.org/study", content, summary)
    return verifier.keep


def test_bundle_keeps_every_rule_but_those_for_a_person(bundle: Path) -> None:
    """When these are filled in, with the ORCID of ORCID's own example, it keeps all."""
    file = bundle / "codecheck.yml"
    assert broken(file) - ADVICE == FOR_A_PERSON
    text = file.read_text(encoding="utf-8")
    text = text.replace("name:\n", "name: somebody\n")
    text = text.replace("ORCID:\n", "ORCID: 0000-0002-1825-0097\n")
    file.write_text(text.replace("certificate:\n", "certificate: 2026-001\n"), encoding="utf-8")
    assert broken(file) == ADVICE
    file.write_text(file.read_text(encoding="utf-8").replace("0097", "0098"), encoding="utf-8")
    assert broken(file) - ADVICE == {"CC-MET-001"}


def test_bundle_has_the_files_that_were_made_again(bundle: Path, project: Made) -> None:
    """Each with its hash and verdict, those of a different output too; and the certificate."""
    lines = (bundle / "MANIFEST").read_text(encoding="utf-8").splitlines()
    listed = {name: recorded for recorded, name in (line.split("  ", 1) for line in lines)}
    assert listed.keys() >= {"data/clean/one.txt", "metrics/table.csv", "plots/table.csv"}
    for name, recorded in listed.items():
        assert sha256_of(bundle / name) == recorded
        same = (project.root / name).read_bytes() == (bundle / name).read_bytes()
        assert same != name.startswith("data/variants/lstm-2")
    text = (bundle / "codecheck.yml").read_text(encoding="utf-8")
    assert "comment: different; written by the stage train-variant@lstm-2" in text
    assert "comment: identical; written by the stage compare" in text
    assert (bundle / "codecheck/certificate.pdf").read_bytes().startswith(b"%PDF")
    (one,) = read_chain(bundle / "codecheck")
    assert f"report: sha256:{one['hash']}\n" in text


@pytest.mark.parametrize("name", ["report", "report/certificates", "data/variants/lstm-1", "data"])
def test_results_are_no_place_for_certificates(project: Made, name: str) -> None:
    """A stage would remove them, and its output would have another hash."""
    with pytest.raises(VerifyError, match="expected a folder apart from the results"):
        check_place(project.root / name, project.root)
    check_place(project.root / "certificates", project.root)
    check_place(project.root.parent, project.root)


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://name:secret@example.org:8443/a/b.git", "https://example.org:8443/a/b.git"),
        ("git@example.org:a/b.git", None),
        ("/home/somebody/charlab", None),
        (None, None),
    ],
)
def test_only_a_public_address_is_named(
    tmp_path: Path, remote: str | None, address: str | None
) -> None:
    """Without a password, and without a folder of somebody's machine."""
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    if remote:
        subprocess.run(["git", "remote", "add", "origin", remote], cwd=tmp_path, check=True)
    assert public_address(tmp_path) == address
