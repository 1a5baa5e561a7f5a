"""Verdicts of a verification, and forgeries."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from charlab.core.files import write_text
from charlab.verify.sampling import caught, drawn
from charlab.verify.stages import declared_stages
from charlab.verify.verifier import DIFFERENT, IDENTICAL, UNKNOWN, WITHIN, Verdict, exit_status
from made_pipeline import Made


def verdicts(verifier_run: list[Verdict]) -> dict[str, str]:
    """Return the verdict of each output."""
    return {verdict.output: verdict.verdict for verdict in verifier_run}


def test_command_is_filled_in_as_by_dvc(tmp_path: Path) -> None:
    """dvc.lock has the command with the values, so the declared one needs them, too."""
    stage = {"foreach": "${texts}", "do": {"cmd": "run ${key} ${item.chars}", "outs": ["${key}"]}}
    write_text(tmp_path / "dvc.yaml", json.dumps({"stages": {"read": stage}}))
    write_text(tmp_path / "params.yaml", json.dumps({"texts": {"one": {"chars": 3}}}))
    assert declared_stages(tmp_path)["read@one"].cmd == "run one 3"


@pytest.mark.parametrize("cached", [True, False])
def test_honest_run_is_identical(project: Made, tmp_path: Path, cached: bool) -> None:
    """Inputs come from the cache or, in a new clone, from running what makes them."""
    verifier = project.verifier(tmp_path / "scratch")
    if not cached:
        project.cache.rename(tmp_path / "elsewhere")
        unpromised = "train-variant@torch"  # its bits are not
        verifier.stages = {k: v for k, v in verifier.stages.items() if k != unpromised}
        verifier.records = {k: v for k, v in verifier.records.items() if k != unpromised}
        assert "train-variant@lstm-1" not in verifier.done
        assert {v.verdict for v in verifier.verify("train-variant@lstm-1")} == {IDENTICAL}
        assert list(verifier.done) == ["plan", "fetch@one", "clean@one", "train-variant@lstm-1"]
        return
    assert verifier.inconsistent() == []
    for name in verifier.stages:
        assert {verdict.verdict for verdict in verifier.verify(name)} == {IDENTICAL}


@pytest.mark.parametrize(
    ("forged", "runs"),
    [
        *((1, 10), (2, 10)),
        # 200 in all.
        *(pytest.param(n, runs, marks=pytest.mark.slow) for n, runs in ((1, 60), (2, 60), (4, 80))),
    ],
)
def test_forgeries_are_caught_at_the_stated_rate(
    project: Made, tmp_path: Path, forged: int, runs: int
) -> None:
    """One output each, and all hashes downstream are consistent with it: only a run tells."""
    author, sample = random.Random(forged), 4
    stages = project.verifier(tmp_path / "scratch").stages
    names = list(stages)
    # Each output in its turn, in data, metrics, plots and report; the verifier's draw is random.
    every = [(name, out) for name, stage in stages.items() for out in stage.outs]
    hits = 0
    for seed in range(runs):
        first, out = every[seed % len(every)]
        others = author.sample([name for name in names if name != first], forged - 1)
        outs = {first: out} | {name: author.choice(stages[name].outs) for name in others}
        chosen = outs.keys()
        project.record(outs)
        verifier = project.verifier(tmp_path / "scratch")
        found = verifier.inconsistent()
        assert found == []
        picked = drawn(names, seed)[:sample]
        for name in picked:
            found += verifier.verify(name)
        # The bits of torch are not promised, and a forger may use that: within the bound.
        evident = (chosen & set(picked)) - {"train-variant@torch"}
        assert exit_status(found) == (1 if evident else 0)
        hits += bool(chosen & set(picked))
    rate = caught(len(names), sample, forged)
    assert abs(hits / runs - rate) < 3 * math.sqrt(rate * (1 - rate) / runs)


def _lock(made: Made) -> None:
    """Claim another hash for a trained network."""
    lock = made.lock()
    lock["stages"]["train-variant@lstm-2"]["outs"][0]["md5"] = "0" * 32 + ".dir"
    made.write_lock(lock)


def _params(made: Made) -> None:
    """Claim that a variant was trained as params.yaml now says."""
    path = made.root / "params.yaml"
    path.write_text(path.read_text().replace('"hidden": 2', '"hidden": 5'))


def _replace(name: str) -> Callable[[Made], None]:
    def forge(made: Made) -> None:
        write_text(made.root / name, "variant,value\nlstm-1,0.1\n")

    return forge


@pytest.mark.parametrize(
    ("forge", "stage", "kind"),
    [
        (_replace("metrics/table.csv"), "compare", "output: metrics"),
        (_replace("plots/table.csv"), "compare", "output: plots"),
        (_replace("report/table.csv"), "report", "output: report"),
        (_replace("stages/a.py"), "fetch@one", "code: stages/a.py"),
        (_lock, "compare", "input: data/variants"),
        (_params, "train-variant@lstm-2", "params: study.variants.lstm-2.model.hidden: recorded 2"),
    ],
    ids=["metrics", "figures", "report", "code", "lock", "params"],
)
def test_forgery_that_is_not_carried_through_is_always_caught(
    project: Made, tmp_path: Path, forge: Callable[[Made], None], stage: str, kind: str
) -> None:
    """Without running anything, and with the first place where it differs."""
    forge(project)
    verifier = project.verifier(tmp_path / "scratch")
    if forge is _lock:  # the combined hash of a folder needs all lists of its files
        name = "train-variant@lstm-2"
        assert verdicts(verifier.verify(name)) == {"data/variants/lstm-2": DIFFERENT}
        return
    found = {verdict.stage: verdict for verdict in verifier.inconsistent()}
    assert found[stage].verdict == DIFFERENT
    assert found[stage].notes[0].startswith(kind)
    assert verifier.verify(stage)[0].verdict == DIFFERENT
    assert exit_status(found.values()) == 1


def test_difference_names_the_value(project: Made, tmp_path: Path) -> None:
    """Which file, row and column, both values, and what is not the cause."""
    verifier = project.verifier(tmp_path / "scratch", {"compare": "5"})
    verdict = verifier.verify("compare")[0]
    assert verdict.verdict == DIFFERENT
    assert verdict.notes[0].startswith("metrics/table.csv: row 1, value: 0.")
    assert "recorded, 0." in verdict.notes[0]
    assert "code and package versions are the recorded ones" in verdict.notes[-1]


@pytest.mark.parametrize(("twist", "verdict"), [("x" * 49, WITHIN), ("x" * 51, DIFFERENT)])
def test_torch_has_a_bound(project: Made, tmp_path: Path, twist: str, verdict: str) -> None:
    """0.049 bits are within it, 0.051 are not; another backend has none."""
    twists = {"train-variant@torch": twist, "train-variant@lstm-1": "x"}
    verifier = project.verifier(tmp_path / "scratch", twists)
    torch = verifier.verify("train-variant@torch")[0]
    assert torch.verdict == verdict
    assert "1/metrics.json, val_bpc" in torch.notes[0]
    assert ("model.backend is torch" in torch.notes[0]) == (verdict == WITHIN)
    assert verifier.verify("train-variant@lstm-1")[0].verdict == DIFFERENT
    # Later stages read the recorded one.
    assert {v.verdict for v in verifier.verify("compare")} == {IDENTICAL}


def test_torch_without_the_recorded_weights(project: Made, tmp_path: Path) -> None:
    """The committed tables have its losses; without a row of the seed nothing can be told."""
    loss = json.loads((project.root / "data/variants/torch/1/metrics.json").read_text())["val_bpc"]
    for rows, verdict in (
        (f"torch,1,{loss - 0.001}\n", WITHIN),
        (f"torch,1,{loss - 0.1}\n", DIFFERENT),
        ("lstm-1,1,2\n", UNKNOWN),
    ):
        verifier = project.verifier(tmp_path / "scratch", {"train-variant@torch": "x"})
        write_text(
            tmp_path / "scratch/committed/metrics/seeds.csv", f"variant,seed,val_bpc\n{rows}"
        )
        object.__setattr__(verifier.scratch, "cache", tmp_path / "no cache")
        found = verifier.verify("train-variant@torch")[0]
        assert found.verdict == verdict
        assert ("1/metrics.json, val_bpc" in found.notes[0]) == (verdict != UNKNOWN)


@pytest.mark.parametrize("drawn", [None, "evaluate", "compare"])
def test_what_is_made_of_torch_without_a_cache(
    project: Made, tmp_path: Path, drawn: str | None
) -> None:
    """Only what names the variant may differ; then the report, of recorded tables, is the same."""
    project.cache.rename(tmp_path / "elsewhere")
    verifier = project.verifier(tmp_path / "scratch", {"train-variant@torch": "x"})
    for name in [drawn] if drawn else verifier.stages:
        verifier.verify(name)
    found = {v.output: v for own in verifier.done.values() for v in own}
    others = {"data/evaluation", "metrics", "plots", "data/variants/torch"}
    assert {out for out, v in found.items() if v.verdict == WITHIN} == others
    assert {v.verdict for out, v in found.items() if out not in others} == {IDENTICAL}
    assert ("report" in found) == (drawn is None)
    text = "the same but for what names torch, within their tolerance"
    assert found["metrics"].notes == (text,)
    assert found["data/evaluation"].notes == (f"by metrics, plots: {text}",)
    assert exit_status(found.values()) == 0


@pytest.mark.parametrize("stage", ["evaluate", "compare"])
def test_what_is_not_made_of_torch_has_no_tolerance(
    project: Made, tmp_path: Path, stage: str
) -> None:
    """The row of another variant differs as well."""
    project.cache.rename(tmp_path / "elsewhere")
    verifier = project.verifier(tmp_path / "scratch", {"train-variant@torch": "x", stage: "7"})
    found = verdicts(verifier.verify("evaluate") + verifier.verify("compare"))
    assert found["metrics"] == DIFFERENT
    assert found["data/evaluation"] == DIFFERENT
    assert "table.csv: recorded lstm-1,0." in verifier.done["compare"][0].notes[0]


def test_what_cannot_be_told(project: Made, tmp_path: Path) -> None:
    """A text that cannot be fetched, and what depends on it without a cache."""
    project.cache.rename(tmp_path / "elsewhere")
    verifier = project.verifier(tmp_path / "scratch", {"fetch@one": "fails"})
    fetch, clean = verifier.verify("fetch@one")[0], verifier.verify("clean@one")[0]
    assert (fetch.verdict, clean.verdict) == (UNKNOWN, UNKNOWN)
    assert fetch.notes == ("the stage fails here: no network",)
    assert "its input data/raw/one.txt is in no cache" in clean.notes[0]
    assert "no network" in clean.notes[0]
    assert exit_status([fetch]) == 2


def test_new_header_of_a_book_is_within_tolerance(project: Made, tmp_path: Path) -> None:
    """Gutenberg rebuilds its files: the body decides, also for stages without a cache."""
    project.cache.rename(tmp_path / "elsewhere")
    verifier = project.verifier(tmp_path / "scratch", {"fetch@one": "new header"})
    fetch = verifier.verify("fetch@one")[0]
    assert fetch.verdict == WITHIN
    assert fetch.notes[0].startswith("0 characters of the body differ")
    assert verdicts(verifier.verify("clean@one")) == {
        "data/clean/one.txt": IDENTICAL,
        "data/clean/one.json": WITHIN,
    }
    assert verifier.verify("train-variant@lstm-1")[0].verdict == IDENTICAL


def test_records_of_former_stages_are_no_part_of_an_input(project: Made, tmp_path: Path) -> None:
    """DVC leaves the record of a stage in dvc.lock when the stage leaves dvc.yaml."""
    lock = project.lock()
    clean = json.dumps(lock["stages"]["clean@one"])
    lock["stages"]["clean@three"] = json.loads(clean.replace("one", "three"))
    project.write_lock(lock)
    verifier = project.verifier(tmp_path / "scratch")
    assert verifier.inconsistent() == []
    assert {verdict.verdict for verdict in verifier.verify("compare")} == {IDENTICAL}
    assert not (verifier.scratch.work / "data/clean/three.txt").exists()


def test_damaged_cache_is_no_source(project: Made, tmp_path: Path) -> None:
    """An input is compared with its hash before a stage reads it; here it is made again."""
    for path in project.cache.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes() + b" ")
    verifier = project.verifier(tmp_path / "scratch")
    assert verifier.verify("train-variant@lstm-1")[0].verdict == IDENTICAL
    assert "fetch@one" in verifier.done


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([], 2),
        ([IDENTICAL, WITHIN], 0),
        ([IDENTICAL, UNKNOWN], 2),
        ([UNKNOWN, DIFFERENT, IDENTICAL], 1),
    ],
)
def test_exit_status(found: list[str], status: int) -> None:
    """It is 0 only if everything was told, and something was."""
    assert exit_status(Verdict("s", "o", one) for one in found) == status


def test_probability_is_that_of_all_draws() -> None:
    """Counted over every possible sample of 3 of 7 stages, of which 2 are forged."""
    samples = list(itertools.combinations(range(7), 3))
    hits = sum(bool({0, 1} & set(sample)) for sample in samples)
    assert caught(7, 3, 2) == pytest.approx(hits / len(samples))
    assert (caught(7, 7, 1), caught(7, 0, 3)) == (1, 0)


def test_author_cannot_know_the_draw() -> None:
    """It depends on the verifier's seed, not on the order of the stages."""
    names = [f"s{n}" for n in range(20)]
    assert drawn(names, 1) == drawn(names[::-1], 1) != drawn(names, 2)
    assert sorted(drawn(names, 1)) == sorted(names)
