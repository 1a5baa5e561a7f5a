"""Parameters of the ``train`` section, and of the study's variants."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from charlab.core.schema import Float, Int, Section, Seed, Slug, StageParams
from charlab.models.params import ModelParams


class TrainParams(Section):
    """Truncated backpropagation through time."""

    seq_len: Annotated[Int, Field(ge=1, le=100_000)] = Field(
        default=100, description="characters of truncated backpropagation"
    )
    batch_size: Annotated[Int, Field(ge=1, le=100_000)] = Field(
        default=64, description="sequences read side by side"
    )
    epochs: Annotated[Float, Field(gt=0)] = Field(
        default=10.0, description="passes over the training split; may be a fraction"
    )
    max_chars: Annotated[Int, Field(ge=1)] | None = Field(
        default=None, description="stop after this many characters instead"
    )
    optimizer: Literal["adam", "rmsprop", "adagrad", "sgd"] = Field(
        default="adam", description="adam, rmsprop, adagrad, sgd"
    )
    learning_rate: Annotated[Float, Field(gt=0)] = Field(
        default=0.002, description="at the peak of the schedule"
    )
    betas: Annotated[list[Float], Field(min_length=2, max_length=2)] = Field(
        default=[0.9, 0.99], description="Adam's; the second is also RMSprop's smoothing"
    )
    weight_decay: Annotated[Float, Field(ge=0)] = Field(default=0.0, description="decoupled")
    schedule: Literal["constant", "cosine", "one_cycle", "exponential"] = Field(
        default="constant", description="constant, cosine, one_cycle, exponential"
    )
    warmup: Annotated[Float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="share of the training in which the rate rises from 0"
    )
    decay: Annotated[Float, Field(gt=0, le=1)] = Field(
        default=0.97, description="exponential only: factor per epoch"
    )
    decay_after: Annotated[Float, Field(ge=0)] = Field(
        default=10.0, description="exponential only: epochs before the rate decays"
    )
    clip: Literal["norm", "value", "none"] = Field(
        default="norm", description="norm (of all gradients together), value (each element), none"
    )
    clip_at: Annotated[Float, Field(gt=0)] = Field(default=5.0, description="the bound")
    state: Literal["carried", "reset"] = Field(
        default="carried", description="carried from chunk to chunk, or reset at each"
    )
    evaluations: Annotated[Int, Field(ge=1)] = Field(
        default=10, description="number of measurements of val during training"
    )
    snapshots: Annotated[Int, Field(ge=0, le=50)] = Field(
        default=0, description="copies of the weights during training, to sample from; 0: none"
    )
    keep: Literal["best", "last"] = Field(default="best", description="best on val, or last")
    calibrate: bool = Field(
        default=False,
        description="divide the logits by the temperature with the lowest loss on val, at the end",
    )
    precision: Literal["fp32", "bf16"] = Field(
        default="fp32", description="fp32, bf16 (device: cuda only)"
    )
    device: Literal["cpu", "cuda"] = Field(default="cpu", description="cpu, cuda")
    threads: Annotated[Int, Field(ge=1, le=1024)] = Field(
        default=1, description="of one training; several trainings run side by side"
    )

    @model_validator(mode="after")
    def _betas_below_one(self) -> Self:
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"expected betas of at least 0 and below 1, found {self.betas}")
        return self

    @model_validator(mode="after")
    def _bf16_on_a_gpu(self) -> Self:
        if self.precision == "bf16" and self.device != "cuda":
            raise ValueError(
                f"precision: bf16 needs device: cuda, not {self.device}; use precision: fp32"
            )
        return self


def _check_distinct(seeds: list[int]) -> list[int]:
    if len(set(seeds)) != len(seeds):
        raise ValueError("expected distinct seeds")
    return seeds


Seeds = Annotated[list[Seed], Field(min_length=1, max_length=20), AfterValidator(_check_distinct)]


class VariantParams(Section):
    """An entry of ``study.variants``: a text, and the differences from the defaults.

    Every variant names its text because dvc.yaml needs it for the vocabulary that the
    variant's stage depends on. Titles for the figures are in ``study.titles``, so that a
    new title retrains nothing.
    """

    text: Slug = Field(description="slug of the text it reads")
    model: dict[str, Any] = Field(default={}, description="overrides of study.defaults.model")
    train: dict[str, Any] = Field(default={}, description="overrides of study.defaults.train")
    seeds: Seeds | None = Field(default=None, description="its own seeds; null: study.seeds")


class StudyDefaults(Section):
    """Values shared by all variants."""

    model: ModelParams = ModelParams()
    train: TrainParams = TrainParams()


class Variant(Section):
    """A variant with its overrides applied, as ``train-variant`` trains it."""

    slug: str
    text: str
    model: ModelParams
    train: TrainParams

    @property
    def exact(self) -> bool:
        """Whether its training gives the same bytes on every processor."""
        return self.model.backend == "exact" and self.train.device == "cpu"


class VariantSet(Section):
    """The variants of a study, and the seeds with which each is trained."""

    seeds: Seeds = Field(default=[1], description="each variant is trained once per seed")
    defaults: StudyDefaults = Field(
        default=StudyDefaults(), description="shared by all variants; any key of model and train"
    )
    variants: dict[Slug, VariantParams] = Field(
        default={}, description="by slug: a text, and the differences from the defaults"
    )

    def seeds_of(self, slug: str) -> list[int]:
        """Return the seeds of a variant: its own, or those of the study."""
        own = self.variants[slug].seeds
        return self.seeds if own is None else own

    def variant(self, slug: str) -> Variant:
        """Return the variant ``slug`` with ``defaults`` filled in.

        Raises
        ------
        KeyError
            If ``variants`` has no such slug.
        """
        entry = self.variants[slug]
        return Variant(
            slug=slug,
            text=entry.text,
            model=ModelParams.model_validate(self.defaults.model.model_dump() | entry.model),
            # Merged before validation, so that limits apply to the combined values.
            train=TrainParams.model_validate(self.defaults.train.model_dump() | entry.train),
        )

    def models(self, variants: Path) -> list[tuple[str, list[Path]]]:
        """Return each variant's slug and its model folders, that of the lowest seed first.

        The slugs come from params.yaml, not from the folder, which may hold variants that
        another study left behind.
        """
        return [
            (slug, [variants / slug / str(seed) for seed in sorted(self.seeds_of(slug))])
            for slug in self.variants
        ]

    def first_models(self, variants: Path) -> list[tuple[str, Path]]:
        """Return each variant's slug and its model folder with the lowest seed."""
        return [(slug, folders[0]) for slug, folders in self.models(variants)]


class TrainedVariants(VariantSet):
    """The keys of ``study`` that training reads; titles and comparisons are ignored."""

    model_config = StageParams.model_config


class TrainStageParams(StageParams):
    """Keys that the stage ``train`` reads."""

    seed: Seed = 1
    text: Slug
    model: ModelParams = ModelParams()
    train: TrainParams = TrainParams()


class VariantStageParams(StageParams):
    """Keys that stages over the study's variants read."""

    study: TrainedVariants = TrainedVariants()
