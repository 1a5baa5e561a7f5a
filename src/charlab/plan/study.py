"""The ``study`` section: variants, and the comparisons that group them."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from charlab.core.schema import Line, Section, Slug
from charlab.models.params import ModelParams
from charlab.train.params import TrainParams, VariantSet

ReportSection = Literal["training", "dropout", "activations", "cells", "sizes", "texts", "further"]


VARIED = ("text", *ModelParams.model_fields, *TrainParams.model_fields)
"""Keys whose values a comparison may be about."""


def _check_key(value: str) -> str:
    if value not in VARIED:
        raise ValueError(f"expected text or a key of model or train ({', '.join(VARIED[1:])})")
    return value


class ComparisonParams(Section):
    """Variants compared with each other to answer one question of the course."""

    title: Line = Field(description="heading in the report")
    question: Line = Field(description="the question that it answers")
    section: ReportSection = Field(
        default="further",
        description="section of the report: " + ", ".join(get_args(ReportSection)),
    )
    vary: Annotated[str, AfterValidator(_check_key)] | None = Field(
        default=None, description="the key whose values are compared"
    )
    variants: Annotated[list[Slug], Field(min_length=1)] = Field(description="slugs of variants")


class StudyParams(VariantSet):
    """The study: variants, and how they are compared."""

    name: Slug = Field(default="study", description="name for 'charlab study NAME'")
    title: Line = Field(
        default="A study of character-level recurrent networks", description="title of the report"
    )
    tuning: Literal["studies/tuning.csv"] | None = Field(
        default=None,
        description="the table of 'charlab sweep' that chose the variants' learning rates, or null",
    )
    titles: dict[Slug, Line] = Field(
        default={}, description="labels of variants for which the computed one is not good enough"
    )
    comparisons: dict[Slug, ComparisonParams] = Field(
        default={}, description="by slug: variants that answer one question"
    )
