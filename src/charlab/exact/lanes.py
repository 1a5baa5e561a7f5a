"""Sixteen numbers at once.

This module and :mod:`charlab.exact.tiles` alone write LLVM IR. Numba gets a type,
:class:`Lanes`: sixteen float32 or float64 numbers on which ``+ - * /`` act element by element.
LLVM splits the operations over registers of any width, which cannot change a bit: no operation
mixes lanes except :func:`total` and :func:`largest`, whose tree is fixed.

No fast-math flag is set, so LLVM neither reorders additions nor contracts a product with an
addition. ``fma`` compiles to the instruction where there is one, otherwise to the C library's
correctly rounded function, which is slow but gives the same bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model
from numba.np.arrayobj import make_array, populate_array

from charlab.exact import cache, locator
from charlab.exact.shapes import WIDTH as WIDTH

locator.install()

JIT: dict[str, Any] = {"error_model": "numpy", "fastmath": False, "nogil": True}
JIT["cache"] = cache.folder() is not None
"""Options of every compiled function of this package."""

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function at its first call on a machine, and keep the result on disk."""
    wrapped: Any = numba.njit(**JIT)(function)
    return cast(F, wrapped)


def inlined(function: F) -> F:
    """Make a function part of each compiled one that calls it.

    LLVM puts it there. Numba's own inlining would take most of the time of compiling.
    """
    options = JIT | {"cache": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    wrapped: Any = numba.njit(forceinline=True, **options)(function)
    return cast(F, wrapped)


def instruction(emit: Callable[..., Any]) -> Any:
    """Make an intrinsic of a function that writes LLVM IR."""
    return intrinsic(emit)


I64 = ir.IntType(64)


class Lanes(types.Type):
    """Sixteen numbers of one floating-point type."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Lanes({dtype})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        element = manager.lookup(lanes.dtype).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(element, WIDTH))  # type: ignore[no-untyped-call]


def emit_splat(builder: Any, scalar: Any) -> Any:
    """Return sixteen copies of an LLVM value."""
    vector = ir.VectorType(scalar.type, WIDTH)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.IntType(32)(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), mask)


def _like(context: Any, builder: Any, value: Any, have: Any, want: Any) -> Any:
    """Convert an argument to ``want``: lanes stay, a scalar is rounded and copied."""
    if isinstance(have, Lanes):
        return value
    if not isinstance(want, Lanes):
        return context.cast(builder, value, have, want)
    return emit_splat(builder, context.cast(builder, value, have, want.dtype))


def _common(args: Any) -> Any:
    """Return the type of an operation's result, or None if it is not one of lanes."""
    lanes = {arg for arg in args if isinstance(arg, Lanes)}
    rest = [arg for arg in args if not isinstance(arg, Lanes)]
    plain = all(isinstance(arg, (types.Float, types.Integer)) for arg in rest)
    return lanes.pop() if len(lanes) == 1 and plain else None


def _operator(function: Callable[..., Any], instruction: str) -> None:
    """Teach Numba an operator between lanes, or lanes and a number."""

    @infer_global(function)
    class _Template(AbstractTemplate):
        key = function

        def generic(self, args: Any, kws: Any) -> Any:
            result = _common(args)
            return signature(result, *args) if result and len(args) == 2 else None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left, right = (
            _like(context, builder, value, have, sig.return_type)
            for value, have in zip(args, sig.args, strict=True)
        )
        return getattr(builder, instruction)(left, right)

    for pair in ((Lanes, Lanes), (Lanes, types.Float), (types.Float, Lanes)):
        lower_builtin(function, *pair)(lower)


for _function, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
    (operator.iadd, "fadd"),
):
    _operator(_function, _instruction)


def _elementwise(emit: Callable[..., Any], arity: int) -> Any:
    """Return an intrinsic whose arguments are brought to one type, lanes or a scalar."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [
            _like(context, builder, value, have, sig.return_type)
            for value, have in zip(args, sig.args, strict=True)
        ]
        return emit(builder, *values)

    def result(*args: Any) -> Any:
        found = _common(args) or max((a for a in args if isinstance(a, types.Float)), key=str)
        return signature(found, *args), generate

    if arity == 1:
        return instruction(lambda typing, a: result(a))
    if arity == 2:
        return instruction(lambda typing, a, b: result(a, b))
    if arity == 3:
        return instruction(lambda typing, a, b, c: result(a, b, c))
    return instruction(lambda typing, a, b, c, d: result(a, b, c, d))


def emit_named(name: str) -> Callable[..., Any]:
    """Return a function that writes a call of LLVM's ``llvm.<name>`` for its operands' type."""

    def emit(builder: Any, *values: Any) -> Any:
        kind = values[0].type
        vector = isinstance(kind, ir.VectorType)
        scalar = kind.element if vector else kind
        letters = "f32" if isinstance(scalar, ir.FloatType) else "f64"
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(kind, [kind] * len(values)),
            f"llvm.{name}.{f'v{WIDTH}' if vector else ''}{letters}",
        )
        return builder.call(function, values)

    return emit


def _emit_choice(builder: Any, x: Any, limit: Any, above: Any, otherwise: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", x, limit), above, otherwise)


fma = _elementwise(emit_named("fma"), 3)
"""``fma(a, b, c)`` is a b + c, rounded once."""

square_root = _elementwise(emit_named("sqrt"), 1)
"""The correctly rounded square root."""

where_above = _elementwise(_emit_choice, 4)
"""``where_above(x, limit, a, b)`` is a where x > limit and b elsewhere, also where x is NaN."""


def _emit_power_of_two(builder: Any, t: Any) -> Any:
    """Build 2^n from t = n + 1.5 * 2^23 (2^52 for float64), which has n in its lowest bits."""
    vector = isinstance(t.type, ir.VectorType)
    scalar = t.type.element if vector else t.type
    single = isinstance(scalar, ir.FloatType)
    size, mantissa, bias = (32, 23, 127) if single else (64, 52, 1023)
    integer = ir.IntType(size)
    shift, one = integer(mantissa), integer(bias << mantissa)
    if vector:
        shift, one = (ir.Constant(ir.VectorType(integer, WIDTH), [c] * WIDTH) for c in (shift, one))
    bits = builder.bitcast(t, shift.type)
    return builder.bitcast(builder.add(builder.shl(bits, shift), one), t.type)


power_of_two = _elementwise(_emit_power_of_two, 1)
"""``power_of_two(n + SHIFTER)`` is 2^n for a whole n in the range of normal exponents."""


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, offset: Any) -> Any:
    """Return the address of an element, counted from an array's first."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [offset])


@instruction
def load(typing: Any, array: Any, offset: Any) -> Any:
    """Return the sixteen numbers of a contiguous array from ``offset`` on."""
    lanes = Lanes(array.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at = _pointer(context, builder, sig.args[0], *args)
        vector = ir.VectorType(context.get_value_type(array.dtype), WIDTH)
        loaded = builder.load(builder.bitcast(at, vector.as_pointer()))
        loaded.align = array.dtype.bitwidth // 8
        return loaded

    return signature(lanes, array, types.int64), generate


@instruction
def store(typing: Any, array: Any, offset: Any, lanes: Any) -> Any:
    """Write sixteen numbers to a contiguous array from ``offset`` on."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at = _pointer(context, builder, sig.args[0], *args[:2])
        stored = builder.store(args[2], builder.bitcast(at, args[2].type.as_pointer()))
        stored.align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return signature(types.none, array, types.int64, lanes), generate


@instruction
def splat(typing: Any, array: Any, number: Any) -> Any:
    """Return sixteen copies of a number, in the type of an array's elements."""
    lanes = Lanes(array.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _like(context, builder, args[1], sig.args[1], lanes)

    return signature(lanes, array, number), generate


def _reduction(join: Callable[..., Any]) -> Any:
    def reduce(typing: Any, lanes: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            (x,), half = args, WIDTH // 2
            while half:
                undefined = ir.Constant(x.type, ir.Undefined)
                index = ir.VectorType(ir.IntType(32), half)
                low = builder.shuffle_vector(x, undefined, index(list(range(half))))
                high = builder.shuffle_vector(x, undefined, index(list(range(half, 2 * half))))
                x, half = join(builder, low, high), half // 2
            return builder.extract_element(x, ir.IntType(32)(0))

        return signature(lanes.dtype, lanes), generate

    return instruction(reduce)


total = _reduction(lambda builder, low, high: builder.fadd(low, high))
"""The sum of sixteen lanes: j and j + 8, then j and j + 4, j + 2, j + 1."""

largest = _reduction(lambda builder, low, high: _emit_choice(builder, low, high, low, high))
"""The largest of sixteen lanes."""


Maker = tuple[str, Callable[..., Any], int]
"""A symbol but for its type, a function that makes the kernel of a type, and its arguments."""


def register(makers: Sequence[Maker]) -> list[Any]:
    """Compile kernels of integers, or load them, and make their symbols known to LLVM.

    What is called by its symbol, such as ``charlab_product_float32``, is compiled once for each
    type, where Numba would compile any other function again as a part of each that calls it.
    """
    kept = []
    options = {key: value for key, value in JIT.items() if key != "nogil"}
    for number in (np.float32, np.float64):
        for name, make, arguments in makers:
            kind = types.void(*[types.int64] * arguments)
            function = numba.cfunc(kind, **options)(make(number))
            llvmlite.binding.add_symbol(f"{name}_{number.__name__}", function.address)
            kept.append(function)
    return kept


def external(name: str, arguments: int) -> Any:
    """Return an intrinsic that calls a function of that name and of integers, registered before.

    Its first argument, an array, completes the name by the type of its elements.
    """

    def call(typing: Any, array: Any, numbers: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            kind = ir.FunctionType(ir.VoidType(), [I64] * arguments)
            symbol = f"{name}_{array.dtype}"
            function = cgutils.get_or_insert_function(builder.module, kind, symbol)
            builder.call(function, cgutils.unpack_tuple(builder, args[1]))
            return context.get_dummy_value()

        return signature(types.none, array, types.UniTuple(types.int64, arguments)), generate

    return instruction(call)


@instruction
def address(typing: Any, array: Any, offset: Any) -> Any:
    """Return the address of a contiguous array's element at ``offset``."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ptrtoint(_pointer(context, builder, sig.args[0], *args), I64)

    return signature(types.int64, array, types.int64), generate


@instruction
def numbers_at(typing: Any, number: Any, place: Any) -> Any:
    """Return an array of a number's type that begins at an address; its length is not known."""
    kind = types.Array(number, 1, "C")

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = make_array(kind)(context, builder)
        data = builder.inttoptr(args[1], context.get_data_type(number).as_pointer())
        size = number.bitwidth // 8
        populate_array(array, data, [I64(0)], [I64(size)], size, None)
        return array._getvalue()

    return signature(kind, number, types.int64), generate
