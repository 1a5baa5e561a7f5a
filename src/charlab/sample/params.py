"""Parameters of the ``sample`` section."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from charlab.core.schema import Float, Int, Section, Seed, StageParams
from charlab.train.params import TrainedVariants


class SampleParams(Section):
    """Text sampled from the model and from every variant, with the same random numbers."""

    prompt: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="null: the start of a line of each text's val split"
    )
    temperatures: Annotated[
        list[Annotated[Float, Field(ge=0, le=100)]], Field(min_length=1, max_length=20)
    ] = Field(default=[0.5, 0.8, 1.0], description="0 takes the likeliest character each time")
    length: Annotated[Int, Field(ge=1)] = Field(default=400, description="characters")
    top_k: Annotated[Int, Field(ge=1)] | None = Field(
        default=None, description="draw from the k likeliest characters only"
    )
    top_p: Annotated[Float, Field(gt=0, le=1)] | None = Field(
        default=None, description="nucleus: from the likeliest that add up to this"
    )


class SampleStageParams(StageParams):
    """Keys that the stage ``sample`` reads."""

    seed: Seed = 1
    sample: SampleParams = SampleParams()


class SampleVariantsStageParams(SampleStageParams):
    """Keys that the stage ``sample-variants`` reads."""

    study: TrainedVariants = TrainedVariants()
