# SPDX-License-Identifier: GPL-2.0-or-later
"""The condition code of signed sums and differences, which Unicorn gets wrong for the smallest number (seen in 2.1.4).

Unicorn notes how the condition code is computed (a number, here *operation*) and from what: two operands and the
result.  When it is needed, helper_calc_cc computes it.  That takes for an overflow of ADD only results of the wrong
sign that are not zero, and for one of SUBTRACT only first operands that are not zero; so ADD of the smallest number and
itself gives 0, and SUBTRACT of the smallest number from 0 gives 1, where the manual has 3 (PoP 7).

The helper is replaced by a compiled function (``condition_code_callback`` of :mod:`emu.engine.callbacks`), which
computes these and passes all other operations on.  The numbers of the operations were found by an experiment, which is
made again in each process (:mod:`emu.engine.quirks.register_places`).
"""

from __future__ import annotations

from typing import Final

from emu.bits import MASK_32, MASK_64

HELPER: Final = "helper_calc_cc"

ADD_64: Final = 13
SUBTRACT_64: Final = 16
ADD_32: Final = 21
SUBTRACT_32: Final = 24
PROBES: Final = (("b9080012", ADD_64), ("b9090012", SUBTRACT_64), ("1a12", ADD_32), ("1b12", SUBTRACT_32))
"""AGR, SGR, AR and SR, with the operations that they must be noted as."""

SIGN_32: Final = 1 << 31
SIGN_64: Final = 1 << 63


def code_of_sum(first: int, second: int, result: int, sign: int, mask: int) -> int:
    """The condition code of ADD: of two signed numbers with the bit *sign*, and their sum modulo *mask* + 1."""
    if (first ^ result) & (second ^ result) & sign:
        return 3
    return _code_of_sign(result, sign, mask)


def code_of_difference(first: int, second: int, result: int, sign: int, mask: int) -> int:
    """The condition code of SUBTRACT; see :func:`code_of_sum`."""
    if (first ^ second) & (first ^ result) & sign:
        return 3
    return _code_of_sign(result, sign, mask)


def _code_of_sign(result: int, sign: int, mask: int) -> int:
    if result & sign:
        return 1
    return 2 if result & mask else 0


def condition_code(operation: int, first: int, second: int, result: int) -> int | None:
    """The condition code that *operation* makes of two operands and a result; None if that is for Unicorn to say."""
    if operation == ADD_64:
        return code_of_sum(first, second, result, SIGN_64, MASK_64)
    if operation == SUBTRACT_64:
        return code_of_difference(first, second, result, SIGN_64, MASK_64)
    if operation == ADD_32:
        return code_of_sum(first, second, result, SIGN_32, MASK_32)
    if operation == SUBTRACT_32:
        return code_of_difference(first, second, result, SIGN_32, MASK_32)
    return None
