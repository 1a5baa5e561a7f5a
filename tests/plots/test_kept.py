"""Tests of kept pictures: same bytes, drawn once, and never a wrong or damaged one."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from charlab import core, plots, synthetic
from charlab.plots import kept, registry
from charlab.plots.style import SeriesStyle
from figure_data import DATA

NAME = "gradient_by_lag"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Keep pictures in a folder while a test runs."""
    with kept.kept_in(tmp_path):
        yield tmp_path


def drawn(data: object, svg: bytes = b"<svg/>") -> tuple[bytes, bool]:
    """Return a picture, and whether it was drawn."""
    calls = []

    def draw() -> bytes:
        calls.append(data)
        return svg

    return kept.picture(data, draw), bool(calls)


def key(data: object) -> str | None:
    """Return the name of the picture with these data."""
    return kept._key(kept._environment((core, plots), kept.LIBRARIES), data)


def test_a_figure_is_drawn_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second picture is the first one's bytes, and those without kept pictures."""
    first = registry.draw(NAME, DATA[NAME])
    (path,) = folder.iterdir()
    monkeypatch.setattr(registry, "_svg", None)
    assert registry.draw(NAME, DATA[NAME]) == first
    monkeypatch.undo()
    path.unlink()
    assert registry.draw(NAME, DATA[NAME]) == first


def test_a_figure_is_drawn_again_for_another_width(folder: Path) -> None:
    """The brief has narrower figures than the report."""
    assert registry.draw(NAME, DATA[NAME]) != registry.draw(NAME, DATA[NAME], width=4)
    assert len(list(folder.iterdir())) == 2


TABLE = pd.DataFrame({"x": [1, 2], "title": ["a", None]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.1, 0.1 + 2**-56),
        (1, 1.0),
        ("1", 1),
        (None, float("nan")),
        (TABLE, TABLE.assign(x=[1, 3])),
        (TABLE, TABLE.assign(x=[1.0, 2.0])),
        (TABLE, TABLE.rename(columns={"x": "y"})),
        (TABLE, TABLE.iloc[::-1]),
        (TABLE, TABLE[["title", "x"]]),
        (np.arange(3), np.arange(3.0)),
        (np.arange(4), np.arange(4).reshape(2, 2)),
        (np.arange(4).reshape(2, 2), np.arange(4).reshape(2, 2).T),
        (SeriesStyle("a", "#000000", "o"), SeriesStyle("b", "#000000", "o")),
        ([["a"], ["b"]], [["a", "b"]]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_other_data_are_another_picture(one: object, other: object) -> None:
    """Every digit, type, name and position counts."""
    assert drawn({"data": one}, b"1") == (b"1", True)
    assert drawn({"data": other}, b"2") == (b"2", True)
    assert drawn({"data": one}) == (b"1", False)


def test_other_code_or_libraries_are_another_picture(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edited figure is drawn again."""
    drawn(1)
    monkeypatch.setattr(kept, "_environment", lambda *_: ["edited"])
    assert drawn(1)[1]
    assert len(list(folder.iterdir())) == 2


def test_a_value_is_computed_once(folder: Path) -> None:
    """Not as another one's, not with other code, and with all digits."""
    counted = iter(range(9))

    def value(data: object, code: ModuleType = core, name: str = "sum") -> object:
        return kept.value(
            name, data, lambda: {"sum": 0.1 + 0.2, "call": next(counted)}, (code,), ()
        )

    first = {"sum": 0.1 + 0.2, "call": 0}
    assert value(1) == value(1) == first
    assert value(2) == {**first, "call": 1}
    assert value(1, synthetic) == {**first, "call": 2}
    assert value(1, name="other") == {**first, "call": 3}
    assert len(list(folder.glob("*.json"))) == 4


@pytest.mark.parametrize("damage", [b"", b"<svg/>", b"\xff\n<svg/>", b"0" * 64 + b"\n<svg/>"])
def test_a_damaged_picture_is_drawn_again(folder: Path, damage: bytes) -> None:
    """It is replaced, too."""
    drawn(1)
    (path,) = folder.iterdir()
    path.write_bytes(damage)
    assert drawn(1) == (b"<svg/>", True)
    assert drawn(1) == (b"<svg/>", False)


def test_what_is_not_a_file_is_left_alone(folder: Path) -> None:
    """A pipe would never end, and a folder cannot be replaced."""
    drawn(1)
    (path,) = folder.iterdir()
    path.unlink()
    path.mkdir()
    assert drawn(1) == (b"<svg/>", True)
    assert path.is_dir()


def test_a_folder_that_cannot_be_made_costs_only_time(tmp_path: Path) -> None:
    """Here its parent is a file."""
    (tmp_path / "file").touch()
    with kept.kept_in(tmp_path / "file" / "pictures"):
        assert drawn(1) == drawn(1) == (b"<svg/>", True)


def test_data_of_an_unknown_type_are_drawn_each_time(folder: Path) -> None:
    """Nothing can tell whether two such objects are the same."""
    assert drawn(object())[1]
    assert not list(folder.iterdir())


def test_the_least_recently_used_pictures_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder does not grow without end."""
    monkeypatch.setattr(kept, "MOST", 2)
    with kept.kept_in(tmp_path):
        for number in range(3):
            drawn(number)
        for age, path in enumerate(sorted(tmp_path.iterdir())):
            os.utime(path, (age, age))
        used = min(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime)
        for number in range(3):
            if key(number) == used.stem:
                drawn(number)
    assert used.exists()
    assert len(list(tmp_path.iterdir())) == 2


def test_every_module_that_draws_is_in_the_hash() -> None:
    """Figures use no code of charlab beside core, plots and the schema that gives the styles."""
    imported = set()
    for path in Path(plots.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("charlab."):
                imported.add(str(node.module))
    others = {name for name in imported if name.split(".")[1] not in {"core", "plots"}}
    assert others == {"charlab.plan.params"}
