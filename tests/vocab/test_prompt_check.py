"""A prompt that a text cannot have is refused before anything trains."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from charlab.vocab.prompt_check import PromptError, check_prompt
from charlab.vocab.vocabulary import Vocabulary

ENGLISH = Vocabulary.from_text("The quick brown fox jumps over the lazy dog")


def params(folder: Path, prompt: str | None, *variants: str, text: str = "english") -> Path:
    """Write a parameter file with a prompt, a text, and the texts of variants."""
    path = folder / "params.yaml"
    study = {"variants": {f"v{number}": {"text": slug} for number, slug in enumerate(variants)}}
    document = {"text": text, "sample": {"prompt": prompt}, "study": study}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.mark.parametrize("prompt", [None, "The ", "fox"])
def test_a_prompt_that_fits(tmp_path: Path, prompt: str | None) -> None:
    """Null is none, and always fits."""
    check_prompt("english", ENGLISH, params(tmp_path, prompt))


def test_a_prompt_that_does_not_fit(tmp_path: Path) -> None:
    """The message has the key, the text, the characters, and what to do."""
    with pytest.raises(PromptError) as raised:
        check_prompt("english", ENGLISH, params(tmp_path, "Gut, süß"))
    message = str(raised.value)
    assert "sample.prompt: the text 'english' has no " in message
    assert "'G' (U+0047), ',' (U+002C), 's'" not in message
    for part in ("'G' (U+0047)", "',' (U+002C)", "'ü' (U+00FC)", "'ß' (U+00DF)", "'Gut, süß'"):
        assert part in message
    assert "use characters that every text in use has, or null" in message


def test_a_text_of_a_variant_is_in_use(tmp_path: Path) -> None:
    """A text that nothing reads is not."""
    check_prompt("english", ENGLISH, params(tmp_path, "ж", "russian", text="russian"))
    with pytest.raises(PromptError):
        check_prompt(
            "english", ENGLISH, params(tmp_path, "ж", "russian", "english", text="russian")
        )


def test_an_unknown_symbol_stands_for_any_character(tmp_path: Path) -> None:
    """The model reads the prompt with that symbol."""
    vocab = Vocabulary.from_text("The fox", unknown=True)
    check_prompt("english", vocab, params(tmp_path, "ж"))
