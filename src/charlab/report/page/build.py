"""Join the scripts, the style and the markup of the live part.

The scripts are plain files of functions, joined in the order of :data:`SCRIPTS` into one module: a
name of one file is known in those after it. The page allows this script only, by its hash, and
requests of no kind.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from charlab.report.page.data import as_json

ENGINE = ("text", "kernel", "network", "ngram", "sample", "gradient", "learn")
"""The scripts that need no page, so that they run in any JavaScript engine."""

SCRIPTS = (
    *ENGINE,
    *("dom", "letters"),
    *("write", "score", "game", "time", "remember", "cell", "train", "contents", "values", "main"),
)
"""Names of the JavaScript files, those first that others need."""


@dataclass(frozen=True)
class Live:
    """The live part of a page, ready for the template.

    Attributes
    ----------
    markup, style, script : str
    data : str
        JSON without markup characters.
    policy : str
        The content-security policy of a page with this script.
    """

    markup: str
    style: str
    script: str
    data: str
    policy: str


def build(document: object | None) -> Live:
    """Return the live part for the document of :func:`charlab.report.page.data.live_data`.

    Without a document the page has its contents that follow the reader, and no network.
    """
    code = script(SCRIPTS)
    return Live(
        markup=_read("live.html") if document else "",
        style=_read("live.css"),
        script=code,
        data=as_json(document) if document else "",
        policy=policy(code),
    )


def script(names: tuple[str, ...]) -> str:
    """Return JavaScript files joined to one."""
    product = base64.b64encode(_package().joinpath("gemm.wasm").read_bytes()).decode("ascii")
    files = [f"// {name}.js\n{_read(f'{name}.js')}" for name in names]
    return "\n".join([f'"use strict";\nconst GEMM = "{product}";', *files])


def policy(code: str) -> str:
    """Return a policy that allows one script, inline styles, and no request."""
    digest = base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii")
    # The pictures have style attributes, which no hash can name.
    return (
        f"default-src 'none'; script-src 'sha256-{digest}' 'wasm-unsafe-eval'; "
        "style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _read(name: str) -> str:
    return _package().joinpath(name).read_text(encoding="utf-8")


def _package() -> Traversable:
    return resources.files("charlab.report.page")
