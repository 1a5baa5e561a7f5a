"""Where Project Gutenberg's books lie: mirrors as URL templates, and the collections' layouts.

What enters is the setting CHARLAB_MIRROR; what leaves is a list of templates, in the order in
which they are asked. Where the bytes come from is no parameter of the experiment.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from charlab.core.errors import CharlabError

MIRROR_SETTING = "CHARLAB_MIRROR"

LAYOUTS = (
    "cache/epub/{id}/pg{id}.txt",
    "{id}/pg{id}.txt",
    "{path}/{id}/{id}-0.txt",
    "{path}/{id}/{id}-8.txt",
    "{path}/{id}/{id}.txt",
)
"""Where a book lies below a mirror: generated collection, its rsync copy, main collection."""

MAIN_SITE = "www.gutenberg.org"

DEFAULTS = (
    "https://www.gutenberg.org/cache/epub/{id}/pg{id}.txt",
    "https://gutenberg.pglaf.org/cache/epub/{id}/pg{id}.txt",
    "https://aleph.gutenberg.org/cache/epub/{id}/pg{id}.txt",
)

EXAMPLES = f"{MIRROR_SETTING}=file:///srv/gutenberg or {MIRROR_SETTING}=https://host/gutenberg"


class MirrorError(CharlabError):
    """CHARLAB_MIRROR names something that is no mirror."""


def mirrors(setting: str | None = None) -> list[str]:
    """Return URL templates in the order in which they are asked.

    Parameters
    ----------
    setting : str, optional
        Mirrors separated by blanks, as in CHARLAB_MIRROR (the default). Each is a template
        with ``{id}`` or ``{path}``, or a folder with Gutenberg's files below it: a URL, or a
        path on this machine.

    Raises
    ------
    MirrorError
        If one of them is neither.
    """
    given = (os.environ.get(MIRROR_SETTING, "") if setting is None else setting).split()
    templates: list[str] = []
    for mirror in map(_as_url, given):
        if "{" in mirror:
            templates.append(mirror)
        else:
            templates += [f"{mirror.rstrip('/')}/{layout}" for layout in LAYOUTS]
    return [*templates, *DEFAULTS]


def _as_url(mirror: str) -> str:
    """Return a mirror as a URL or template that can be asked."""
    if "://" not in mirror:
        mirror = f"file://{Path(mirror).expanduser().absolute()}"
    wrong = set(re.findall(r"\{.*?\}|[{}]", mirror)) - {"{id}", "{path}"}
    parts = urlsplit(mirror)
    if wrong:
        problem = f"{min(wrong)} is not known in a template, only {{id}} and {{path}} are"
    elif parts.scheme not in ("http", "https", "file"):
        problem = f"{parts.scheme}:// cannot be asked, only http, https and file"
    elif parts.scheme == "file" and parts.netloc not in ("", "localhost"):
        problem = f"a folder on this machine has three slashes: file:///{parts.netloc}{parts.path}"
    elif parts.scheme != "file" and not parts.hostname:
        problem = "there is no host in it"
    else:
        return mirror
    raise MirrorError(f"{MIRROR_SETTING}: {mirror}: {problem}; set it as in {EXAMPLES}")


def url_of(template: str, number: int) -> str:
    """Return the address of book ``number``.

    Examples
    --------
    >>> url_of("https://host/{path}/{id}/{id}-0.txt", 12345)
    'https://host/1/2/3/4/12345/12345-0.txt'
    >>> url_of("https://host/{path}/{id}/{id}.txt", 7)
    'https://host/0/7/7.txt'
    """
    digits = str(number)
    path = "/".join(digits[:-1]) if len(digits) > 1 else "0"
    return template.replace("{id}", digits).replace("{path}", path)
