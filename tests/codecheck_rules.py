"""CODECHECK's rules for a bundle that need no network, restated in Python.

The list with its identifiers is rules-2.0.yml of https://github.com/codecheckers/register, as of 9
September 2026; what each checks follows the community's own validator, an R package
(https://github.com/codecheckers/codecheck, R/rules_checks.R).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

PLACEHOLDER = re.compile(r"FIXME|TODO|XXXX|0000-0000-0000-0000")
ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
URL = re.compile(r"https?://\S+")

ADVICE = {"CC-CFG-012", "CC-CFG-028"}
"""Rules of severity "info" that fail without a DOI."""


def broken(file: Path) -> set[str]:
    """Return the identifiers of the rules that a codecheck.yml breaks."""
    text = file.read_bytes().decode("utf-8")
    found = set() if text.lstrip().startswith("---\n") else {"CC-CFG-002"}
    content = yaml.safe_load(text)
    for rules in (_configuration, _people, _values, _bundle):
        found |= {rule for rule, kept in rules(content, file) if not kept}
    return found


def _configuration(content: dict[str, Any], file: Path) -> Iterator[tuple[str, bool]]:
    manifest, paper = content.get("manifest"), content.get("paper") or {}
    reference = str(paper.get("reference") or "")
    names = [item.get("file", "") for item in manifest or []]
    yield "CC-CFG-003", file.name == "codecheck.yml"
    yield "CC-CFG-004", isinstance(manifest, list)
    yield "CC-CFG-005", all(names)
    yield "CC-CFG-006", not any(re.search(r"^(/|~|[A-Za-z]:)|(^|/)\.\.(/|$)", n) for n in names)
    yield "CC-CFG-007", all(_has(item, "comment") for item in manifest or [])
    yield "CC-CFG-008", bool(content.get("codechecker"))
    yield "CC-CFG-011", _has(content, "report")
    yield "CC-CFG-012", bool(URL.match(str(content.get("report"))))
    yield "CC-CFG-014", _has(content, "version")
    yield (
        "CC-CFG-015",
        bool(re.fullmatch(r"https://codecheck.org.uk/spec/config/[12].0/?", content["version"])),
    )
    yield "CC-CFG-016", _has(content, "paper")
    yield "CC-CFG-017", _has(paper, "title")
    yield "CC-CFG-018", bool(paper.get("authors"))
    yield "CC-CFG-021", bool(reference.strip())
    yield "CC-CFG-022", not reference.endswith(".pdf")
    yield "CC-CFG-024", _has(content, "summary")
    yield "CC-CFG-025", _has(content, "certificate")
    yield "CC-CFG-027", bool(URL.fullmatch(reference))
    yield "CC-CFG-028", "doi.org/" in reference


def _people(content: dict[str, Any], _: Path) -> Iterator[tuple[str, bool]]:
    checkers, authors = content["codechecker"], content["paper"]["authors"]
    orcids = [person["ORCID"] for person in checkers + authors if person.get("ORCID") is not None]
    yield "CC-CFG-009", all(_has(person, "name") for person in checkers)
    yield "CC-CFG-010", all(_has(person, "ORCID") for person in checkers)
    yield "CC-CFG-019", all(_has(person, "name") for person in authors)
    yield "CC-CFG-020", all(_has(person, "ORCID") for person in authors)
    yield "CC-MET-001", all(ORCID.fullmatch(orcid) and _checksum(orcid) for orcid in orcids)


def _values(content: dict[str, Any], _: Path) -> Iterator[tuple[str, bool]]:
    number = content.get("certificate")
    yield "CC-CFG-013", "FIXME" not in str(content.get("report"))
    yield "CC-CFG-023", not any(PLACEHOLDER.search(value) for value in _texts(content))
    yield "CC-CFG-026", number is None or bool(re.fullmatch(r"\d{4}-\d{3}", number))


def _bundle(content: dict[str, Any], file: Path) -> Iterator[tuple[str, bool]]:
    folder = file.parent
    yield "CC-BUN-001", all((folder / item["file"]).is_file() for item in content["manifest"])
    yield "CC-BUN-002", (folder / "codecheck").is_dir()
    yield "CC-BUN-003", bool(list((folder / "codecheck").glob("*.pdf")))
    yield "CC-BUN-005", (folder / "LICENSE").is_file()


def _has(node: dict[str, Any], key: str) -> bool:
    return bool(str(node.get(key) or "").strip())


def _checksum(orcid: str) -> bool:
    """Return whether the last digit is that of ISO 7064, 11-2."""
    total = 0
    for digit in orcid.replace("-", "")[:15]:
        total = (total + int(digit)) * 2
    return orcid[-1] == "0123456789X"[(12 - total % 11) % 11]


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for below in node.values() if isinstance(node, dict) else node:
            yield from _texts(below)
