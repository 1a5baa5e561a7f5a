"""Read YAML that may come from a stranger: plain values, small, and no key twice.

PyYAML alone keeps the last of two equal keys, reads ``.inf`` as a number, copies aliases without
limit, takes minutes for deep nesting, and libyaml crashes on very deep nesting.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import yaml

from charlab.core.errors import shortened

MAX_BYTES = 2_000_000
"""Maximum size of a document that callers read; the course study has 15,000 bytes."""

MAX_DEPTH = 20
"""Maximum number of mappings and lists inside one another; params.yaml has 6."""

MAX_VALUES = 100_000
"""Maximum number of values, each alias counted as a copy."""

MAX_DIGITS = 40
"""Maximum length of a number."""

TAG = "tag:yaml.org,2002:"
PLAIN = {f"{TAG}{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map", "merge")}
"""Tags of the values that parameters are made of."""

CONTRADICTIONS = (ValueError, TypeError, KeyError, IndexError, AttributeError)
"""Errors that PyYAML raises for a scalar that contradicts its type, such as ``!!int x``."""

# libyaml's parser, where PyYAML has it, is ten times as fast.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""A loader of plain values."""


class YamlError(Exception):
    """A document that is not YAML, or not fit for parameters; the message has key and line."""


def read_yaml_text(text: str) -> Any:
    """Return the value of a YAML document.

    Raises
    ------
    YamlError
        If it is not YAML, is too deep, has a key twice, a number that is not finite
        or too long, or a value of another type than text, number, true, false and null.
    """
    try:
        _check_depth(text)
        loader = LOADER(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check(node)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise YamlError(f"{where}not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise YamlError(f"not YAML: {shortened(error)}") from None
    except CONTRADICTIONS as error:  # of a key
        raise YamlError(f"not YAML: {shortened(error)}") from None


def _check_depth(text: str) -> None:
    """Refuse deep nesting before it is composed, which is recursive."""
    depth = 0
    event: Any
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1
            raise YamlError(f"line {line}: more than {MAX_DEPTH} lists or sections in one another")


def _check(root: yaml.Node) -> None:
    """Refuse what a parameter file must not have; walk through aliases as if they were copies."""
    waiting: list[tuple[yaml.Node, tuple[str, ...]]] = [(root, ())]
    for _ in range(MAX_VALUES):
        if not waiting:
            return
        node, path = waiting.pop()
        where = f"{'.'.join(path) or 'the file'}, line {node.start_mark.line + 1}"
        # An alias of a section that it is part of never ends.
        if len(path) > MAX_DEPTH:
            raise YamlError(f"{where}: more than {MAX_DEPTH} lists or sections in one another")
        if node.tag not in PLAIN:
            raise YamlError(f"{where}: values of the type {shortened(node.tag)} are not allowed")
        if isinstance(node, yaml.ScalarNode):
            _check_scalar(node, where)
        waiting += _below(node, path)
    # The path of an alias leads through its copies; only its start is of use.
    raise YamlError(
        f"{path[0]}, line {_line(root, path[0])}: more than {MAX_VALUES:,} values, each alias "
        "counted as a copy"
    )


def _line(root: yaml.Node, key: str) -> int:
    """Return the line of a key or place at the top of the document."""
    return next(node.start_mark.line + 1 for node, path in _below(root, ()) if path[0] == key)


def _check_scalar(node: yaml.ScalarNode, where: str) -> None:
    """Refuse infinities, NaN, numbers of many digits, and a value that contradicts its tag."""
    kind = node.tag.removeprefix(TAG)
    if kind not in ("int", "float", "bool"):
        return
    if len(node.value) > MAX_DIGITS:
        raise YamlError(f"{where}: a number of {len(node.value):,} characters, too long")
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except CONTRADICTIONS:
        # Such as '!!int x', or 0x_, which looks like a number to YAML.
        raise YamlError(f"{where}: expected a value of type {kind}, found '{node.value}'") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise YamlError(f"{where}: expected a finite number, found {node.value}")


def _below(node: yaml.Node, path: tuple[str, ...]) -> Iterator[tuple[yaml.Node, tuple[str, ...]]]:
    """Yield the nodes below a node, each with its path; refuse a key that is there twice."""
    if isinstance(node, yaml.SequenceNode):
        for place, entry in enumerate(node.value):
            yield entry, (*path, str(place))
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[tuple[str, str], int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(f"line {line}: expected a word as key, found a list or a section")
        below = (*path, shortened(key.value))
        # The tag, too: 1 and "1" are two keys.
        first = lines.get((key.tag, key.value))
        if first is not None:
            raise YamlError(f"{'.'.join(below)}: lines {first} and {line} both have this key")
        lines[key.tag, key.value] = line
        yield value, below
