"""Every number in the text is computed again from the files of metrics/ and plots/ alone."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest

from charlab.report.listings import backward, forward, loss
from charlab.report.numbers import SHOWN, Quantity, formulas, selected, without_formulas
from charlab.report.render import compose, numbers_csv
from charlab.report.study import StudyResults
from formula_reader import Reader
from import_graph import ROOT
from made_reports import blank_pictures
from made_study import MISSING, STUDY, Scenario, equal, study_params, swapped, write_study

TEMPLATES = ROOT / "src" / "charlab" / "report"

SCENARIOS = {
    "as a course would like it": (Scenario(), [1, 2, 3, 4, 5]),
    "the order reversed": (Scenario(losses=swapped()), [1, 2, 3, 4, 5]),
    "all equal": (Scenario(losses=equal(), spread=0.0), [1, 2, 3, 4, 5]),
    "noise": (Scenario(spread=0.5), [1, 2, 3, 4, 5]),
    "three seeds": (Scenario(spread=0.05), [1, 2, 3]),
    "one seed": (Scenario(), [1]),
    "runs that diverged": (
        Scenario(diverged={("rnn-free", seed): 1000 + seed for seed in (1, 2, 4, 5)}
                 | {("drop-25", 3): 7} | {("gru", seed): 9 for seed in range(1, 6)}),
        [1, 2, 3, 4, 5],
    ),
    "tables missing": (MISSING, [1, 2, 3, 4, 5]),
}  # fmt: skip


def made(scenario: Scenario, seeds: list[int], root: Path) -> StudyResults:
    """Return the results of a scenario, written and read again."""
    return write_study(scenario, root, study_params(seeds=seeds))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_number_is_computed_again(name: str, tmp_path: Path) -> None:
    """A second reader of the files gets the same text from every formula."""
    results = made(*SCENARIOS[name], tmp_path)
    with blank_pictures():
        text = compose(results).text
    reader = Reader(tmp_path, STUDY["study"])
    rows = list(csv.DictReader(numbers_csv(text).splitlines()))
    assert len(rows) > 100
    lines = without_formulas(text).split("\n")
    for row in rows:
        assert reader.value(row["formula"]) == row["printed"], row
        assert row["printed"] in lines[int(row["line"]) - 1]


@pytest.mark.parametrize("name", ["as a course would like it", "runs that diverged"])
def test_no_other_number_is_in_the_text(name: str, tmp_path: Path) -> None:
    """All others are in the explanations, in params.yaml, or in samples."""
    results = made(*SCENARIOS[name], tmp_path)
    with blank_pictures():
        text = SHOWN.sub(" ", compose(results).text)
    # Samples, source code, file names and headings are no statements about results.
    text = re.sub(r"<(table|blockquote).*?</\1>|```.*?```", " ", text, flags=re.S)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|`[^`]*`|\*it said [^|]*", " ", text)
    source = "".join(path.read_text("utf-8") for path in (TEMPLATES / "templates").glob("*.j2"))
    source += "".join(path.read_text("utf-8") for path in TEMPLATES.glob("*.py"))
    settings = results.params.model_dump_json() + " ".join(results.params.labels.values())
    allowed = set(re.findall(r"\d+(?:\.\d+)?", source + settings)) | {"4–7", "10", "100"}
    listings = (forward(), loss(), backward())
    allowed.add(str(sum(len(listing.splitlines()) for listing in listings)))
    allowed |= {str(n) for pair in ((4, 7), (32, 63), (64, 127)) for n in pair}
    typed = [n for n in re.findall(r"\d+(?:\.\d+)?", text) if n not in allowed]
    assert not typed


def test_explanations_hold_no_loss() -> None:
    """A number with three decimals, typed into a template, would be true of one study only."""
    for path in (TEMPLATES / "templates").glob("section_*.j2"):
        prose = re.sub(r"arXiv:\S+|doi\S*", "", path.read_text("utf-8"))
        assert not re.findall(r"\b\d\.\d{3}\b", prose), path.name


def test_a_changed_table_is_noticed(tmp_path: Path) -> None:
    """The check above can fail: with another loss in the file, numbers differ."""
    results = made(Scenario(), [1, 2, 3, 4, 5], tmp_path)
    with blank_pictures():
        text = compose(results).text
    seeds = tmp_path / "metrics" / "seeds.csv"
    seeds.write_text(re.sub(r"(?m)^(lstm,main,1,)\d", r"\g<1>9", seeds.read_text()))
    reader = Reader(tmp_path, STUDY["study"])
    assert any(reader.value(formula) != printed for _, printed, formula in formulas(text))


def test_quantities_remember_how_they_were_computed() -> None:
    """Differences and means are expressions over columns."""
    losses = selected("seeds", "test_bpc", [2.0, None, 3.0], {"variant": "a"})
    assert losses.values == (2.0, 3.0)
    gap = losses.mean - Quantity(1.0, "model('test_bpc')")
    assert gap.value == 1.5
    expected = "(mean(col('seeds', 'test_bpc', variant='a')) - model('test_bpc'))"
    assert gap.formula == expected
    assert list(formulas(f"first\n{gap.bits}")) == [(2, "1.500", f"bits({expected})")]
    assert without_formulas(f"by {gap.bits} bits") == "by 1.500 bits"


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (-0.25, "bits", "−0.250"),
        (-0.0001, "bits", "0.000"),
        (0.0001, "amount", "less than 0.001"),
        (0.0, "amount", "0.000"),
        (-0.071, "percent", "−7 %"),
        (-0.001, "percent", "0 %"),
        (3.04e-5, "power", "3.0 × 10⁻⁵"),
        (0.087, "power", "0.087"),
        (1_234_567, "millions", "1.23 million"),
        (909_312, "millions", "0.909 million"),
        (75_776, "millions", "75,776"),
        (0.03, "power", "0.030"),
        (0.0, "power", "0"),
        (0.00003, "chance", "1 in 33,333"),
        (0.004, "p", "< 0.01"),
    ],
)
def test_numbers_are_printed_as_a_person_reads_them(value: float, form: str, text: str) -> None:
    """A real minus sign, no negative zero, no 0.0 % where something is small."""
    assert without_formulas(Quantity(value, "x").shown(form)) == text


def test_the_scenarios_differ() -> None:
    """Made-up studies are not all the same one."""
    assert replace(Scenario(), spread=0.5).loss("rnn", 1) != Scenario().loss("rnn", 1)
