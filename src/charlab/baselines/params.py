"""The ``baselines`` section: references that every network is measured against."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from charlab.core.schema import Int, Section, StageParams


class BaselineParams(Section):
    """The references that every network is measured against."""

    ngram_orders: Annotated[list[Annotated[Int, Field(ge=1, le=20)]], Field(min_length=1)] = Field(
        default=[2, 4, 6, 8],
        description="modified Kneser-Ney; the order with the lowest loss on val is reported",
    )
    ppmd_orders: Annotated[list[Annotated[Int, Field(ge=2, le=64)]], Field(min_length=1)] = Field(
        default=[4, 6], description="PPMd; chosen on val likewise"
    )


class BaselineStageParams(StageParams):
    """Keys that the stage ``baselines`` reads."""

    baselines: BaselineParams = BaselineParams()
