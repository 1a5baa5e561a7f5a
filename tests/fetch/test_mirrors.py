"""Mirrors are URL templates, asked in order, in the layouts of both collections."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlab.fetch.mirrors import DEFAULTS, LAYOUTS, MirrorError, mirrors, url_of


def test_a_folder_stands_for_every_layout_and_comes_before_the_defaults() -> None:
    """A mirror without braces is a folder; Gutenberg's own servers are asked last."""
    templates = mirrors("file:///srv/gutenberg/ https://host/{id}.txt")
    assert templates[0] == "file:///srv/gutenberg/cache/epub/{id}/pg{id}.txt"
    assert templates[len(LAYOUTS)] == "https://host/{id}.txt"
    assert tuple(templates[len(LAYOUTS) + 1 :]) == DEFAULTS


def test_mirrors_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the bytes come from is no parameter of the experiment."""
    monkeypatch.setenv("CHARLAB_MIRROR", "https://one/{id} http://two/{path}")
    assert mirrors()[:2] == ["https://one/{id}", "http://two/{path}"]
    monkeypatch.delenv("CHARLAB_MIRROR")
    assert tuple(mirrors()) == DEFAULTS


def test_a_path_on_this_machine_is_a_mirror(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absolute, relative, or in the home folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    first = [mirrors(path)[0] for path in (str(tmp_path / "m"), "m", "~/m")]
    assert first[0] == first[1] == f"file://{tmp_path}/m/cache/epub/{{id}}/pg{{id}}.txt"
    assert first[2] == f"file://{tmp_path}/home/m/cache/epub/{{id}}/pg{{id}}.txt"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("https://host/{number}.txt", r"\{number\} is not known in a template"),
        ("https://host/{id.txt", r"\{ is not known"),
        ("ftp://host/gutenberg", "ftp:// cannot be asked, only http, https and file"),
        ("file://srv/gutenberg", "has three slashes: file:///srv/gutenberg"),
        ("https:///gutenberg", "there is no host in it"),
    ],
)
def test_what_is_no_mirror_is_refused(setting: str, words: str) -> None:
    """The message names the setting, what is wrong, and how it is to be."""
    with pytest.raises(MirrorError, match=f"CHARLAB_MIRROR: .*{words}.*; set it as in CHARLAB_M"):
        mirrors(setting)


@pytest.mark.parametrize(
    ("number", "url"),
    [(12345, "x/1/2/3/4/12345/12345-0.txt"), (7, "x/0/7/7-0.txt"), (10, "x/1/10/10-0.txt")],
)
def test_the_main_collection_is_filed_by_digits(number: int, url: str) -> None:
    """All digits but the last are folders; below ten it is 0."""
    assert url_of("x/{path}/{id}/{id}-0.txt", number) == url
