"""State how texts differ as writing: letters, words and lines, from metrics/texts.csv."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from charlab.report.markdown import listed
from charlab.report.numbers import Quantity
from charlab.report.observations import Table
from charlab.report.study import StudyResults

COLUMNS: dict[str, tuple[str, str]] = {
    "vocabulary": ("characters in use", "whole"),
    "diacritics": ("marked letters", "percent1"),
    "capitals": ("capitals", "percent1"),
    "word_chars": ("letters per word", "tenths"),
    "distinct_words": ("different words", "whole"),
    "line_chars": ("characters per line", "whole"),
}
"""Heading and form of each measure of a text, by column of metrics/texts.csv."""

SHORT_LINES = 45
"""Mean length of a line, in characters, below which lines are short, as in verse."""


def measure(results: StudyResults, text: str, column: str) -> Quantity | None:
    """Return one measure of a text; None if it is unknown."""
    return results.column("texts", column, text=text).only


def writing_table(results: StudyResults, texts: Sequence[str]) -> Table | None:
    """Return the measures of each text."""
    if not any(measure(results, text, "word_chars") for text in texts):
        return None
    rows = []
    for text in texts:
        found = [(measure(results, text, column), form) for column, (_, form) in COLUMNS.items()]
        cells = ["–" if value is None else value.shown(form) for value, form in found]
        rows.append([results.text_title(text), *cells])
    header = ["", *(heading for heading, _ in COLUMNS.values())]
    note = (
        "Measured on equally long starts. Capitals and marked letters (such as ä, é, ñ) are "
        "shares of all letters."
    )
    return Table(header, rows, note)


def observations(results: StudyResults, texts: Sequence[str]) -> list[str]:
    """Report which text is at the end of each measure, and which have short lines."""
    sentences: list[tuple[str, Callable[[str], str]]] = [
        ("word_chars", lambda shown: f"the longest words ({shown} letters)"),
        ("distinct_words", lambda shown: f"the most different words ({shown})"),
        ("capitals", lambda shown: f"the most capitals ({shown} of its letters)"),
        ("diacritics", lambda shown: f"the most marked letters ({shown} of its letters)"),
    ]
    said: dict[str, list[str]] = {}
    for column, words in sentences:
        found = [(text, measure(results, text, column)) for text in texts]
        known = [(text, value) for text, value in found if value is not None and value.value > 0]
        values = sorted((value.value for _, value in known), reverse=True)
        # Without two texts, or where two are equal, no text is at the end.
        if len(values) < 2 or values[0] == values[1]:
            continue
        text, value = max(known, key=lambda pair: pair[1].value)
        said.setdefault(text, []).append(words(value.shown(COLUMNS[column][1])))
    for text in texts:
        lines = measure(results, text, "line_chars")
        if lines is not None and lines.value < SHORT_LINES:
            said.setdefault(text, []).append(f"short lines ({lines.whole} characters each)")
    return [
        f"*{results.text_title(text)}* has {listed(clauses)}." for text, clauses in said.items()
    ]
