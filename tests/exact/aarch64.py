"""Run a Python program on an emulated aarch64 processor, with this project's NumPy and Numba.

    python tests/exact/aarch64.py tests/exact/hashes.py --only "lstm tanh 1"

needs a Linux with APT and pip, and QEMU's user-mode emulator (apt-get install qemu-user). The
first call takes a minute or two and downloads about 110 MB to .charlab/aarch64, which git ignores:
Python and its libraries as Debian packages for arm64, unpacked and not installed, and the wheels
that requirements.lock names.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".charlab" / "aarch64"
PACKAGES = ("python3-minimal", "libpython3-stdlib", "libstdc++6", "zlib1g")
WHEELS = (
    "numpy", "numba", "llvmlite", "safetensors", "pydantic", "pydantic_core",
    "annotated-types", "typing_extensions", "typing-inspection",
)  # fmt: skip
PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
ARM64 = (
    "APT::Architecture=arm64", "APT::Architectures=arm64", "APT::Install-Recommends=false",
    "APT::Sandbox::User=", "Acquire::Languages=none", f"Dir::State={FOLDER}/state",
    f"Dir::State::status={FOLDER}/state/status", f"Dir::Cache={FOLDER}/cache",
)  # fmt: skip
"""APT's options for an empty system of another architecture."""


class CannotEmulateError(RuntimeError):
    """No emulator, or no set-up of the emulated Python, on this machine."""


def emulator() -> str:
    """Return the path of QEMU's user-mode emulator.

    Raises
    ------
    CannotEmulateError
        If it or APT is missing.
    """
    path = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
    if path is None:
        raise CannotEmulateError("qemu-aarch64 not found; apt-get install qemu-user")
    for program in ("apt-get", "dpkg"):
        if shutil.which(program) is None:
            raise CannotEmulateError(f"{program} not found; the set-up needs Debian's packages")
    return path


def _run(*command: str) -> None:
    """Run a command in the folder; its output is the error message if it fails."""
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotEmulateError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _apt(*command: str) -> None:
    options = [word for option in ARM64 for word in ("-o", option)]
    _run("apt-get", "--quiet", *options, *command)


def _requirements() -> list[str]:
    """Return the lines of requirements.lock for the wheels."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    versions = dict(line.split("==", 1) for line in lines if "==" in line)
    by_name = {re.sub("[-_.]+", "-", name).lower(): version for name, version in versions.items()}
    return [f"{name}=={by_name[name.replace('_', '-')]}" for name in WHEELS]


def python() -> Path:
    """Return the path of the Python for aarch64, which is set up if it is not there.

    Raises
    ------
    CannotEmulateError
        If a download fails.
    """
    requirements = _requirements()
    done = FOLDER / "done"
    wanted = "\n".join([*PACKAGES, *requirements])
    if not done.exists() or done.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(FOLDER, ignore_errors=True)
        _set_up(requirements)
        done.write_text(wanted, encoding="utf-8")
    return _interpreter()


def _interpreter() -> Path:
    """Return the unpacked interpreter, under the name that has its version."""
    return max((FOLDER / "root/usr/bin").glob("python3.[0-9]*"))


def _set_up(requirements: list[str]) -> None:
    """Download and unpack Python, its libraries and the wheels."""
    for folder in ("state/lists/partial", "cache/archives/partial", "root", "wheels", "site"):
        (FOLDER / folder).mkdir(parents=True)
    (FOLDER / "state/status").touch()
    _apt("update")
    _apt("install", "--yes", "--download-only", *PACKAGES)
    for package in sorted((FOLDER / "cache/archives").glob("*.deb")):
        _run("dpkg", "--extract", str(package), "root")
    version = _interpreter().name.removeprefix("python")
    platforms = [word for name in PLATFORMS for word in ("--platform", f"{name}_aarch64")]
    _run(
        sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps",
        "--only-binary=:all:", "--python-version", version, *platforms, "--dest", "wheels",
        *requirements,
    )  # fmt: skip
    for wheel in (FOLDER / "wheels").glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(FOLDER / "site")
    for folder in ("state", "cache", "wheels"):
        shutil.rmtree(FOLDER / folder)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the emulated Python with these arguments, and this checkout's charlab on its path."""
    program = [emulator(), "-L", str(FOLDER / "root"), str(python()), *arguments]
    paths = [FOLDER / "site", ROOT / "src"]
    # Compiling below the emulator takes minutes, so it is done once for the sources as they are.
    sources = sorted((ROOT / "src/charlab/exact").glob("*.py"))
    stamp = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    environment = {
        "PATH": os.defpath,
        "HOME": str(FOLDER),
        "PYTHONPATH": os.pathsep.join(str(path) for path in paths),
        "NUMBA_CACHE_DIR": str(FOLDER / "numba" / stamp),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    result = run(*sys.argv[1:])
    print(result.stdout, end="")
    print(result.stderr, end="", file=sys.stderr)
    sys.exit(result.returncode)
