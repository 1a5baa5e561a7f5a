"""Write the bundle of a CODECHECK: what was made again, and what a codechecker signs.

The format is version 2.0 of https://codecheck.org.uk/spec/config/. Whoever hands it in fills in
what only a person can: names, ORCIDs, and the number that the register awards.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typst
from ruamel.yaml import YAML

from charlab.core.errors import CharlabError
from charlab.core.files import sha256_of, write_bytes, write_json, write_text
from charlab.course.workspace import git
from charlab.verify.scratch import copy
from charlab.verify.stages import related

SPECIFICATION = "https://codecheck.org.uk/spec/config/2.0/"

TO_FILL_IN = """\
---
# Written by charlab verify. Fill in what is empty: your name and ORCID, those of the authors, the
# certificate's number in the register; and, once it is deposited, the DOI of the report.
"""


def write_bundle(
    folder: Path, committed: Path, origin: str | None, certificate: dict[str, Any],
    summary: list[str],
) -> None:  # fmt: skip
    """Write everything but the files that were made again, which are there already.

    Parameters
    ----------
    folder : Path
        It has the outputs of the verification's own runs.
    committed : Path
        A checkout of the commit.
    origin : str or None
        Address of the repository, if it is public.
    certificate : dict
        See :mod:`charlab.verify.certificate`.
    summary : list of str
        Sentences on what was run and found.
    """
    made = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in made]
    lines = [f"{sha256_of(path)}  {name}\n" for path, name in zip(made, names, strict=True)]
    write_text(folder / "MANIFEST", "".join(lines))  # as sha256sum --check reads it
    entries = [{"file": name, "comment": _comment(name, certificate)} for name in names]
    content = _configuration(_title(committed), origin, certificate, summary, entries)
    write_text(folder / "codecheck.yml", content)
    if (committed / "LICENSE").is_file():
        copy(committed / "LICENSE", folder / "LICENSE")
    page = folder / "codecheck"
    write_json(page / "certificate.json", certificate)
    template = files("charlab.verify") / "templates" / "certificate.typ"
    write_bytes(page / "certificate.typ", template.read_bytes())
    compiler: Any = typst.Compiler(root=folder, font_paths=[], ignore_system_fonts=True)
    write_bytes(page / "certificate.pdf", compiler.compile(page / "certificate.typ"))


def _configuration(
    title: str, origin: str | None, certificate: dict[str, Any], summary: list[str],
    manifest: list[dict[str, str]],
) -> str:  # fmt: skip
    """Return codecheck.yml; empty values are for a person to fill in."""
    person = {"name": None, "ORCID": None}
    reference = origin or f"report/report.md at commit {certificate['commit']}"
    content = {
        "version": SPECIFICATION,
        "manifest": manifest,
        "paper": {"title": title, "authors": [person], "reference": reference},
        "codechecker": [dict(person)],
        "report": f"sha256:{certificate['hash']}",
        "summary": "\n".join(summary),
        **({"repository": origin} if origin else {}),
        "check_time": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
        "certificate": None,
    }
    yaml = YAML()
    yaml.width = 1000  # one line per value
    stream = io.StringIO()
    yaml.dump(content, stream)
    return TO_FILL_IN + stream.getvalue()


def _comment(name: str, certificate: dict[str, Any]) -> str:
    """Return the verdict on the output that a file belongs to."""
    verdict = next(v for v in certificate["verdicts"] if related(v["output"], name))
    return f"{verdict['verdict']}; written by the stage {verdict['stage']}"


def _title(committed: Path) -> str:
    """Return the title of the committed report."""
    report = committed / "report" / "report.md"
    lines = report.read_text(encoding="utf-8").splitlines() if report.is_file() else []
    return next((line[2:] for line in lines if line.startswith("# ")), "A charlab study")


def public_address(root: Path) -> str | None:
    """Return the web address of the repository that a project was cloned from, if it has one."""
    try:
        url = urlsplit(git(root, "remote", "get-url", "origin").strip())
    except (CharlabError, ValueError):
        return None
    host = url.netloc.rpartition("@")[2]  # without a name and password
    return f"{url.scheme}://{host}{url.path}" if url.scheme in ("http", "https") else None
