"""The report as a whole: its structure, its length, and what it leaves out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from charlab.plots import registry
from charlab.report import render as render_module
from charlab.report.listings import backward, forward, loss, sampling
from charlab.report.numbers import without_formulas
from charlab.report.pictures import comparison_data, picture
from charlab.report.places import LIMIT
from charlab.report.render import WORDS, compose, excerpt, words
from charlab.report.sampler import sample
from charlab.report.study import StudyResults
from import_graph import ROOT
from made_reports import MadeReports, blank_pictures
from made_results import TWO_TEXTS, made_params
from made_study import MISSING, STUDY, Scenario, results_of, study_params, swapped
from published import published


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeReports:
    """Return the reports that several tests read."""
    return MadeReports(tmp_path_factory.mktemp("made"))


def text_of(results: StudyResults, *, blank: bool = False) -> str:
    """Return the Markdown of a report as it is printed."""
    with blank_pictures():
        return without_formulas(compose(results, blank=blank).text)


@pytest.fixture(scope="module")
def good() -> str:
    """Return the report on a study in which everything turns out as a course would like it."""
    return text_of(results_of(Scenario()))


def section(text: str, heading: str) -> str:
    """Return the text from a heading to the next one of the same level or above."""
    level = re.search(rf"^(#+) {re.escape(heading)}", text, re.M)
    assert level is not None, heading
    rest = text[level.end() :]
    return re.split(rf"\n#{{1,{len(level[1])}}} ", rest, maxsplit=1)[0]


def test_it_follows_the_course_sheet(good: str) -> None:
    """It opens with what the model writes, and keeps the sheet's own numbering."""
    headings = re.findall(r"^## (.+)$", good, re.M)
    assert headings == [
        "In short", "Where the network overtakes counting", "2.1 The model", "2.2 Training",
        "2.3 Generation", "The lines that matter", "Task 1: dropout", "Task 2: activations",
        "Task 3: RNN, GRU, LSTM", "Task 4: hidden size, sequence length, learning rate",
        "Task 5: texts and languages", "Task 6: two articles", "How this was made",
        "Appendix: every comparison in full", "Appendix: inside the model",
    ]  # fmt: skip
    assert "figures/overtaking_sizes.svg" in section(good, "Where the network overtakes")
    opening = good[: good.index("## In short")]
    assert "<strong>“Once</strong><br>it said model" in opening
    assert "79 % of the words occur in the training text. Its test loss is 1.850" in opening
    assert "0.200 below the best n-gram (2.050) and 0.100 below PPMd (1.950)" in opening


def test_each_section_of_the_sheet_answers_its_questions(good: str) -> None:
    """Three questions each, by the sheet's own words."""
    for part, questions in {
        "2.1": ("W_xh, W_hh and W_hy", "Why tanh", "hidden state start"),
        "2.2": ("why cross-entropy", "weights updated", "`np.clip`"),
        "2.3": ("next character chosen", "temperature do", "Why draw at all"),
    }.items():
        own = section(good, part)
        assert len(re.findall(r"^\*\*[^*]+\?\*\*$", own, re.M)) == 3
        assert all(question in own for question in questions)
    assert "np.random.choice" in section(good, "2.3")


def test_the_body_is_short(good: str) -> None:
    """At most 4,000 words and 20 figures before the appendix."""
    assert words(good) <= WORDS == 4000
    assert good.split("\n## Appendix")[0].count("![") <= LIMIT == 20


def test_words_are_what_a_reader_sees() -> None:
    """Markup, pictures and source code are no words; numbers in tables are."""
    text = "# One two\n\n| a | 1.0 |\n|:---|---:|\n\n![x y](z.svg)\n```python\na = b\n```\n"
    text += "## Appendix: c d"
    assert words(text) == 4


def test_a_long_study_is_cut_before_the_appendix() -> None:
    """Samples of all but the first comparisons go first, then comparisons."""
    long = {slug: f"{slug} {'and so on ' * 2}".strip() for slug in STUDY["study"]["variants"]}
    text = text_of(results_of(Scenario(), study_params(titles=long)))
    assert words(text) <= WORDS
    for comparison in STUDY["study"]["comparisons"].values():
        assert f"### {comparison['title']} (in full)" in text.replace("\\_", "_")


def test_the_committed_report_is_short() -> None:
    """The same of the published report, whatever lies in the working copy."""
    text = published("report/report.md")
    assert words(text) <= WORDS
    assert text.split("\n## Appendix")[0].count("![") <= LIMIT


def test_each_task_shows_losses_and_what_is_written(good: str) -> None:
    """The first comparison of each task has rates, losses, real words and samples."""
    for heading in ("Task 1", "Task 2", "Task 3", "Task 4", "Task 5"):
        own = section(good, heading)
        assert re.search(r"\|  \| rate \| test \|.*\| real words \| writes \|", own)
        assert re.search(r"\| \d+ % \| \*it said ", own)


def test_a_short_body_names_what_the_appendix_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison without a place in the body has a sentence there, as have runs that failed."""
    monkeypatch.setattr(render_module, "WORDS", 0)
    failed = {("gru-wide", seed): 7 for seed in range(1, 6)}
    body, appendix = text_of(results_of(Scenario(diverged=failed))).split("\n## Appendix", 1)
    own = section(body, "Task 3")
    assert "### cells cell (in full)" not in own
    assert "> In the appendix: *cells cell*: best on val is **LSTM**. **GRU" in own
    assert "5 of 5 seeds diverged, at steps 7, 7, 7, 7 and 7." in own
    assert "(its run failed)</th>" in appendix
    assert "In the appendix:" not in appendix


def test_every_comparison_is_in_the_appendix_in_full(good: str) -> None:
    """With all splits, spreads, intervals and corrected p values."""
    appendix = section(good, "Appendix: every comparison")
    for comparison in STUDY["study"]["comparisons"].values():
        assert f"### {comparison['title']} (in full)" in appendix.replace("\\_", "_")
    assert "| p (Holm) |" in appendix
    assert re.search(r"\d\.\d{3}\s±\s0\.\d{3}", appendix)


def test_every_figure_is_shown_once(good: str) -> None:
    """In the body or in the appendix."""
    shown = re.findall(r"!\[[^\]]*\]\(figures/([^)]*)\.svg\)", good)
    assert len(shown) == len(set(shown))
    assert "comparison_cells" in good.split("\n## Appendix")[0]


def test_the_old_phrases_are_gone(good: str) -> None:
    """The spread of the seeds was named 48 times."""
    for text in (good, text_of(results_of(Scenario(losses=swapped())))):
        assert "spread of the seeds" not in text
        assert "weights of their own" not in text
        assert "**Finding" not in text


def test_settings_that_differ_are_not_called_shared() -> None:
    """A key is named only if every variant has the same value."""
    text = text_of(results_of(Scenario()))
    shared = re.search(r"\*\*Settings\*\* that all variants share: (.*?)\.", text)
    assert shared is not None
    assert "optimizer Adam" in shared[1]
    assert "chunks of" not in shared[1]  # one variant has shorter ones
    assert "rate" not in shared[1]


def test_sections_without_content_are_left_out() -> None:
    """No heading without a comparison, no sentence about what was not measured."""
    kept = {"cells": STUDY["study"]["comparisons"]["cells"]}
    text = text_of(results_of(MISSING, study_params(comparisons=kept)))
    assert "## Task 3" in text
    for heading in ("Task 1", "Task 2", "Task 4", "Task 5", "overtakes counting", "# How far back"):
        assert heading not in text
    assert "lag 10" not in text


def test_a_text_too_short_for_a_distance_has_no_figure_of_memory() -> None:
    """The built-in text of a demo may have a handful of characters at each distance."""
    results = results_of(Scenario())
    slug = next(s for s in results.params.study.comparisons if results.on_builtin_text(s))
    assert len(comparison_data(results, slug)["memory"])
    short = results.tables["memory"].assign(chars_in_bin=3)
    data = comparison_data(replace(results, tables=results.tables | {"memory": short}), slug)
    assert len(data["memory"]) == 0
    assert picture(results, "memory_map", data, slug) == []


def test_a_model_alone_has_a_report() -> None:
    """Without a study there is *the* model, and nothing to compare."""
    text = text_of(results_of(MISSING, study_params(variants={}, comparisons={})))
    assert "Its test loss is 1.850 bits per character" in text
    assert "## Task 3" not in text


def test_a_study_without_a_test_split_speaks_of_val() -> None:
    """No sentence names a loss on a split that does not exist."""
    results = results_of(Scenario())
    seeds = results.tables["seeds"]
    results.tables["seeds"] = seeds.assign(test_bpc=float("nan"))
    results = replace(results, model={k: v for k, v in results.model.items() if k != "test_bpc"})
    text = text_of(results)
    assert "Its val loss is 1.800" in text
    said = "\n".join(re.findall(r"^> .*$", text, re.M))
    assert "On val" in said
    assert "test loss" not in said
    assert "On test" not in said
    assert "| val − best |" in text


def test_a_homework_has_blanks_for_every_sentence() -> None:
    """Explanations are blank as well as findings; numbers, tables and code stay."""
    text = text_of(results_of(Scenario()), blank=True)
    assert text.count("**My answer.**") >= 9 + len(STUDY["study"]["comparisons"])
    for words_of_an_answer in ("Adagrad divides", "To remember", "In short", "10.5194", "First on"):
        assert words_of_an_answer not in text
    assert "| LSTM |" in text
    assert "Which loss, and why cross-entropy?" in text
    assert "from_future" in text
    # Every comparison in full, with its figures and its loss on train; no file that is not there.
    appendix = section(text, "Appendix: every comparison")
    assert "](figures/" in appendix
    assert "| train |" in appendix
    assert "\n> " not in appendix
    assert "numbers.csv" not in text
    titles = [entry["title"] for entry in STUDY["study"]["comparisons"].values()]
    assert all(f"### {title}" in text.replace("\\_", "_") for title in titles)
    # A blank right below a heading would have no question; Task 6 asks in its blank.
    unasked = re.findall(r"^#+ (.*)\n\n> \*\*My answer", text, flags=re.MULTILINE)
    assert unasked == ["Task 6: an article"]


def test_the_code_shown_is_the_code_that_runs(good: str) -> None:
    """Each listing is cut out of the source, statement by statement."""
    source = (ROOT / "src" / "charlab" / "models" / "rnn_by_hand.py").read_text(encoding="utf-8")
    for listing in (forward(), loss(), backward()):
        assert f"```python\n{listing}\n```" in good
        assert all(line.strip() in source for line in listing.splitlines())
    count = sum(len(listing.splitlines()) for listing in (forward(), loss(), backward()))
    assert f"These {count} lines" in good
    assert count <= 30


def test_the_sampling_loop_draws_what_it_says() -> None:
    """The listing of 2.3 runs: shares follow the softmax at the temperature."""
    logits = np.log(np.array([0.6, 0.3, 0.1]))
    seen = []

    def step(char: int, state: int) -> tuple[np.ndarray, int]:
        seen.append(char)
        return logits, state + 1

    drawn = sample(step, 0, 2, 4000, 0.5, np.random.default_rng(7))
    assert seen == [2, *drawn[:-1]]
    expected = np.array([0.6, 0.3, 0.1]) ** 2
    shares = np.bincount(drawn, minlength=3) / len(drawn)
    assert shares == pytest.approx(expected / expected.sum(), abs=0.03)
    assert "rng.choice" in sampling()


def test_clipping_by_value_turns_the_gradient() -> None:
    """The example of 2.2 is right: by norm the direction stays."""
    gradient = np.array([10.0, 1.0])
    assert np.clip(gradient, -5, 5).tolist() == [5, 1]
    by_norm = gradient * 5 / np.linalg.norm(gradient)
    assert by_norm.round(2).tolist() == [4.98, 0.5]


def test_a_new_figure_needs_its_function_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure without a section is in the appendix, with its caption and the ends of its table."""
    monkeypatch.setattr(registry, "_FIGURES", dict(registry.figures()))

    @registry.figure("Figure of my own.", needs=("variants",))
    def my_own(variants: pd.DataFrame) -> Figure:
        return Figure()

    text = text_of(results_of(Scenario()))
    shown = r"!\[Figure of my own\. [^\]]+ to [^\]]+\]\(figures/my_own\.svg\)"
    assert re.search(shown, section(text, "Appendix: inside"))


def test_a_second_rendering_is_the_same(made: MadeReports) -> None:
    """Bytes depend on the results alone; other files in the folder are removed."""
    comparisons = {"cells": TWO_TEXTS["study"]["comparisons"]["cells"]}
    params = made_params([1], comparisons=comparisons)
    root = made.render(params)
    folders = [root / name for name in ("metrics", "plots", "data", "report")]
    before = {path.name: path.read_bytes() for path in (root / "report").glob("*.*")}
    (root / "report" / "old.txt").touch()
    with blank_pictures(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(render_module, "brief", lambda evidence, blocks, blank: b"%PDF-")
        render_module.render(params, *folders)
    assert {path.name: path.read_bytes() for path in (root / "report").glob("*.*")} == before
    assert set(before) == {"report.md", "index.html", "brief.pdf", "brief-blank.pdf", "numbers.csv"}


def test_what_compare_writes_is_what_the_report_reads(made: MadeReports) -> None:
    """From the results of the stages to the text, for a small study."""
    root = made.render(made_params())
    text = (root / "report" / "report.md").read_text(encoding="utf-8")
    assert re.search(r"Its test loss is 2\.0\d\d bits per character: ", text)
    assert "Best on val: **LSTM**, then **GRU** and **RNN**." in text
    assert "Does it get a section?" in section(text, "Appendix: every comparison")
    assert Path(root / "report" / "numbers.csv").read_text().startswith("line,printed,formula\n")


def test_an_excerpt_is_one_line() -> None:
    """A blank line would end a block of HTML in Markdown."""
    assert excerpt("a\n\n<b> & " + "x" * 500).startswith("a<br><br>&lt;b&gt; &amp; x")
    assert "\n" not in excerpt("a\n\nb")
    assert excerpt("x" * 500).endswith("…")
