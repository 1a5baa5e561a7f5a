"""The table of a class: what was run again, answered, shared, and passed."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from charlab.core.files import sha256_of, write_json, write_text
from charlab.course.archive import unpack
from charlab.course.check import check
from charlab.course.class_tables import check_place, write_class
from charlab.course.consistency import contradictions
from charlab.course.exercise import SOURCES, solution
from charlab.course.grading import autograde, automatic, rubric
from charlab.course.handed_in import CourseError
from charlab.course.homework import Answer
from charlab.course.pack import MANIFEST, pack
from charlab.course.sheet import SHEET
from charlab.course.similarity import longest_passage, runs, shared_answers
from charlab.course.stage_files import drawn_stage, text_of
from charlab.course.student import FILE, student_seed
from charlab.course.submissions import Options, Submission, check_class, handed_in
from charlab.plan.params import load_params
from made_class import LONG, answer, handed

pytestmark = pytest.mark.usefixtures("up_to_date")


def test_a_zip_file_is_run_again_from_its_parameters(
    project: Path, ada: Path, ben: Path, tmp_path: Path, runs: list[tuple[str, ...]]
) -> None:
    """The inputs are made anew; weights are compared by their hash."""
    folder = handed(tmp_path / "class", ada, ben)
    for name in ("ada", "ben"):
        unpack(folder / f"{name}.zip", tmp_path / "out" / name)
    (downloads := tmp_path / "downloads").mkdir()
    seed = student_seed("ada")
    files = check(
        project, tmp_path / "out/ada", "train-variant@rnn", downloads=downloads, seconds=5
    )
    assert {file.verdict for file in files} == {"identical"}
    assert f"data/variants/rnn/{seed}/model.safetensors" in {file.path for file in files}
    assert runs == [
        ("plan",),
        ("fetch@invented",),
        ("clean@invented", "vocab@invented"),
        ("train-variant@rnn",),
    ]
    files = check(project, tmp_path / "out/ben", "train", downloads=downloads)
    assert [file.verdict for file in files] == ["identical", "different", "identical"]
    assert files[1].notes == ["another SHA-256 than the one handed in"]
    # The same text is not fetched twice.
    assert runs[4:] == [("plan",), ("clean@invented", "vocab@invented"), ("train",)]
    with pytest.raises(CourseError, match="a zip file has no inputs of the stage compare"):
        text_of(load_params(ada / "params.yaml"), "compare")


def test_a_training_is_drawn_for_each_student(ada: Path) -> None:
    """From those with the same bits everywhere; the same number draws the same."""
    params = load_params(ada / "params.yaml")
    drawn = [drawn_stage(params, draw, "ada") for draw in range(40)]
    assert set(drawn) == {"train", "train-variant@rnn", "train-variant@lstm"}
    assert drawn == [drawn_stage(params, draw, "ada") for draw in range(40)]
    assert drawn != [drawn_stage(params, draw, "ben") for draw in range(40)]


def test_the_table_of_a_class(
    project: Path, ada: Path, ben: Path, tmp_path: Path, runs: list[tuple[str, ...]]
) -> None:
    """A row for each student: the verdict, answers, shared answers, points; and details below."""
    answer(ada, LONG, "=1+1")
    answer(ben, f"I think: {LONG.upper().replace(',', ' --')}", "Short.", "Mine alone.")
    folder = handed(tmp_path / "class", ada, ben)
    write_text(folder / "cleo.zip", "no zip")
    said: list[str] = []
    submissions = check_class(project, folder, Options(stage="train"), said.append)
    assert [one.student for one in submissions] == ["ada", "ben", "cleo"]
    assert said[0] == "ada: identical"
    assert "cleo" in said[2]
    assert "cleo.zip: cannot be read" in said[2]
    out = tmp_path / "grading"
    write_class(out, submissions)
    with (out / "table.csv").open(encoding="utf-8", newline="") as stream:
        rows = {entry["student"]: entry for entry in csv.DictReader(stream)}
    assert rows["ada"]["rerun"] == "identical"
    assert rows["ben"]["rerun"].startswith("1 of 3 files differ, such as data/model/model")
    assert (rows["ada"]["answers"], rows["ben"]["answers"], rows["ada"]["blanks"]) == (
        "2",
        "3",
        "9",
    )
    assert rows["ada"]["shared_with"] == "ben (1 answer, up to 100%)"
    assert rows["ben"]["shared_with"] == "ada (1 answer, up to 100%)"
    assert rows["ada"]["exercise"] == "not run"
    assert (rows["ada"]["points"], rows["ada"]["of"]) == ("12", "19")
    assert (rows["cleo"]["points"], rows["cleo"]["of"]) == ("0", "9")
    text = (out / "table.md").read_text(encoding="utf-8")
    assert (
        "in common with ben, such as “the lstm has the lower loss on val because its gates" in text
    )
    assert "no answer: 2.3 Generation (1)" in text
    assert (out / "rubric.md").is_file()
    document = json.loads((out / "students/ada/autograde.json").read_text(encoding="utf-8"))
    assert document["score"] == sum(test["score"] for test in document["tests"]) == 12
    # A second check replaces the tables of the first.
    write_class(out, submissions)
    check_place(out)
    with pytest.raises(CourseError, match="expected an empty folder"):
        check_place(folder)


def test_the_exercise_is_run_on_request_only(
    project: Path, ada: Path, ben: Path, tmp_path: Path, runs: list[tuple[str, ...]]
) -> None:
    """Then each half of it has its points, and what fails is in the table."""
    for name in SOURCES:
        write_text(ada / "exercise" / name, solution(name))
    marker = tmp_path / "ran"
    write_text(ben / "exercise/rnn_by_hand.py", f"open({str(marker)!r}, 'w')\n")
    folder = handed(tmp_path / "class", ada, ben)
    check_class(project, folder, Options(draw=3), lambda line: None)
    assert not marker.exists()
    one, other = check_class(
        project, folder, Options(draw=3, run_their_code=True), lambda line: None
    )
    assert marker.exists()
    points = {item.name: item.score for item in automatic(one)}
    assert (points["Exercise: gradients"], points["Exercise: sampler"]) == (12, 8)
    points = {item.name: item.score for item in automatic(other)}
    assert (points["Exercise: gradients"], points["Exercise: sampler"]) == (0, 0)
    failed = next(test for test in autograde(other)["tests"] if "gradients" in test["name"])
    assert "AttributeError" in failed["output"]


def test_what_is_wrong_with_one_is_a_problem_of_that_one(
    project: Path, ada: Path, ben: Path, tmp_path: Path, runs: list[tuple[str, ...]]
) -> None:
    """Twice the same student, borrowed seeds, a workspace beside zip files, another folder."""
    folder = handed(tmp_path / "class", ada)
    shutil.copy(folder / "ada.zip", folder / "again.zip")
    shutil.copytree(ben, folder / "ben")
    handed(folder / "moodle_1234_file", ada)
    identity = json.loads((ben / FILE).read_text(encoding="utf-8"))
    write_json(folder / "ben" / FILE, identity | {"seed": student_seed("ada")})
    write_text(folder / "ben/params.yaml", "text: nowhere\n")
    (folder / "notes").mkdir()
    one, again, other, moodle = check_class(
        project, folder, Options(stage="train"), lambda line: None
    )
    assert one.problems == []
    assert again.problems == ["ada handed in more than once; also ada.zip"]
    assert moodle.problems == again.problems
    assert other.problems[0] == f"the seed {student_seed('ada')} is not that of ben"
    assert "params.yaml" in other.problems[1]
    assert other.problems[-1] == "has the seeds of ada"
    with pytest.raises(CourseError, match="expected zip files that 'charlab course pack' wrote"):
        handed_in(folder / "notes")


def test_runs_of_somebody_else_get_no_points(
    project: Path, ada: Path, tmp_path: Path, runs: list[tuple[str, ...]]
) -> None:
    """The same bytes come out, but not from the seeds of the one who hands them in."""
    folder = handed(tmp_path / "class", ada)
    identity = json.loads((ada / FILE).read_text(encoding="utf-8"))
    write_json(ada / FILE, identity | {"student": "cleo", "seed": student_seed("cleo")})
    pack(ada, folder / "cleo.zip")
    one, other = check_class(project, folder, Options(stage="train"), lambda line: None)
    assert [one.rerun, other.rerun] == ["identical"] * 2
    assert [automatic(submission)[0].score for submission in (one, other)] == [10, 0]
    assert automatic(other)[0].output == "train: identical, but not with the seeds of cleo"
    assert other.problems == [
        f"trained with seeds that are not those of cleo, such as {student_seed('ada')}"
    ]


def test_numbers_changed_by_hand_contradict_the_rest(project: Path, ada: Path) -> None:
    """Of every training, without running one: the packed hashes, and the table of all runs."""
    seed = student_seed("ada")
    run, table = ada / f"data/variants/rnn/{seed}/metrics.json", ada / "metrics/seeds.csv"
    write_text(table, f"variant,seed,val_bpc,test_bpc\nrnn,{seed},2,3.0001\nlstm,{seed},2,\n")
    write_json(run, {"val_bpc": 2.00001, "test_bpc": 3.0})
    name = run.relative_to(ada).as_posix()
    write_json(ada / MANIFEST, {name: sha256_of(run)})
    assert contradictions(ada) == []
    write_json(run, {"val_bpc": 2.00001, "test_bpc": 2.5})
    assert contradictions(ada) == [
        f"{name} was changed after it was packed",
        f"{name} has the test_bpc 2.5, metrics/seeds.csv 3.0001",
    ]
    write_text(table, f"variant,seed,val_bpc\nrnn,{seed},much\n../..,1,2\n")
    assert "cannot be compared with the runs" in contradictions(ada)[1]
    write_text(table, f"variant,seed,val_bpc\nrnn,{seed},2\n")
    write_json(run, [2.0])
    assert "cannot be compared with the runs" in contradictions(ada)[1]
    write_text(table, "variant,seed,val_bpc\n../../../..,1,2\n")
    with pytest.raises(CourseError, match="leaves the folder"):
        contradictions(ada)


def test_forged_hashes_are_data(project: Path, ada: Path, tmp_path: Path) -> None:
    """The list of hashes is checked before it is used."""
    unpack(pack(ada, tmp_path / "ada.zip").path, tmp_path / "out")
    for content in ("[]", '{"a": 1}', "{", "NaN"):
        write_text(tmp_path / "out" / MANIFEST, content)
        with pytest.raises(CourseError, match=r"outputs\.json"):
            check(project, tmp_path / "out", "train")


def test_quotes_of_the_frame_do_not_count(
    project: Path, ada: Path, ben: Path, tmp_path: Path
) -> None:
    """Words of every homework are nobody's copy; those of the project's texts are named."""
    quote = "A sentence of the project that a student could quote. " * 2
    template = "What the frame says of it. " * 8
    answer(ada, template, quote + "And more words of this one student alone here.")
    answer(ben, template, "Nothing that anybody else has written in these many words so far.")
    write_text(
        project / "README.md", quote + "A sentence with many more words that nobody quotes at all."
    )
    submissions = check_class(
        project, handed(tmp_path / "class", ada, ben), Options(), lambda line: None
    )
    assert [one.shared for one in submissions] == [[], []]
    assert [one.quoted for one in submissions] == [["2.2 Training (1)"], []]


def test_long_shared_answers_are_compared_in_one_pass() -> None:
    """Two students could agree on a homework of two megabytes, to hold up the whole class."""
    text = " ".join(f"w{n}" for n in range(20_000))
    mine, theirs = (Answer("", "a", 1, f"{name} {text} end") for name in ("one", "other"))
    (shared,) = shared_answers({"ada": [mine], "ben": [theirs]}, frozenset(), 0.5)
    assert shared.passage == f"{text} end"


@pytest.mark.parametrize(
    ("text", "other", "passage"),
    [
        ("a b c d e f", "x a b c d e y", "a b c d e"),
        ("a b c d e f g h i j", "a b c d e, F G H I J", "a b c d e f g h i j"),
        ("a b c d e x b c d e f g", "a b c d e f g", "b c d e f g"),
        ("a b c d", "a b c d", ""),
    ],
)
def test_passage_is_the_longest_of_common_runs(text: str, other: str, passage: str) -> None:
    """In normal form; runs of fewer than five words are no passage."""
    assert longest_passage(text, runs(other)) == passage


def test_points_and_rubric_are_one_hundred() -> None:
    """The rubric has the points of the automatic checks, and those of a person."""
    empty = Submission(Path("a.zip"), "a")
    by_itself = sum(item.most for item in automatic(empty))
    by_hand = sum(part.points for part in SHEET)
    assert by_itself + by_hand == 100
    page = rubric()
    assert f"100 points: {by_itself} that `charlab course check` gives, {by_hand} that" in page
    for part in SHEET:
        assert f"| {part.heading} | 1 | {part.points} |" in page
    document: dict[str, Any] = autograde(empty)
    assert document["score"] == 0
    assert document["extra_data"]["not_checked"] == [
        "A training run again gives the same bytes",
        "Exercise: gradients",
        "Exercise: sampler",
    ]


def test_cells_are_no_formulas(tmp_path: Path) -> None:
    """A spreadsheet would run them."""
    write_class(tmp_path / "out", [Submission(Path("a.zip"), "=cmd()", problems=["@x\ny"])])
    text = (tmp_path / "out/table.csv").read_text(encoding="utf-8")
    assert "'=cmd()" in text
    assert "'@x y" in text
    assert (tmp_path / "out/students/_cmd__/autograde.json").is_file()
