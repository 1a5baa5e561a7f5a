"""Seeds, names, tasks and answers of a student."""

from __future__ import annotations

import hashlib

import pytest
import yaml

from charlab.course.exercise import NETWORK, solution
from charlab.course.handed_in import CourseError
from charlab.course.homework import answers, with_questions, without_solutions
from charlab.course.sheet import SHEET
from charlab.course.student import Student, identifier, student_seed, with_seed
from charlab.course.tasks import tasks_page
from made_results import made_params


def test_only_the_seeds_change_and_comments_stay() -> None:
    """The rest of the parameters is the same for the whole class."""
    before = b"""seed: 1    # mine
study:
  seeds: [1, 2]   # each
  title: 'x'
  defaults:
    init_scale: null
  variants:
    big: {text: a, seeds: [1, 2, 3]}    # fewer
    small: {text: a}
"""
    after = with_seed(before, 700)
    for comment in (b"# mine", b"# each", b"# fewer", b"init_scale: null"):
        assert comment in after
    variants = {"big": {"text": "a", "seeds": [700, 701, 702]}, "small": {"text": "a"}}
    study = {"seeds": [700, 701], "title": "x", "variants": variants}
    study["defaults"] = {"init_scale": None}
    assert yaml.safe_load(after) == {"seed": 700, "study": study}


def test_seeds_follow_from_the_name_by_a_rule_that_stays() -> None:
    """The rule is public: these numbers may not change, or no workspace could be checked."""
    assert student_seed("Ada") == student_seed(" ada ") == 263253100
    digest = hashlib.sha256(b"charlab student ada").digest()
    assert student_seed("ada") == 100 * (1 + int.from_bytes(digest[:8], "big") % 10_000_000)
    # Full-width letters are the same name.
    assert identifier("ＡＤＡ") == "ada"


def test_no_two_students_of_a_class_share_a_seed() -> None:
    """Each has a block of one hundred; the published studies have the seeds below one hundred."""
    seeds = [student_seed(f"{number:07}") for number in range(300)]
    assert len({seed // 100 for seed in seeds}) == 300
    assert min(seeds) >= 100
    assert all(seed % 100 == 0 for seed in seeds)


@pytest.mark.parametrize(
    "name", ["", "  ", ".a", "-a", "a/b", "..\\x", "x" * 65, "a\nb", "\x1b[2J"]
)
def test_names_that_could_be_paths_are_refused(name: str) -> None:
    """A name becomes the name of a file."""
    with pytest.raises(CourseError, match="expected a student's name or number"):
        identifier(name)


def test_every_question_is_among_the_tasks() -> None:
    """Each below the number of the sheet, with the command that trains each of its variants."""
    params = made_params()
    page = tasks_page(params, Student("ada", "made", 700))
    for slug, comparison in params.study.comparisons.items():
        assert comparison.question in page
        assert f"plots/comparison_{slug}.csv" in page
        for name in comparison.variants:
            assert f"    dvc repro train-variant@{name}\n" in page
    headings = [line for line in page.splitlines() if line.startswith("### ")]
    numbers = [part.number for part in SHEET]
    assert [next(n for n in numbers if n in line) for line in headings[:9]] == numbers
    assert (
        page.index("### Task 3") < page.index("What do the gates gain?") < page.index("### Task 4")
    )
    assert "### More" in page
    # The line that a student copies into params.yaml.
    assert "    lstm-german: {text: also-sprach-zarathustra}\n" in page
    assert all(f"({part.minutes} minutes)" in page for part in SHEET)


def test_no_free_text_stands_in_a_command() -> None:
    """A prompt, a title or a question could be a command of its own."""
    evil = "'; rm -rf ~ #`$(x)`"
    params = made_params()
    comparisons = {
        slug: entry.model_copy(update={"title": evil, "question": evil})
        for slug, entry in params.study.comparisons.items()
    }
    study = params.study.model_copy(update={"comparisons": comparisons, "title": evil})
    sample = params.sample.model_copy(update={"prompt": evil})
    params = params.model_copy(update={"study": study, "sample": sample})
    page = tasks_page(params, Student("ada", "made", 700))
    commands = [line for line in page.splitlines() if line.startswith("    ")]
    assert not [line for line in commands if "rm -rf" in line]
    # Markdown shows it literally.
    assert "'; rm -rf \\~ \\#\\`\\$(x)\\`" in page


FRAME = """# A study

> **My answer.**
>
> …

## 2.2 Training

### Clipping

text of the frame, as it is

> **My answer.**
>
> …

> **My answer.** Authors, year:
>
> What goes in:

## Task 3: RNN, GRU, LSTM

### Cells

> **My answer.**
"""


def test_answers_are_what_the_frame_does_not_have() -> None:
    """Within the box or below it, in the line of the marker, and under headings of one's own."""
    blanks = answers(FRAME, FRAME)
    assert [(a.part, a.key, a.text) for a in blanks] == [
        ("", "A study (1)", ""),
        ("2.2", "Clipping (1)", ""),
        ("2.2", "Clipping (2)", ""),
        ("Task 3", "Cells (1)", ""),
    ]
    filled = FRAME.replace("> …\n\n##", "> In short.\n\n##", 1)
    filled = filled.replace(
        "> …\n\n> **My answer.** Authors, year:",
        "\nBelow it.\n\n> **My answer.** Authors, year: Ada, 1843",
    )
    filled += "> It remembers.\n\n### My own heading\n\nfurther\n"
    assert [a.text for a in answers(filled, FRAME)] == [
        "In short.",
        "Below it.",
        "Authors, year: Ada, 1843",
        "It remembers.\nMy own heading\nfurther",
    ]
    assert [a.key for a in answers(filled, FRAME)] == [a.key for a in blanks]


def test_what_a_student_remembers_is_a_blank_of_its_own() -> None:
    """A sentence that only names the marker is none."""
    frame = """# A study

Write your answers in the places marked **My answer**.

## Task 1: dropout

> **My answer.**
>
> …

> **What I remember.**
>
> …
"""
    blanks = answers(frame, frame)
    assert [(a.part, a.place) for a in blanks] == [("Task 1", 1), ("Task 1", 2)]
    filled = frame.replace("remember.**\n>\n> …", "remember.**\n>\n> Much.")
    assert [a.text for a in answers(filled, frame)] == ["", "Much."]


def test_each_task_of_a_homework_has_the_questions_of_the_sheet() -> None:
    """Below its heading; 2.1 to 2.3 have a question above each blank, and the appendix has none."""
    text = "## 2.1 The model\n\n## Task 2: activations\n\n> **My answer.**\n\n## Appendix\n"
    asked = with_questions(text)
    assert "## The lines that matter\n\n1. Explain" in with_questions("## The lines that matter\n")
    (part,) = (part for part in SHEET if part.number == "Task 2")
    listed = "\n".join(f"{n}. {q}" for n, q in enumerate(part.questions, start=1))
    assert f"## Task 2: activations\n\n{listed}\n\n> **My answer.**" in asked
    assert asked.replace(f"\n\n{listed}", "") == text
    # The frame has them, so none counts as an answer.
    assert not any(answer.text for answer in answers(asked, asked))


def test_the_homework_has_no_solutions() -> None:
    """Code of the report stays if the student has it, and goes if it is to be written."""
    source = solution(NETWORK)
    given = source[
        source.index("        states = np.empty(") : source.index("        return states")
    ]
    solved = source[source.index("        from_future =") : source.index("        return slopes")]
    text = "\n".join(f"# One\n\n```python\n{code}```\n\ntext\n" for code in (given, solved))
    text += "```text\nh_t = tanh(...)\n```\n"
    shown = without_solutions(text)
    assert given in shown
    assert "from_future" not in shown
    assert shown.count("is your exercise") == 1
    assert "h_t = tanh" in shown
    assert shown.count("# One") == 2
