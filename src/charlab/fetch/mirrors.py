"""List the mirrors of Project Gutenberg as URL templates, in the order to try them.

CHARLAB_MIRROR adds mirrors. It is an environment variable and not a parameter, since the source of
the bytes does not change an experiment.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from charlab.core.errors import CharlabError

MIRROR_SETTING = "CHARLAB_MIRROR"

LAYOUTS = (
    "cache/epub/{id}/pg{id}.txt",  # generated collection, UTF-8
    "{id}/pg{id}.txt",  # the same as rsync copies it
    "{path}/{id}/{id}-0.txt",  # main collection, UTF-8
    "{path}/{id}/{id}-8.txt",  # the same, Latin-1 or another 8-bit encoding
    "{path}/{id}/{id}.txt",  # the same, ASCII
)
"""Paths of a book on a mirror, in the order to try them."""

MAIN_SITE = "www.gutenberg.org"

DEFAULTS = (
    "https://www.gutenberg.org/cache/epub/{id}/pg{id}.txt",
    "https://gutenberg.pglaf.org/cache/epub/{id}/pg{id}.txt",
    "https://aleph.gutenberg.org/cache/epub/{id}/pg{id}.txt",
)

EXAMPLES = f"{MIRROR_SETTING}=file:///srv/gutenberg or {MIRROR_SETTING}=https://host/gutenberg"


class MirrorError(CharlabError):
    """A value of CHARLAB_MIRROR that is not a mirror."""


def mirrors(setting: str | None = None) -> list[str]:
    """Return URL templates in the order to try them.

    Parameters
    ----------
    setting : str, optional
        Mirrors separated by blanks, by default those in CHARLAB_MIRROR. Each is a template with
        ``{id}`` or ``{path}``, or a folder with Gutenberg's files: a URL or a local path.

    Raises
    ------
    MirrorError
        If one of them has another form.
    """
    given = (os.environ.get(MIRROR_SETTING, "") if setting is None else setting).split()
    templates: list[str] = []
    for mirror in map(_as_url, given):
        if "{" in mirror:
            templates.append(mirror)
        else:
            # A folder may have any of the layouts, so try all.
            templates += [f"{mirror.rstrip('/')}/{layout}" for layout in LAYOUTS]
    return [*templates, *DEFAULTS]


def _as_url(mirror: str) -> str:
    """Return a mirror as a URL or template, or refuse it."""
    if "://" not in mirror:
        # as_uri knows drive letters and blanks, but a template's braces must stay as they are.
        try:
            uri = Path(mirror).expanduser().absolute().as_uri()
        except RuntimeError:
            raise _refused(mirror, "no such user's home") from None
        mirror = uri.replace("%7B", "{").replace("%7D", "}")
    wrong = set(re.findall(r"\{.*?\}|[{}]", mirror)) - {"{id}", "{path}"}
    try:
        parts = urlsplit(mirror)
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise _refused(mirror, f"not an address: {error}") from None
    if wrong:
        problem = f"expected {{id}} and {{path}} in a template, found {min(wrong)}"
    elif parts.scheme not in ("http", "https", "file"):
        problem = f"expected http, https or file, found {parts.scheme}://"
    elif parts.scheme == "file" and parts.netloc not in ("", "localhost"):
        problem = f"a local folder needs three slashes: file:///{parts.netloc}{parts.path}"
    elif parts.scheme != "file" and not parts.hostname:
        problem = "expected a host, found none"
    else:
        return mirror
    raise _refused(mirror, problem)


def _refused(mirror: str, problem: str) -> MirrorError:
    """Return the error for a mirror with a problem."""
    return MirrorError(f"{MIRROR_SETTING}: {mirror}: {problem}; for example, {EXAMPLES}")


def url_of(template: str, number: int) -> str:
    """Return the URL of book ``number``.

    Examples
    --------
    >>> url_of("https://host/{path}/{id}/{id}-0.txt", 12345)
    'https://host/1/2/3/4/12345/12345-0.txt'
    >>> url_of("https://host/{path}/{id}/{id}.txt", 7)
    'https://host/0/7/7.txt'
    """
    digits = str(number)
    # The main collection has a folder for each digit but the last; below ten, it is "0".
    path = "/".join(digits[:-1]) if len(digits) > 1 else "0"
    return template.replace("{id}", digits).replace("{path}", path)
