"""Run a dvc command that ends with the program that started it.

    python -m charlab.commands.dvc_child PID ARGUMENTS...

PID is that program's process id. When it ends, or asks this process to, the stage is killed: DVC
sees a failed stage, releases its locks and ends. DVC itself is not interrupted, because
dvc.lock and its own locks are rewritten in place and would stay behind half-written.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from charlab.core.processes import catchable, end_with_parent, kill_children

GRACE = 10.0
"""Seconds that DVC has to end after its stage was killed."""


def _stop(*_: object) -> None:
    """Kill the stage, and any that DVC may still start; end this process if DVC does not."""

    def kill() -> None:
        """Kill every stage until DVC has ended."""
        kill_children(GRACE)
        os._exit(1)

    # In a thread, while DVC goes on in the main one.
    threading.Thread(target=kill, daemon=True).start()


def main() -> int:
    """Run dvc with the arguments of this process."""
    starter, *arguments = sys.argv[1:]
    for number in catchable():
        signal.signal(number, _stop)
    end_with_parent(signal.SIGTERM)
    if os.name == "posix" and os.getppid() != int(starter):
        return 1  # it has ended before this process was watching
    from dvc.cli import main as dvc

    # DVC notes this command in its locks.
    sys.argv = ["dvc", *arguments]
    return int(dvc(arguments))


if __name__ == "__main__":
    sys.exit(main())
