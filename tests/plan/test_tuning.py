"""The specification of a sweep is checked as a whole, and every message names the key."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import yaml

from charlab.core.schema import ParamsError
from charlab.models.params import ModelParams
from charlab.plan.params import parse_params
from charlab.plan.tuning import Init, candidates, parse_tuning

PARAMS = parse_params(
    {
        "texts": {"book": {"builtin": "invented"}},
        "text": "book",
        "study": {"defaults": {"model": {"hidden": 24}, "train": {"epochs": 8}}},
    }
)

TWO: dict[str, Any] = {
    "candidates": 2,
    "seeds": [1, 2],
    "defaults": {"train": {"epochs": 2}},
    "families": {
        "lstm": {"title": "LSTM", "text": "book", "rates": [0.01, 0.02], "applies_to": ["lstm"]},
        "relu": {
            "title": "ReLU",
            "text": "book",
            "model": {"cell": "rnn", "activation": "relu"},
            "rates": [0.005],
            "inits": ["orthogonal", "identity"],
        },
    },
}


def changed(family: str = "lstm", **assignments: Any) -> dict[str, Any]:
    """Return TWO with keys of a family replaced."""
    document: dict[str, Any] = yaml.safe_load(yaml.safe_dump(TWO))
    document["families"].setdefault(family, {}).update(assignments)
    return document


def test_a_candidate_has_all_settings() -> None:
    """They come from params.yaml, then the specification, then the family, then the grid."""
    found = candidates(parse_tuning(TWO, PARAMS, "spec"), PARAMS.study.defaults)
    assert [(one.family, *one.settings, one.seed) for one in found] == [
        *(("lstm", rate, "uniform", seed) for rate in (0.01, 0.02) for seed in (1, 2)),
        *(("relu", 0.005, init, seed) for init in ("orthogonal", "identity") for seed in (1, 2)),
    ]
    assert {(one.model.hidden, one.train.epochs) for one in found} == {(24, 2)}
    assert [one.model.activation for one in found] == ["tanh"] * 4 + ["relu"] * 4


def test_every_initialization_of_a_model_may_be_tried() -> None:
    """The schema of a sweep repeats the values of model.init."""
    assert get_args(Init) == get_args(ModelParams.model_fields["init"].annotation)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            changed(rates=[0.01]),
            r"families\.lstm: expected as many.*candidates: 2, found 1 rates x 1 inits = 1",
        ),
        (changed("relu", inits=["orthogonal"]), r"families\.relu: expected as many candidates"),
        (changed(rates=[0.02, 0.01]), r"families\.lstm: expected rates in rising order"),
        (changed(rates=[0.01, 0.01]), r"families\.lstm: expected rates in rising order"),
        (changed(rates=[-0.01, 0.01]), r"families\.lstm\.rates\.0: .*greater than 0"),
        (changed(text="moby"), r"families\.lstm\.text: no text is called 'moby'.*has book"),
        (changed(model={"hiden": 3}), r"families\.lstm\.model\.hiden: unknown key"),
        (changed(train={"epochs": 0}), r"families\.lstm\.train\.epochs: .*found 0"),
        (changed(train={"learning_rate": 0.1}), r"families\.lstm: the learning rate belongs"),
        (changed("relu", inits=["best", "identity"]), r"families\.relu\.inits\.0: .*'uniform'"),
        (changed("relu", inits=["uniform"] * 2), r"families\.relu: expected distinct inits"),
        (changed("relu", model={"cell": "gru"}), r"families\.relu\.model: init: identity is for"),
        (changed("relu", applies_to=["lstm"]), r"relu\.applies_to: 'lstm' belongs to.*'lstm'"),
        (changed("Big"), r"families\.Big: a slug is lower-case"),
        (TWO | {"seeds": [1, 1]}, r"seeds: expected distinct seeds"),
        (TWO | {"seed": 1}, r"seed: unknown key.*known keys here: candidates, seeds"),
        (TWO | {"defaults": {"model": {"cel": 1}}}, r"families\.lstm\.model\.cel: unknown key"),
        ({"families": TWO["families"]}, r"candidates: this key is missing"),
        ([1], r"the file must be a mapping"),
    ],
)
def test_a_mistake_is_named_with_key_and_remedy(document: object, message: str) -> None:
    """Nothing is trained from a specification with a mistake."""
    with pytest.raises(ParamsError, match=message):
        parse_tuning(document, PARAMS, "spec")
