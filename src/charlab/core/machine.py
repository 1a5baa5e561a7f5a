"""Facts about the machine that charlab runs on."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Return the number of processor cores that this process may use, at least 1."""
    # A container may be allowed fewer cores than the machine has; only Linux reports this.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
