"""The report as a whole: follows the numbers, leaves out what is not there, needs no network."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from charlab.compare.compare import compare
from charlab.core.files import read_json, write_json
from charlab.plan.params import Params, load_params
from charlab.plots import registry
from charlab.report.render import excerpt, render
from charlab.report.statistics import number
from made_results import (
    TWO_TEXTS,
    Loss,
    all_equal,
    made_params,
    upside_down,
    wobbling,
    write_results,
)

ROOT = Path(__file__).resolve().parents[2]
Write = Callable[..., Path]


def blank(name: str, tables: object, width: float = 7.0) -> bytes:
    """Return a picture of nothing, in no time."""
    return b'<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="4pt"/>\n'


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Return a function that writes a report of made-up results, with blank pictures.

    What was written once is given again, unless ``again`` is asked for.
    """
    done: dict[tuple[str, Loss], Path] = {}

    def write(params: Params, loss: Loss = wobbling, *, again: bool = False) -> Path:
        key = (params.model_dump_json(), loss)
        if key in done and not again:
            return done[key]
        root = done.setdefault(key, tmp_path_factory.mktemp("made"))
        folders = [root / name for name in ("metrics", "plots")]
        write_results(params, root / "data", loss)
        compare(params, root / "data", *folders)
        with pytest.MonkeyPatch.context() as patch:
            # Drawing takes most of the time, and test_plots.py is about it.
            patch.setattr(registry, "draw", blank)
            render(params, *folders, root / "data", root / "report")
        return root

    return write


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one."""
    return re.split(r"\n#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1)[0]


def report_of(root: Path) -> str:
    """Return the Markdown of the report."""
    return (root / "report" / "report.md").read_text(encoding="utf-8")


def test_the_whole_report_is_drawn_and_written(tmp_path: Path) -> None:
    """Every picture that is named exists, none is left over, the page has them all inside."""
    params = made_params([1, 2])
    write_results(params, tmp_path / "data")
    compare(params, tmp_path / "data", tmp_path / "metrics", tmp_path / "plots")
    render(params, tmp_path / "metrics", tmp_path / "plots", tmp_path / "data", tmp_path / "report")
    named = set(re.findall(r"\]\(figures/(.+?)\.svg\)", report_of(tmp_path)))
    assert named == {path.stem for path in (tmp_path / "report" / "figures").iterdir()}
    assert {"comparison_cells", "learning_curves_dropout", "texts_texts", "colored_text"} <= named
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert page.count('<svg class="picture"') == len(named)
    assert "<img " not in page
    shapes = re.findall(r' id="([^"]+)"', page)
    assert len(shapes) == len(set(shapes))
    assert set(re.findall(r'href="#([sbm]\d+)"', page)) <= set(shapes)
    assert not re.search(r'(src|href)="(?!data:|#|brief\.pdf"|https://doi\.org/)', page)
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page


def test_numbers_in_the_text_are_those_of_the_tables(write: Write) -> None:
    """Every mean and spread in a comparison's table stands in metrics/variants.csv."""
    root = write(made_params())
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


def test_numbers_in_sentences_are_differences_of_the_tables(write: Write) -> None:
    """The margin in the finding is that of the means in metrics/variants.csv."""
    root = write(made_params())
    means = pd.read_csv(root / "metrics" / "variants.csv").set_index("title")["test_bpc"]
    margin = number(means["GRU"] - means["LSTM"])
    assert f"{margin} below **GRU**" in section(report_of(root), "RNN, GRU, LSTM")


@pytest.mark.parametrize(
    ("loss", "winner", "runner_up"), [(wobbling, "LSTM", "GRU"), (upside_down, "RNN", "GRU")]
)
def test_findings_turn_when_the_results_do(
    write: Write, loss: Loss, winner: str, runner_up: str
) -> None:
    """The winner of the cells is who has the lowest loss, here and in the summary."""
    text = report_of(write(made_params(), loss))
    for part in (section(text, "RNN, GRU, LSTM"), section(text, "In short")):
        assert f"**{winner}** has the lowest test loss" in part
        assert f"below **{runner_up}**" in part


def test_equal_results_have_no_winner(write: Write) -> None:
    """No sentence calls anything best or lowest."""
    text = report_of(write(made_params(), all_equal))
    assert text.count("No difference: ") >= 5
    assert (
        "more than the spread of the seeds."
        not in text.replace("(1.200)", "")[: text.find("## Training")]
    )
    cells = section(text, "RNN, GRU, LSTM")
    assert "lowest" not in cells
    assert "| equal |" in cells


def test_one_seed_calls_nothing_in_the_whole_report(write: Write) -> None:
    """No spread, no interval, no verdict."""
    text = report_of(write(made_params([1])))
    assert "with one seed no spread is known" in text
    assert "more than the spread" not in text
    assert "±" not in text
    assert "95 % interval" not in re.sub(r"above best \(95 %\)", "", text)


def test_sections_without_a_comparison_are_left_out(write: Write) -> None:
    """The demo has no dropout and one text; its own comparisons stand."""
    params = load_params(ROOT / "studies" / "demo.yaml")
    text = report_of(write(params, lambda variant, seed: 2.0 + len(variant) / 100))
    assert "## Task 1" not in text
    assert "## Task 5" not in text
    assert "## Further comparisons" not in text
    for comparison in params.study.comparisons.values():
        assert f"### {comparison.title}" in text


def test_every_comparison_of_the_course_has_a_section(write: Write) -> None:
    """Each is under its task, and none among the further ones."""
    params = load_params(ROOT / "params.yaml")
    text = report_of(write(params, lambda variant, seed: 2.0 + len(variant) * seed % 7 / 100))
    for comparison in params.study.comparisons.values():
        assert text.count(f"### {comparison.title}\n") == 1
    for task in range(1, 7):
        assert f"## Task {task}" in text
    assert "## Further comparisons" not in text


def test_a_comparison_of_ones_own_gets_a_section(write: Write) -> None:
    """An unknown slug is shown with its title and question."""
    text = report_of(write(made_params()))
    assert "Does it get a section?" in section(text, "A comparison of one's own")


def test_without_evaluations_their_parts_are_left_out(tmp_path: Path) -> None:
    """No heading without anything below it, no sentence about what is not known."""
    comparisons = {"cells": TWO_TEXTS["study"]["comparisons"]["cells"]}
    params = made_params([1], comparisons=comparisons)
    write_results(params, tmp_path / "data", looks=False)
    folders = [tmp_path / name for name in ("metrics", "plots")]
    compare(params, tmp_path / "data", *folders)
    render(params, *folders, tmp_path / "data", tmp_path / "report")
    text = report_of(tmp_path)
    assert "## Looking inside" not in text
    assert "stand in the training text" not in text
    assert "lag" not in text


def test_a_new_figure_needs_its_function_alone(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A figure that no section asks for stands among the further ones, with its caption."""

    def my_own(variants: pd.DataFrame) -> Figure:
        """Figure of my own."""
        return Figure()

    assert "## Further figures" not in report_of(write(made_params([1])))
    found = registry.figures() | {"my_own": my_own}
    monkeypatch.setattr(registry, "figures", lambda: found)
    text = report_of(write(made_params([1]), again=True))
    assert "![Figure of my own.](figures/my_own.svg)" in section(text, "Further figures")


def test_the_model_is_set_beside_its_baselines(write: Write) -> None:
    """The sentence has the numbers of metrics/model.json, on the right side of each."""
    root = write(made_params([1]))
    model = read_json(root / "metrics" / "model.json")
    gap = number(model["ngram_test_bpc"] - model["test_bpc"])
    found = section(report_of(root), "Training")
    assert f"test loss is {number(model['test_bpc'])} bits per character" in found
    assert f"{gap} below the best n-gram ({number(model['ngram_test_bpc'])})" in found
    worse = report_of(write(made_params([1]), lambda variant, seed: 3.0))
    assert "0.900 above the best n-gram (2.100)" in section(worse, "Training")


def test_a_model_alone_has_a_report(write: Write) -> None:
    """Without a study there is *the* model, and nothing to compare."""
    text = report_of(write(made_params([1], variants={}, comparisons={})))
    assert "## In short" not in text
    assert "The model's test loss is" in text


def test_a_study_without_a_test_split_speaks_of_val(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sentence names a split that is not there."""
    monkeypatch.setattr(registry, "draw", blank)
    params = made_params([1])
    write_results(params, tmp_path / "data")
    for path in (tmp_path / "data").rglob("metrics.json"):
        write_json(path, read_json(path) | {"test_nats": None, "test_bpc": None})
    folders = [tmp_path / name for name in ("metrics", "plots")]
    compare(params, tmp_path / "data", *folders)
    render(params, *folders, tmp_path / "data", tmp_path / "report")
    cells = section(report_of(tmp_path), "RNN, GRU, LSTM")
    assert "lowest val loss" in cells
    assert "test loss" not in "".join(re.findall(r"^> .*", cells, re.M))


def test_a_second_rendering_is_the_same(write: Write) -> None:
    """Bytes depend on the results alone; what else lay in the folder is gone."""
    root = write(made_params())
    first = {path.name: path.read_bytes() for path in (root / "report").glob("*.*")}
    assert {"report.md", "index.html", "brief.pdf"} == set(first)
    (root / "report" / "old.txt").touch()
    write(made_params(), again=True)
    assert {path.name: path.read_bytes() for path in (root / "report").glob("*.*")} == first


def test_samples_cannot_bring_markup_into_the_page(write: Write) -> None:
    """What a network writes is shown, not run."""
    page = (write(made_params()) / "report" / "index.html").read_text(encoding="utf-8")
    assert "<b>" not in page
    assert "&lt;b&gt;LSTM&lt;/b&gt;" in page


def test_samples_as_training_goes_on(write: Write) -> None:
    """Each text stands below the characters read before it, and the numbers are the tables'."""
    root = write(made_params())
    found = section(report_of(root), "Samples as training goes on")
    table = pd.read_csv(root / "plots" / "as_it_learned.csv")
    for row in table.to_dict("records"):
        assert f"after {row['chars']:,} characters</th>" in found
        assert f"&lt;i&gt;{row['chars']}&lt;/i&gt; read" in found
    assert "6.500 bits per character before it read anything" in found
    assert "2.000 bits per character after 1,000 characters" in found
    assert "Half of that way down lay behind it after 100 characters, 10 % of" in found
    assert "0 % before it read anything, 25 % after 100 characters and 75 %" in found


def test_an_excerpt_is_one_line() -> None:
    """A blank line would end a block of HTML in Markdown."""
    assert excerpt("a\n\n<b> & " + "x" * 500).startswith("a<br><br>&lt;b&gt; &amp; x")
    assert "\n" not in excerpt("a\n\nb")
    assert excerpt("x" * 500).endswith("…")


def test_every_loss_names_its_split(write: Write) -> None:
    """No finding speaks of a loss without saying whose."""
    text = report_of(write(made_params()))
    found = re.findall(r"^> .*$", text, re.M)
    for line in found:
        if re.search(r"\bloss(es)?\b", line) and "95 % interval" in line:
            assert re.search(r"\b(test|val|training) loss|relative to its own", line), line
