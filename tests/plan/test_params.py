"""params.yaml is checked as a whole, and every message says what to do."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from charlab.core.schema import ParamsError, apply_overrides
from charlab.plan.params import load_params, parse_params

SMALL: dict[str, Any] = {
    "texts": {"book": {"builtin": "invented"}},
    "text": "book",
    "study": {
        "variants": {"gru": {"text": "book", "model": {"cell": "gru"}}},
        "comparisons": {"cells": {"title": "Cells", "question": "?", "variants": ["gru"]}},
    },
}


def changed(**assignments: Any) -> dict[str, Any]:
    """Return SMALL with keys replaced; ``__`` in a name stands for a dot."""
    document: dict[str, Any] = yaml.safe_load(yaml.safe_dump(SMALL))
    for path, value in assignments.items():
        *parents, last = path.split("__")
        target = document
        for key in parents:
            target = target.setdefault(key, {})
        target[last] = value
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (changed(model__hiden=3), r"model\.hiden: unknown key \(value 3\).*known keys.*hidden"),
        (changed(model__hidden="many"), r"model\.hidden: .*integer, found 'many'"),
        (changed(model__hidden=0), r"model\.hidden: .*greater than or equal to 1, found 0"),
        (changed(model__hidden=True), r"model\.hidden: a number is expected, not true or false"),
        (changed(model__cell="lstn"), r"model\.cell: .*'rnn', 'gru' or 'lstm', found 'lstn'"),
        (changed(train__dropout=0.5), r"train\.dropout: unknown key"),
        (changed(text="boook"), r"text: no text is called 'boook'; texts has book"),
        (changed(texts__book={}), r"texts\.book: .*exactly one of gutenberg, path, builtin"),
        (
            changed(texts__book={"gutenberg": 1, "growth": False}),
            r"texts\.book: growth is for a builtin text only",
        ),
        (changed(texts__Book={"gutenberg": 1}), r"texts\.Book: a slug is lower-case"),
        (
            changed(study__variants__x={"text": "moby"}),
            r"study\.variants\.x\.text: no text is called 'moby'",
        ),
        (
            changed(study__variants__x={"text": "book", "model": {"hiden": 3}}),
            r"study\.variants\.x\.model\.hiden: unknown key.*known keys here: backend",
        ),
        (
            changed(study__comparisons__cells__variants=["gru", "lstm"]),
            r"study\.comparisons\.cells\.variants\.1: no variant is called 'lstm'.*has gru",
        ),
        (changed(study__titles={"lstm": "LSTM"}), r"study\.titles\.lstm: no variant"),
        (changed(study__seeds=[1, 1]), r"study.seeds: expected distinct seeds, found \[1, 1\]"),
        (
            changed(study__variants__x={"text": "book", "seeds": []}),
            r"study\.variants\.x\.seeds: .*at least 1 item",
        ),
        (
            changed(
                study__variants__x={"text": "book", "seeds": [8, 9]},
                study__comparisons__cells__variants=["gru", "x"],
            ),
            r"study\.comparisons\.cells\.variants: .*a seed that all .*gru \[1\], x \[8, 9\]",
        ),
        (changed(corpus__val=0.5, corpus__test=0.5), r"corpus: val \+ test is 1"),
        (changed(corpus__min_count=3), r"corpus: min_count: 3 .*unknown: true"),
        (changed(model__backend="numpy"), r"model: backend: numpy trains the vanilla RNN only"),
        (
            changed(model__backend="numpy", model__cell="rnn", model__recurrent_dropout=0.2),
            r"numpy trains the vanilla RNN only, so recurrent_dropout must be 0.0",
        ),
        (changed(model__init="identity"), r"model: init: identity is for cell: rnn"),
        ({"text": "book"}, r"texts: this key is missing"),
        ([1, 2], r"the file must be a mapping"),
    ],
)
def test_a_mistake_is_named_with_path_value_and_remedy(document: object, message: str) -> None:
    """Each kind of mistake gives the key's path, the value, and what is allowed."""
    with pytest.raises(ParamsError, match=message):
        parse_params(document)


def test_all_mistakes_are_told_at_once() -> None:
    """Two mistakes in two sections are two lines of one message."""
    with pytest.raises(ParamsError, match=r"2 problems") as caught:
        parse_params(changed(model__hidden=-1, train__seq_len="x"))
    assert "model.hidden" in str(caught.value)
    assert "train.seq_len" in str(caught.value)


def test_a_float_written_by_dvc_is_a_number() -> None:
    """DVC writes 0.00001 as 1e-05, which PyYAML reads as a string."""
    document = changed()
    document["train"] = yaml.safe_load("learning_rate: 1e-05")
    assert document["train"]["learning_rate"] == "1e-05"
    assert parse_params(document).train.learning_rate == 1e-5


def test_a_variant_overrides_the_defaults_only_where_it_says() -> None:
    """The variant's cell is its own, the hidden size is the study's."""
    params = parse_params(changed(study__defaults={"model": {"hidden": 7}}))
    variant = params.study.variant("gru")
    assert (variant.model.cell, variant.model.hidden) == ("gru", 7)
    assert params.model.hidden == 128


def test_seeds_of_a_variant_are_its_own_or_those_of_the_study() -> None:
    """The model to look at is the one with the lowest of them."""
    own = {"text": "book", "seeds": [9, 4]}
    study = parse_params(changed(study__variants__x=own, study__seeds=[2, 1])).study
    assert (study.seeds_of("gru"), study.seeds_of("x")) == ([2, 1], [9, 4])
    assert study.first_models(Path("v")) == [("gru", Path("v/gru/1")), ("x", Path("v/x/4"))]


def test_overrides_are_read_as_yaml_and_leave_the_original_alone() -> None:
    """--set model.hidden=256 gives an integer in a copy."""
    document: dict[str, Any] = {"model": {"hidden": 128}}
    result = apply_overrides(document, ["model.hidden=256", "train.schedule=cosine"])
    assert result == {"model": {"hidden": 256}, "train": {"schedule": "cosine"}}
    assert document == {"model": {"hidden": 128}}


@pytest.mark.parametrize("assignment", ["model.hidden", "=3", "model..hidden=3"])
def test_an_override_without_key_or_value_is_refused(assignment: str) -> None:
    """The message shows the form that is expected."""
    with pytest.raises(ParamsError, match=r"expected KEY\.PATH=VALUE"):
        apply_overrides({}, [assignment])


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    """Neither gives a traceback from deep inside a reader."""
    with pytest.raises(ParamsError, match=r"none\.yaml: no such file"):
        load_params(tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [", encoding="utf-8")
    with pytest.raises(ParamsError, match=r"broken\.yaml: line \d+: not YAML"):
        load_params(broken)
