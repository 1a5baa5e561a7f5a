"""Compile a kernel, and all that it calls, to one object file.

The file must not need anything of Numba's at run time. So its functions have no wrappers for
Python, and what kernels call by a symbol, such as matrix products, is part of it. If a symbol other
than those of the C library is left open, the file is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba.core import compiler, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.np.arrayobj import make_array, populate_array

from charlab.exact import functions, products
from charlab.exact.lanes import I64

PERMITTED = {"fma", "fmaf", "memcpy", "memmove", "memset"}
"""Functions of the C library that a compiler may call."""

WHOLE = types.int64


@global_compiler_lock  # type: ignore[untyped-decorator]
def emit(kernel: Any, arguments: tuple[Any, ...], symbol: str) -> bytes:
    """Return an object file in which ``symbol`` calls a kernel with a block's arguments.

    See :mod:`charlab.exact.machine_code` for what a block is.

    Parameters
    ----------
    kernel : function
        Inlined, of arrays, numbers and tuples of these; it returns a bool.
    arguments : tuple
        Of the types to compile for.
    symbol : str

    Raises
    ------
    ValueError
        If the code needs a function that is not in it.
    """
    kinds = tuple(numba.typeof(argument) for argument in arguments)
    module = llvm.parse_assembly("")
    _add(module, kernel.py_func, kinds, types.boolean, symbol, block=True)
    for number in (np.float32, np.float64):
        for name, make, count in (*products.KERNELS, *functions.KERNELS):
            if f"{name}_{number.__name__}" in _open_symbols(module):
                made = make(number)
                _add(module, made, (WHOLE,) * count, types.void, f"{name}_{number.__name__}", False)
    # Frees an array that Numba allocated; those of a block belong to the caller.
    stub = ir.Module()
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
    ir.IRBuilder(ir.Function(stub, kind, "NRT_MemInfo_call_dtor").append_basic_block()).ret_void()
    module.link_in(llvm.parse_assembly(str(stub)))
    if not (rest := _open_symbols(module)) <= PERMITTED:
        raise ValueError(f"{symbol}: expected calls of {PERMITTED} alone, found {rest}")
    content: bytes = _target().emit_object(module)
    return content


def _open_symbols(module: Any) -> set[str]:
    """Return the names of the functions that a module calls and does not define."""
    declared = (function.name for function in module.functions if function.is_declaration)
    return {name for name in declared if not name.startswith("llvm.")}


def _target() -> Any:
    """Return LLVM's code generator for the processor that Numba compiles for."""
    name, features = (getattr(numba.config, key, None) for key in ("CPU_NAME", "CPU_FEATURES"))
    if features is None:
        features = "" if name else llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=name or llvm.get_host_cpu_name(), features=features, opt=3, reloc="pic",
        codemodel="jitdefault", jit=True,
    )  # fmt: skip


def _add(
    module: Any, function: Callable[..., Any], kinds: Any, result: Any, name: str, block: bool
) -> None:
    """Compile a function, and define a symbol that calls it as C would.

    With ``block`` the symbol takes the address of a block, else the function's integers.
    """
    context = cpu_target.target_context
    flags: Any = compiler.Flags()
    flags.no_cpython_wrapper = flags.no_cfunc_wrapper = flags.nrt = True
    flags.error_model = "numpy"
    done = compiler.compile_extra(
        cpu_target.typing_context, context, function, kinds, result, flags, {}
    )
    module.link_in(llvm.parse_assembly(done.library.get_llvm_str()))
    caller = ir.Module()
    numba_kind = context.call_conv.get_function_type(result, kinds)
    inner = ir.Function(caller, numba_kind, done.fndesc.llvm_func_name)
    taken = [I64] if block else [I64] * len(kinds)
    c_result = I64 if result is types.boolean else ir.VoidType()
    outer = ir.Function(caller, ir.FunctionType(c_result, taken), name)
    builder = ir.IRBuilder(outer.append_basic_block())
    arguments = list(outer.args)
    if block:
        words, at, arguments = builder.inttoptr(outer.args[0], I64.as_pointer()), 0, []
        for kind in kinds:
            argument, at = _read(context, builder, kind, words, at)
            arguments.append(argument)
    _, value = context.call_conv.call_function(builder, inner, result, kinds, arguments)
    if result is types.boolean:
        builder.ret(builder.zext(value, I64))
    else:
        builder.ret_void()
    module.link_in(llvm.parse_assembly(str(caller)))


def _read(context: Any, builder: Any, kind: Any, words: Any, at: int) -> tuple[Any, int]:
    """Return an argument that begins at a word, and the number of the word after it."""
    if isinstance(kind, types.BaseTuple):
        members: Any = kind
        items = []
        for part in members:
            item, at = _read(context, builder, part, words, at)
            items.append(item)
        return context.make_tuple(builder, kind, items), at

    def word(number: int) -> Any:
        return builder.load(builder.gep(words, [I64(number)]))

    if isinstance(kind, types.Array):
        size = kind.dtype.bitwidth // 8
        shape = [word(at + 1 + axis) for axis in range(kind.ndim)]
        strides = [I64(size)]
        for length in reversed(shape[1:]):
            strides.insert(0, builder.mul(strides[0], length))
        array = make_array(kind)(context, builder)
        element = context.get_data_type(kind.dtype)
        data = builder.inttoptr(word(at), element.as_pointer())
        populate_array(array, data, shape, strides, size, None)
        return array._getvalue(), at + 1 + kind.ndim
    if isinstance(kind, types.Float):
        return builder.bitcast(word(at), ir.DoubleType()), at + 1
    return word(at), at + 1
