"""A slug has Latin letters, whatever the script of the title."""

from __future__ import annotations

import pytest

from charlab.commands.slugs import free_slug, slug_of


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Moby Dick; Or, The Whale", "moby-dick"),
        ("L'homme à l'oreille cassée", "l-homme-a-l"),
        ("War and Peace", "war-and-peace"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Анна Каренина: роман", "anna-karenina"),
        ("Їжак", "yizhak"),
        ("Οδύσσεια", "odysseia"),
        ("裨海紀遊", ""),
    ],
)
def test_a_slug_is_made_of_the_title(title: str, slug: str) -> None:
    """Accents and subtitles are dropped; at most four words are kept."""
    assert slug_of(title) == slug


def test_numbers_go_on_where_they_are_free() -> None:
    """A number in use is skipped."""
    assert free_slug({}) == "text-1"
    assert free_slug({"text-1", "text-3"}) == "text-2"
