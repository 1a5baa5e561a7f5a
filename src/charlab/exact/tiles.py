"""The tile of a matrix product: a few rows of sixteen columns that stay in registers.

Written as LLVM IR because Numba's optimizer would choose for itself what to keep in registers. How
many rows a tile has depends on the processor; no bit depends on it, as each element of the
product is one chain of fma in order of k.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import signature

from charlab.exact.lanes import I64, WIDTH, emit_named, emit_splat, instruction


def _tile_rows() -> int:
    """Return the rows of a tile that fill the processor's registers; no bit depends on it."""
    features = getattr(numba.config, "CPU_FEATURES", None)
    if features is None:
        named = getattr(numba.config, "CPU_NAME", None)
        if named:
            return 12 if "avx512" in named or named in ("znver4", "znver5", "sapphirerapids") else 6
        features = llvmlite.binding.get_host_cpu_features().flatten()
    return 12 if "+avx512f" in features else 6


TILE_ROWS = {4: _tile_rows(), 8: 2}
"""Rows of a tile by the size of a number in bytes."""


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
                factor = emit_splat(builder, scalar)
                sums[r] = emit_named("fma")(builder, factor, row_b, sums[r])
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

    return instruction(tile)


tile = _tile(along=False)
"""``tile(number, a, stride, b, c, rows, length)`` adds A B to at most TILE_ROWS rows of C.

``number`` gives the type of the elements; a, b and c are addresses. A's rows are sixteen apart.
"""

tile_along = _tile(along=True)
"""The same for A^T B, where A's columns are sixteen apart."""
