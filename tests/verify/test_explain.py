"""From a line of a result back to its source, and what is out of date."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from charlab.core.files import write_text
from charlab.verify.explain import explained
from charlab.verify.hashes import listing
from charlab.verify.scratch import remove
from charlab.verify.stages import VerifyError
from charlab.verify.status import stale, total_minutes
from made_pipeline import Made
from project_clone import TINY


def test_line_of_a_variant_leads_to_its_text(project: Made) -> None:
    """Other variants and texts are left out; each hash is the recorded one."""
    lines = explained(project.root, "metrics/table.csv:2")
    stages = [line.partition(":")[0] for line in lines if line and not line.startswith(" ")]
    made_by = ["compare", "train-variant@lstm-1", "evaluate", "clean@one", "fetch@one", "plan"]
    assert stages[1:] == made_by
    text = "\n".join(lines)
    assert lines[1] == "  about lstm-1"
    assert "  param  study.variants.lstm-1.model.hidden = 1" in text
    assert "https://www.gutenberg.org/ebooks/1" in text
    record = project.lock()["stages"]["train-variant@lstm-1"]
    assert f"  code   stages/a.py  {record['deps'][0]['md5']}" in text
    assert f"  output data/variants/lstm-1  {record['outs'][0]['md5']}" in text
    assert "lstm-2" not in text
    write_text(project.root / "stages/a.py", "edited\n")
    assert "(changed since)" in "\n".join(explained(project.root, "metrics/table.csv:2"))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("metrics/table.csv:9", "has 6 lines, and no line 9"),
        ("metrics/absent.csv", "no such file"),
        ("data/variants/lstm-1/absent.json:3", "no such file"),
        ("dvc.yaml", "no stage of dvc.yaml writes it"),
    ],
)
def test_what_has_no_origin(project: Made, place: str, message: str) -> None:
    """Each with what was expected."""
    with pytest.raises(VerifyError, match=message):
        explained(project.root, place)


def test_result_that_is_only_recorded_has_an_origin(project: Made) -> None:
    """A clone without a cache has no models."""
    with_it = explained(project.root, "data/variants/lstm-1")
    remove(project.root / "data" / "variants")
    assert explained(project.root, "data/variants/lstm-1") == with_it
    assert with_it[1] == "  about lstm-1"


def test_file_of_all_variants_names_none(project: Made) -> None:
    """Instead of thirty variants, the line says how to see one."""
    lines = explained(project.root, "report/table.csv")
    assert lines[1].startswith("  about no single text or variant")
    assert not [line for line in lines if line.startswith("train-variant")]


@pytest.fixture
def tiny(project: Made) -> Path:
    """Return a project with the real stages' names, of which nothing was run."""
    write_text(project.root / "params.yaml", TINY)
    (project.root / "dvc.lock").unlink()
    shutil.copy(Path(__file__).parents[2] / "dvc.yaml", project.root / "dvc.yaml")
    subprocess.run(["git", "init", "--quiet"], cwd=project.root, check=True)
    return project.root


@pytest.mark.parametrize(
    ("place", "trained"),
    [
        ("report/report.md:3", {"rnn"}),
        ("report/figures/learning_curves_cells.svg", {"rnn", "lstm"}),
        ("report/figures/colored_text.svg", set()),
    ],
)
def test_sentence_and_figure_lead_to_their_variants(
    tiny: Path, place: str, trained: set[str]
) -> None:
    """A sentence by the formulas of its numbers, a figure by its comparison."""
    write_text(tiny / "dvc.lock", "stages: {}\n")
    write_text(tiny / "report/report.md", "# A study\n\nIt has 2.125 bits.\n")
    formula = "bits(only(col('variants', 'test_bpc', variant='rnn')))"
    write_text(tiny / "report/numbers.csv", f'line,printed,formula\n3,2.125,"{formula}"\n')
    for name in ("learning_curves_cells", "colored_text"):
        write_text(tiny / f"report/figures/{name}.svg", "<svg/>\n")
    lines = explained(tiny, place)
    assert (f"  number 2.125 = {formula}" in lines) == place.endswith(":3")
    found = [line for line in lines if line.startswith("train-variant@")]
    assert {line.partition(":")[0] for line in found} == {f"train-variant@{one}" for one in trained}


def test_costs_come_from_logs_or_weights(tiny: Path) -> None:
    """A training with a log takes characters by speed; others by the numbers of weights."""
    entries = {entry.stage: entry for entry in stale(tiny)}
    assert entries["train"].reasons[0] == "it was never run"
    first = entries["train-variant@lstm"].minutes
    # 30,000 characters, 80 % of them for training, two seeds, 100 a second: 480 s.
    log = "invented seed 1:  9%, 7 characters/s\ninvented seed 2: 90%, 100 characters/s\n"
    write_text(tiny / ".charlab/logs/train-variant@lstm.log", log)
    entries = {entry.stage: entry for entry in stale(tiny)}
    assert entries["train-variant@lstm"].minutes == pytest.approx(8)
    # As slow a machine takes longer for the others, and less for smaller networks.
    assert first < entries["train-variant@rnn"].minutes < 8
    assert total_minutes(list(entries.values())) > 8


def test_reasons_are_files_and_keys(project: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the value before and after, and the stages downstream."""
    monkeypatch.setattr("charlab.verify.status.load_params", lambda _: None)
    monkeypatch.setattr("charlab.verify.costs.Costs.__init__", lambda *_: None)
    monkeypatch.setattr("charlab.verify.costs.Costs.minutes", lambda *_: 1.0)
    plan = {f"data/plan/{slug}.json": listing(project.root / "data/plan")[0]["md5"]
            for slug in ("one", "two")}  # fmt: skip
    monkeypatch.setattr("charlab.verify.status._planned", lambda *_: plan)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "run"]):
        subprocess.run([*git, *command], cwd=project.root, check=True)
    assert stale(project.root) == []
    write_text(project.root / "src/charlab/clean/b.py", "edited\n")
    write_text(project.root / "src/charlab/clean/new.py", "\n")
    path = project.root / "params.yaml"
    path.write_text(path.read_text().replace('"hidden": 2', '"hidden": 5'))
    (project.root / "data/raw/two.txt").unlink()
    reasons = {entry.stage: entry.reasons for entry in stale(project.root)}
    files = "src/charlab/clean/b.py, src/charlab/clean/new.py"
    assert reasons["clean@one"] == [f"src/charlab/clean changed: {files}"]
    assert "study.variants.lstm-2.model.hidden: 2 -> 5" in reasons["train-variant@lstm-2"]
    assert reasons["train-variant@lstm-1"] == ["clean@one runs before it, and may change it"]
    assert reasons["fetch@two"] == ["data/raw/two.txt: missing; restored if the cache has it"]
    assert reasons["report"] == ["compare runs before it, and may change it"]
    assert "fetch@one" not in reasons  # though plan, which it needs, runs
    assert reasons["plan"] == ["params.yaml changed"]
