"""A book comes from the first mirror that has it, and is looked at before it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from misbehaving_server import Script, cut, plain, serving, status

from charlab.core.errors import CharlabError
from charlab.fetch import gutenberg
from charlab.fetch.gutenberg import fetch_book, fetch_text, scratch_folder, user_agent
from charlab.fetch.manners import Manners
from charlab.fetch.mirrors import mirrors
from charlab.fetch.verify import FetchError
from charlab.synthetic.text import write
from small_gutenberg import BOOK, make_mirror

QUICK = Manners(pause=0.0, attempts=1, backoff=0.01, timeout=(2.0, 0.5))


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Make a mirror that has book 77 in the generated collection's layout."""
    return make_mirror(tmp_path / "mirror")


@pytest.mark.parametrize(
    "layout",
    ["cache/epub/77/pg77.txt", "77/pg77.txt", "7/77/77-0.txt", "7/77/77-8.txt", "7/77/77.txt"],
)
def test_every_layout_is_found(layout: str, tmp_path: Path) -> None:
    """Whichever collection was copied, the book is found."""
    path = tmp_path / "m" / layout
    path.parent.mkdir(parents=True)
    path.write_bytes(BOOK)
    templates = mirrors(f"file://{tmp_path}/m")
    assert fetch_book(77, tmp_path / "out", templates, tmp_path) == f"file://{path}"
    assert (tmp_path / "out").read_bytes() == BOOK


def test_a_mirror_over_http(tmp_path: Path) -> None:
    """A connection that breaks off is no reason to ask the next one."""
    with serving(Script(BOOK, cut(300))) as url:
        came = fetch_book(77, tmp_path / "out", [url], tmp_path / "scratch", QUICK)
    assert came == url
    assert (tmp_path / "out").read_bytes() == BOOK


def test_where_the_bytes_come_from_is_in_the_environment(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CHARLAB_MIRROR is no parameter of the experiment."""
    monkeypatch.setenv("CHARLAB_MIRROR", f"file://{mirror}")
    fetch_text({"gutenberg": 77}, tmp_path / "out.txt", tmp_path)
    assert (tmp_path / "out.txt").read_bytes() == BOOK


def test_one_message_says_what_was_tried_and_what_to_do(mirror: Path, tmp_path: Path) -> None:
    """Every address is named, make demo, and the setting."""
    templates = [f"file://{mirror}/{{id}}.txt", f"file://{mirror}/other/{{id}}.txt"]
    with pytest.raises(FetchError) as caught:
        fetch_book(78, tmp_path / "out", templates, tmp_path)
    for words in ("78.txt: no such file", "other/78.txt", "make demo", "CHARLAB_MIRROR"):
        assert words in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "wrong", [BOOK.replace(b"#77", b"#78"), b"<html>" + b"captcha " * 99, BOOK[:900], b""]
)
def test_what_is_not_the_book_is_passed_over(mirror: Path, tmp_path: Path, wrong: bytes) -> None:
    """The next mirror is asked, and what came from the first is nowhere."""
    with serving(Script(wrong, plain)) as url:
        templates = [url, *mirrors(f"file://{mirror}")]
        came = fetch_book(77, tmp_path / "out", templates, tmp_path / "scratch", QUICK)
    assert came.endswith("pg77.txt")
    assert (tmp_path / "out").read_bytes() == BOOK
    assert not list((tmp_path / "scratch").glob("*.part"))


def test_a_host_that_is_too_busy_is_not_asked_for_other_layouts(
    mirror: Path, tmp_path: Path
) -> None:
    """Its other addresses would only trouble it more; the next mirror is asked."""
    script = Script(BOOK, status(503, 1_000))
    with serving(script) as url:
        templates = [url, f"{url}/2", f"{url}/3", *mirrors(f"file://{mirror}")]
        fetch_book(77, tmp_path / "out", templates, tmp_path / "scratch", QUICK)
    assert len(script.requests) == 2


def test_a_book_that_one_layout_lacks_is_asked_for_in_the_next(tmp_path: Path) -> None:
    """404 is an answer, so the same host is asked again."""
    with serving(Script(BOOK, status(404, 1))) as url:
        fetch_book(77, tmp_path / "out", [url, f"{url}/2"], tmp_path / "scratch", QUICK)
    assert (tmp_path / "out").read_bytes() == BOOK


def test_the_main_site_gives_a_hundred_books_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next is refused with the reason and the alternative; the same ones may come again."""
    asked = []

    def give(url: str, *_: object) -> bytes:
        asked.append(url)
        return BOOK

    monkeypatch.setattr(gutenberg, "download", give)
    monkeypatch.setattr(gutenberg, "look_at", lambda *_: None)
    site = ["https://www.gutenberg.org/cache/epub/{id}/pg{id}.txt"]
    for number in (*range(1, 101), 5):
        fetch_book(number, tmp_path / "out", site, tmp_path)
    with pytest.raises(FetchError, match=r"100 books were asked .* use a mirror(?s:.*)CHARLAB_MIR"):
        fetch_book(101, tmp_path / "out", site, tmp_path)
    assert len(asked) == 101
    # A day later the count begins again.
    now = gutenberg.time.time()
    monkeypatch.setattr(gutenberg.time, "time", lambda: now + 24 * 3600 + 1)
    fetch_book(101, tmp_path / "out", site, tmp_path)


def test_too_large_a_file_on_this_machine_is_refused(tmp_path: Path) -> None:
    """The limit is the same wherever a book comes from."""
    (tmp_path / "big.txt").write_bytes(BOOK)
    with pytest.raises(FetchError, match="more than 1000 bytes"):
        fetch_book(
            77, tmp_path / "out", [f"file://{tmp_path}/big.txt"], tmp_path, Manners(largest=1000)
        )


def test_a_user_file_that_changes_under_way_is_noticed(tmp_path: Path) -> None:
    """The hash in the plan is what the run is about; nothing is written."""
    own = tmp_path / "own.txt"
    own.write_bytes(b"abc")
    with pytest.raises(FetchError, match="changed while the pipeline ran"):
        fetch_text({"path": str(own), "sha256": "0" * 64}, tmp_path / "out.txt")
    assert not (tmp_path / "out.txt").exists()


def test_a_user_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """The message says what to do."""
    with pytest.raises(CharlabError, match="No such file or directory; put the file there"):
        fetch_text({"path": str(tmp_path / "gone.txt"), "sha256": "0"}, tmp_path / "out.txt")


def test_the_built_in_text_needs_nothing(tmp_path: Path) -> None:
    """It is written, not fetched."""
    fetch_text({"builtin": "invented", "chars": 3000, "seed": 5}, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == write(3000, 5)


def test_downloads_wait_in_one_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All checkouts share it; where there can be none, the checkout has its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert scratch_folder() == tmp_path / "cache" / "charlab" / "downloads"
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert scratch_folder() == gutenberg.SCRATCH


def test_the_server_is_told_who_asks() -> None:
    """The user agent names the project and its version."""
    assert user_agent().startswith("charlab/0.")
