"""The recipes are valid parameters, and options can override them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from charlab.commands.train import resolve
from charlab.core.errors import CharlabError
from charlab.core.schema import ParamsError
from charlab.plan.params import Params
from charlab.recipes import _adapted, load_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_each_recipe_passes_the_schema(name: str) -> None:
    """Every section and key is known, and its value is used."""
    params = resolve(name, None, [], None)
    for section, values in load_recipe(name).items():
        used = getattr(params, section).model_dump()
        assert {key: used[key] for key in values} == values


@pytest.mark.parametrize("name", recipe_names())
def test_each_recipe_has_a_comment(name: str) -> None:
    """A comment comes first, and all sections are those of a training."""
    source = Path(__file__).parents[2] / "src" / "charlab" / "recipes" / f"{name}.yaml"
    assert source.read_text(encoding="utf-8").startswith("# ")
    assert set(load_recipe(name)) <= {"seed", "corpus", "model", "train"}


@pytest.mark.parametrize("name", recipe_names())
@pytest.mark.parametrize("chars", [1, 10_000, 300_000, 1_000_000, 30_000_000])
def test_each_recipe_adapts_to_the_length_of_the_text(name: str, chars: int) -> None:
    """It reads a bounded number of characters, in a bounded number of passes."""
    usual, params = (resolve(name, None, [], None, n) for n in (1_000_000, chars))
    assert params.train.epochs * chars <= 1.01 * max(usual.train.epochs * 1_000_000, chars)
    assert 0 < params.train.epochs <= 24
    assert resolve(name, None, ["train.epochs=3"], None, chars).train.epochs == 3


def test_changes_for_short_texts() -> None:
    """The first entry whose ``than`` is above the length applies; the section keeps its rest."""
    document: dict[str, Any] = {
        "model": {"hidden": 8, "dropout": 0.1},
        "train": {"batch_size": 4},
        "length": {
            "chars": 1000,
            "epochs": 5,
            "shorter": [
                {"than": 100, "model": {"dropout": 0.5}, "epochs": 3},
                {"than": 400, "model": {"dropout": 0.3}},
            ],
        },
    }
    for chars, dropout, epochs in ((99, 0.5, 3), (100, 0.3, 5), (400, 0.1, 2.5), (4000, 0.1, 0.25)):
        assert _adapted(copy.deepcopy(document), chars) == {
            "model": {"hidden": 8, "dropout": dropout},
            "train": {"batch_size": 4, "epochs": epochs},
        }


def test_names_of_recipes() -> None:
    """The recipes are those of the documentation."""
    assert recipe_names() == ["best", "fast", "minute"]


def test_an_unknown_recipe() -> None:
    """The message lists the recipes, even if the name is a path out of the folder."""
    for name in ("fastest", "../params", ""):
        with pytest.raises(CharlabError, match=r"choose one of best, fast, minute"):
            load_recipe(name)


def test_options_override_a_recipe() -> None:
    """--set and --seed change the values of a recipe."""
    params = resolve("fast", None, ["model.hidden=33", "train.betas=[0.5, 0.6]"], 9)
    assert (params.model.hidden, params.train.betas, params.seed) == (33, [0.5, 0.6], 9)
    assert params.model.cell == load_recipe("fast")["model"]["cell"]


def test_a_parameter_file_gives_its_training_sections_only(tmp_path: Path) -> None:
    """A whole params.yaml can be used; its texts and its study are ignored."""
    path = tmp_path / "params.yaml"
    path.write_text(
        "seed: 4\ntexts: {a: {gutenberg: 11}}\ntext: a\nmodel: {hidden: 7}\nstudy: {name: x}\n",
        encoding="utf-8",
    )
    params = resolve(None, path, [], None)
    assert (params.seed, params.model.hidden, list(params.texts)) == (4, 7, ["text"])
    assert resolve(None, path, [], 5).seed == 5


def test_without_options_the_defaults_are_used() -> None:
    """The defaults are those of the schema."""
    defaults = Params.model_validate({"texts": {"text": {"path": "text"}}, "text": "text"})
    assert resolve(None, None, [], None) == defaults


def test_recipe_and_file_exclude_each_other(tmp_path: Path) -> None:
    """It would not be clear which of them wins."""
    with pytest.raises(ParamsError, match="--recipe and --params exclude each other"):
        resolve("fast", tmp_path / "params.yaml", [], None)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.hiden=3", r"model\.hiden: unknown key .* known keys here: .*hidden"),
        ("model.hidden=many", r"model\.hidden: .* found 'many'"),
        ("model.hidden", "expected KEY.PATH=VALUE"),
        ("model.hidden=[", r"--set model\.hidden=\[: line \d+: not YAML"),
    ],
)
def test_a_bad_override_is_explained(override: str, message: str) -> None:
    """The message has the key, the value, and the allowed ones."""
    with pytest.raises(ParamsError, match=message):
        resolve(None, None, [override], None)


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe", b"- 1\n", b"#" * 2_000_001])
def test_a_bad_parameter_file(tmp_path: Path, content: bytes) -> None:
    """The message names a file that is not YAML, not UTF-8 or without sections."""
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(
        ParamsError,
        match=r"bad\.yaml: (line \d+: not YAML|not text in UTF-8|more than|expected sections)",
    ):
        resolve(None, path, [], None)
    with pytest.raises(ParamsError, match=r"none\.yaml: no such file"):
        resolve(None, tmp_path / "none.yaml", [], None)
