"""Write parameters for people: a complete, commented params.yaml, and the reference of all keys.

A file in studies/ holds only what differs from the schema's defaults. DVC needs every key
in params.yaml itself, so that ``dvc exp run -S`` finds it; each gets its comment from the
schema, the only place where a key is described.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from charlab.core.schema import is_section, parse_yaml
from charlab.fetch.params import TextParams
from charlab.plan.params import Params, parse_params
from charlab.plan.study import ComparisonParams
from charlab.train.params import VariantParams

VERBATIM = ("texts", "study")
"""Blocks whose keys are the user's own; they are copied unchanged."""

MODEL_HEADING = (
    "*The* model, the one to play with: dvc exp run -S model.hidden=256 trains it alone."
)
"""Heading above text, model and train, which together describe the model."""

SWEEP = "tuning"
"""Name of the file in studies/ that describes a sweep (charlab.plan.tuning), not a study."""


def study_files(root: Path) -> dict[str, Path]:
    """Return the files of the published studies of the project in a folder, by name."""
    paths = (root / "studies").glob("*.yaml")
    return {path.stem: path for path in paths if path.stem != SWEEP}


def complete(source: str, name: str = "study") -> str:
    """Return the whole params.yaml of a study.

    Parameters
    ----------
    source : str
        Content of a file in studies/: YAML with the values that differ from the defaults.
    name : str
        Its name, for messages.

    Raises
    ------
    ParamsError
        If the study is not valid.
    """
    params = parse_params(parse_yaml(source, name), name)
    blocks = _blocks(source)
    parts = [blocks[""].strip()] if blocks[""].strip() else []
    for key, field in Params.model_fields.items():
        if key in VERBATIM:
            # As written: the user's own comments and layout stay.
            body = blocks.get(key, "").rstrip()
        else:
            body = "\n".join(_aligned(_lines(key, field, getattr(params, key))))
        if body:
            # text, model and train form one block, without blank lines in between.
            separator = "\n" if key in ("model", "train") else "\n\n"
            parts += [separator if parts else "", _heading(key, field) + body]
    return "".join(parts) + "\n"


def _heading(key: str, field: FieldInfo) -> str:
    """Return the comment above a block."""
    if key == "text":
        return f"# {MODEL_HEADING}\n"
    is_block = key in VERBATIM or is_section(field.annotation)
    text = textwrap.fill(field.description or "", 96) if is_block else ""
    return textwrap.indent(text, "# ") + "\n" if text else ""


def _blocks(source: str) -> dict[str, str]:
    """Split a YAML text into its top-level blocks, by key; the head comes under ""."""
    blocks: dict[str, list[str]] = {"": []}
    current = ""
    for line in source.splitlines():
        # A key at the start of a line; those of sections are indented.
        if match := re.match(r"(\w+):", line):
            current = match[1]
            blocks[current] = []
        blocks[current].append(line)
    return {key: "\n".join(lines) for key, lines in blocks.items()}


def _lines(key: str, field: FieldInfo, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield each line of a setting or a section, and its comment."""
    indent = "  " * depth
    if not isinstance(value, BaseModel):
        yield f"{indent}{key}: {scalar(value)}", field.description or ""
        return
    yield f"{indent}{key}:", field.description or "" if depth else ""
    for name, below in type(value).model_fields.items():
        yield from _lines(name, below, getattr(value, name), depth + 1)


def _aligned(lines: Iterator[tuple[str, str]]) -> list[str]:
    """Put the comments of a block into one column."""
    pairs = list(lines)
    width = max(len(text) for text, comment in pairs if comment or len(pairs) == 1)
    width = min(width, 30) + 1  # a single long line must not push all comments to the right
    return [f"{text:{width}} # {comment}" if comment else text for text, comment in pairs]


def scalar(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, str):
        # The second condition quotes words that YAML reads as other types: no, null, true.
        plain = re.fullmatch(r"[A-Za-z][\w./-]*", value) and yaml.safe_load(value) == value
        quoted = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10**9)
        return value if plain else str(quoted).strip()
    if isinstance(value, list):
        return f"[{', '.join(map(scalar, value))}]"
    # PyYAML ends a document of one scalar with a line of three dots.
    return str(yaml.safe_dump(value)).removesuffix("...\n").strip()


class _NullRepresenter(RoundTripRepresenter):
    """Write null as a word: ruamel.yaml alone leaves its place empty."""

    def represent_null(self, _: None) -> ScalarNode:
        """Return the word."""
        node: ScalarNode = self.represent_scalar("tag:yaml.org,2002:null", "null")
        return node


_NullRepresenter.add_representer(type(None), _NullRepresenter.represent_null)


def keeping_yaml() -> YAML:
    """Return a reader and writer that keeps comments, quotes, order, and the word null."""
    yaml = YAML()
    yaml.Representer = _NullRepresenter
    yaml.preserve_quotes = True
    # Never fold a long line: it would change lines that nobody edited.
    yaml.width = 1_000_000
    return yaml


REFERENCE_HEAD = """# Parameters

Every key of params.yaml, from the schema that checks it. A wrong value stops the pipeline
before its first stage, with the key, the value and what is allowed:

    $ dvc exp run -S model.cell=lstn
    plan: params.yaml: 1 problem
      model.cell: Input should be 'rnn', 'gru' or 'lstm', found 'lstn'

`charlab params` prints this page. A file in studies/ holds only what differs from these
defaults; `charlab study NAME` writes the complete params.yaml.
"""

ENTRIES: dict[str, type[BaseModel]] = {
    "texts.SLUG": TextParams,
    "study.variants.SLUG": VariantParams,
    "study.comparisons.SLUG": ComparisonParams,
}
"""Schemas of entries under slugs that a user chooses."""


def reference() -> str:
    """Return the reference of all keys in Markdown: one table per section."""
    tables: dict[str, list[str]] = {}
    for path, field in _keys(Params, ()):
        tables.setdefault(".".join(path[:-1]), []).append(_row(path[-1], field))
    for where, schema in ENTRIES.items():
        tables[where] = [_row(name, field) for name, field in schema.model_fields.items()]
    head = "\n| key | default | allowed | meaning |\n|---|---|---|---|\n"
    sections = [
        f"\n## {where or 'Top level'}\n{head}" + "\n".join(rows) + "\n"
        for where, rows in tables.items()
    ]
    return REFERENCE_HEAD + "".join(sections)


def _keys(
    schema: type[BaseModel], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Yield the path and field of every setting in ``schema`` and the sections below it."""
    for name, field in schema.model_fields.items():
        path = (*above, name)
        # study.defaults has the keys of model and train, which are listed once.
        if is_section(field.annotation) and path != ("study", "defaults"):
            yield from _keys(field.annotation, path)
        else:
            yield path, field


def _row(name: str, field: FieldInfo) -> str:
    shown = "" if field.is_required() else f"`{_default(field)}`"
    return f"| `{name}` | {shown} | {_allowed(field)} | {field.description or ''} |"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return "{}" if isinstance(value, BaseModel) or value == {} else scalar(value)


def _allowed(field: FieldInfo) -> str:
    """Return the allowed values or bounds of a setting, as a person writes them."""
    bounds = [*_bounds(field.metadata)]
    # The members of a union, such as "int or None", carry annotations of their own.
    for part in (field.annotation, *get_args(field.annotation)):
        bounds += _bounds(getattr(part, "__metadata__", ()))
        literals = [value for value in get_args(part) if isinstance(value, str)]
        if literals:
            return ", ".join(literals)
    return ", ".join(dict.fromkeys(bounds))


SIGNS: Mapping[str, str] = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def _bounds(metadata: Any) -> Iterator[str]:
    """Yield each numeric bound among the annotations of a type."""
    for item in metadata:
        # A Field(ge=1) inside Annotated holds its bounds one level deeper.
        for part in (item, *getattr(item, "metadata", ())):
            for name, sign in SIGNS.items():
                if getattr(part, name, None) is not None:
                    yield f"{sign} {getattr(part, name):,}"
