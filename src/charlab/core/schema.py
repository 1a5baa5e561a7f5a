"""The base of every parameter schema: strict types, and errors that name the key.

Each package describes its own sections of params.yaml in a module ``params.py``; a stage
loads only the sections that it uses, so that a new key elsewhere leaves its results up to date.
:mod:`charlab.plan.params` composes all sections and checks the file as a whole.
"""

from __future__ import annotations

import copy
import re
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeGuard, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from charlab.core.errors import UNSAFE, CharlabError, printable
from charlab.core.units import counted
from charlab.core.yaml_text import MAX_BYTES, YamlError, read_yaml_text

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
"""A name that is a key in params.yaml and part of file names."""

SHOWN = 80
"""Maximum number of characters of a value that a message shows."""

S = TypeVar("S", bound=BaseModel)
T = TypeVar("T")


class ParamsError(CharlabError):
    """A parameter file cannot be read, or has a value that is not allowed."""


def slug(value: str) -> str:
    """Return a name that may become part of a path.

    Raises
    ------
    ValueError
        If it is not a slug.
    """
    if not isinstance(value, str) or not SLUG.fullmatch(value):
        raise ValueError(
            "a slug is lower-case letters, digits, '-' and '_' (at most 100), and starts with a "
            "letter or digit"
        )
    return value


def named(entries: Mapping[str, T], name: str, where: str) -> T:
    """Return the entry of a section that has a user's own keys.

    Raises
    ------
    ParamsError
        If the section at ``where`` has no such entry.
    """
    if name not in entries:
        known = ", ".join(entries) or "nothing"
        raise ParamsError(f"params.yaml: {where} has no {name!r}; it has {known}")
    return entries[name]


def _number_from_text(value: object) -> object:
    """Turn ``"1e-05"`` into a float.

    DVC writes ``-S train.learning_rate=0.00001`` as ``1e-05``, which YAML 1.1
    (PyYAML) reads as a string because the mantissa has no dot.
    """
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", value):
        return float(value)
    return value


def _reject_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is expected, not true or false")
    return value


def _check_line(value: str) -> str:
    if match := UNSAFE.search(value):
        raise ValueError(f"a line of text without control characters is expected, not {match[0]!r}")
    if "\n" in value.strip():
        raise ValueError("one line of text is expected")
    return value


Slug = Annotated[str, AfterValidator(slug)]
Line = Annotated[str, Field(max_length=1000), AfterValidator(_check_line)]
"""Text that is shown to people: in the report, in figures, in messages."""
# Validators run from right to left: bool is a subclass of int, and must go first.
Float = Annotated[float, BeforeValidator(_number_from_text), BeforeValidator(_reject_bool)]
Int = Annotated[int, BeforeValidator(_reject_bool)]
Seed = Annotated[Int, Field(ge=0)]


class Section(BaseModel):
    """A block of params.yaml: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class StageParams(BaseModel):
    """The top-level keys that one stage reads; it ignores all others.

    tests/test_graph.py checks that dvc.yaml declares exactly these keys for the stage.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


def describe(
    error: Mapping[str, Any], schema: type[BaseModel], prefix: tuple[str, ...] = ()
) -> str:
    """Describe one problem in a line: the key's path, the value, and the allowed values.

    Parameters
    ----------
    error : mapping
        One entry of pydantic's ``ValidationError.errors()``.
    schema : type of BaseModel
        The schema that the document was checked against.
    prefix : tuple of str
        Path of that document in the whole file.
    """
    # pydantic marks an error in a key itself, such as a bad slug, with "[key]".
    below = [printable(str(step))[:SHOWN] for step in error["loc"] if step != "[key]"]
    path = ".".join([*prefix, *below]) or "the file"
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        known = _allowed_keys(schema, below[:-1])
        return f"{path}: unknown key (value {_shown(error['input'])}); {known}"
    if error["type"] == "missing":
        return f"{path}: this key is missing"
    # A check across several keys: printing the whole section as its value would not help.
    if error["type"] == "value_error" and isinstance(error["input"], dict):
        return f"{path}: {message}"
    return f"{path}: {message}, found {_shown(error['input'])}"


def _shown(value: object) -> str:
    """Return a value as Python writes it; a long text, list or section is cut in the middle."""
    cut = reprlib.Repr()
    cut.maxstring = cut.maxother = cut.maxlong = SHOWN
    return cut.repr(value)


def _allowed_keys(schema: type[BaseModel], path: list[str]) -> str:
    """Return a phrase that lists the allowed keys of the section at ``path``."""
    # Follow the path through the type annotations; a user's own slug leads to a dict's value type.
    current: Any = schema
    for step in path:
        current = _annotation_below(current, step)
    if not is_section(current):
        return "it is not part of this section"
    return "known keys here: " + ", ".join(current.model_fields)


def _annotation_below(annotation: Any, step: str) -> Any:
    """Return the type of the key ``step`` of a section, or of any entry of a dict."""
    if is_section(annotation):
        return annotation.model_fields[step].annotation if step in annotation.model_fields else None
    return get_args(annotation)[-1] if get_args(annotation) else None


def is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    """Check that a type annotation is a schema with keys of its own."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def refuse(source: str, problems: list[str]) -> ParamsError:
    """Return the error for a document with these problems, one line each."""
    count = counted(len(problems), "problem")
    return ParamsError(f"{source}: {count}\n" + "\n".join(f"  {line}" for line in problems))


def parse(document: object, schema: type[S], source: str = "params.yaml") -> S:
    """Check a loaded YAML document against a schema.

    Raises
    ------
    ParamsError
        With one line per problem: the key's path, the value, the allowed values.
    """
    if not isinstance(document, dict):
        raise refuse(source, ["the file must be a mapping of keys such as texts, model, train"])
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        problems = [describe(problem, schema) for problem in error.errors()]
        raise refuse(source, problems) from None


def read_yaml(path: Path | str) -> Any:
    """Return the content of a YAML file.

    Raises
    ------
    ParamsError
        If the file is missing or is not YAML in UTF-8.
    """
    path = Path(path)
    try:
        # Bounded, so that a file of many gigabytes is refused like one of two megabytes.
        with path.open("rb") as stream:
            return parse_yaml(stream.read(MAX_BYTES + 1), str(path))
    except FileNotFoundError:
        raise ParamsError(
            f"{path}: no such file; run from the project's folder, or name the file"
        ) from None
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read: {error.strerror}") from None


def parse_yaml(document: bytes | str, source: str) -> Any:
    """Return the content of a YAML document in UTF-8.

    Raises
    ------
    ParamsError
        If it is not YAML, or has what no parameter file needs (:mod:`charlab.core.yaml_text`).
    """
    if len(document) > MAX_BYTES:
        raise ParamsError(f"{source}: more than {MAX_BYTES:,} bytes, too much for parameters")
    try:
        text = document if isinstance(document, str) else document.decode("utf-8-sig")
        return read_yaml_text(text)
    except UnicodeDecodeError as error:
        raise ParamsError(f"{source}: not text in UTF-8, at byte {error.start}") from None
    except YamlError as error:
        raise ParamsError(f"{source}: {error}") from None


def load(schema: type[S], path: Path | str = "params.yaml") -> S:
    """Read the parts of a parameter file that ``schema`` describes.

    Raises
    ------
    ParamsError
        If the file cannot be read, or a value in these parts is not allowed.
    """
    return parse(read_yaml(path), schema, str(path))


def apply_overrides(document: dict[str, Any], assignments: list[str]) -> dict[str, Any]:
    """Return a copy of ``document`` with ``section.key=value`` assignments applied.

    Values are read as YAML, so ``model.hidden=256`` is an integer.

    Raises
    ------
    ParamsError
        If an assignment is not of the form ``key.path=value``.
    """
    result = copy.deepcopy(document)
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        keys = path.split(".")
        if not equals or not all(keys):
            raise ParamsError(
                f"--set {assignment}: expected KEY.PATH=VALUE, as in model.hidden=256"
            )
        # Create missing sections on the way to the one that gets the value.
        target = result
        for key in keys[:-1]:
            target = target.setdefault(key, {})
            if not isinstance(target, dict):
                raise ParamsError(f"--set {assignment}: {key} is not a section")
        target[keys[-1]] = parse_yaml(text, f"--set {assignment}")
    return result
