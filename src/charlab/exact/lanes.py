"""Sixteen numbers at once, and the tile of a matrix product.

This is the only module that writes LLVM IR. It gives Numba a type, :class:`Lanes`, that stands
for sixteen float32 or float64 numbers on which ``+ - * /`` act element by element. LLVM splits
the operations over registers of whatever width the processor has, which cannot change a bit:
no operation mixes lanes except :func:`total` and :func:`largest`, whose tree is fixed.

No fast-math flag is set anywhere, so LLVM neither reorders additions nor contracts a product
with an addition. ``fma`` compiles to the instruction where there is one and otherwise to the C
library's correctly rounded function, which is slow but gives the same bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numba
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.core.imputils import lower_builtin
from numba.core.typing import signature
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import intrinsic, models, register_model

WIDTH = 16
"""Numbers in one block: a cache line of float32. Part of the arithmetic, equal everywhere."""

JIT: dict[str, Any] = {"cache": True, "error_model": "numpy", "fastmath": False, "nogil": True}
"""Options of every compiled function of this package."""

compiled = numba.njit(**JIT)
inlined = numba.njit(inline="always")

I64 = ir.IntType(64)


def _tile_rows() -> int:
    """Return the rows of a tile that fill the processor's registers; no bit depends on it."""
    features = config.CPU_FEATURES
    if features is None:
        named = config.CPU_NAME
        if named:
            return 12 if "avx512" in named or named in ("znver4", "znver5", "sapphirerapids") else 6
        features = llvmlite.binding.get_host_cpu_features().flatten()
    return 12 if "+avx512f" in features else 6


TILE_ROWS = {4: _tile_rows(), 8: 2}
"""Rows of a tile by the size of a number in bytes."""


class Lanes(types.Type):
    """Sixteen numbers of one floating-point type."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Lanes({dtype})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        element = manager.lookup(lanes.dtype).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(element, WIDTH))


def _splat(builder: Any, scalar: Any) -> Any:
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
    return _splat(builder, context.cast(builder, value, have, want.dtype))


def _common(args: Any) -> Any:
    """Return the type of an operation's result, or None if it is not one of lanes."""
    lanes = {arg for arg in args if isinstance(arg, Lanes)}
    rest = [arg for arg in args if not isinstance(arg, Lanes)]
    plain = all(isinstance(arg, (types.Float, types.Integer)) for arg in rest)
    return lanes.pop() if len(lanes) == 1 and plain else None


def _operator(function: Callable[..., Any], instruction: str) -> None:
    """Teach Numba an operator between lanes, or lanes and a number."""

    @infer_global(function)
    class _Template(AbstractTemplate):  # type: ignore[misc]
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
        return intrinsic(lambda typing, a: result(a))
    if arity == 2:
        return intrinsic(lambda typing, a, b: result(a, b))
    if arity == 3:
        return intrinsic(lambda typing, a, b, c: result(a, b, c))
    return intrinsic(lambda typing, a, b, c, d: result(a, b, c, d))


def _emit_named(name: str) -> Callable[..., Any]:
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


fma = _elementwise(_emit_named("fma"), 3)
"""``fma(a, b, c)`` is a b + c, rounded once."""

square_root = _elementwise(_emit_named("sqrt"), 1)
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


@intrinsic
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


@intrinsic
def store(typing: Any, array: Any, offset: Any, lanes: Any) -> Any:
    """Write sixteen numbers to a contiguous array from ``offset`` on."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at = _pointer(context, builder, sig.args[0], *args[:2])
        stored = builder.store(args[2], builder.bitcast(at, args[2].type.as_pointer()))
        stored.align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return signature(types.none, array, types.int64, lanes), generate


@intrinsic
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

    return intrinsic(reduce)


total = _reduction(lambda builder, low, high: builder.fadd(low, high))
"""The sum of sixteen lanes: j and j + 8, then j and j + 4, j + 2, j + 1."""

largest = _reduction(lambda builder, low, high: _emit_choice(builder, low, high, low, high))
"""The largest of sixteen lanes."""


def _emit_tile(module: Any, element: Any, rows: int, along: bool) -> Any:
    """Return the LLVM function that adds a product to ``rows`` blocks of C.

    C[r, :] += sum over k of A[r, k] B[k, :], each element one chain of fma in order of k. B and C
    have rows of sixteen numbers. A is read in blocks of sixteen k, ``stride`` apart; in a block,
    row r and step k are at 16 r + k, or if ``along`` at r + 16 k (the transpose).
    """
    pointer, vector = element.as_pointer(), ir.VectorType(element, WIDTH)
    name = f"charlab_tile_{rows}_{int(along)}_{element}"
    kind = ir.FunctionType(ir.VoidType(), [pointer, I64, pointer, pointer, I64])
    function = cgutils.get_or_insert_function(module, kind, name)
    if not function.is_declaration:
        return function
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    row_step, k_step = (1, WIDTH) if along else (WIDTH, 1)
    a, stride, b, c, length = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))

    def number(value: int) -> Any:
        return ir.Constant(I64, value)

    def read(at: Any, offset: int) -> Any:
        place = builder.gep(at, [number(offset)])
        value = builder.load(builder.bitcast(place, vector.as_pointer()))
        value.align = element.get_abi_size(_LAYOUT)
        return value

    def multiply(sums: list[Any], a_at: Any, b_at: Any, steps: int) -> list[Any]:
        for k in range(steps):
            row_b = read(b_at, k * WIDTH)
            for r in range(rows):
                scalar = builder.load(builder.gep(a_at, [number(r * row_step + k * k_step)]))
                factor = _splat(builder, scalar)
                sums[r] = _emit_named("fma")(builder, factor, row_b, sums[r])
        return sums

    def loop(sums: list[Any], a_at: Any, b_at: Any, count: Any, steps: int, a_step: Any) -> Any:
        """Emit ``count`` rounds of ``steps`` k each; return sums and addresses after them."""
        before = builder.block
        head, body, after = (function.append_basic_block() for _ in range(3))
        builder.branch(head)
        builder.position_at_end(head)
        start = [number(0), a_at, b_at, *sums]
        now = [builder.phi(value.type) for value in start]
        for phi, value in zip(now, start, strict=True):
            phi.add_incoming(value, before)
        builder.cbranch(builder.icmp_signed("<", now[0], count), body, after)
        builder.position_at_end(body)
        done = multiply(list(now[3:]), now[1], now[2], steps)
        onward = [
            builder.add(now[0], number(1)),
            builder.gep(now[1], [a_step]),
            builder.gep(now[2], [number(steps * WIDTH)]),
            *done,
        ]
        for phi, value in zip(now, onward, strict=True):
            phi.add_incoming(value, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return now[3:], now[1], now[2]

    sums = [read(c, r * WIDTH) for r in range(rows)]
    blocks = builder.ashr(length, number(4))
    rest = builder.and_(length, number(WIDTH - 1))
    sums, a, b = loop(sums, a, b, blocks, WIDTH, stride)
    sums, a, b = loop(sums, a, b, rest, 1, number(k_step))
    for r, value in enumerate(sums):
        place = builder.gep(c, [number(r * WIDTH)])
        stored = builder.store(value, builder.bitcast(place, vector.as_pointer()))
        stored.align = element.get_abi_size(_LAYOUT)
    builder.ret_void()
    return function


_LAYOUT = llvmlite.binding.create_target_data("e")


def _address(builder: Any, value: Any, element: Any) -> Any:
    return builder.inttoptr(value, element.as_pointer())


def _tile(along: bool) -> Any:
    def tile(
        typing: Any, number: Any, a: Any, stride: Any, b: Any, c: Any, rows: Any, length: Any
    ) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            element = context.get_value_type(number)
            at_a, at_b, at_c = (_address(builder, args[n], element) for n in (1, 3, 4))
            end, none = (builder.append_basic_block() for _ in range(2))
            switch = builder.switch(args[5], none)
            with builder.goto_block(none):
                builder.branch(end)
            for count in range(1, TILE_ROWS[number.bitwidth // 8] + 1):
                case = builder.append_basic_block()
                switch.add_case(ir.Constant(I64, count), case)
                with builder.goto_block(case):
                    kernel = _emit_tile(builder.module, element, count, along)
                    builder.call(kernel, [at_a, args[2], at_b, at_c, args[6]])
                    builder.branch(end)
            builder.position_at_end(end)
            return context.get_dummy_value()

        return signature(types.none, number, *[types.int64] * 6), generate

    return intrinsic(tile)


tile = _tile(along=False)
"""``tile(number, a, stride, b, c, rows, length)`` adds A B to at most TILE_ROWS rows of C.

``number`` gives the type of the elements; a, b and c are addresses. A's rows are sixteen apart.
"""

tile_along = _tile(along=True)
"""The same for A^T B, where A's columns are sixteen apart."""


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

    return intrinsic(call)


@intrinsic
def address(typing: Any, array: Any, offset: Any) -> Any:
    """Return the address of a contiguous array's element at ``offset``."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ptrtoint(_pointer(context, builder, sig.args[0], *args), I64)

    return signature(types.int64, array, types.int64), generate
