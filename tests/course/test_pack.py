"""One zip file per student has what is read and what is checked."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from charlab.core.files import write_text
from charlab.course import pack as packing
from charlab.course.archive import unpack
from charlab.course.changes import changes
from charlab.course.handed_in import CourseError
from charlab.course.homework import FRAME, HOMEWORK, STAMP
from charlab.course.pack import MANIFEST, pack
from charlab.course.student import FILE, student_seed
from made_class import answer

pytestmark = pytest.mark.usefixtures("up_to_date")


def test_one_zip_file_has_all_that_is_read_and_checked(ada: Path, tmp_path: Path) -> None:
    """Answers, exercise, parameters, tables, small outputs; of the weights, the hashes."""
    answer(ada, "First.")
    packed = pack(ada)
    assert packed.path == ada / "ada.zip"
    assert packed.notes == [
        "8 of 9 answers are missing: 2.2 Training (1); 2.3 Generation (1); "
        "Task 1: dropout (1); Task 2: activations (1)",
        "exercise/rnn_by_hand.py still has blanks; 'charlab course exercise' tests it",
        "exercise/sampler_by_hand.py still has blanks; 'charlab course exercise' tests it",
    ]
    unpack(packed.path, tmp_path / "out")
    names = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*")}
    seed = student_seed("ada")
    assert names == {
        *("student.json", "outputs.json", "params.yaml", "dvc.lock", HOMEWORK, FRAME, STAMP),
        *("exercise/rnn_by_hand.py", "exercise/sampler_by_hand.py", "metrics/seeds.csv"),
        *("data/model/metrics.json", f"data/variants/rnn/{seed}/metrics.json"),
        f"data/variants/lstm/{seed}/metrics.json",
    }
    hashes = json.loads((tmp_path / "out" / MANIFEST).read_text(encoding="utf-8"))
    assert len(hashes) == 9
    assert hashes["data/model/model.safetensors"]
    # Again, the same bytes.
    pack(ada, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == packed.path.read_bytes()


def test_answers_of_another_encoding_are_noted(ada: Path) -> None:
    """An editor may save them in that of its system; they are handed in as they are."""
    with (ada / HOMEWORK).open("ab") as stream:
        stream.write("Für mich allein.\n".encode("cp1252"))
    assert any("letters that are not UTF-8" in note for note in pack(ada).notes)


def test_changed_code_is_handed_in(project: Path, ada: Path, tmp_path: Path) -> None:
    """Only that: files that were changed or added since the workspace was made."""
    write_text(ada / "src/charlab/a.py", "changed\n")
    write_text(ada / "stages/more.py", "added\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "mine"]
    subprocess.run(git, cwd=ada, check=True)
    packed = pack(ada, tmp_path / "ada.zip")
    assert "your changes of src/charlab/a.py, stages/more.py are handed in" in packed.notes[-1]
    unpack(packed.path, tmp_path / "out")
    assert changes(project, tmp_path / "out") == [
        "code changed: src/charlab/a.py",
        "code added: stages/more.py",
    ]


def test_what_does_not_belong_together_is_refused(
    ada: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All reasons at once, each with what to do."""
    write_text(ada / "metrics/seeds.csv", "variant,val_bpc\nrnn,1.5\n")
    (ada / "exercise/rnn_by_hand.py").unlink()
    stale = [f"train-variant@{name}" for name in "abcdefg"]
    monkeypatch.setattr(packing, "_out_of_date", lambda root: stale)
    with pytest.raises(CourseError) as refusal:
        pack(ada)
    lines = str(refusal.value).splitlines()
    assert lines[0] == "not ready to be handed in:"
    assert "rename the folder homework, run 'charlab course homework', and copy" in lines[1]
    assert "git checkout exercise" in lines[2]
    assert "train-variant@e and 2 more): run 'charlab fan-out'" in lines[3]
    shutil.rmtree(ada / "homework")
    with pytest.raises(CourseError, match=r"there is no homework/homework\.md: run"):
        pack(ada)
    (ada / FILE).unlink()
    with pytest.raises(CourseError, match=r"has no student\.json: expected a folder that"):
        pack(ada)


def test_nothing_run_is_not_up_to_date(ada: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without dvc.lock, DVC need not be asked."""
    monkeypatch.undo()
    (ada / "dvc.lock").unlink()
    with pytest.raises(CourseError, match=r"params\.yaml \(nothing was run\)"):
        pack(ada)
