"""A headless Firefox, driven through Marionette without any other package.

A message is its length in bytes, a colon, and JSON: a command ``[0, id, name, parameters]`` or an
answer ``[1, id, error, result]``.
https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import TIMEOUT, Tab, Waiting, end, installed

NAMES = ("firefox-esr", "firefox")

PREFERENCES = {
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.disable_open_during_load": False,
}

MESSAGES = """
const [address] = arguments;
return Services.console.getMessageArray()
  .filter((message) => message instanceof Ci.nsIScriptError && message.sourceName === address)
  .map((message) => message.errorMessage);
"""
"""Errors, warnings and refusals by the page's policy, which only the browser's own scripts see."""

THEME = """
Services.prefs.setIntPref("layout.css.prefers-color-scheme.content-override", arguments[0]);
"""

KEYS = {"ArrowLeft": "\ue012", "ArrowRight": "\ue014", "Tab": "\ue004", "End": "\ue010"}
"""Keys without a character, as WebDriver names them."""


class Firefox(Waiting):
    """The only page of a running Firefox, with the methods of :class:`browser.Tab`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._count, self._address = connection, 0, ""
        self._received = b""
        self._read()  # the greeting
        self.requests: list[str] = []
        self.call(
            "WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}}
        )

    def call(self, name: str, **parameters: Any) -> Any:
        """Send a command and return its result."""
        self._count += 1
        message = json.dumps([0, self._count, name, parameters]).encode()
        self._connection.sendall(b"%d:%s" % (len(message), message))
        _, number, error, result = self._read()
        assert number == self._count
        assert error is None, error
        return result

    def _read(self) -> Any:
        """Return the next message."""
        while b":" not in self._received:
            self._receive()
        length, _, self._received = self._received.partition(b":")
        while len(self._received) < int(length):
            self._receive()
        message, self._received = (
            self._received[: int(length)],
            self._received[int(length) :],
        )
        return json.loads(message)

    def _receive(self) -> None:
        """Wait for more bytes."""
        piece = self._connection.recv(1 << 20)
        assert piece, "Firefox has ended"
        self._received += piece

    @property
    def complaints(self) -> list[str]:
        """Messages of the console about the page."""
        self.call("Marionette:SetContext", value="chrome")
        found: list[str] = self.call(
            "WebDriver:ExecuteScript", script=MESSAGES, args=[self._address]
        )["value"]
        self.call("Marionette:SetContext", value="content")
        return found

    def emulate(self, width: int, height: int, *, dark: bool = False) -> None:
        """Set the size of the window, at least 500 pixels wide in Firefox, and the theme."""
        self.call("WebDriver:SetWindowRect", width=width, height=height)
        self.call("Marionette:SetContext", value="chrome")
        self.call("WebDriver:ExecuteScript", script=THEME, args=[0 if dark else 1])
        self.call("Marionette:SetContext", value="content")

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file and wait until its scripts have run."""
        self._address = path.resolve().as_uri()
        self.call("WebDriver:Navigate", url="about:blank")
        self.call("WebDriver:Navigate", url=self._address + fragment)
        self.until("document.readyState === 'complete'")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript, awaited if it is a promise."""
        script = f"return ({expression});"
        return self.call("WebDriver:ExecuteScript", script=script, args=[])["value"]

    def press(self, key: str) -> None:
        """Press and release a key; a single character is typed."""
        value = KEYS.get(key, key)
        actions = [{"type": kind, "value": value} for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self.call("WebDriver:PerformActions", actions=[keyboard])


Page = Tab | Firefox
"""A page in one of the browsers."""


@contextmanager
def running() -> Iterator[Firefox]:
    """Run a Firefox with a profile of its own; skip the test where there is none, but not in CI."""
    path = installed("Firefox", NAMES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in {**PREFERENCES, "marionette.port": port}.items()
        ]
        (Path(profile) / "user.js").write_text("".join(lines), encoding="utf-8")
        process = subprocess.Popen(
            [path, "--headless", "--marionette", "--remote-allow-system-access",
             "--no-remote", "--profile", profile],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with _connected(port, process) as connection:
                yield Firefox(connection)
        finally:
            end(process)


def _connected(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    """Return a connection to Marionette, which listens some seconds after the start."""
    latest = time.monotonic() + 2 * TIMEOUT
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=2 * TIMEOUT)
        except ConnectionRefusedError:
            assert process.poll() is None, f"Firefox has ended with {process.returncode}"
            assert time.monotonic() < latest, "Firefox does not listen"
            time.sleep(0.2)
