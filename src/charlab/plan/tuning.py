"""The specification of a tuning sweep: families of variants, and the candidates of each.

A family stands for variants that share a learning rate. Every family tries the same number of
candidates (learning rates times initializations), so that none is tuned harder than another.
``charlab sweep`` trains each candidate once per seed (:mod:`charlab.commands.sweep`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from charlab.core.schema import Float, Int, Line, Section, Seed, Slug, parse, refuse
from charlab.models.params import ModelParams
from charlab.plan.params import Params, override_problems
from charlab.train.params import StudyDefaults, TrainParams

Init = Literal["uniform", "xavier", "orthogonal", "identity"]
"""The values of ``model.init``."""

Rate = Annotated[Float, Field(gt=0)]

COLUMNS = (
    *("family", "label", "text", "learning_rate", "init", "seed", "chars", "val_bpc"),
    *("diverged_at_step", "chosen", "variants"),
)
"""Columns of the table of a sweep; ``variants`` lists those that use the chosen settings."""


class TuningDefaults(Section):
    """Overrides of the study's defaults that hold for every family."""

    model: dict[str, Any] = Field(default={}, description="overrides of study.defaults.model")
    train: dict[str, Any] = Field(default={}, description="overrides of study.defaults.train")


class FamilyParams(Section):
    """An entry of ``families``: variants that share a learning rate."""

    title: Line = Field(description="label in tables and figures")
    text: Slug = Field(description="slug of the text in params.yaml")
    model: dict[str, Any] = Field(default={}, description="overrides of defaults.model")
    train: dict[str, Any] = Field(default={}, description="overrides of defaults.train")
    rates: Annotated[list[Rate], Field(min_length=1)] = Field(
        description="learning rates, from the lowest to the highest"
    )
    inits: Annotated[list[Init], Field(min_length=1)] | None = Field(
        default=None, description="initializations; null: that of the merged model"
    )
    applies_to: list[Slug] = Field(
        default=[], description="variants of the study that use the chosen rate and initialization"
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        # The first and the last rate are the edges of the grid.
        if sorted(set(self.rates)) != self.rates:
            raise ValueError(f"expected rates in rising order, found {self.rates}")
        if self.inits and len(set(self.inits)) != len(self.inits):
            raise ValueError(f"expected distinct inits, found {self.inits}")
        if "learning_rate" in self.train or (self.inits and "init" in self.model):
            raise ValueError("the learning rate belongs in rates, and init in inits alone")
        return self


class TuningParams(Section):
    """The whole of a specification such as studies/tuning.yaml."""

    candidates: Annotated[Int, Field(ge=1, le=1000)] = Field(
        description="number of candidates (rates times inits) of every family"
    )
    seeds: Annotated[list[Seed], Field(min_length=1, max_length=20)] = Field(
        default=[1], description="each candidate is trained once per seed"
    )
    defaults: TuningDefaults = Field(
        default=TuningDefaults(), description="overrides of params.yaml's study.defaults"
    )
    families: Annotated[dict[Slug, FamilyParams], Field(min_length=1)] = Field(
        description="by slug: variants that share a learning rate"
    )


@dataclass(frozen=True)
class Candidate:
    """One training of a sweep.

    Attributes
    ----------
    family, label, text : str
        Slug and title of the family, and slug of its text.
    model, train : ModelParams, TrainParams
        All settings, with the candidate's learning rate and initialization.
    seed : int
    """

    family: str
    label: str
    text: str
    model: ModelParams
    train: TrainParams
    seed: int

    @property
    def settings(self) -> tuple[float, str]:
        """The learning rate and the initialization, which all seeds of a candidate share."""
        return self.train.learning_rate, self.model.init


def _merged(
    spec: TuningParams, family: FamilyParams, study: StudyDefaults
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the sections ``model`` and ``train`` of each candidate, not validated."""
    model = study.model.model_dump() | spec.defaults.model | family.model
    train = study.train.model_dump() | spec.defaults.train | family.train
    for init, rate in product(family.inits or [model["init"]], family.rates):
        yield model | {"init": init}, train | {"learning_rate": rate}


def candidates(spec: TuningParams, study: StudyDefaults) -> list[Candidate]:
    """Return every training of a checked specification, in its order.

    Parameters
    ----------
    spec : TuningParams
        From :func:`parse_tuning`.
    study : StudyDefaults
        ``study.defaults`` of params.yaml, from which every family starts.
    """
    return [
        Candidate(
            slug,
            family.title,
            family.text,
            ModelParams.model_validate(model),
            TrainParams.model_validate(train),
            seed,
        )
        for slug, family in spec.families.items()
        for model, train in _merged(spec, family, study)
        for seed in spec.seeds
    ]


def parse_tuning(document: object, params: Params, source: str) -> TuningParams:
    """Check a specification against its schema and the params.yaml that it builds on.

    Parameters
    ----------
    document : object
        The content of a YAML file.
    params : Params
        The whole of params.yaml: its texts, its study's defaults, and its variants.
    source : str
        The file's name, for messages.

    Raises
    ------
    ParamsError
        With one line per problem: the key's path, the value, what is allowed.
    """
    spec = parse(document, TuningParams, source)
    problems = [] if len(set(spec.seeds)) == len(spec.seeds) else ["seeds: expected distinct seeds"]
    owners: dict[str, str] = {}  # family by variant
    for slug, family in spec.families.items():
        problems += _family_problems(spec, slug, params)
        for name in family.applies_to:
            if owners.setdefault(name, slug) != slug:
                problems.append(
                    f"families.{slug}.applies_to: {name!r} belongs to the family {owners[name]!r}"
                )
    if problems:
        raise refuse(source, problems)
    return spec


def _family_problems(spec: TuningParams, slug: str, params: Params) -> Iterator[str]:
    """Yield one line for each mistake in a family."""
    family, where = spec.families[slug], f"families.{slug}"
    count = len(family.rates) * len(family.inits or [None])
    if count != spec.candidates:
        yield (
            f"{where}: expected as many candidates as every family, candidates: {spec.candidates}, "
            f"found {len(family.rates)} rates x {len(family.inits or [None])} inits = {count}"
        )
    if family.text not in params.texts:
        known = ", ".join(params.texts)
        yield f"{where}.text: no text is called {family.text!r}; params.yaml has {known}"
    # Candidates of a family differ in rate and init only: report each mistake once.
    problems: dict[str, None] = {}
    for model, train in _merged(spec, family, params.study.defaults):
        problems |= dict.fromkeys(override_problems(model, train, ("families", slug)))
    yield from problems
