"""Downloads from a server that misbehaves on purpose end right, or with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from charlab.corpus.download import PIECE, DownloadError, download
from misbehaving_server import Script, circle, cut, packed, plain, serving, slow, status

BODY = bytes(range(32, 127)) * 400


def fetch(script: Script, part: Path, **options: float) -> bytes:
    """Download from a server that follows a script, without long waits."""
    settings: dict[str, object] = {"pause": 0.0, "backoff": 0.01, "timeout": (2.0, 0.5)}
    with serving(script) as url:
        return download(url, part, "charlab/test", **(settings | options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "answer",
    [
        plain,
        packed,
        status(429, 1, Retry_After="0"),
        status(403, 1),
        status(503, 2),
    ],
)
def test_a_busy_or_packing_server_is_waited_for(answer: object, tmp_path: Path) -> None:
    """After the errors comes the file, whole."""
    assert fetch(Script(BODY, answer), tmp_path / "p.part") == BODY  # type: ignore[arg-type]
    assert not list(tmp_path.glob("*.part"))


def test_retry_after_is_heeded(tmp_path: Path) -> None:
    """The second request comes no sooner than the server asked for."""
    import time

    started = time.monotonic()
    fetch(Script(BODY, status(429, 1, Retry_After="1")), tmp_path / "p.part")
    assert time.monotonic() - started >= 1.0


def test_a_server_that_is_busy_for_ever_is_given_up(tmp_path: Path) -> None:
    """The error names the status; the number of requests is bounded."""
    script = Script(BODY, status(503, 10_000))
    with pytest.raises(DownloadError, match="HTTP 503"):
        fetch(script, tmp_path / "p.part", attempts=2)
    assert len(script.requests) <= 3


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("tagged", [True, False])
def test_a_cut_connection_is_taken_up_again(tenth: int, tagged: bool, tmp_path: Path) -> None:
    """Wherever the connection breaks, the file is whole in the end."""
    script = Script(BODY, cut(len(BODY) * tenth // 10, tagged))
    assert fetch(script, tmp_path / "p.part") == BODY
    have = len(BODY) * tenth // 10 // PIECE * PIECE
    if tagged and have:
        assert script.requests[-1]["Range"] == f"bytes={have}-"


def test_a_part_of_another_version_is_not_gone_on_with(tmp_path: Path) -> None:
    """What an earlier, killed run left behind is used only if the server's file is the same."""
    part = tmp_path / "p.part"
    part.write_bytes(b"another file")
    part.with_suffix(".etag").write_text('"two"', encoding="utf-8")
    assert fetch(Script(BODY, plain), part) == BODY


def test_a_part_of_the_same_version_is_gone_on_with(tmp_path: Path) -> None:
    """A killed download costs only what had not come."""
    part = tmp_path / "p.part"
    part.write_bytes(BODY[:1000])
    part.with_suffix(".etag").write_text('"one"', encoding="utf-8")
    script = Script(BODY, plain)
    assert fetch(script, part) == BODY
    assert script.requests[0]["Range"] == "bytes=1000-"


def test_an_answer_that_stops_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """The time-out between two pieces ends it."""
    with pytest.raises(DownloadError):
        fetch(Script(BODY, slow(1.5)), tmp_path / "p.part", attempts=1)


def test_a_circle_of_redirects_is_left(tmp_path: Path) -> None:
    """The reason is said in words."""
    with pytest.raises(DownloadError, match="redirects"):
        fetch(Script(BODY, circle), tmp_path / "p.part")


def test_too_large_a_file_is_refused(tmp_path: Path) -> None:
    """The limit holds while the bytes come in, and nothing stays behind."""
    with pytest.raises(DownloadError, match="more than 1000 bytes"):
        fetch(Script(BODY, plain), tmp_path / "p.part", largest=1000)
    assert not (tmp_path / "p.part").exists()


def test_two_requests_to_one_host_are_apart(tmp_path: Path) -> None:
    """The pause counts from the end of the request before, also of another process."""
    import time

    with serving(Script(BODY, plain)) as url:
        download(url, tmp_path / "a.part", "charlab/test", pause=0.0)
        stamp = next(tmp_path.glob("*.last"))
        os.utime(stamp)
        started = time.monotonic()
        download(url, tmp_path / "b.part", "charlab/test", pause=0.4)
    assert time.monotonic() - started >= 0.35


def test_no_server_is_said_in_words(tmp_path: Path) -> None:
    """A refused connection is no traceback."""
    with pytest.raises(DownloadError, match="no connection"):
        download(
            "http://127.0.0.1:9/x", tmp_path / "p.part", "charlab/test",
            pause=0.0, attempts=1, backoff=0.0,
        )  # fmt: skip
