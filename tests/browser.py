"""A headless Chromium, driven through its debugging pipe without any other package.

The protocol is one JSON message after another, each ended by a zero byte:
https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT = 120.0
"""Seconds to wait for an answer; the machine may be busy."""

COMPLAINTS = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")


def executable() -> str:
    """Return the path of a browser; skip the test if there is none, but fail in CI.

    The pipe needs file descriptors that Windows does not pass on.
    """
    if os.name != "posix":
        pytest.skip("the browser's debugging pipe is tested on Linux and macOS")
    return installed("Chromium", NAMES)


def installed(browser: str, names: tuple[str, ...]) -> str:
    """Return the path of the first program that there is; skip the test if none, but fail in CI."""
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None and os.environ.get("CI") and sys.platform == "linux":
        pytest.fail(f"CI has no {browser}; .ci/run installs it")
    return path or pytest.skip(f"no {browser} is installed ({', '.join(names)})")


class Waiting(ABC):
    """A page in which an expression can be awaited."""

    @abstractmethod
    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript."""

    def until(self, condition: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + TIMEOUT
        while not self.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < end, f"waited in vain for {condition}"
            time.sleep(0.05)


class Tab(Waiting):
    """A page in the browser.

    Attributes
    ----------
    complaints : list of dict
        Console messages, errors, and refusals by the page's policy.
    requests : list of str
        Addresses that the page asked for.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        self.complaints: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.session: str = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command to this page and return its result."""
        return self._browser.call(method, self, **params)

    def emulate(self, width: int, height: int, *, dark: bool = False) -> None:
        """Set the size of the window and the color scheme."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file and wait until its scripts have run."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=path.resolve().as_uri() + fragment)
        self.until("document.readyState === 'complete' && location.protocol === 'file:'")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript, awaited if it is a promise."""
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release a key; a single character is typed."""
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def note(self, message: dict[str, Any]) -> None:
        """Remember an event that tests look at."""
        method, params = message.get("method", ""), message.get("params", {})
        if method in COMPLAINTS:
            self.complaints.append(params)
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])


class Browser:
    """A running browser."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._count, self._buffer = 0, b""
        self._tabs: dict[str, Tab] = {}

    def tab(self) -> Tab:
        """Open an empty page."""
        return Tab(self)

    def call(self, method: str, tab: Tab | None = None, **params: Any) -> dict[str, Any]:
        """Send a command and return its result; events on the way are noted by their page."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if tab is not None:
            self._tabs[tab.session] = tab
            message["sessionId"] = tab.session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result
            if answer.get("sessionId") in self._tabs:
                self._tabs[answer["sessionId"]].note(answer)

    def _next(self) -> dict[str, Any]:
        """Return the next message of the browser."""
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], TIMEOUT)
            assert ready, "the browser does not answer"
            piece = os.read(self._answers, 1 << 20)
            assert piece, "the browser has ended"
            self._buffer += piece
        first, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        return message


def _without_priority() -> str:
    """Return a command that keeps a Chromium of root from raising its own priority."""
    root = os.name == "posix" and os.geteuid() == 0
    return "setpriv --bounding-set=-sys_nice" if root and shutil.which("setpriv") else ""


@contextmanager
def running() -> Iterator[Browser]:
    """Run a browser with a profile of its own."""
    path = executable()
    to_read, commands = os.pipe()
    answers, to_write = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = (
            f"--headless --no-sandbox --disable-gpu --no-first-run --user-data-dir={profile} "
            f"--disable-dev-shm-usage --remote-debugging-pipe 3<&{to_read} 4>&{to_write}"
        )
        process = subprocess.Popen(
            ["bash", "-c", f"exec {_without_priority()} '{path}' {options}"],
            pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        try:
            yield Browser(commands, answers)
        finally:
            os.close(commands)
            os.close(answers)
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a browser; one that a busy machine keeps from ending in time is killed."""
    process.terminate()
    try:
        process.wait(TIMEOUT / 4)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(TIMEOUT)
