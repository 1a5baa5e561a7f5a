"""Walk from a line of a result back to the stage, parameters, code, text and bytes behind it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from charlab.clean.fingerprints import read_bodies
from charlab.core.errors import CharlabError, shortened
from charlab.core.schema import parse_yaml
from charlab.core.stage_inputs import lookup
from charlab.plan.params import load_params
from charlab.verify.hashes import md5_of
from charlab.verify.stages import (
    Record,
    Stage,
    VerifyError,
    declared_stages,
    needs,
    producer,
    recorded_stages,
    within,
)


def explained(root: Path, place: str) -> list[str]:
    """Return lines on the origin of a result.

    Parameters
    ----------
    root : Path
        The project.
    place : str
        A file below it, or a line of one: ``metrics/variants.csv:12``.

    Raises
    ------
    VerifyError
        If no stage writes the file, or it has no such line.
    """
    name, line = _place(root, place)
    stages = declared_stages(root)
    records = recorded_stages(root, stages)
    stage = producer(name, stages)
    # In a clone without data, what git does not track is only recorded.
    recorded = stage is not None and not line and not any(within(name, o) for o in stage.tracked)
    if not (recorded or (root / name).exists()):
        raise VerifyError(f"{name}: no such file; name one such as metrics/variants.csv:12")
    if stage is None:
        raise VerifyError(f"{name}: no stage of dvc.yaml writes it")
    text = _line(root / name, line) if line else ""
    numbers = _numbers(root, line) if name == "report/report.md" else []
    named = _named(name, text, line, root, stages)
    named |= _slugs_in(numbers) & {stage.partition("@")[2] for stage in stages}
    lines = [f"{name}:{line}: {shortened(text)}"] if line else [name]
    lines += [f"  number {printed} = {formula}" for printed, formula in numbers]
    many = {name.partition("@")[0] for name in stages if "@" in name}
    lines.append(
        f"  about {', '.join(sorted(named))}"
        if named
        else f"  about no single text or variant, so none of {', '.join(sorted(many))} is listed"
    )
    for one in [stage, *_upstream(stage, stages, named)]:
        lines += ["", *_stage_lines(root, one, records.get(one.name))]
    return lines


def _place(root: Path, place: str) -> tuple[str, int]:
    """Return a path relative to the project, and a line's number, 0 if none is given."""
    name, _, number = place.rpartition(":")
    if not (name and number.isdecimal()):
        name, number = place, "0"
    path = Path(name) if Path(name).exists() and not (root / name).exists() else root / name
    try:
        return path.resolve().relative_to(root.resolve()).as_posix(), int(number)
    except ValueError:
        raise VerifyError(f"{name}: expected a file of the project {root}") from None


def _line(path: Path, number: int) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not 1 <= number <= len(lines):
        raise VerifyError(f"{path}: has {len(lines)} lines, and no line {number}")
    return lines[number - 1]


def _named(name: str, line: str, number: int, root: Path, stages: Mapping[str, Stage]) -> set[str]:
    """Return the variants and texts that a line, or else the path, names by their slugs."""
    slugs = {stage.partition("@")[2] for stage in stages if "@" in stage}
    if name.endswith(".csv") and number > 1:
        header, fields = (next(csv.reader([text]), []) for text in (_line(root / name, 1), line))
        slug = dict(zip(header, fields, strict=False)).get("variant")
        # Only whole fields: "rnn" is no part of "rnn-wide".
        return {slug} & slugs if slug else set(fields) & slugs
    if number:
        return _labelled(line, root) & slugs
    parts = {part for part in Path(name).with_suffix("").parts if part in slugs}
    return parts | _compared(Path(name).stem, root) & slugs


def _numbers(root: Path, line: int) -> list[tuple[str, str]]:
    """Return the numbers in a line of the report, each with its formula over the tables."""
    path = root / "report" / "numbers.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        return [(row["printed"], row["formula"]) for row in rows if row["line"] == str(line)]


def _slugs_in(numbers: list[tuple[str, str]]) -> set[str]:
    """Return the words in quotes in formulas, variants and texts among them."""
    return {word for _, formula in numbers for word in re.findall(r"'([^']+)'", formula)}


def _compared(stem: str, root: Path) -> set[str]:
    """Return the variants of the comparison that a figure's name ends in."""
    try:
        comparisons = load_params(root / "params.yaml").study.comparisons
    except CharlabError:
        return set()
    # The longest one: "cells_equal_parameters" is not about "parameters".
    slug = max((slug for slug in comparisons if stem.endswith(f"_{slug}")), key=len, default="")
    return set(comparisons[slug].variants) if slug else set()


def _labelled(sentence: str, root: Path) -> set[str]:
    """Return the variants whose labels a sentence of the report has."""
    try:
        labels = load_params(root / "params.yaml").labels
    except CharlabError:
        return set()
    found = set()
    # Longest first: "RNN, torch" is not about the variant with the label "RNN".
    for slug, label in sorted(labels.items(), key=lambda pair: -len(pair[1])):
        pattern = rf"(?<!\w){re.escape(label)}(?!\w)"
        if re.search(pattern, sentence):
            found.add(slug)
            sentence = re.sub(pattern, "", sentence)
    return found


def _upstream(stage: Stage, stages: Mapping[str, Stage], named: set[str]) -> Iterator[Stage]:
    """Yield the stages behind one, nearest first.

    Of stages for many texts or variants, only those of the named ones, and of what they read.
    """
    waiting, seen = [stage], {stage.name}
    while waiting:
        current = waiting.pop(0)
        needed = needs(current, stages)
        kinds = Counter(other.name.partition("@")[0] for other in needed)
        for other in needed:
            kind, _, slug = other.name.partition("@")
            # compare reads all variants, a variant only its own text.
            wanted = slug in named or kinds[kind] == 1
            if wanted and other.name not in seen:
                seen.add(other.name)
                waiting.append(other)
                yield other


def _stage_lines(root: Path, stage: Stage, record: Record | None) -> Iterator[str]:
    """Yield lines on one stage: command, parameters, code and other inputs with their hashes."""
    yield f"{stage.name}: {stage.cmd}"
    for key, value in stage.params.items():
        yield from (f"  param  {name} = {shortened(v)}" for name, v in leaves(key, value))
    for dep in stage.deps:
        md5 = record.deps.get(dep) if record else None
        kind = "code  " if dep.startswith(("src/", "stages/")) else "input "
        changed = ""
        if kind == "code  " and md5 != md5_of(root / dep):
            changed = "  (changed since)"
        yield f"  {kind} {dep}  {md5 or 'not recorded'}{changed}"
    for out in stage.outs:
        yield f"  output {out}  {record.outs.get(out) if record else 'not recorded'}"
    if stage.name.startswith("fetch@"):
        yield from _source(root, stage.name.partition("@")[2])


def leaves(key: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield the full name and the value of each parameter below a key of params.yaml."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from leaves(f"{key}.{name}", below)
    else:
        yield key, value


def _source(root: Path, slug: str) -> Iterator[str]:
    """Yield a line on where a text comes from, and one on its body's recorded hash."""
    params = parse_yaml((root / "params.yaml").read_bytes(), "params.yaml")
    entry = lookup(params, f"texts.{slug}") or {}
    book = entry.get("gutenberg")
    where = f"https://www.gutenberg.org/ebooks/{book}" if book else shortened(entry)
    yield f"  text   {slug}: {where}"
    if body := read_bodies(root / "data" / "bodies.yaml").get(slug):
        yield f"  body   {body['chars']} characters, sha256 {body['sha256']} (data/bodies.yaml)"
