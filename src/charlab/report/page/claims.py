"""Link the report's claims to the widgets that show them.

A link is the address of a widget with its settings (docs/report.md), such as ``write?t=0.3``. The
Markdown of report.md has no links of this kind: they are added on the way to the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from charlab.report.context import said
from charlab.report.evidence import Evidence
from charlab.report.saying import said as takeaways_said
from charlab.report.takeaways import TAKEAWAYS

OF_TAKEAWAYS = {
    "The model": "write?nets={first},ngram",
    "Counting": "score?net=ngram",
    "By hand": "cell?net={rnn}&{rnn_unit}",
    "Clipping": "train?cell=rnn&optimizer=sgd&clip=0&rate=1",
    "Temperature": "write?t=0.3&nets={first}",
    "Gates": "write?nets={rnn},{gru},{lstm}",
    "Memory": "remember?net={gru}&{gru_unit}",
    "Size": "write?nets={first},{lstm}",
    "Rate": "train?rate=10",
}
"""Widget and settings that show a takeaway, by its topic.

``{first}`` is the network that opens the page, ``{rnn}`` the RNN of the comparison of cells,
``{rnn_unit}`` its unit with the strongest correlation on val, ``{middle}`` the snapshot in the
middle. A link is left out if the page lacks what it names.
"""

OF_FINDINGS = {
    "state": "score?net={first}",
    "generation": "write?t=2&nets={first}",
    "training": "time?at={middle}",
    "rates": "train?rate=10",
    "gates": "cell?net={gru}&{gru_unit}",
    "ngram": "score?net=ngram",
}
"""Widget and settings that show a finding, by its subject in :func:`context.said`."""


def linked(markdown: str, evidence: Evidence, document: Mapping[str, Any] | None) -> str:
    """Return the report's Markdown with the claims that the page can show as links.

    Parameters
    ----------
    markdown : str
        The report, with its formulas.
    evidence : Evidence
        What it is about.
    document : mapping or None
        The document of :func:`charlab.report.page.data.live_data`; without it there are no widgets.
    """
    if not document:
        return markdown
    names = _names(document)
    for sentence, state in _claims(evidence):
        try:
            target = state.format_map(names)
        except KeyError:
            continue
        markdown = markdown.replace(sentence, f"[{sentence}](#live/{target})")
    return markdown


def _claims(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield each sentence of the report that has a widget, with the widget's settings."""
    for takeaway in takeaways_said(evidence, TAKEAWAYS):
        if takeaway.topic in OF_TAKEAWAYS:
            yield takeaway.sentence, OF_TAKEAWAYS[takeaway.topic]
    for subject, sentences in said(evidence.results).items():
        if sentences and subject in OF_FINDINGS:
            yield sentences[0], OF_FINDINGS[subject]


def _names(document: Mapping[str, Any]) -> dict[str, str]:
    """Return what the settings of a link can name on this page."""
    networks = [one for one in document["networks"] if one["id"] != "ngram"]
    names = {"first": quote(networks[0]["id"])}
    # After the network that opens the page come those of the comparison of cells.
    for network in networks:
        names[network["cell"]] = quote(network["id"])
        units = sorted(network["units"], key=lambda unit: -abs(unit["val_correlation"]))
        if units:
            best = units[0]
            names[f"{network['cell']}_unit"] = f"layer={best['layer']:.0f}&unit={best['unit']:.0f}"
    if document["snapshots"]:
        names["middle"] = str(len(document["snapshots"]) // 2)
    return names
