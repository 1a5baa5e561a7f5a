"""Join the scripts, the style and the markup of the live part.

The scripts are plain files of functions, joined in the order of :data:`SCRIPTS` into one function,
so that a name of one file is known in the others. The page allows this script only, by its hash,
and requests of no kind.

Markup, data and script come before the text of the report. A browser runs a script where it meets
it, unless it is a module, so the networks write while the rest of the page is read.
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
    widgets : str
        The markup and the data of the widgets, empty without networks.
    script : str
        The element of the one script.
    style : str
    policy : str
        The content-security policy of a page with this script.
    """

    widgets: str
    script: str
    style: str
    policy: str


def build(document: object | None) -> Live:
    """Return the live part for the document of :func:`charlab.report.page.data.live_data`.

    Without a document the page has its contents that follow the reader, and no network.
    """
    code = f"(() => {{\n{script(SCRIPTS)}}})();"
    data = f'<script type="application/json" id="live-data">{as_json(document)}</script>\n'
    return Live(
        widgets=_read("live.html") + data if document else "",
        script=f"<script>{code}</script>\n",
        style=_read("live.css"),
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
