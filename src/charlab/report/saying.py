"""Say the takeaways whose condition holds, at the end of sections and in the summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from charlab.report.evidence import Evidence

LINES = 10
"""Maximum number of lines of the summary."""

ENDING = 2
"""Maximum number of takeaways that end a section; a reader remembers no more."""


@dataclass(frozen=True)
class Takeaway:
    """A sentence on a topic, and when it is true.

    Attributes
    ----------
    topic : str
        Its subject in the summary; takeaways on the same topic exclude each other.
    section : str
        The section that ends with it.
    holds : callable
        Condition on the results.
    sentence : str
        The sentence, or two.
    proof : callable
        The numbers behind it in a few words, '' if there are none.
    """

    topic: str
    section: str
    holds: Callable[[Evidence], bool]
    sentence: str
    proof: Callable[[Evidence], str] = lambda evidence: ""


def said(evidence: Evidence, takeaways: Sequence[Takeaway]) -> list[Takeaway]:
    """Return the first takeaway that holds on each topic, in their order."""
    chosen: dict[str, Takeaway] = {}
    for takeaway in takeaways:
        if takeaway.topic not in chosen and takeaway.holds(evidence):
            chosen[takeaway.topic] = takeaway
    return list(chosen.values())


def by_section(evidence: Evidence, takeaways: Sequence[Takeaway]) -> dict[str, list[str]]:
    """Return the sentences that end each section."""
    sections: dict[str, list[str]] = {}
    for takeaway in said(evidence, takeaways):
        sections.setdefault(takeaway.section, []).append(takeaway.sentence)
    return {section: sentences[:ENDING] for section, sentences in sections.items()}


def summary(evidence: Evidence, takeaways: Sequence[Takeaway]) -> list[tuple[str, str, str]]:
    """Return topic, sentence and proof of the takeaways with numbers, at most :data:`LINES`."""
    lines = [(one.topic, one.sentence, one.proof(evidence)) for one in said(evidence, takeaways)]
    # Those without numbers are of the least weight.
    return [line for line in lines if line[2]][:LINES]
