"""The ``texts:`` section: the source of each text."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from charlab.core.schema import Int, Line, Section


class TextParams(Section):
    """The source of one text; exactly one of gutenberg, path and builtin names it."""

    gutenberg: Annotated[Int, Field(ge=1)] | None = Field(
        default=None, description="number of a Project Gutenberg book"
    )
    path: Line | None = Field(default=None, description="a file of your own, in data/own/")
    builtin: Literal["invented"] | None = Field(
        default=None, description="a text that charlab generates; its exact entropy is known"
    )
    title: Line | None = Field(default=None, description="title for figures and the report")
    language: str | None = Field(
        default=None, pattern=r"^[a-z]{2,3}(-[A-Za-z]+)*$", description="BCP 47 tag, such as en"
    )
    chars: Annotated[Int, Field(ge=1_000)] | None = Field(
        default=None,
        description="use only this many characters from the start (built-in: generate as many)",
    )
    seed: Annotated[Int, Field(ge=0)] | None = Field(
        default=None, description="built-in text only: which book to generate"
    )
    growth: bool | None = Field(
        default=None,
        description="built-in text only: whether distances grow from the start of the book "
        "[default: true]; false: all occur from the start, as a control",
    )
    encoding: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$",
        description="encoding of the file, such as cp1251; detected if not given",
    )
    as_bytes: bool = Field(
        default=False, description="read bytes as characters, keeping CRLF and a byte-order mark"
    )
    allow_copyrighted: bool = Field(
        default=False, description="accept a book whose header says that it is copyrighted"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = [k for k in ("gutenberg", "path", "builtin") if getattr(self, k) is not None]
        if len(sources) != 1:
            raise ValueError(
                "a text needs exactly one of gutenberg, path, builtin; "
                f"found {' and '.join(sources) or 'none'}"
            )
        if self.builtin is None and self.seed is not None:
            raise ValueError("seed is for a builtin text only")
        if self.builtin is None and self.growth is not None:
            raise ValueError("growth is for a builtin text only")
        if self.encoding is not None and (self.builtin is not None or self.as_bytes):
            raise ValueError("encoding is for a book or a file that is read as characters")
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise ValueError(f"Python knows no encoding {self.encoding!r}") from None
        return self

    @property
    def kind(self) -> Literal["gutenberg", "path", "builtin"]:
        """The kind of source of this text."""
        if self.gutenberg is not None:
            return "gutenberg"
        return "path" if self.path is not None else "builtin"
