"""A page of small random networks in which every text is hostile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from charlab.models.params import ModelParams
from charlab.report.html import page
from charlab.report.page.build import build
from charlab.report.page.networks import describe
from charlab.report.page.ngram import count, packed
from charlab.report.page.weights import pack
from charlab.report.render import _environment
from firefox import Page
from random_network import random_weights

HOSTILE = (
    "</script><script>document.title = 'owned'</script>"
    "<img src=x onerror=\"document.title='owned'\">"
    "<!-- ]]> &lt;b&gt; \u202egnp.exe\u2066 \x00\x1b[2J\ufeff\U000e0041 javascript:alert(1)"
)
CHARS = sorted(set(HOSTILE) | set("abcdefghij \n"))
PANELS = ("write", "score", "game", "time", "remember", "cell", "train")
FIGURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="504pt" height="200pt"><path d="m0 0"/></svg>'
)


def made_document() -> dict[str, Any]:
    """Return a document of small random networks in which every text is hostile."""
    networks = []
    for number, cell in enumerate(("lstm", "gru", "rnn")):
        model = ModelParams.model_validate({"cell": cell, "hidden": 12, "layers": 1 + number % 2})
        weights = random_weights(model, len(CHARS), number)
        names: dict[str, Any] = {
            "id": f"n{number}",
            "label": f"{cell} {HOSTILE}",
            "made_by": HOSTILE,
        }
        losses = {"vocabulary": 0, "val_bpc": 2.0, "int8_bpc": 2.001}
        unit = {"layer": 0, "unit": 3, "correlation": 0.5, "val_correlation": 0.6}
        names["units"] = [{"feature": HOSTILE, **unit}]
        networks.append({**names, **losses, **describe(model, weights), **pack(weights)})
    levels = count(np.arange(400) * 7 % len(CHARS), len(CHARS))
    ngram = {"id": "ngram", "kind": "ngram", "label": HOSTILE, "made_by": HOSTILE}
    sizes = {"vocab_size": len(CHARS), "order": len(levels), "parameters": 9, "val_bpc": 3.0}
    data = packed(levels, len(CHARS))
    networks.append({**ngram, **sizes, "vocabulary": 0, "data": data})
    passage = (HOSTILE + " abc def ghij\n") * 12
    snapshot = {"text": HOSTILE, "temperature": 0.6, "real_words": 0.5}
    return {
        "networks": networks,
        "too_large": [HOSTILE],
        "vocabularies": [{"chars": CHARS, "unknown": False}],
        "text": HOSTILE,
        "prompt": HOSTILE[:60],
        "passage": {"split": "test", "text": passage},
        "snapshots": [
            snapshot | {"chars": c, "val_bpc": 5.0 - n} for n, c in enumerate((0, 9, 99))
        ],
        "distances": [
            {"label": f"{n} {HOSTILE}", "bins": [[1, 2, 0.5, 2.0], [3, 6, 1.5, 2.0]]}
            for n in range(3)
        ],
        "builtin": "the cat sat on the mat and the dog ran\n" * 100,
    }


def write_page(folder: Path) -> Path:
    """Write a short report with the made-up networks; return its path."""
    rows = "\n".join(f"| {number} | {'word ' * 9} | {number} |" for number in range(4))
    text = (
        "# A study\n\nWords.\n\n## One\n\n![A figure](figures/a.svg)\n\nCaption.\n\n"
        f"| | b | c |\n|---|---|---|\n{rows}\n\n    {'code ' * 60}\n\n"
        f"## Two\n\n{'More words. ' * 400}\n\n"
        "At low temperature [it repeats itself](#live/write?t=0.3&seed=2&nets=n1,ngram).\n"
    )
    out = folder / "index.html"
    out.write_text(page(text, {"a": FIGURE}, _environment(), build(made_document())), "utf-8")
    return out


def letters(panel: str) -> str:
    """Return JavaScript for the letters that a panel shows."""
    return f"document.querySelectorAll('#panel-{panel} .letters .letter').length"


def no_complaint(tab: Page, path: Path) -> None:
    """Check that nothing was logged, refused, run or asked for."""
    assert tab.complaints == []
    assert {url for url in tab.requests if not url.startswith("data:")} <= {
        "about:blank",
        path.resolve().as_uri(),
    }
    assert tab.evaluate("document.title") == "A study"
    assert tab.evaluate("document.querySelectorAll('script').length") == 2
    assert tab.evaluate("document.querySelectorAll('main img').length") == 0
