"""Kernels as machine code in files of their own, which run without loading Numba.

Loading Numba takes longer than anything else that ``charlab sample`` does until its first
character. Code that is compiled already needs no compiler, only a loader, which llvmlite is. So the
first process that calls a kernel has Numba compile it, with all that it calls, to one object file,
which that process and later ones load.

A kernel's arguments are handed over in one block of 64-bit words: an integer, a float's bits, or
an array's address and shape; a tuple's items follow each other.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib
import os
import struct
from array import array
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from threading import Lock
from typing import Any

import numpy as np

from charlab.exact.cache import folder

SYMBOL = "charlab_kernel"
"""Name of the function in an object file that takes the address of a block."""

_no_bytes: Callable[[Any], Any] = (ctypes.c_char * 0).from_buffer
"""Returns a view of no bytes, where an array begins."""

Loaded = tuple[Any, Callable[[int], int]]
"""An engine, which keeps code in memory for as long as it lives, and the function in it."""

_loaded: dict[tuple[str, str], Loaded] = {}
# A second engine in the place of the first would free the code that another thread runs.
_loading = Lock()


def call(kernel: str, *arguments: Any) -> bool:
    """Call a kernel of this package, such as ``"inference.read"``, and return its result.

    Parameters
    ----------
    kernel : str
        Its module and name.
    *arguments
        Integers, floats, contiguous arrays that may be written to, and tuples of these.
    """
    key = kernel, signature(arguments)
    if key not in _loaded:
        with _loading:
            if key not in _loaded:
                _loaded[key] = _load(_content(*key, arguments))
    block = array("q", words(arguments))
    return bool(_loaded[key][1](block.buffer_info()[0]))


def signature(argument: Any) -> str:
    """Return the types of arguments as text.

    Raises
    ------
    TypeError
        If a kernel cannot take one.
    """
    if isinstance(argument, tuple):
        return f"({','.join(map(signature, argument))})"
    if isinstance(argument, np.ndarray) and argument.flags.carray and argument.dtype.isnative:
        return f"{argument.dtype.char}{argument.ndim}"  # dtype.str takes five times as long
    if isinstance(argument, (int, np.int64)) and not isinstance(argument, bool):
        return "int"
    if isinstance(argument, float):
        return "float"
    raise TypeError(f"expected a number or a contiguous array to hand over, found {argument!r}")


def words(argument: Any) -> list[int]:
    """Return the words of a block."""
    block: list[int] = []
    _write(argument, block)
    return block


def _write(argument: Any, block: list[int]) -> None:
    """Add an argument's words to a block."""
    if isinstance(argument, tuple):
        for item in argument:
            _write(item, block)
    elif isinstance(argument, np.ndarray):
        # A quarter of the time that array.ctypes.data takes.
        block.append(ctypes.addressof(_no_bytes(argument)))
        block.extend(argument.shape)
    elif isinstance(argument, float):
        block.append(struct.unpack("q", struct.pack("d", argument))[0])
    else:
        block.append(int(argument))


def _content(kernel: str, types: str, arguments: tuple[Any, ...]) -> bytes:
    """Return a kernel's object file, from the cache if it is there."""
    place = folder()
    path = place / f"{kernel}-{_variant(types)}.o" if place else None
    if path and path.exists():
        return path.read_bytes()
    from charlab.exact.object_file import emit

    module, name = kernel.split(".")
    function = getattr(importlib.import_module(f"charlab.exact.{module}"), name)
    content: bytes = emit(function, arguments, SYMBOL)
    if path:
        with suppress(OSError):  # such as a full disk: the next process compiles again
            part = path.with_suffix(f".{os.getpid()}")
            part.write_bytes(content)
            part.replace(path)
    return content


@cache
def _variant(types: str) -> str:
    """Return a hash of all but the sources that machine code depends on."""
    import llvmlite
    import llvmlite.binding as llvm

    # Numba can be told to compile for another processor.
    told = [os.environ.get(name, "") for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")]
    host = [llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]
    key = " ".join([llvmlite.__version__, *told, *host, types])
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _load(content: bytes) -> Loaded:
    """Load an object file."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    engine.finalize_object()
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
    return engine, kind(engine.get_function_address(SYMBOL))
