"""The plan says what each text is, and nothing of a text that is gone."""

from pathlib import Path

import pytest

from charlab.core.files import read_json
from charlab.core.schema import ParamsError
from charlab.plan.params import Params, parse_params
from charlab.plan.plan import PlanError, write_plan


def params_with(texts: dict[str, object]) -> Params:
    """Return parameters whose only interest is their texts."""
    return parse_params({"texts": texts, "text": next(iter(texts))})


def test_each_source_is_identified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A book by its number, an own text by its bytes, a built-in one by length, seed, growth."""
    monkeypatch.chdir(tmp_path)
    own = Path("own")
    own.mkdir()
    (own / "my.txt").write_bytes(b"abc")
    params = params_with(
        {
            "alice": {"gutenberg": 11, "title": "Alice"},
            "mine": {"path": "own/my.txt"},
            "invented": {"builtin": "invented", "chars": 5000, "seed": 2},
        }
    )
    write_plan(params, own, Path("plan"), mirrors_given=False)
    assert read_json(Path("plan/alice.json")) == {"gutenberg": 11}
    assert read_json(Path("plan/mine.json"))["sha256"].startswith("ba7816bf")
    assert read_json(Path("plan/invented.json")) == {
        "builtin": "invented",
        "chars": 5000,
        "seed": 2,
        "growth": True,
    }
    control = params_with({"flat": {"builtin": "invented", "growth": False}})
    write_plan(control, own, Path("plan"), mirrors_given=False)
    assert read_json(Path("plan/flat.json"))["growth"] is False


def test_an_own_text_outside_the_watched_folder_is_refused(tmp_path: Path) -> None:
    """The message names the command that copies it there."""
    params = params_with({"mine": {"path": "../elsewhere/my.txt"}})
    with pytest.raises(PlanError, match=r"texts\.mine\.path: .*charlab add-text"):
        write_plan(params, Path("data/own"), tmp_path, mirrors_given=False)


def test_a_missing_own_text_is_named(tmp_path: Path) -> None:
    """It is found out before anything is fetched."""
    params = params_with({"mine": {"path": "data/own/none.txt"}})
    with pytest.raises(PlanError, match=r"there is no file data/own/none\.txt"):
        write_plan(params, Path("data/own"), tmp_path, mirrors_given=False)


def test_more_books_than_gutenberg_allows_need_a_mirror(tmp_path: Path) -> None:
    """101 books from the main site are refused, from a mirror they are not."""
    params = params_with({f"b{number}": {"gutenberg": number} for number in range(1, 102)})
    with pytest.raises(PlanError, match=r"101 books.*CHARLAB_MIRROR"):
        write_plan(params, tmp_path / "own", tmp_path / "out", mirrors_given=False)
    write_plan(params, tmp_path / "own", tmp_path / "out", mirrors_given=True)
    assert len(list((tmp_path / "out").iterdir())) == 101


def test_a_text_that_is_gone_leaves_no_plan_behind(tmp_path: Path) -> None:
    """A second plan for other texts has only those."""
    write_plan(params_with({"a": {"gutenberg": 1}}), tmp_path, tmp_path / "p", mirrors_given=False)
    write_plan(params_with({"b": {"gutenberg": 2}}), tmp_path, tmp_path / "p", mirrors_given=False)
    assert [path.name for path in (tmp_path / "p").iterdir()] == ["b.json"]


def test_a_missing_table_of_a_sweep_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start of a run, not after all trainings."""
    monkeypatch.chdir(tmp_path)
    document = {"texts": {"i": {"builtin": "invented"}}, "text": "i"}
    params = parse_params(document | {"study": {"tuning": "studies/tuning.csv"}})
    with pytest.raises(PlanError, match=r"study\.tuning: .*no file studies/tuning\.csv.*sweep"):
        write_plan(params, Path("own"), tmp_path / "out", mirrors_given=False)
    Path("studies").mkdir()
    Path("studies/tuning.csv").touch()
    write_plan(params, Path("own"), tmp_path / "out", mirrors_given=False)


def test_only_the_table_that_dvc_watches_may_be_named() -> None:
    """The stage compare depends on studies/tuning.csv, and dvc.yaml cannot name another."""
    document = {"texts": {"i": {"builtin": "invented"}}, "text": "i"}
    with pytest.raises(ParamsError, match=r"study\.tuning: .*'studies/tuning\.csv'.*found '/etc"):
        parse_params(document | {"study": {"tuning": "/etc/passwd"}})
