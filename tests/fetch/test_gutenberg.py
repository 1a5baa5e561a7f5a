"""A book comes from the first mirror that has it, and is verified before it is kept."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from misbehaving_server import Script, cut, plain, serving, status

from charlab.core.errors import CharlabError
from charlab.core.files import WriteError, sha256_of
from charlab.fetch import gutenberg
from charlab.fetch.download import _writing
from charlab.fetch.gutenberg import fetch_book, fetch_text, scratch_folder, user_agent
from charlab.fetch.mirrors import mirrors
from charlab.fetch.policy import Policy
from charlab.fetch.verify import FetchError
from charlab.synthetic.text import write
from small_gutenberg import BOOK, make_mirror

QUICK = Policy(pause=0.0, attempts=1, backoff=0.01, timeout=(2.0, 0.5))


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Make a mirror with book 77 in the layout of the generated collection."""
    return make_mirror(tmp_path / "mirror")


@pytest.mark.parametrize(
    "layout",
    ["cache/epub/77/pg77.txt", "77/pg77.txt", "7/77/77-0.txt", "7/77/77-8.txt", "7/77/77.txt"],
)
def test_every_layout(layout: str, tmp_path: Path) -> None:
    """The book is found whichever collection was copied."""
    path = tmp_path / "m" / layout
    path.parent.mkdir(parents=True)
    path.write_bytes(BOOK)
    templates = mirrors(f"file://{tmp_path}/m")
    assert fetch_book(77, templates, tmp_path) == (BOOK, f"file://{path}")


def test_a_local_folder_may_have_any_letters(tmp_path: Path) -> None:
    """Its path becomes a URL and a path again, alone and as a template."""
    folder = make_mirror(tmp_path / "Bücher%20")
    for setting in (str(folder), f"{folder}/cache/epub/{{id}}/pg{{id}}.txt"):
        assert fetch_book(77, mirrors(setting)[:1], tmp_path)[0] == BOOK


def test_a_mirror_over_http(tmp_path: Path) -> None:
    """A broken connection is resumed before the next mirror is tried."""
    with serving(Script(BOOK, cut(300))) as url:
        assert fetch_book(77, [url], tmp_path, QUICK) == (BOOK, url)


def test_mirror_comes_from_the_environment(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CHARLAB_MIRROR is a setting, not a parameter of the experiment."""
    monkeypatch.setenv("CHARLAB_MIRROR", f"file://{mirror}")
    fetch_text({"gutenberg": 77}, tmp_path / "out.txt", tmp_path)
    assert (tmp_path / "out.txt").read_bytes() == BOOK


def test_error_lists_attempts_and_alternatives(mirror: Path, tmp_path: Path) -> None:
    """It names every URL, make demo, and the setting."""
    templates = [f"file://{mirror}/{{id}}.txt", f"file://{mirror}/other/{{id}}.txt"]
    with pytest.raises(FetchError) as caught:
        fetch_book(78, templates, tmp_path)
    for words in ("78.txt: no such file", "other/78.txt", "make demo", "CHARLAB_MIRROR"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [BOOK.replace(b"#77", b"#78"), b"<html>" + b"captcha " * 99, BOOK[:900], b""]
)
def test_other_files_are_skipped(mirror: Path, tmp_path: Path, wrong: bytes) -> None:
    """The next mirror is tried, and nothing of the first file is kept."""
    with serving(Script(wrong, plain)) as url:
        templates = [url, *mirrors(f"file://{mirror}")]
        raw, came = fetch_book(77, templates, tmp_path / "scratch", QUICK)
    assert came.endswith("pg77.txt")
    assert raw == BOOK
    assert not list((tmp_path / "scratch").glob("*.part"))


def test_busy_host_gets_no_more_requests(mirror: Path, tmp_path: Path) -> None:
    """Its other URLs are skipped, and the next mirror is tried."""
    script = Script(BOOK, status(503, 1_000))
    with serving(script) as url:
        templates = [url, f"{url}/2", f"{url}/3", *mirrors(f"file://{mirror}")]
        fetch_book(77, templates, tmp_path, QUICK)
    assert len(script.requests) == 2


def test_missing_layout_is_followed_by_the_next(tmp_path: Path) -> None:
    """After 404, the next URL of the same host is tried."""
    with serving(Script(BOOK, status(404, 1))) as url:
        assert fetch_book(77, [url, f"{url}/2"], tmp_path, QUICK) == (BOOK, f"{url}/2")


def test_limit_of_the_main_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Book 101 of a day is refused with an alternative; the same books may be repeated."""
    urls = []

    def give(url: str, *_: object) -> bytes:
        urls.append(url)
        return BOOK

    monkeypatch.setattr(gutenberg, "download", give)
    monkeypatch.setattr(gutenberg, "verify_book", lambda *_: None)
    site = ["https://www.gutenberg.org/cache/epub/{id}/pg{id}.txt"]
    for number in (*range(1, 101), 5):
        fetch_book(number, site, tmp_path)
    with pytest.raises(FetchError, match=r"100 books were requested .* a mirror(?s:.*)CHARLAB_"):
        fetch_book(101, site, tmp_path)
    assert len(urls) == 101
    # A day later the count starts again.
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 24 * 3600 + 1)
    fetch_book(101, site, tmp_path)


def test_too_large_a_local_file_is_refused(tmp_path: Path) -> None:
    """The limit applies to every source."""
    (tmp_path / "big.txt").write_bytes(BOOK)
    with pytest.raises(FetchError, match="more than 1000 bytes"):
        fetch_book(77, [f"file://{tmp_path}/big.txt"], tmp_path, Policy(max_bytes=1000))


def test_changed_user_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without the hash in the plan is not copied."""
    monkeypatch.chdir(tmp_path)
    Path("own.txt").write_bytes(b"abc")
    with pytest.raises(FetchError, match="changed while the pipeline ran"):
        fetch_text({"path": "own.txt", "sha256": "0" * 64}, tmp_path / "out.txt")
    assert not (tmp_path / "out.txt").exists()


def test_missing_user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to do."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CharlabError, match="No such file or directory; put the file there"):
        fetch_text({"path": "gone.txt", "sha256": "0"}, tmp_path / "out.txt")


@pytest.mark.parametrize("path", ["/dev/zero", "/etc/passwd", "../own.txt", "folder"])
def test_a_plan_names_files_of_the_project_only(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may come with a student's folder; a device would fill the disk."""
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    with pytest.raises(FetchError, match="expected a file in data/own/"):
        fetch_text({"path": path, "sha256": "0"}, tmp_path / "out.txt")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_is_not_blamed_on_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the file that could not be written."""
    monkeypatch.chdir(tmp_path)
    own, full = Path("own.txt"), Path("/dev/full")
    own.write_bytes(b"abc")
    source = {"path": str(own), "sha256": sha256_of(own)}
    for content in (b"a chunk", bytes(100_000)):
        with pytest.raises(WriteError, match=r"^/dev/full: cannot"), _writing(full, "wb") as write:
            write(content)
    with pytest.raises(WriteError, match=r"^/dev/full: cannot be written"):
        fetch_text(source, full)


@pytest.mark.parametrize("growth", [True, False])
def test_built_in_text(growth: bool, tmp_path: Path) -> None:
    """It is generated, not fetched."""
    source = {"builtin": "invented", "chars": 3000, "seed": 5, "growth": growth}
    fetch_text(source, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == write(3000, 5, growth)


def test_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All checkouts share one folder; if it cannot be created, each has its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert scratch_folder() == tmp_path / "cache" / "charlab" / "downloads"
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert scratch_folder() == gutenberg.SCRATCH
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")
    nobody: dict[str, str] = {}
    monkeypatch.setattr("pwd.getpwuid", lambda _: nobody["no such user"])
    assert scratch_folder() == gutenberg.SCRATCH


def test_user_agent() -> None:
    """It names the project and its version."""
    assert user_agent().startswith("charlab/0.")
