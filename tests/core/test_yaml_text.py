"""YAML from a stranger is plain, small and unambiguous, or refused at once."""

from __future__ import annotations

import time

import pytest

from charlab.core.yaml_text import YamlError, read_yaml_text

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n"
    for a, b in zip("abcdefghijkl", "bcdefghijklm", strict=True)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("model: {hidden: 8, cell: lstm}\nrate: 1.0e-5\n", None),
        ("x: &x {a: 1}\ny: {<<: *x, b: 2}\n", {"x": {"a": 1}, "y": {"a": 1, "b": 2}}),
        ("1: a\n'1': b\n", {1: "a", "1": "b"}),
        ("a: 0x10\nb: null\nc: [true, 1e-05]\n", {"a": 16, "b": None, "c": [True, "1e-05"]}),
    ],
)
def test_plain_values_are_read(text: str, value: object) -> None:
    """Sections, lists, text, numbers, aliases: what PyYAML reads from them."""
    import yaml

    assert read_yaml_text(text) == (value or yaml.safe_load(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: {a: 1}\ntrain: 2\nmodel: {a: 3}\n", "model: lines 1 and 3 both have this key"),
        ("t:\n  e: 1\n  f: 2\n  e: 3\n", r"t\.e: lines 2 and 4 both"),
        ('"\\e[2J": 1\n"\\e[2J": 2\n', r"^\\x1b\[2J: lines"),
        ("train:\n  clip_at: .inf\n", r"train\.clip_at, line 2: expected a finite number"),
        ("a: -.INF", "found -.INF"),
        ("a: [1, .nan]", r"a\.1, line 1: expected a finite number, found \.nan"),
        ("a: 1.0e+999", "a, line 1: expected a finite number"),
        ("seed: " + "9" * 5000, "seed, line 1: a number of 5,000 characters"),
        ("seed: 1." + "9" * 5000, "seed, line 1: a number of 5,002 characters"),
        ("\n\na: " + "[" * 200_000, "line 3: more than 20 lists"),
        ("{" * 100_000, "more than 20 lists"),
        ("- " * 100_000, "more than 20 lists"),
        ("? " * 100_000, "more than 20 lists"),
        (BOMB, "m, line 13: more than 100,000 values"),
        ("a: &a [*a]", "more than 20 lists"),
        ("a: &a {b: *a}", "more than 20 lists"),
        ("a: 2001-99-99", "a, line 1: values of the type .*timestamp are not allowed"),
        ("a: !!python/object/apply:os.system ['touch x']", "os.system are not allowed"),
        ("a: !!int x", "a, line 1: expected a value of type int, found 'x'"),
        ("a: !!int ", "a, line 1: expected a value of type int, found ''"),
        ("!!float", "the file, line 1: expected a value of type float, found ''"),
        ("b:\n  a: !!bool x", r"b\.a, line 2: expected a value of type bool, found 'x'"),
        ("a: 0b_", "a, line 1: expected a value of type int, found '0b_'"),
        ("? !!int\n: 1", "not YAML"),
        ("? [a]\n: 1", "line 1: expected a word as key"),
        ("a: *b", "not YAML"),
        ("a: \0", "not YAML"),
        ("a: 1\n---\nb: 2", "not YAML"),
    ],
)
def test_anything_else_is_refused_at_once(text: str, message: str) -> None:
    """The error names the key and the line; nothing takes seconds or crashes the interpreter."""
    started = time.process_time()
    with pytest.raises(YamlError, match=message):
        read_yaml_text(text)
    assert time.process_time() - started < 2
