"""Requests to one host take turns, and a server must prove its identity."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from misbehaving_server import BODY, Script, plain, quick, serving, trickle

import charlab
from charlab.fetch.download import download
from charlab.fetch.policy import DownloadError, HostError


def test_pause_between_two_requests(tmp_path: Path) -> None:
    """The pause counts from the end of the previous request."""
    with serving(Script(BODY, plain)) as url:
        download(url, tmp_path / "a.part", "charlab/test", quick())
        started = time.monotonic()
        download(url, tmp_path / "b.part", "charlab/test", quick(pause=0.4))
    assert time.monotonic() - started >= 0.35


def test_processes_take_turns(tmp_path: Path) -> None:
    """The second process waits for the first and then for the pause."""
    program = (
        "import sys; from pathlib import Path\n"
        "from charlab.fetch.download import download\n"
        "from charlab.fetch.policy import Policy\n"
        "download(sys.argv[1], Path(sys.argv[2]), 'x', Policy(pause=0.3))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(charlab.__file__).parents[1])}
    times: list[float] = []

    def answer(handler: object, number: int) -> None:
        times.append(time.monotonic())
        trickle(0.004)(handler, number)
        times.append(time.monotonic())

    with serving(Script(BODY, answer)) as url:
        children = [
            subprocess.Popen(
                [sys.executable, "-c", program, url, str(tmp_path / f"{n}.part")], env=environment
            )
            for n in range(2)
        ]
        assert [child.wait() for child in children] == [0, 0]
    assert times == sorted(times)
    assert times[2] - times[1] >= 0.25


def test_refused_connection(tmp_path: Path) -> None:
    """The error says so, and that the host should get no more requests."""
    with pytest.raises(HostError, match="no connection"):
        download("http://127.0.0.1:9/x", tmp_path / "p.part", "x", quick(attempts=1))


def test_unknown_host(tmp_path: Path) -> None:
    """The error suggests the likeliest reason, a missing network."""
    with pytest.raises(HostError, match=r"cannot be resolved|proxy"):
        download("http://no-such-host.invalid/", tmp_path / "p.part", "x", quick(attempts=1))


def test_self_signed_certificate_is_refused(tmp_path: Path) -> None:
    """Certificates are verified."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-keyout", str(key), "-out", str(certificate), "-days", "2"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.raises(DownloadError, match="certificate could not be verified"):
            download(
                f"https://127.0.0.1:{server.server_port}/", tmp_path / "p.part", "x",
                quick(attempts=1),
            )  # fmt: skip
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
