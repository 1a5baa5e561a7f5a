"""The ``study`` section: variants, and the comparisons that group them."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from charlab.core.schema import Section, Slug
from charlab.train.params import VariantSet

ReportSection = Literal["training", "dropout", "activations", "cells", "sizes", "texts", "further"]


class ComparisonParams(Section):
    """Variants compared with each other to answer one question of the course."""

    title: str = Field(description="heading in the report")
    question: str = Field(description="the question that it answers")
    section: ReportSection = Field(
        default="further",
        description="section of the report: " + ", ".join(get_args(ReportSection)),
    )
    vary: str | None = Field(default=None, description="the key whose values are compared")
    variants: Annotated[list[Slug], Field(min_length=1)] = Field(description="slugs of variants")


class StudyParams(VariantSet):
    """The study: variants, and how they are compared."""

    name: Slug = Field(default="study", description="name for 'charlab study NAME'")
    title: str = Field(
        default="A study of character-level recurrent networks", description="title of the report"
    )
    titles: dict[Slug, str] = Field(
        default={}, description="labels of variants for which the computed one is not good enough"
    )
    comparisons: dict[Slug, ComparisonParams] = Field(
        default={}, description="by slug: variants that answer one question"
    )
