"""The ``corpus.clean`` section: optional changes to the characters of a body."""

from __future__ import annotations

from pydantic import Field

from charlab.core.schema import Section, Slug, StageParams
from charlab.fetch.params import TextParams


class CleanParams(Section):
    """Changes to the characters and line ends of a body; all are off by default."""

    ascii_quotes: bool = Field(default=False, description="typographic quotes become ' and \"")
    ascii_dashes: bool = Field(default=False, description="long dashes become --")
    expand_tabs: bool = Field(default=False, description="tabs become spaces")
    plain_spaces: bool = Field(default=False, description="no-break and thin spaces become spaces")
    unwrap: bool = Field(
        default=False, description="line ends within paragraphs of prose become spaces"
    )


class CleanSection(StageParams):
    """The part of ``corpus`` that the cleaner reads."""

    clean: CleanParams = CleanParams()


class CleanStageParams(StageParams):
    """Keys that the stage ``clean`` reads."""

    texts: dict[Slug, TextParams]
    corpus: CleanSection = CleanSection()
