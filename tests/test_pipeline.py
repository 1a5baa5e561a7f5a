"""The whole pipeline through the real dvc, in a copy of the project."""

from __future__ import annotations

import csv
import io
import json
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import browser
from project_clone import Clone
from strange_place import Strange, made_strange

pytestmark = pytest.mark.slow


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def done(clone: Clone) -> Clone:
    """Return the clone after one full run, its results committed."""
    clone.run("dvc", "repro")
    clone.commit("results")
    return clone


@pytest.fixture
def strange(done: Clone) -> Iterator[Strange]:
    """Return a clone of the results in a strange place, without dvc.lock, data and cache."""
    # Not below pytest's own folder, which only its user can enter.
    with tempfile.TemporaryDirectory(prefix="charlab ") as name:
        other = Clone(Path(name) / "a copy" / "charlab")
        done.run("git", "clone", "--quiet", str(done.root), str(other.root))
        yield made_strange(other)


def test_a_run_writes_what_the_interfaces_promise(done: Clone) -> None:
    """There are a report, flat metrics, and a model folder with five files."""
    metrics = json.loads((done.root / "metrics/model.json").read_text(encoding="utf-8"))
    assert len(metrics) <= 10
    assert all(isinstance(value, int | float) for value in metrics.values())
    assert {path.name for path in (done.root / "data/model").iterdir()} == {
        "model.safetensors",
        "config.json",
        "vocab.json",
        "history.csv",
        "metrics.json",
    }
    report = (done.root / "report/report.md").read_text(encoding="utf-8")
    assert "figures/" in report
    page = (done.root / "report/index.html").read_text(encoding="utf-8")
    assert "<script src=" not in page
    assert 'src="http' not in page


def test_a_second_run_does_nothing(done: Clone) -> None:
    """No stage runs again, and git shows no change."""
    assert "Running stage" not in done.run("dvc", "repro").stdout
    assert "up to date" in done.run("dvc", "status").stdout
    assert done.status() == ""


def test_a_forced_run_gives_the_same_bytes(done: Clone) -> None:
    """Every stage runs again, and every output has the bytes that it had."""
    before = contents(done.root / "data")
    done.run("dvc", "repro", "--force")
    assert contents(done.root / "data") == before
    assert done.status() == ""


def test_another_place_user_and_load_give_the_same_bytes(done: Clone, strange: Strange) -> None:
    """Killed in mid-run and started again, from read-only sources, beside a busy core each."""
    with strange.busy():
        strange.kill_in_mid_run("dvc", "repro")
        strange.run("dvc", "repro")
    for folder in ("data", "metrics", "plots", "report"):
        assert contents(strange.clone.root / folder) == contents(done.root / folder)
    assert (strange.clone.root / "dvc.lock").read_bytes() == (done.root / "dvc.lock").read_bytes()
    if strange.reason:
        pytest.skip(f"all but another user: {strange.reason}")


def test_fan_out_gives_the_same_bytes_as_repro(done: Clone) -> None:
    """Stages side by side write the same data, and the same bytes of dvc.lock."""
    before = contents(done.root / "data")
    lock = (done.root / "dvc.lock").read_bytes()
    (done.root / "dvc.lock").unlink()
    done.run("rm", "-rf", ".dvc/cache", ".dvc/tmp", "data/model", "data/variants", "data/vocab")
    done.run("charlab", "fan-out", "--workers", "2")
    assert contents(done.root / "data") == before
    assert (done.root / "dvc.lock").read_bytes() == lock
    assert "up to date" in done.run("charlab", "fan-out").stdout
    assert done.status() == ""


def test_an_experiment_retrains_the_model_alone(done: Clone) -> None:
    """A change of model.hidden trains no variant."""
    output = done.run("dvc", "exp", "run", "-S", "model.hidden=20", "--name", "wide").stdout
    ran = {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")}
    assert {"plan", "train", "sample", "evaluate", "compare", "report"} >= ran >= {"train"}
    diff = json.loads(done.run("dvc", "metrics", "diff", "--json").stdout)
    assert "metrics/model.json" in diff
    table = done.run("dvc", "exp", "show", "--csv", "--only-changed").stdout
    assert "wide" in table
    assert "model.hidden" in table
    done.run("git", "checkout", "--quiet", ".")
    done.run("dvc", "repro")


MARKS = """
[...document.querySelectorAll("main svg.marks")].map((plot) => {
  const marks = [...plot.querySelectorAll(".mark-line path, .mark-rect path")].filter((mark) => {
    const { width, height } = mark.getBoundingClientRect();
    return width + height > 0 && !mark.closest(".role-legend, .role-axis, .background");
  });
  return marks.map((mark) => mark.getAttribute("stroke") || mark.getAttribute("fill"));
})
"""
"""JavaScript for the colors of the lines and bars in each plot of DVC's page."""

TABLES = """
[...document.querySelectorAll("tr")].map((row) =>
  [...row.cells].map((cell) => cell.textContent.trim()))
"""
"""JavaScript for the words in each row of a page's tables, also of those not laid out yet."""


def test_plots_and_experiments_open_without_a_network(done: Clone) -> None:
    """Each plot has marks, two revisions have two colors, and what failed has no numbers."""
    done.run("dvc", "exp", "run", "--queue", "-S", "model.cell=lstn", "--name", "broken")
    done.run("dvc", "queue", "start")
    done.run("dvc", "queue", "logs", "--follow", "broken", check=False)
    done.run("charlab", "experiments", "--page")
    plots = yaml.safe_load((done.root / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
    loss = {row["Experiment"]: row["val_bpc"] for row in experiment_rows(done)}["wide"]
    with browser.running() as chromium:
        tab = chromium.tab()
        for command in (("show",), ("diff", "HEAD", "wide")):
            done.run("dvc", "plots", *command)
            tab.open(done.root / "dvc_plots/index.html")
            tab.until(f"document.querySelectorAll('main svg.marks').length === {len(plots)}")
            colors = tab.evaluate(MARKS)
            assert all(colors)
            assert all(address.startswith(("file:", "about:")) for address in tab.requests)
        assert {"#945dd6", "#13adc7"} <= set(colors[0])  # DVC's colors of two revisions
        tab = chromium.tab()
        tab.open(done.root / "experiments.html")
        rows = {row[0]: row[1:] for row in tab.evaluate(TABLES)}
        assert tab.evaluate("document.querySelectorAll('svg.picture').length") == 1
        assert not tab.complaints
        assert all(address.startswith(("file:", "about:")) for address in tab.requests)
    assert rows["wide"][:2] == ["model.hidden = 20", f"{float(loss):.3f}"]
    assert rows["broken"][:2] == ["failed", "model.cell = lstn"]
    branch = done.run("git", "branch", "--show-current").stdout.strip()
    assert rows[branch][-1:] == ["wide"]  # the heads of the samples


def experiment_rows(clone: Clone) -> list[dict[str, str]]:
    """Return the table of 'dvc exp show'."""
    table = clone.run("dvc", "exp", "show", "--csv").stdout
    return list(csv.DictReader(io.StringIO(table)))


def test_a_small_learning_rate_survives_dvc(done: Clone) -> None:
    """DVC writes 0.00001 as 1e-05, which YAML 1.1 reads as a string."""
    done.run("dvc", "exp", "run", "-S", "train.learning_rate=0.00001", "--name", "slow")
    config = json.loads((done.root / "data/model/config.json").read_text(encoding="utf-8"))
    assert config["train"]["learning_rate"] == 1e-5
    done.run("git", "checkout", "--quiet", ".")
    done.run("dvc", "repro")


def test_a_mistake_stops_before_anything_runs(done: Clone) -> None:
    """The first stage fails, and names the key and its value."""
    params = done.root / "params.yaml"
    original = params.read_text(encoding="utf-8")
    params.write_text(original.replace("cell: lstm", "cell: lstn", 1), encoding="utf-8")
    failed = done.run("dvc", "repro", check=False)
    params.write_text(original, encoding="utf-8")
    assert failed.returncode
    assert "model.cell" in failed.stderr + failed.stdout
    assert "'lstn'" in failed.stderr + failed.stdout
    assert "Running stage 'train'" not in failed.stdout


def test_a_prompt_that_no_text_has_stops_before_a_training(done: Clone) -> None:
    """The message names the key, the text and the character; another prompt trains nothing."""
    quoted = 'sample.prompt="Ж"'
    run = ("dvc", "exp", "run", "-S", quoted, "-S", "model.hidden=18")
    failed = done.run(*run, check=False)
    output = failed.stdout + failed.stderr
    assert failed.returncode
    assert "sample.prompt: the text 'invented' has no 'Ж' (U+0416)" in output
    assert "Running stage 'train" not in output
    done.run("git", "checkout", "--quiet", ".")
    output = done.run("dvc", "exp", "run", "-S", 'sample.prompt="ma "').stdout
    assert "Running stage 'sample'" in output
    assert "Running stage 'train" not in output
    samples = json.loads((done.root / "data/samples/model.json").read_text(encoding="utf-8"))
    assert samples["prompt"] == "ma "
    done.run("git", "checkout", "--quiet", ".")
    done.run("dvc", "repro")


@pytest.mark.parametrize("options", [(), ("--temp",), ("--queue",)])
def test_add_text_names_a_command_that_works(
    done: Clone, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Whatever the name and the script of the file, and without a commit."""
    own = tmp_path / "山月記 1.txt"
    own.write_text("隴西の李徴は博學才穎、天寶の末年、\n若くして名を虎榜に連ね、\n" * 60, "utf-8")
    added = done.run("charlab", "add-text", str(own), "--slug", "tora").stdout
    command = shlex.split(added.splitlines()[-1].removeprefix("train on it with: "))
    before = experiment_rows(done)[0]["val_bpc"]
    done.run(*command, *options, "--name", f"own{len(''.join(options))}")
    if options == ("--queue",):
        done.run("dvc", "queue", "start")
        done.run("dvc", "queue", "logs", "--follow", "own7")
    rows = {row["Experiment"]: row for row in experiment_rows(done)}
    row = rows[f"own{len(''.join(options))}"]
    assert (row["text"], row["texts.tora.path"]) == ("tora", "data/own/tora.txt")
    # A failed experiment would show the loss of the commit that it started from.
    assert row["val_bpc"] != before
    done.run("git", "reset", "--quiet")
    (done.root / "data/own/tora.txt").unlink()
    done.run("git", "checkout", "--quiet", ".")
    done.run("dvc", "repro")


def test_an_own_text_is_tracked(done: Clone) -> None:
    """A user's file becomes a text; an edit to it reruns the stages that depend on it only."""
    own = done.root / "data/own/mine.txt"
    own.write_text("All work and no play makes a dull day, says the sage.\n" * 400)
    params = done.root / "params.yaml"
    original = params.read_text(encoding="utf-8")
    params.write_text(
        original.replace("texts:\n", "texts:\n  mine: {path: data/own/mine.txt}\n"),
        encoding="utf-8",
    )
    assert "Running stage 'vocab@mine'" in done.run("dvc", "repro").stdout
    own.write_text("Another day, another line for the sage to say.\n" * 400)
    output = done.run("dvc", "repro").stdout
    assert "Running stage 'fetch@mine'" in output
    assert "Running stage 'train'" not in output
    params.write_text(original, encoding="utf-8")
    own.unlink()
    assert (
        "removed from data/vocab, not in params.yaml: mine" in done.run("charlab", "fan-out").stdout
    )
    assert not (done.root / "data/vocab/mine").exists()
    assert "up to date" in done.run("dvc", "status").stdout
    # dvc.lock keeps the records of stages that dvc.yaml no longer has.
    assert done.status() == " M dvc.lock\n"
    done.run("git", "checkout", "--quiet", "dvc.lock")


def test_another_machine_restores_and_reproduces(done: Clone, tmp_path: Path) -> None:
    """A second clone pulls from a remote; all is up to date there, and a rerun gives the same."""
    done.run("dvc", "remote", "add", "--local", "--default", "shared", str(tmp_path / "remote"))
    done.run("dvc", "push", "--quiet")
    other = Clone(tmp_path / "other")
    done.run("git", "clone", "--quiet", str(done.root), str(other.root))
    other.run("dvc", "remote", "add", "--local", "--default", "shared", str(tmp_path / "remote"))
    other.run("dvc", "pull", "--quiet")
    assert "up to date" in other.run("dvc", "status").stdout
    other.run("dvc", "repro", "--force", "train")
    assert contents(other.root / "data/model") == contents(done.root / "data/model")
