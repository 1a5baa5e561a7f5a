"""Decide which figures stand in the body of the report; all others are in the appendix.

The body has at most :data:`LIMIT` figures. A section names the figures that it wants most; a figure
that was not drawn, for want of data, leaves its place to the next.
"""

from __future__ import annotations

from collections.abc import Mapping

from charlab.plots import registry
from charlab.report.comparison_section import Block
from charlab.report.pictures import Picture

LIMIT = 20
"""Maximum number of figures before the appendix."""

OF_SECTION: dict[str, tuple[str, ...]] = {
    "state": ("loss_by_position",),
    "training": ("model_learning_curve", "as_it_learned"),
    "generation": ("next_char", "temperature"),
    "sizes": ("learning_rate_u",),
}
"""Figures of the whole study, or of *the* model, that a section shows, by name."""

IN_APPENDIX = ("novelty", "weights", "colored_text", "gate_saturation", "against_ngram")
"""Figures of a section that have no place in the body."""

OF_KEY: dict[str, tuple[str, ...]] = {
    "backend": (),
    "clip": ("clipping", "gradient_norms"),
    "dropout": ("overfitting", "learning_curves"),
    "cell": ("comparison", "gradient_by_lag"),
    "text": ("texts",),
    "state": (),
}
"""Figures that a comparison wants in the body, by the key that it varies; losses by default."""

OF_MEMORY = ("memory_share", "memory_map", "loss_by_distance")
"""Figures of a comparison on the built-in text, where the loss is not what it is about."""

ONE_OF = ("clip", "dropout")
"""Keys of which the first figure that is there is enough."""

ONCE = ("gradient_by_lag", "memory_map", "overfitting", "learning_curves")
"""Figures of which one in the body is enough."""


def placed(
    pictures: Mapping[str, Picture], blocks: Mapping[str, Block], order: Mapping[str, list[str]]
) -> dict[str, list[Picture]]:
    """Return the figures of the body, by section and by comparison.

    Parameters
    ----------
    pictures : mapping
        Figures of *the* model and of the study, by name.
    blocks : mapping of Block
        The comparisons, by slug.
    order : mapping
        The comparisons in the body of each section, in the order of the report.
    """
    places = {of("overtaking"): _headline(blocks)}
    used: set[str] = set()
    figures = registry.figures()
    for section in dict.fromkeys((*OF_SECTION, *order)):
        own = [pictures[name] for name in OF_SECTION.get(section, ()) if name in pictures]
        # A figure registered for this section needs no entry above.
        own += [
            drawn
            for name, drawn in pictures.items()
            if figures[name].section == section
            and drawn not in own
            and name not in IN_APPENDIX
            and not any(name in wanted for wanted in OF_SECTION.values())
        ]
        places[of(section)] = [drawn for drawn in own if drawn.name not in used]
        used |= {drawn.name for drawn in own}
        for slug in order.get(section, []):
            places[slug] = _of_block(blocks[slug], used)
            used |= {_kind(drawn, slug) for drawn in places[slug]}
    return _within_limit(places)


def of(section: str) -> str:
    """Return the key of a section among the places; a comparison's slug may be the same word."""
    return f"/{section}"


def _headline(blocks: Mapping[str, Block]) -> list[Picture]:
    """Return the first figure of networks that overtake counting."""
    drawn = [
        figure
        for block in blocks.values()
        for figure in block.figures
        if figure.name == f"overtaking_{block.slug}"
    ]
    return drawn[:1]


def _kind(drawn: Picture, slug: str) -> str:
    """Return the name of a comparison's figure without the comparison."""
    return drawn.name.removesuffix(f"_{slug}")


def _of_block(block: Block, used: set[str]) -> list[Picture]:
    """Return the figures of one comparison in the body, without those that are shown once."""
    by_name = {_kind(drawn, block.slug): drawn for drawn in block.figures}
    wanted = OF_MEMORY if block.builtin else OF_KEY.get(block.vary, ("comparison", "texts"))
    names = [name for name in wanted if name in by_name]
    if block.builtin or block.vary in ONE_OF:
        names = names[: 2 if block.builtin else 1]
    return [by_name[name] for name in names if not (name in ONCE and name in used)]


def _within_limit(places: dict[str, list[Picture]]) -> dict[str, list[Picture]]:
    """Drop the last figures of the fullest places until no more than the limit are left."""
    while sum(map(len, places.values())) > LIMIT:
        # The last of the fullest: the figures at the top are the more important ones.
        fullest = max(reversed(list(places)), key=lambda place: len(places[place]))
        places[fullest].pop()
    return places
