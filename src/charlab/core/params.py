"""The schema of params.yaml: one class per section, and the only reader of the file.

What enters is YAML (a path, or text); what leaves is a frozen :class:`Params`.
Everything is checked at once, so that a bad value stops the pipeline before its
first stage does any work, with the key's path, the value, and what is allowed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeGuard

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from charlab.core.errors import CharlabError

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")


class ParamsError(CharlabError):
    """params.yaml cannot be read, or something in it is not allowed."""


def _check_slug(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise ValueError(
            "a slug is lower-case letters, digits, '-' and '_', and starts with a letter or digit"
        )
    return value


def _number_from_text(value: object) -> object:
    """Turn ``"1e-05"`` into a float.

    DVC writes ``-S train.learning_rate=0.00001`` as ``1e-05``, which YAML 1.1
    (PyYAML) reads as a string because the mantissa has no dot.
    """
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", value):
        return float(value)
    return value


def _reject_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is expected, not true or false")
    return value


Slug = Annotated[str, AfterValidator(_check_slug)]
Float = Annotated[float, BeforeValidator(_number_from_text), BeforeValidator(_reject_bool)]
Int = Annotated[int, BeforeValidator(_reject_bool)]


class Section(BaseModel):
    """A block of params.yaml: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TextParams(Section):
    """Where one text comes from, and what may be changed in it.

    Exactly one of ``gutenberg``, ``path`` and ``builtin`` names the source.
    """

    gutenberg: Annotated[Int, Field(ge=1)] | None = None
    path: str | None = None
    builtin: Literal["invented"] | None = None
    title: str | None = None
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}(-[A-Za-z]+)*$")
    chars: Annotated[Int, Field(ge=1_000)] | None = None
    seed: Annotated[Int, Field(ge=0)] | None = None
    as_bytes: bool = False
    allow_copyrighted: bool = False

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
        return self

    @property
    def kind(self) -> Literal["gutenberg", "path", "builtin"]:
        """Which of the three sources this text has."""
        if self.gutenberg is not None:
            return "gutenberg"
        return "path" if self.path is not None else "builtin"


class CleanParams(Section):
    """Changes to the characters of a body; all are off unless asked for."""

    ascii_quotes: bool = False
    ascii_dashes: bool = False
    expand_tabs: bool = False
    plain_spaces: bool = False


class CorpusParams(Section):
    """From the clean text to numbered characters in three splits."""

    split: Literal["contiguous", "interleaved"] = "contiguous"
    streams: Annotated[Int, Field(ge=1, le=10_000)] = 100
    val: Annotated[Float, Field(gt=0, lt=1)] = 0.1
    test: Annotated[Float, Field(ge=0, lt=1)] = 0.1
    min_count: Annotated[Int, Field(ge=1)] = 1
    unknown: bool = False
    clean: CleanParams = CleanParams()

    @model_validator(mode="after")
    def _room_for_training(self) -> Self:
        if self.val + self.test >= 0.9:
            raise ValueError(
                f"val + test is {self.val + self.test:g}; at least a tenth must be left to train on"
            )
        if self.min_count > 1 and not self.unknown:
            raise ValueError(
                f"min_count: {self.min_count} leaves rare characters out, "
                "so unknown: true is needed to give them a symbol"
            )
        return self


class ModelParams(Section):
    """One recurrent network over characters, one-hot in, logits out."""

    backend: Literal["torch", "numpy"] = "torch"
    cell: Literal["rnn", "gru", "lstm"] = "lstm"
    activation: Literal["tanh", "relu", "sigmoid"] = "tanh"
    hidden: Annotated[Int, Field(ge=1, le=8192)] = 128
    layers: Annotated[Int, Field(ge=1, le=8)] = 1
    dropout: Annotated[Float, Field(ge=0, lt=1)] = 0.0
    dropout_at: Literal["between_layers", "output", "variational"] = "output"
    recurrent_dropout: Annotated[Float, Field(ge=0, lt=1)] = 0.0
    init: Literal["uniform", "xavier", "orthogonal", "identity"] = "uniform"
    init_scale: Annotated[Float, Field(gt=0)] | None = None
    forget_bias: Float = 1.0
    initial_state: Literal["zero", "learned"] = "zero"

    @model_validator(mode="after")
    def _what_a_backend_can(self) -> Self:
        if self.backend == "numpy":
            for key, only in (
                ("cell", "rnn"),
                ("layers", 1),
                ("dropout", 0.0),
                ("recurrent_dropout", 0.0),
            ):
                if getattr(self, key) != only:
                    raise ValueError(
                        f"backend: numpy trains the vanilla RNN only, so {key} must be {only}, "
                        f"not {getattr(self, key)}; use backend: torch"
                    )
            if self.initial_state != "zero":
                raise ValueError("backend: numpy starts from a zero state; use backend: torch")
        if self.init == "identity" and self.cell != "rnn":
            raise ValueError("init: identity is for cell: rnn (Le, Jaitly and Hinton 2015)")
        return self


class TrainParams(Section):
    """How a model is fitted: truncated backpropagation through time."""

    seq_len: Annotated[Int, Field(ge=1, le=100_000)] = 100
    batch_size: Annotated[Int, Field(ge=1, le=100_000)] = 64
    epochs: Annotated[Float, Field(gt=0)] = 10.0
    max_chars: Annotated[Int, Field(ge=1)] | None = None
    optimizer: Literal["adam", "rmsprop", "adagrad", "sgd"] = "adam"
    learning_rate: Annotated[Float, Field(gt=0)] = 0.002
    betas: Annotated[list[Float], Field(min_length=2, max_length=2)] = [0.9, 0.99]
    weight_decay: Annotated[Float, Field(ge=0)] = 0.0
    schedule: Literal["constant", "cosine", "one_cycle", "exponential"] = "constant"
    warmup: Annotated[Float, Field(ge=0, lt=1)] = 0.0
    decay: Annotated[Float, Field(gt=0, le=1)] = 0.97
    decay_after: Annotated[Float, Field(ge=0)] = 10.0
    clip: Literal["norm", "value", "none"] = "norm"
    clip_at: Annotated[Float, Field(gt=0)] = 5.0
    state: Literal["carried", "reset"] = "carried"
    evaluations: Annotated[Int, Field(ge=1)] = 10
    snapshots: Annotated[Int, Field(ge=0, le=50)] = 0
    keep: Literal["best", "last"] = "best"
    precision: Literal["fp32", "bf16"] = "fp32"
    device: Literal["cpu", "cuda"] = "cpu"
    threads: Annotated[Int, Field(ge=1, le=1024)] = 1
    deterministic: Literal["native", "portable"] = "native"

    @model_validator(mode="after")
    def _betas_below_one(self) -> Self:
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas must lie in [0, 1), not {self.betas}")
        return self


class SampleParams(Section):
    """What is drawn from each model once it is trained."""

    prompt: str = Field(default="The ", min_length=1)
    temperatures: Annotated[
        list[Annotated[Float, Field(ge=0, le=100)]], Field(min_length=1, max_length=20)
    ] = [0.5, 0.8, 1.0]
    length: Annotated[Int, Field(ge=1)] = 400
    top_k: Annotated[Int, Field(ge=1)] | None = None
    top_p: Annotated[Float, Field(gt=0, le=1)] | None = None


class BaselineParams(Section):
    """What every network is measured against."""

    ngram_orders: Annotated[list[Annotated[Int, Field(ge=1, le=20)]], Field(min_length=1)] = [
        2,
        4,
        6,
        8,
    ]
    ppmd_orders: Annotated[list[Annotated[Int, Field(ge=2, le=64)]], Field(min_length=1)] = [4, 6]


class VariantParams(Section):
    """One entry of ``study.variants``: a text, and what differs from the defaults.

    ``text`` is spelt out in every variant because dvc.yaml needs it to name the
    vocabulary that the variant's stage depends on. Its title for the figures is in
    ``study.titles``, so that a new title trains nothing again.
    """

    text: Slug
    model: dict[str, Any] = {}
    train: dict[str, Any] = {}


class ComparisonParams(Section):
    """Variants set side by side for one question of the course."""

    title: str
    question: str
    vary: str | None = None
    variants: Annotated[list[Slug], Field(min_length=1)]


class StudyDefaults(Section):
    """What all variants share."""

    model: ModelParams = ModelParams()
    train: TrainParams = TrainParams()


class Variant(Section):
    """A variant with its overrides applied: what ``train-variant`` runs."""

    slug: str
    title: str
    text: str
    model: ModelParams
    train: TrainParams


class StudyParams(Section):
    """The comparison: variants, and how they are grouped."""

    name: Slug = "study"
    title: str = "A study of character-level recurrent networks"
    seeds: Annotated[list[Annotated[Int, Field(ge=0)]], Field(min_length=1, max_length=20)] = [1]
    defaults: StudyDefaults = StudyDefaults()
    variants: dict[Slug, VariantParams] = {}
    titles: dict[Slug, str] = {}
    comparisons: dict[Slug, ComparisonParams] = {}

    @model_validator(mode="after")
    def _distinct_seeds(self) -> Self:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds are repeated: {self.seeds}")
        return self

    def variant(self, slug: str) -> Variant:
        """Return the variant ``slug`` with ``defaults`` filled in.

        Raises
        ------
        KeyError
            If ``variants`` has no such slug.
        """
        entry = self.variants[slug]
        defaults = self.defaults
        return Variant(
            slug=slug,
            title=self.titles.get(slug, slug),
            text=entry.text,
            model=ModelParams.model_validate(defaults.model.model_dump() | entry.model),
            train=TrainParams.model_validate(defaults.train.model_dump() | entry.train),
        )

    def resolved(self) -> Iterator[Variant]:
        """Yield every variant of the study, in the order of params.yaml."""
        return (self.variant(slug) for slug in self.variants)


class Params(Section):
    """The whole of params.yaml."""

    seed: Annotated[Int, Field(ge=0)] = 1
    texts: Annotated[dict[Slug, TextParams], Field(min_length=1)]
    corpus: CorpusParams = CorpusParams()
    baselines: BaselineParams = BaselineParams()
    text: Slug
    model: ModelParams = ModelParams()
    train: TrainParams = TrainParams()
    sample: SampleParams = SampleParams()
    study: StudyParams = StudyParams()


def _describe(error: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> str:
    """One line for one problem: the key's path, the value, what is allowed."""
    steps = [str(step) for step in (*prefix, *error["loc"]) if step != "[key]"]
    path = ".".join(steps) or "the file"
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return f"{path}: unknown key (value {error['input']!r}); {_allowed_keys(steps[:-1])}"
    if error["type"] == "missing":
        return f"{path}: this key is missing"
    if error["type"] == "value_error" and isinstance(error["input"], dict):
        return f"{path}: {message}"
    return f"{path}: {message}, found {error['input']!r}"


def _allowed_keys(path: list[str]) -> str:
    """Name the keys that the section at ``path`` knows."""
    section: Any = Params
    for step in path:
        section = _section_below(section, step)
        if section is None:
            return "it is not part of this section"
    return "known keys here: " + ", ".join(section.model_fields)


def _section_below(section: type[BaseModel], step: str) -> type[BaseModel] | None:
    """Return the schema of the block called ``step`` inside ``section``, if it is one."""
    entries: dict[str, type[BaseModel]] = {
        "texts": TextParams,
        "variants": VariantParams,
        "comparisons": ComparisonParams,
    }
    overrides: dict[str, type[BaseModel]] = {"model": ModelParams, "train": TrainParams}
    if section is VariantParams and step in overrides:
        return overrides[step]
    if step in entries and step in section.model_fields:
        return entries[step]
    if step not in section.model_fields:
        # A slug: the entries below texts, variants and comparisons share one schema.
        return section if section in entries.values() else None
    annotation = section.model_fields[step].annotation
    return annotation if _is_section(annotation) else None


def _is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _cross_checks(params: Params) -> Iterator[str]:
    """Yield one line for each name that points at nothing, and each bad override."""
    known_texts = ", ".join(params.texts)
    if params.text not in params.texts:
        yield f"text: no text is called {params.text!r}; texts has {known_texts}"
    for slug, entry in params.study.variants.items():
        where = ("study", "variants", slug)
        if entry.text not in params.texts:
            yield (
                f"{'.'.join(where)}.text: no text is called {entry.text!r}; texts has {known_texts}"
            )
        yield from _override_problems(params, slug, where)
    known_variants = ", ".join(params.study.variants) or "none"
    for slug in params.study.titles:
        if slug not in params.study.variants:
            yield (
                f"study.titles.{slug}: no variant is called {slug!r}; "
                f"study.variants has {known_variants}"
            )
    for slug, comparison in params.study.comparisons.items():
        for position, name in enumerate(comparison.variants):
            if name not in params.study.variants:
                yield (
                    f"study.comparisons.{slug}.variants.{position}: no variant is called {name!r}; "
                    f"study.variants has {known_variants}"
                )


def _override_problems(params: Params, slug: str, where: tuple[str, ...]) -> Iterator[str]:
    entry, defaults = params.study.variants[slug], params.study.defaults
    blocks: tuple[tuple[str, type[Section], dict[str, Any]], ...] = (
        ("model", ModelParams, defaults.model.model_dump() | entry.model),
        ("train", TrainParams, defaults.train.model_dump() | entry.train),
    )
    for name, section, merged in blocks:
        try:
            section.model_validate(merged)
        except ValidationError as error:
            for problem in error.errors():
                yield _describe(problem, (*where, name))


def _refuse(source: str, problems: list[str]) -> ParamsError:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ParamsError(f"{source}: {count}\n" + "\n".join(f"  {line}" for line in problems))


def parse_params(document: object, source: str = "params.yaml") -> Params:
    """Check a loaded YAML document as a whole.

    Parameters
    ----------
    document : object
        What the YAML reader returned.
    source : str
        The file's name, for messages.

    Raises
    ------
    ParamsError
        With one line per problem: the key's path, the value, what is allowed.
    """
    if not isinstance(document, dict):
        raise _refuse(source, ["the file must be a mapping of keys such as texts, model, train"])
    try:
        params = Params.model_validate(document)
    except ValidationError as error:
        raise _refuse(source, [_describe(problem) for problem in error.errors()]) from None
    if problems := list(_cross_checks(params)):
        raise _refuse(source, problems)
    return params


def load_params(path: Path | str = "params.yaml") -> Params:
    """Read and check a parameter file.

    Raises
    ------
    ParamsError
        If the file is missing, is not YAML, or has anything that is not allowed.
    """
    path = Path(path)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(
            f"{path}: no such file; run from the project's folder, or name the file"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: not a YAML file in UTF-8: {error}") from None
    return parse_params(document, str(path))


def apply_overrides(document: dict[str, Any], assignments: list[str]) -> dict[str, Any]:
    """Return a copy of ``document`` with ``section.key=value`` assignments applied.

    Values are read as YAML, so ``model.hidden=256`` is an integer.

    Raises
    ------
    ParamsError
        If an assignment is not of the form ``key.path=value``.
    """
    result = {k: dict(v) if isinstance(v, dict) else v for k, v in document.items()}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        keys = path.split(".")
        if not equals or not all(keys):
            raise ParamsError(
                f"--set {assignment}: expected KEY.PATH=VALUE, as in model.hidden=256"
            )
        target = result
        for key in keys[:-1]:
            target = target.setdefault(key, {})
            if not isinstance(target, dict):
                raise ParamsError(f"--set {assignment}: {key} is not a section")
        target[keys[-1]] = yaml.safe_load(text)
    return result


def bits(nats: float) -> float:
    """Convert a loss in nats per character to bits per character."""
    return nats / math.log(2)
