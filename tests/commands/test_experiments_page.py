"""The page of experiments: what is finished side by side, nothing borrowed, all words as data."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from charlab.commands import experiment_records
from charlab.commands.experiment_records import CURVE, SAMPLES, Experiment
from charlab.commands.experiments_page import MOST, experiments_page

HOSTILE = "<script>alert(1)</script></td></table> [a](javascript:x) | `b` \x1b[2J\u202e"


CURVE_ROWS = pd.DataFrame(
    {"step": [1, 2], "chars": [1e5, 2e5], "train_bpc": [3.0, 2.0], "val_bpc": [2.9, 2.1]}
)


def changed(values: dict[str, Any]) -> dict[str, Any]:
    """Return parameters whose names are no words of Python."""
    return values


def made(name: str, loss: float = 2.0, state: str = "done", **params: Any) -> Experiment:
    """Return an experiment with losses and samples; without a curve, which takes time to draw."""
    return Experiment(
        name,
        state,
        {"text": "invented", "corpus.val": 0.1, "model.cell": "lstm", "model.hidden": 16} | params,
        {"val_bpc": loss, "test_bpc": loss + 0.5, "parameters": 1234},
        samples={
            "seed": 1,
            "prompt": "The ",
            "samples": [{"temperature": 0.5, "text": f"{name} writes"}],
        },
    )


BASE = made("main", state="baseline")


class Reader(HTMLParser):
    """Collects the elements, the attributes and the visible words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("href", "src", "onload")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        """Note words, and those of a cell in its row."""
        if not {"script", "style"} & set(self.tags[-1:]):
            self.text += data
            if self.rows and self.rows[-1]:
                self.rows[-1][-1] += data.strip("\n")


def test_losses_are_beside_the_baseline_the_lowest_first() -> None:
    """A row has what was changed, both losses, and how much lower they are."""
    page = Reader(
        experiments_page(
            [
                BASE,
                made("worse", loss=2.25),
                made("better", loss=1.9, **changed({"model.hidden": 64})),
            ]
        )
    )
    rows = [row for row in page.rows if len(row) == 7][1:]
    assert [row[0] for row in rows] == ["main", "better", "worse"]
    assert rows[1][1:] == ["model.hidden = 64", "1.900", "0.100", "2.400", "0.100", "1,234"]
    assert rows[2][1:4] == ["nothing", "2.250", "-0.250"]
    assert "better has the lowest loss on val, 0.100 bits per character below" in page.text


def test_samples_are_side_by_side_and_curves_over_one_another() -> None:
    """One table per temperature, one picture; the random numbers are said."""
    other = replace(made("other", **changed({"model.cell": "gru"})), curve=CURVE_ROWS)
    again = replace(other, name="again", samples={**(other.samples or {}), "seed": 7})
    page = Reader(experiments_page([BASE, other, again]))
    assert ["main", "other", "again (seed 7)"] in page.rows
    assert ["The main writes", "The other writes", "The other writes"] in page.rows
    assert page.tags.count("svg") == 1
    assert "There is no learning curve yet" not in page.text
    only = Reader(experiments_page([BASE, other]))
    assert "The same random numbers (seed 1) drew all samples." in only.text


@pytest.mark.parametrize("state", ["failed", "running", "queued"])
def test_an_unfinished_experiment_has_no_numbers(state: str) -> None:
    """It is named with what was changed and what to do."""
    page = Reader(experiments_page([BASE, Experiment("x", state, {**BASE.params, "seed": 2})]))
    (row,) = [row for row in page.rows if row[0] == "x"]
    assert row[1:3] == [state, "seed = 2"]
    assert f"1 experiment on it: 1 {state}." in page.text


def test_losses_on_other_texts_are_not_subtracted() -> None:
    """Neither those on another split of the same text; another training's are."""
    others = [
        made("text", loss=1.0, text="mine"),
        made("split", loss=1.1, **changed({"corpus.val": 0.2})),
        made("own", loss=1.2, **changed({"texts.mine.path": "data/own/mine.txt"})),
    ]
    rows = {row[0]: row for row in Reader(experiments_page([BASE, *others])).rows if len(row) == 7}
    assert [rows[name][3] for name in ("text", "split", "own")] == ["–", "–", "0.800"]


def test_many_experiments_leave_the_curves_readable() -> None:
    """All have a row, the best have curves and samples."""
    many = [made(f"e{number}", loss=2 + number / 10) for number in range(MOST + 3)]
    page = Reader(experiments_page([BASE, *many]))
    assert sum(len(row) == 7 for row in page.rows) == 1 + 1 + len(many)
    assert max(map(len, page.rows)) == 1 + MOST
    assert f"Curves and samples are those of the best {MOST}." in page.text


def test_what_is_missing_is_said() -> None:
    """Without any experiment, result or sample the page says how to get one."""
    page = Reader(experiments_page([Experiment("main", "baseline")]))
    assert "There is no experiment on it yet" in page.text
    assert "There is no learning curve yet" in page.text
    assert "Not in DVC's cache: the samples of main." in page.text


def test_words_of_users_are_data() -> None:
    """Names, values, prompts and samples bring no element, link or control character."""
    hostile = replace(
        made(HOSTILE, **changed({"model.cell": HOSTILE, "sample.prompt": HOSTILE})),
        curve=CURVE_ROWS,
        samples={
            "seed": 1,
            "prompt": HOSTILE,
            "samples": [{"temperature": 0.5, "text": f"{HOSTILE}\n\n# a\r\n"}],
        },
    )
    experiments = [BASE, hostile, Experiment(HOSTILE, "failed", hostile.params)]
    text = experiments_page(experiments)
    page = Reader(text)
    assert page.tags.count("script") == 1
    assert not set(page.tags) & {"img", "iframe", "object", "form"}
    assert not [link for link in page.links if not link.startswith("#")]
    assert not re.search("[\x1b\u202e]", text)
    assert "<script>alert(1)</script>" in page.text


def test_the_page_allows_no_request() -> None:
    """It has one policy, and no address of another file."""
    page = experiments_page([BASE, made("a")])
    assert "content=\"default-src 'none'; script-src 'sha256-" in page
    assert not re.search(r'(src|href)="(?!#)', page)


class Commits:
    """A stand-in for a git repository with the same files in every commit."""

    def __init__(self, **files: bytes) -> None:
        self.files = files

    def content(self, _: str, path: str) -> bytes | None:
        """Return a file."""
        return self.files.get(path)


def results(folder: Path, lock: str, content: bytes, md5: str) -> dict[str, Any] | None:
    """Return the samples that are found for a dvc.lock and one file in the cache."""
    cached = folder / md5[:2] / md5[2:]
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    commits: Any = Commits(**{"dvc.lock": lock.encode()})
    return experiment_records._Results(commits, folder).samples("commit")


def test_samples_come_from_the_cache_by_their_hash(tmp_path: Path) -> None:
    """A damaged file, another hash, a path as a hash: no samples, rather than wrong ones."""
    content = json.dumps({"seed": 3}).encode()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    lock = "stages: {sample: {outs: [{path: %s, md5: %s}]}}"
    good = lock % (SAMPLES, md5)
    assert results(tmp_path / "a", good, content, md5) == {"seed": 3}
    assert results(tmp_path / "b", good, b'{"seed": 4}', md5) is None
    assert results(tmp_path / "c", lock % (SAMPLES, "../../x"), content, md5) is None
    assert results(tmp_path / "d", lock % ("data/model", md5), content, md5) is None
    assert results(tmp_path / "e", "", content, md5) is None


def test_only_finished_experiments_have_results() -> None:
    """DVC gives the others the metrics of their baseline."""
    data = SimpleNamespace(
        params={"params.yaml": {"data": {"model": {"hidden": 16}, "text": "invented"}}},
        metrics={"metrics/model.json": {"data": {"val_bpc": 2.0}}},
    )
    revision = SimpleNamespace(rev="a" * 40, name=None, data=data)
    states = ("success", "running", "queued", "failed", None)
    entries = [
        SimpleNamespace(
            revs=[revision], name=str(state), executor=state and SimpleNamespace(state=state)
        )
        for state in states
    ]
    head: Any = SimpleNamespace(rev="b" * 40, name="main", data=data, experiments=entries)
    curve = b"chars,train_bpc,val_bpc\n1,2,3\n"
    commits: Any = Commits(**{CURVE: curve})
    found = list(
        experiment_records._below(head, experiment_records._Results(commits, Path("none")))
    )
    assert [one.state for one in found] == ["done", "running", "queued", "failed", "done"]
    assert [one.name for one in found] == [str(state) for state in states]
    for one in found:
        own = one.state == "done"
        assert bool(one.metrics) == own == (one.curve is not None)
        assert one.params == {"model.hidden": 16, "text": "invented"}
