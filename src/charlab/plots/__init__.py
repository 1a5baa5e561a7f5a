"""One function per figure: data in, figure out."""

import os
import tempfile
from pathlib import Path


def settle_matplotlib() -> None:
    """Give matplotlib a folder for its font cache if the user's home cannot be written.

    It would make a new one in every process otherwise, search all fonts again, and warn.
    """
    # os.path.expanduser returns "~" where there is no home; Path.home would raise an error.
    if "MPLCONFIGDIR" in os.environ or os.access(os.path.expanduser("~"), os.W_OK):  # noqa: PTH111
        return
    user = os.getuid() if hasattr(os, "getuid") else ""
    folder = Path(tempfile.gettempdir()) / f"charlab-matplotlib-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    # Nobody may use a folder that somebody else put there.
    if not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid():
        os.environ["MPLCONFIGDIR"] = str(folder)


settle_matplotlib()
