"""Mirrors are URL templates, tried in order, in the layouts of both collections."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlab.fetch.mirrors import DEFAULTS, LAYOUTS, MirrorError, mirrors, url_of


def test_order_of_templates() -> None:
    """A mirror without braces is a folder in any layout; Gutenberg's servers come last."""
    templates = mirrors("file:///srv/gutenberg/ https://host/{id}.txt")
    assert templates[0] == "file:///srv/gutenberg/cache/epub/{id}/pg{id}.txt"
    assert templates[len(LAYOUTS)] == "https://host/{id}.txt"
    assert tuple(templates[len(LAYOUTS) + 1 :]) == DEFAULTS


def test_mirrors_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHARLAB_MIRROR is a setting, not a parameter of the experiment."""
    monkeypatch.setenv("CHARLAB_MIRROR", "https://one/{id} http://two/{path}")
    assert mirrors()[:2] == ["https://one/{id}", "http://two/{path}"]
    monkeypatch.delenv("CHARLAB_MIRROR")
    assert tuple(mirrors()) == DEFAULTS


def test_local_path_is_a_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be absolute, relative, or in the home folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    first = [mirrors(path)[0] for path in (str(tmp_path / "m"), "m", "~/m")]
    assert first[0] == first[1] == f"file://{tmp_path}/m/cache/epub/{{id}}/pg{{id}}.txt"
    assert first[2] == f"file://{tmp_path}/home/m/cache/epub/{{id}}/pg{{id}}.txt"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "https://host/{number}.txt",
            r"expected \{id\} and \{path\} .* found \{number\}",
        ),
        ("https://host/{id.txt", r"found \{"),
        ("ftp://host/gutenberg", "expected http, https or file, found ftp://"),
        ("file://srv/gutenberg", "needs three slashes: file:///srv/gutenberg"),
        ("https:///gutenberg", "expected a host, found none"),
        ("~nobody-by-this-name/m", "no such user's home"),
    ],
)
def test_other_values_are_refused(setting: str, words: str) -> None:
    """The error names the setting, the problem, and an example."""
    with pytest.raises(MirrorError, match=f"CHARLAB_MIRROR: .*{words}.*; for example, CHARLAB_M"):
        mirrors(setting)


@pytest.mark.parametrize(
    ("number", "url"),
    [(12345, "x/1/2/3/4/12345/12345-0.txt"), (7, "x/0/7/7-0.txt"), (10, "x/1/10/10-0.txt")],
)
def test_folders_of_the_main_collection(number: int, url: str) -> None:
    """All digits but the last are folders; below ten, the folder is 0."""
    assert url_of("x/{path}/{id}/{id}-0.txt", number) == url
