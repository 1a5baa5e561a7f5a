"""Parameters of the ``corpus`` section: the splits and the vocabulary."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from charlab.core.schema import Float, Int, Section, Slug, StageParams


class SplitParams(Section):
    """The splits and the vocabulary, the same for every text."""

    split: Literal["contiguous", "interleaved"] = Field(
        default="contiguous",
        description="contiguous: first part trains, then val, then test; interleaved: see docs",
    )
    streams: Annotated[Int, Field(ge=1, le=10_000)] = Field(
        default=100,
        description="interleaved only: number of pieces the text is cut into",
    )
    val: Annotated[Float, Field(gt=0, lt=1)] = Field(
        default=0.1, description="share of the characters for every choice"
    )
    test: Annotated[Float, Field(ge=0, lt=1)] = Field(
        default=0.1, description="share that is only reported (0: none)"
    )
    min_count: Annotated[Int, Field(ge=1)] = Field(
        default=1, description="rarer characters get the unknown symbol"
    )
    unknown: bool = Field(
        default=False, description="whether the vocabulary has a symbol for unknown characters"
    )

    @model_validator(mode="after")
    def _room_for_training(self) -> Self:
        if self.val + self.test >= 0.9:
            raise ValueError(
                f"val + test is {self.val + self.test:g}, but must be below 0.9, so that "
                "at least a tenth of the text is left for training"
            )
        if self.min_count > 1 and not self.unknown:
            raise ValueError(
                f"min_count: {self.min_count} leaves rare characters out, "
                "so unknown: true is needed to give them a symbol"
            )
        return self


class EncodingSection(SplitParams):
    """The keys of ``corpus`` that the stage ``vocab`` reads: all but ``clean``."""

    model_config = StageParams.model_config


class TextLength(StageParams):
    """The key of a text's entry that the stage ``vocab`` reads."""

    chars: Int | None = None


class Prompt(StageParams):
    """The key of ``sample`` that the stage ``vocab`` reads."""

    prompt: str | None = None


class VocabStageParams(StageParams):
    """Keys that the stage ``vocab`` reads."""

    texts: dict[Slug, TextLength]
    corpus: EncodingSection = EncodingSection()
    sample: Prompt = Prompt()


class TextUse(StageParams):
    """The text of a variant."""

    text: Slug


class TextUses(StageParams):
    """The texts of all variants of a study."""

    variants: dict[Slug, TextUse] = Field(default={})


class PromptParams(StageParams):
    """The prompt, and the texts that it meets: those of *the* model and of every variant."""

    sample: Prompt = Prompt()
    text: Slug
    study: TextUses = TextUses()

    @property
    def texts_met(self) -> set[str]:
        """Slugs of the texts on which anything is trained."""
        return {self.text, *(variant.text for variant in self.study.variants.values())}
