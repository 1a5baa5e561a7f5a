"""The report as a whole: it follows the numbers, and leaves out sections without content."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from charlab.compare.compare import compare
from charlab.core.files import read_json, write_json
from charlab.plots import registry
from charlab.report.render import excerpt
from charlab.report.statistics import number
from made_reports import MadeReports, blank_pictures, collect, render
from made_results import TWO_TEXTS, Loss, all_equal, made_params, upside_down, wobbling
from published import published_params


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeReports:
    """Return the reports that several tests read."""
    return MadeReports(tmp_path_factory.mktemp("made"))


def section(text: str, heading: str) -> str:
    """Return the text from a heading to the next one."""
    return re.split(r"\n#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1)[0]


def report_of(root: Path) -> str:
    """Return the Markdown of the report."""
    return (root / "report" / "report.md").read_text(encoding="utf-8")


def test_the_whole_report_is_written(made: MadeReports) -> None:
    """Every picture that is named exists, none is left over, the page has them all inside."""
    root = made.render(made_params())
    named = set(re.findall(r"\]\(figures/(.+?)\.svg\)", report_of(root)))
    assert named == {path.stem for path in (root / "report" / "figures").iterdir()}
    assert {"comparison_cells", "learning_curves_dropout", "texts_texts", "colored_text"} <= named
    page_has_all_pictures(root, len(named))


def page_has_all_pictures(root: Path, count: int) -> None:
    """Check that the page needs no other file, and defines each letter shape once."""
    page = (root / "report" / "index.html").read_text(encoding="utf-8")
    assert page.count('<svg class="picture"') == count
    assert "<img " not in page
    shapes = re.findall(r' id="([^"]+)"', page)
    assert len(shapes) == len(set(shapes))
    assert set(re.findall(r'href="#([sbm]\d+)"', page)) <= set(shapes)
    assert not re.search(r'(src|href)="(?!data:|#|brief\.pdf"|https://doi\.org/)', page)
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page


@pytest.mark.slow
def test_the_whole_report_is_drawn(tmp_path: Path) -> None:
    """With real pictures and the brief, everything is the same a second time."""
    params = made_params([1, 2])
    collect(params, tmp_path)
    render(params, tmp_path)
    report = tmp_path / "report"
    first = {path.name: path.read_bytes() for path in report.rglob("*.*")}
    page_has_all_pictures(tmp_path, sum(name.endswith(".svg") for name in first))
    (report / "old.txt").touch()
    render(params, tmp_path)
    assert {path.name: path.read_bytes() for path in report.rglob("*.*")} == first
    assert {"report.md", "index.html", "brief.pdf"} <= set(first)


def test_numbers_in_the_text_are_those_of_the_tables(made: MadeReports) -> None:
    """Every mean and spread in the table of a comparison is in metrics/variants.csv."""
    root = made.render(made_params())
    variants = pd.read_csv(root / "metrics" / "variants.csv").set_index("title")
    rows = re.findall(
        # The title, perhaps what is varied, the parameters; test is the last mean.
        r"^\| (.+?) \|(?: [^|]+ \|)? ([\d,]+) \| \S+\s±"
        r".* \| (\S+)\s±\s(\S+) \| (?:best|\d\.\d{3} \()",
        report_of(root),
        re.M,
    )
    assert len(rows) >= 9
    for title, parameters, mean, spread in rows:
        row = variants.loc[title]
        assert mean == number(row["test_bpc"])
        assert spread == number(row["test_sd"])
        assert int(parameters.replace(",", "")) == row["parameters"]


def test_numbers_in_sentences_are_differences_of_the_tables(made: MadeReports) -> None:
    """The margin in the finding is that of the means in metrics/variants.csv."""
    root = made.render(made_params())
    means = pd.read_csv(root / "metrics" / "variants.csv").set_index("title")["test_bpc"]
    margin = number(means["GRU"] - means["LSTM"])
    assert f"{margin} below **GRU**" in section(report_of(root), "RNN, GRU, LSTM")


@pytest.mark.parametrize(
    ("loss", "winner", "runner_up"), [(wobbling, "LSTM", "GRU"), (upside_down, "RNN", "GRU")]
)
def test_reversed_results_reverse_the_findings(
    made: MadeReports, loss: Loss, winner: str, runner_up: str
) -> None:
    """The variant with the lowest loss is named in the section and in the summary."""
    text = report_of(made.render(made_params(), loss))
    for part in (section(text, "RNN, GRU, LSTM"), section(text, "In short")):
        assert f"**{winner}** has the lowest test loss" in part
        assert f"below **{runner_up}**" in part


def test_equal_results_have_no_winner(made: MadeReports) -> None:
    """No sentence calls anything best or lowest."""
    text = report_of(made.render(made_params(), all_equal))
    assert text.count("No difference: ") >= 5
    assert (
        "more than the spread of the seeds."
        not in text.replace("(1.200)", "")[: text.find("## Training")]
    )
    cells = section(text, "RNN, GRU, LSTM")
    assert "lowest" not in cells
    assert "| equal |" in cells


def test_one_seed_gives_no_verdict_in_the_whole_report(made: MadeReports) -> None:
    """No spread, no interval, no verdict."""
    text = report_of(made.render(made_params([1])))
    assert "with one seed no spread is known" in text
    assert "more than the spread" not in text
    assert "±" not in text
    assert "95 % interval" not in re.sub(r"above best \(95 %\)", "", text)


def test_sections_without_a_comparison_are_left_out(made: MadeReports) -> None:
    """The demo has no dropout and one text; its other comparisons are shown."""
    params = published_params("studies/demo.yaml")
    text = report_of(made.render(params, lambda variant, seed: 2.0 + len(variant) / 100))
    assert "## Task 1" not in text
    assert "## Task 5" not in text
    assert "## Further comparisons" not in text
    for comparison in params.study.comparisons.values():
        assert f"### {comparison.title}" in text


def test_every_comparison_is_in_its_section(made: MadeReports) -> None:
    """Once, below the heading of the section that params.yaml gives it."""
    study = TWO_TEXTS["study"]
    sections = {
        "training": "Training",
        "dropout": "Task 1",
        "activations": "Task 2",
        "cells": "Task 3",
        "sizes": "Task 4",
        "texts": "Task 5",
        "further": "Further comparisons",
    }
    comparisons = {
        f"any_{name}": study["comparisons"]["cells"] | {"section": name, "title": f"In {name}"}
        for name in sections
    }
    text = report_of(made.render(made_params([1], comparisons=comparisons)))
    parts = re.split(r"^## ", text, flags=re.M)
    for name, heading in sections.items():
        (part,) = [part for part in parts if part.startswith(heading)]
        assert part.count(f"### In {name}\n") == text.count(f"### In {name}\n") == 1


def test_explanations_depend_on_the_content_of_a_comparison(made: MadeReports) -> None:
    """Whatever its slug is: the key that varies, the text, or a second setting that differs."""
    study = TWO_TEXTS["study"]
    between = {"text": "invented", "model": {"dropout": 0.5, "dropout_at": "between_layers"}}
    variants = study["variants"] | {"lstm-between": between}
    entry = {"question": "?", "variants": ["lstm", "lstm-dropped"]}
    comparisons = {
        "a": entry | {"title": "A", "section": "dropout", "vary": "dropout"},
        "b": entry
        | {"title": "B", "section": "dropout", "vary": "dropout"}
        | {"variants": ["lstm", "lstm-between"]},
        "c": entry | {"title": "C", "section": "training", "vary": "state"},
        "d": entry | {"title": "D", "section": "cells", "variants": ["lstm", "lstm-other"]},
    }
    params = made_params([1], variants=variants, comparisons=comparisons)
    text = report_of(made.render(params, lambda variant, seed: 2.0 + len(variant) / 100))
    assert "measured as it is met in training" in section(text, "A")
    assert "acts between layers" in section(text, "B")
    assert "built-in text some characters" not in section(text, "D")
    assert "### C\n" in text[: text.index("## Training")]
    cells = section(report_of(made.render(made_params())), "RNN, GRU, LSTM")
    assert "In the built-in text some characters" in cells


def test_a_comparison_of_ones_own_gets_a_section(made: MadeReports) -> None:
    """An unknown slug is shown with its title and question."""
    text = report_of(made.render(made_params()))
    assert "Does it get a section?" in section(text, "A comparison of one's own")


def test_without_evaluations_their_parts_are_left_out(made: MadeReports) -> None:
    """No heading without content, no sentence about values that were not measured."""
    comparisons = {"cells": TWO_TEXTS["study"]["comparisons"]["cells"]}
    text = report_of(made.render(made_params([1], comparisons=comparisons), evaluated=False))
    assert "## Looking inside" not in text
    assert "stand in the training text" not in text
    assert "lag" not in text


def test_a_new_figure_needs_its_function_alone(
    made: MadeReports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A figure without a section is among the further ones, with its caption."""
    params = made_params([1])
    assert "## Further figures" not in report_of(made.render(params))
    monkeypatch.setattr(registry, "_FIGURES", dict(registry.figures()))

    @registry.figure("Figure of my own.", needs=("variants",))
    def my_own(variants: pd.DataFrame) -> Figure:
        return Figure()

    collect(params, tmp_path)
    with blank_pictures():
        render(params, tmp_path)
    text = report_of(tmp_path)
    assert "![Figure of my own.](figures/my_own.svg)" in section(text, "Further figures")


def test_the_model_is_compared_with_its_baselines(made: MadeReports) -> None:
    """The sentence has the numbers of metrics/model.json, on the right side of each."""
    root = made.render(made_params([1]))
    model = read_json(root / "metrics" / "model.json")
    gap = number(model["ngram_test_bpc"] - model["test_bpc"])
    part = section(report_of(root), "Training")
    assert f"test loss is {number(model['test_bpc'])} bits per character" in part
    assert f"{gap} below the best n-gram ({number(model['ngram_test_bpc'])})" in part
    worse = report_of(made.render(made_params([1]), lambda variant, seed: 3.0))
    assert "0.900 above the best n-gram (2.100)" in section(worse, "Training")


def test_a_model_alone_has_a_report(made: MadeReports) -> None:
    """Without a study there is *the* model, and nothing to compare."""
    text = report_of(made.render(made_params([1], variants={}, comparisons={})))
    assert "## In short" not in text
    assert "The model's test loss is" in text


def test_a_study_without_a_test_split_speaks_of_val(tmp_path: Path) -> None:
    """No sentence names a split that does not exist."""
    params = made_params([1])
    collect(params, tmp_path)
    for path in (tmp_path / "data").rglob("metrics.json"):
        write_json(path, read_json(path) | {"test_nats": None, "test_bpc": None})
    compare(params, tmp_path / "data", tmp_path / "metrics", tmp_path / "plots")
    with blank_pictures():
        render(params, tmp_path)
    cells = section(report_of(tmp_path), "RNN, GRU, LSTM")
    assert "lowest val loss" in cells
    assert "test loss" not in "".join(re.findall(r"^> .*", cells, re.M))


def test_samples_cannot_bring_markup_into_the_page(made: MadeReports) -> None:
    """The browser shows the text of a network, and runs none of it."""
    page = (made.render(made_params()) / "report" / "index.html").read_text(encoding="utf-8")
    assert "<b>" not in page
    assert "&lt;b&gt;LSTM&lt;/b&gt;" in page


def test_samples_as_training_goes_on(made: MadeReports) -> None:
    """Each text is below the number of characters read, and the numbers are from the tables."""
    root = made.render(made_params())
    part = section(report_of(root), "Samples as training goes on")
    table = pd.read_csv(root / "plots" / "as_it_learned.csv")
    for row in table.to_dict("records"):
        assert f"after {row['chars']:,} characters</th>" in part
        assert f"&lt;i&gt;{row['chars']}&lt;/i&gt; read" in part
    assert "6.500 bits per character before it read anything" in part
    assert "2.000 bits per character after 1,000 characters" in part
    assert "Half of that way down lay behind it after 100 characters, 10 % of" in part
    assert "0 % before it read anything, 25 % after 100 characters and 75 %" in part


def test_an_excerpt_is_one_line() -> None:
    """A blank line would end a block of HTML in Markdown."""
    assert excerpt("a\n\n<b> & " + "x" * 500).startswith("a<br><br>&lt;b&gt; &amp; x")
    assert "\n" not in excerpt("a\n\nb")
    assert excerpt("x" * 500).endswith("…")


def test_every_loss_names_its_split(made: MadeReports) -> None:
    """No finding gives a loss without its split."""
    text = report_of(made.render(made_params()))
    for line in re.findall(r"^> .*$", text, re.M):
        if re.search(r"\bloss(es)?\b", line) and "95 % interval" in line:
            assert re.search(r"\b(test|val|training) loss|relative to its own", line), line
