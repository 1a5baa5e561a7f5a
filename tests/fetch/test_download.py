"""Downloads from a misbehaving server succeed in the end, or fail with the reason."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from misbehaving_server import (
    BODY,
    Answer,
    Script,
    always_cut,
    bad_range,
    circle,
    compressed,
    cut,
    endless,
    plain,
    quick,
    serving,
    stalling,
    status,
    trickle,
    wrong_length,
)

import charlab
from charlab.fetch.download import download
from charlab.fetch.policy import DownloadError, HostError


def fetch(script: Script, part: Path, **options: object) -> bytes:
    """Download from a server that follows a script."""
    with serving(script) as url:
        return download(url, part, "charlab/test", quick(**options))


def leftovers(folder: Path) -> list[str]:
    """Return the names of parts and tags in a folder."""
    return [path.name for path in folder.iterdir() if path.suffix in (".part", ".etag")]


def make_part(part: Path, content: bytes, tag: str | None = '"one"') -> Path:
    """Write a part as an interrupted run leaves it."""
    part.write_bytes(content)
    if tag is not None:
        part.with_suffix(".etag").write_text(tag, encoding="utf-8")
    return part


@pytest.mark.parametrize(
    "answer",
    [
        plain,
        compressed,
        status(429, 1, Retry_After="0"),
        status(403, 1),
        status(500, 1),
        status(503, 2),
        trickle(0.0),
        trickle(0.0, weak=True),
        bad_range,
    ],
)
def test_file_arrives_after_temporary_errors(answer: Answer, tmp_path: Path) -> None:
    """The file is complete, and nothing is left over."""
    assert fetch(Script(BODY, answer), tmp_path / "p.part") == BODY
    assert leftovers(tmp_path) == []


def test_retry_after_is_respected(tmp_path: Path) -> None:
    """The second request comes no sooner than the server asked for."""
    started = time.monotonic()
    fetch(Script(BODY, status(429, 1, Retry_After="1")), tmp_path / "p.part")
    assert time.monotonic() - started >= 1.0


def test_waits_double(tmp_path: Path) -> None:
    """Without Retry-After the first wait is the backoff, and each further one twice as long."""
    started = time.monotonic()
    fetch(Script(BODY, status(403, 3)), tmp_path / "p.part", backoff=0.05)
    assert time.monotonic() - started >= 0.05 + 0.1 + 0.2


@pytest.mark.parametrize(
    ("code", "headers", "requests", "message"),
    [
        (429, {"Retry_After": "7200"}, 1, "HTTP 429; the server asks to come back in 7200 sec"),
        (403, {}, 3, "HTTP 403"),
        (429, {}, 3, "HTTP 429"),
        (503, {}, 3, "HTTP 503"),
    ],
)
def test_busy_server_is_given_up(
    code: int, headers: dict[str, str], requests: int, message: str, tmp_path: Path
) -> None:
    """The number of requests is limited, and nobody waits for two hours."""
    script = Script(BODY, status(code, 10_000, **headers))
    with pytest.raises(HostError, match=message):
        fetch(script, tmp_path / "p.part", attempts=2)
    assert len(script.requests) == requests


def test_missing_book_is_requested_once(tmp_path: Path) -> None:
    """404 is an answer, not a fault of the host."""
    script = Script(BODY, status(404, 10_000))
    with pytest.raises(DownloadError, match="HTTP 404") as caught:
        fetch(script, tmp_path / "p.part")
    assert not isinstance(caught.value, HostError)
    assert len(script.requests) == 1


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("tagged", [True, False])
def test_broken_connection_is_resumed(tenth: int, tagged: bool, tmp_path: Path) -> None:
    """Wherever the connection breaks, the file is complete in the end."""
    script = Script(BODY, cut(len(BODY) * tenth // 10, tagged))
    assert fetch(script, tmp_path / "p.part") == BODY
    if not tagged:
        assert "Range" not in script.requests[-1]
    elif tenth:
        assert script.requests[-1]["Range"] == f"bytes={len(BODY) * tenth // 10}-"


def test_download_continues_while_it_makes_progress(tmp_path: Path) -> None:
    """Resumes that receive bytes do not count as failed attempts."""
    script = Script(BODY, always_cut(0.15))
    assert fetch(script, tmp_path / "p.part", attempts=2) == BODY
    assert len(script.requests) == 7


@pytest.mark.parametrize("length", [1000, len(BODY)])
def test_part_of_the_same_version_is_resumed(length: int, tmp_path: Path) -> None:
    """A killed download costs only the bytes that had not arrived."""
    part = make_part(tmp_path / "p.part", BODY[:length])
    script = Script(BODY, plain)
    assert fetch(script, part) == BODY
    assert script.requests[0]["Range"] == f"bytes={length}-"


@pytest.mark.parametrize(
    ("content", "tag", "answer", "ranges"),
    [
        (b"another file", '"two"', plain, [True]),
        (b"of some version", None, plain, [False]),
        (BODY + b"too much", '"one"', bad_range, [True, False]),
    ],
    ids=["another version", "no tag", "refused range"],
)
def test_other_parts_are_not_resumed(
    content: bytes, tag: str | None, answer: Answer, ranges: list[bool], tmp_path: Path
) -> None:
    """The file is requested from its start, or the server ignores the range."""
    part = make_part(tmp_path / "p.part", content, tag)
    script = Script(BODY, answer)
    assert fetch(script, part) == BODY
    assert ["Range" in request for request in script.requests] == ranges


def test_untagged_answer_removes_the_old_tag(tmp_path: Path) -> None:
    """A new part of unknown version must not carry the tag of the old one."""
    part = make_part(tmp_path / "p.part", BODY[:50])

    def answer(handler: object, _: int) -> None:
        cut(100, tagged=False)(handler, 0)

    with pytest.raises(DownloadError, match="broke off"):
        fetch(Script(BODY, answer), part, attempts=1)
    assert not part.with_suffix(".etag").exists()


@pytest.mark.slow
def test_killed_process_leaves_a_valid_part(tmp_path: Path) -> None:
    """A process that is killed again and again leaves parts that the next one resumes."""
    part, out = tmp_path / "p.part", tmp_path / "out"
    program = (
        "import sys; from pathlib import Path\n"
        "from charlab.fetch.download import download\n"
        "from charlab.fetch.policy import Policy\n"
        "from charlab.core.files import write_bytes\n"
        "policy = Policy(pause=0.0, backoff=0.01)\n"
        "print('started', flush=True)\n"
        "write_bytes(Path(sys.argv[3]), download(sys.argv[1], Path(sys.argv[2]), 'x', policy))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(charlab.__file__).parents[1])}
    script = Script(BODY, trickle(0.02))
    with serving(script) as url:
        arguments = [sys.executable, "-c", program, url, str(part), str(out)]
        for moment in (0.0, 0.05, 0.11, 0.2, 0.26):
            with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE) as child:
                assert child.stdout is not None
                child.stdout.readline()
                time.sleep(moment)
                child.kill()
            assert not out.exists()
        subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, check=True)
    assert out.read_bytes() == BODY
    assert "Range" in script.requests[-1]
    assert leftovers(tmp_path) == []


def test_stalled_answer_times_out(tmp_path: Path) -> None:
    """The timeout between two chunks ends it."""
    with pytest.raises(DownloadError, match="broke off repeatedly"):
        fetch(Script(BODY, stalling(1.5)), tmp_path / "p.part", attempts=1, timeout=(2.0, 0.2))


def test_slow_answer_is_given_up(tmp_path: Path) -> None:
    """Chunks that each arrive in time, but are tiny, do not hold a run for days."""
    with pytest.raises(DownloadError, match=r"only \d+ bytes arrived in"):
        fetch(Script(b"x" * 1000, trickle(0.05)), tmp_path / "p.part", grace=0.3)


def test_circular_redirect_is_left(tmp_path: Path) -> None:
    """The error names the reason after a few requests."""
    script = Script(BODY, circle)
    with pytest.raises(DownloadError, match="too many redirects"):
        fetch(script, tmp_path / "p.part")
    assert len(script.requests) <= 7


@pytest.mark.parametrize(
    ("body", "answer", "limit"),
    [
        (BODY, plain, 1000),
        (b"0123456789" * 100_000, endless, 200_000),
        (b"0123456789" * 100_000, compressed, 200_000),
    ],
    ids=["announced", "endless", "compressed"],
)
def test_too_large_a_file_is_refused(
    body: bytes, answer: Answer, limit: int, tmp_path: Path
) -> None:
    """The limit applies to the announced and to the actual size, and nothing is left over."""
    with pytest.raises(DownloadError, match=f"more than {limit} bytes"):
        fetch(Script(body, answer), tmp_path / "p.part", max_bytes=limit)
    assert leftovers(tmp_path) == []


def test_file_shorter_than_announced_is_refused(tmp_path: Path) -> None:
    """Missing bytes mean a broken connection."""
    with pytest.raises(DownloadError, match="broke off repeatedly"):
        fetch(Script(BODY, wrong_length(+10)), tmp_path / "p.part", attempts=2)


def test_request_headers(tmp_path: Path) -> None:
    """The request names charlab, and asks for no compression."""
    script = Script(BODY, plain)
    fetch(script, tmp_path / "p.part")
    assert script.requests[0]["User-Agent"] == "charlab/test"
    assert script.requests[0]["Accept-Encoding"] == "identity"
