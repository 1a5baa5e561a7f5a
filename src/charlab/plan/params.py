"""Compose the sections of all packages into the schema of params.yaml, and cross-check them.

The whole file is checked first, so that a bad value stops the pipeline before any work is done. A
stage that needs only a few sections loads them with :func:`charlab.core.schema.load` instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from charlab.baselines.params import BaselineParams
from charlab.clean.params import CleanParams
from charlab.core.schema import Section, Seed, Slug, describe, parse, read_yaml, refuse
from charlab.fetch.params import TextParams
from charlab.models.params import ModelParams
from charlab.plan.labels import labels
from charlab.plan.study import StudyParams
from charlab.sample.params import SampleParams
from charlab.train.params import TrainParams
from charlab.vocab.params import SplitParams


class CorpusParams(SplitParams):
    """From a clean text to ids in three splits."""

    clean: CleanParams = Field(
        default=CleanParams(), description="changes to the characters of a body; off by default"
    )


class Params(Section):
    """The whole of params.yaml."""

    seed: Seed = Field(
        default=1, description="of the model below; each use of chance has its own generator"
    )
    texts: Annotated[dict[Slug, TextParams], Field(min_length=1)] = Field(
        description="The texts in use, by slug: {gutenberg: NUMBER}, {path: data/own/FILE} or "
        "{builtin: invented}. 'charlab add-text 1342' adds a book. 'charlab params' lists all keys."
    )
    corpus: CorpusParams = Field(
        default=CorpusParams(), description="From a clean text to ids in three splits."
    )
    baselines: BaselineParams = Field(
        default=BaselineParams(), description="References that every network is measured against."
    )
    text: Slug = Field(description="the text that the model reads")
    model: ModelParams = ModelParams()
    train: TrainParams = TrainParams()
    sample: SampleParams = Field(
        default=SampleParams(),
        description="Text drawn from the model and every variant, with the same random numbers.",
    )
    study: StudyParams = Field(
        default=StudyParams(),
        description="The study: variants, and the comparisons that they are grouped in.",
    )

    @cached_property
    def labels(self) -> dict[str, str]:
        """The label of every variant of the study, by slug."""
        return labels(self.study, self.texts)


def _cross_checks(params: Params) -> Iterator[str]:
    """Yield one line for each name that does not exist, and each override that is not allowed."""
    known_texts, defaults = ", ".join(params.texts), params.study.defaults
    if params.text not in params.texts:
        yield f"text: no text is called {params.text!r}; texts has {known_texts}"
    for slug, entry in params.study.variants.items():
        where = f"study.variants.{slug}"
        if entry.text not in params.texts:
            yield f"{where}.text: no text is called {entry.text!r}; texts has {known_texts}"
        yield from override_problems(
            defaults.model.model_dump() | entry.model,
            defaults.train.model_dump() | entry.train,
            ("study", "variants", slug),
        )
    yield from _unknown_variants(params.study)
    yield from _unpaired_seeds(params.study)


def _unknown_variants(study: StudyParams) -> Iterator[str]:
    """Yield one line for each title or comparison that names a variant that does not exist."""
    named = [(f"titles.{slug}", slug) for slug in study.titles]
    for slug, comparison in study.comparisons.items():
        named += [
            (f"comparisons.{slug}.variants.{position}", name)
            for position, name in enumerate(comparison.variants)
        ]
    known = ", ".join(study.variants) or "none"
    for where, name in named:
        if name not in study.variants:
            yield f"study.{where}: no variant is called {name!r}; study.variants has {known}"


def _unpaired_seeds(study: StudyParams) -> Iterator[str]:
    """Yield one line for each comparison whose variants have no seed in common."""
    for slug, comparison in study.comparisons.items():
        seeds = {
            name: study.seeds_of(name) for name in comparison.variants if name in study.variants
        }
        if seeds and not set.intersection(*map(set, seeds.values())):
            found = ", ".join(f"{name} {own}" for name, own in seeds.items())
            yield (
                f"study.comparisons.{slug}.variants: variants are compared seed by seed, so "
                f"expected a seed that all of them have, found {found}"
            )


def override_problems(
    model: dict[str, Any], train: dict[str, Any], where: tuple[str, ...]
) -> Iterator[str]:
    """Yield one line for each override of model and train that is not allowed.

    Parameters
    ----------
    model, train : dict
        Defaults with the overrides in them: an override is valid or not only together with the
        defaults, since numpy needs ``cell: rnn``.
    where : tuple of str
        Path of the key that holds the overrides.
    """
    blocks: tuple[tuple[str, type[Section], dict[str, Any]], ...] = (
        ("model", ModelParams, model),
        ("train", TrainParams, train),
    )
    for name, section, merged in blocks:
        try:
            section.model_validate(merged)
        except ValidationError as error:
            for problem in error.errors():
                yield describe(problem, section, (*where, name))


def parse_params(document: object, source: str = "params.yaml") -> Params:
    """Check a loaded YAML document as a whole.

    Parameters
    ----------
    document : object
        The content of a parameter file, as a YAML reader returns it.
    source : str
        The file's name, for messages.

    Raises
    ------
    ParamsError
        With one line per problem: the key's path, the value, what is allowed.
    """
    # Types first: the cross-checks can rely on them.
    params = parse(document, Params, source)
    if problems := list(_cross_checks(params)):
        raise refuse(source, problems)
    return params


def load_params(path: Path | str = "params.yaml") -> Params:
    """Read and check a whole parameter file.

    Raises
    ------
    ParamsError
        If the file is missing, is not YAML, or has a key or value that is not allowed.
    """
    return parse_params(read_yaml(path), str(path))
