"""Downloads from a server that misbehaves on purpose end right, or with a reason."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from misbehaving_server import (
    Script,
    always_cut,
    bad_range,
    circle,
    cut,
    endless,
    packed,
    plain,
    serving,
    slow,
    status,
    trickle,
    wrong_length,
)

import charlab
from charlab.fetch.download import download
from charlab.fetch.manners import DownloadError, HostError, Manners

BODY = bytes(range(32, 127)) * 400
QUICK = {"pause": 0.0, "backoff": 0.01, "timeout": (2.0, 0.5)}


def manners(**options: object) -> Manners:
    """Return manners without long waits."""
    return Manners(**(QUICK | options))  # type: ignore[arg-type]


def fetch(script: Script, part: Path, **options: object) -> bytes:
    """Download from a server that follows a script."""
    with serving(script) as url:
        return download(url, part, "charlab/test", manners(**options))


def left(folder: Path) -> list[str]:
    """Return the names of parts, and of what vouches for them."""
    return [path.name for path in folder.iterdir() if path.suffix in (".part", ".etag")]


@pytest.mark.parametrize(
    "answer",
    [
        plain,
        packed,
        status(429, 1, Retry_After="0"),
        status(403, 1),
        status(500, 1),
        status(503, 2),
        trickle(0.0),
        trickle(0.0, weak=True),
        bad_range,
    ],
)
def test_a_busy_or_packing_server_is_waited_for(answer: object, tmp_path: Path) -> None:
    """After the errors comes the file, whole, and nothing is left over."""
    assert fetch(Script(BODY, answer), tmp_path / "p.part") == BODY  # type: ignore[arg-type]
    assert left(tmp_path) == []


def test_retry_after_is_heeded(tmp_path: Path) -> None:
    """The second request comes no sooner than the server asked for."""
    started = time.monotonic()
    fetch(Script(BODY, status(429, 1, Retry_After="1")), tmp_path / "p.part")
    assert time.monotonic() - started >= 1.0


def test_waits_are_doubled(tmp_path: Path) -> None:
    """Without Retry-After the first wait is the back-off, the second twice as long."""
    started = time.monotonic()
    fetch(Script(BODY, status(403, 3)), tmp_path / "p.part", backoff=0.05)
    assert time.monotonic() - started >= 0.05 + 0.1 + 0.2


def test_a_server_that_asks_for_hours_is_given_up(tmp_path: Path) -> None:
    """A run does not sleep till tomorrow; the message says what the server asked for."""
    script = Script(BODY, status(429, 10, Retry_After="7200"))
    with pytest.raises(HostError, match="HTTP 429; the server asks to come back in 7200 seconds"):
        fetch(script, tmp_path / "p.part")
    assert len(script.requests) == 1


@pytest.mark.parametrize("code", [403, 429, 503])
def test_a_server_that_is_busy_for_ever_is_given_up(code: int, tmp_path: Path) -> None:
    """The error names the status; the number of requests is bounded."""
    script = Script(BODY, status(code, 10_000))
    with pytest.raises(HostError, match=f"HTTP {code}"):
        fetch(script, tmp_path / "p.part", attempts=2)
    assert len(script.requests) == 3


def test_a_book_that_is_not_there_is_asked_for_once(tmp_path: Path) -> None:
    """404 is an answer, and no fault of the host."""
    script = Script(BODY, status(404, 10_000))
    with pytest.raises(DownloadError, match="HTTP 404") as caught:
        fetch(script, tmp_path / "p.part")
    assert not isinstance(caught.value, HostError)
    assert len(script.requests) == 1


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("tagged", [True, False])
def test_a_cut_connection_is_taken_up_again(tenth: int, tagged: bool, tmp_path: Path) -> None:
    """Wherever the connection breaks, the file is whole in the end."""
    script = Script(BODY, cut(len(BODY) * tenth // 10, tagged))
    assert fetch(script, tmp_path / "p.part") == BODY
    if not tagged:
        assert "Range" not in script.requests[-1]
    elif tenth:
        assert script.requests[-1]["Range"] == f"bytes={len(BODY) * tenth // 10}-"


def test_a_connection_that_is_always_cut_gets_there(tmp_path: Path) -> None:
    """As long as something comes each time, the download goes on."""
    script = Script(BODY, always_cut(0.15))
    assert fetch(script, tmp_path / "p.part", attempts=2) == BODY
    assert len(script.requests) == 7


def test_a_part_of_another_version_is_not_gone_on_with(tmp_path: Path) -> None:
    """What an earlier, killed run left behind is used only if the server's file is the same."""
    part = tmp_path / "p.part"
    part.write_bytes(b"another file")
    part.with_suffix(".etag").write_text('"two"', encoding="utf-8")
    assert fetch(Script(BODY, plain), part) == BODY


@pytest.mark.parametrize("length", [1000, len(BODY)])
def test_a_part_of_the_same_version_is_gone_on_with(length: int, tmp_path: Path) -> None:
    """A killed download costs only what had not come."""
    part = tmp_path / "p.part"
    part.write_bytes(BODY[:length])
    part.with_suffix(".etag").write_text('"one"', encoding="utf-8")
    script = Script(BODY, plain)
    assert fetch(script, part) == BODY
    assert script.requests[0]["Range"] == f"bytes={length}-"


def test_a_part_that_cannot_be_gone_on_with_is_forgotten(tmp_path: Path) -> None:
    """A server that refuses the range is asked for the whole file."""
    part = tmp_path / "p.part"
    part.write_bytes(BODY + b"too much")
    part.with_suffix(".etag").write_text('"one"', encoding="utf-8")
    script = Script(BODY, bad_range)
    assert fetch(script, part) == BODY
    assert ["Range" in request for request in script.requests] == [True, False]


def test_a_part_that_nothing_vouches_for_is_not_gone_on_with(tmp_path: Path) -> None:
    """Killed between two writes, a run leaves such a part."""
    part = tmp_path / "p.part"
    part.write_bytes(b"of some version")
    script = Script(BODY, plain)
    assert fetch(script, part) == BODY
    assert "Range" not in script.requests[0]


def test_nothing_vouches_for_a_version_that_is_gone(tmp_path: Path) -> None:
    """A part begun anew, of which the server tells no version, is not that of the old tag."""
    part = tmp_path / "p.part"
    part.write_bytes(BODY[:50])
    part.with_suffix(".etag").write_text('"one"', encoding="utf-8")

    def answer(handler: object, _: int) -> None:
        cut(100, tagged=False)(handler, 0)

    with pytest.raises(DownloadError, match="broke off"):
        fetch(Script(BODY, answer), part, attempts=1)
    assert not part.with_suffix(".etag").exists()


@pytest.mark.slow
def test_killed_at_any_moment_the_next_run_is_right(tmp_path: Path) -> None:
    """A process that is killed again and again leaves parts that the next one goes on with."""
    part, out = tmp_path / "p.part", tmp_path / "out"
    program = (
        "import sys; from pathlib import Path\n"
        "from charlab.fetch.download import Manners, download\n"
        "from charlab.core.files import write_bytes\n"
        "manners = Manners(pause=0.0, backoff=0.01)\n"
        "print('begun', flush=True)\n"
        "write_bytes(Path(sys.argv[3]), download(sys.argv[1], Path(sys.argv[2]), 'x', manners))\n"
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
                child.send_signal(signal.SIGKILL)
            assert not out.exists()
        subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, check=True)
    assert out.read_bytes() == BODY
    assert "Range" in script.requests[-1]
    assert left(tmp_path) == []


def test_an_answer_that_stops_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """The time-out between two pieces ends it."""
    with pytest.raises(DownloadError, match="broke off again and again"):
        fetch(Script(BODY, slow(1.5)), tmp_path / "p.part", attempts=1, timeout=(2.0, 0.2))


def test_an_answer_that_trickles_is_given_up(tmp_path: Path) -> None:
    """Bytes that keep coming, each in time, do not hold a run for days."""
    with pytest.raises(DownloadError, match=r"only \d+ bytes came in"):
        fetch(Script(b"x" * 1000, trickle(0.05)), tmp_path / "p.part", patience=0.3)


def test_a_circle_of_redirects_is_left(tmp_path: Path) -> None:
    """The reason is said in words, after a few requests."""
    script = Script(BODY, circle)
    with pytest.raises(DownloadError, match="too many redirects"):
        fetch(script, tmp_path / "p.part")
    assert len(script.requests) <= 7


def test_too_large_a_file_is_refused(tmp_path: Path) -> None:
    """The limit holds for what is promised, and nothing stays behind."""
    with pytest.raises(DownloadError, match="more than 1000 bytes"):
        fetch(Script(BODY, plain), tmp_path / "p.part", largest=1000)
    assert left(tmp_path) == []


@pytest.mark.parametrize("answer", [endless, packed])
def test_too_large_a_body_of_unknown_length_is_refused(answer: object, tmp_path: Path) -> None:
    """A body without end, or one that is small while packed, fills no disk."""
    script = Script(b"0123456789" * 100_000, answer)  # type: ignore[arg-type]
    with pytest.raises(DownloadError, match="more than 200000 bytes"):
        fetch(script, tmp_path / "p.part", largest=200_000)
    assert left(tmp_path) == []


def test_fewer_bytes_than_promised_are_no_file(tmp_path: Path) -> None:
    """The message says that the connection broke off; nothing is returned."""
    with pytest.raises(DownloadError, match="broke off again and again"):
        fetch(Script(BODY, wrong_length(+10)), tmp_path / "p.part", attempts=2)


def test_the_server_is_told_who_asks_and_that_nothing_need_be_packed(tmp_path: Path) -> None:
    """Both are in the request's headers."""
    script = Script(BODY, plain)
    fetch(script, tmp_path / "p.part")
    assert script.requests[0]["User-Agent"] == "charlab/test"
    assert script.requests[0]["Accept-Encoding"] == "identity"
