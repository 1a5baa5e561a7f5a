"""Check the prompt of params.yaml against a text's vocabulary, before anything trains on it."""

from __future__ import annotations

from pathlib import Path

from charlab.core.errors import CharlabError
from charlab.core.schema import load
from charlab.vocab.params import PromptParams
from charlab.vocab.vocabulary import Vocabulary, listed_characters


class PromptError(CharlabError):
    """A prompt with characters that a text lacks."""


def check_prompt(slug: str, vocab: Vocabulary, path: Path | str = "params.yaml") -> None:
    """Check that a model trained on a text can read the prompt of params.yaml.

    The stages that train call this although their results do not depend on the prompt. It is
    none of their declared parameters, so that another prompt trains nothing again.

    Parameters
    ----------
    slug : str
        The text's key in params.yaml.
    vocab : Vocabulary
        Its vocabulary. With an unknown symbol any prompt will do.
    path : Path or str
        The parameter file.

    Raises
    ------
    PromptError
        If *the* model or a variant reads this text, and the text lacks a character of the prompt.
    """
    params = load(PromptParams, path)
    prompt = params.sample.prompt
    # A text that no model reads never meets the prompt.
    if prompt is None or vocab.unknown or slug not in params.texts_met:
        return
    if missing := vocab.outside(prompt):
        raise PromptError(
            f"{path}: sample.prompt: the text {slug!r} has no "
            f"{listed_characters(missing)}, found in the prompt {prompt!r}; use characters that "
            "every text in use has, or null, which takes the start of a line from each text"
        )
