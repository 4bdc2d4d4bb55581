# SPDX-License-Identifier: GPL-2.0-or-later
"""What Unicorn does wrong with short and long data, so that it must refuse it (seen in 2.1.4; PoP chapters 9 and 19).

* Of two NaNs it propagates the one with the larger fraction, not the first.
* A result that is tiny and exact is no IEEE underflow for it, even if that traps.

The helpers of ADD, SUBTRACT, MULTIPLY, DIVIDE, MULTIPLY AND ADD, MULTIPLY AND SUBTRACT and LOAD ROUNDED are replaced by
functions that look at the operands.  If two of them are NaNs, if infinity is multiplied and the addend is a NaN, or if
underflow traps and the result might be tiny, they go on to helper_sfpc with a value that the FPC register cannot have,
which gives a specification exception: the engine takes it for a refusal
(:func:`emu.engine.interception.is_refused`), and the model executes the instruction.  All else is the original's.

Unicorn finds the instruction by the return address of a helper.  So both are jumped to, not called, and the functions
are written in the compiler's intermediate language, which can promise that.

What Unicorn reports of an IEEE exception that traps is taken for a refusal as well: it suppresses what is to be
completed, and does not tell whether a result is incremented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emu.isa.binary_floating_point import LONG, SHORT, UNDERFLOW, BfpFormat

_REFUSES: Final = "helper_sfpc"
_IMPOSSIBLE: Final = 0xFFFF_FFFF
_UNDERFLOW_MASK: Final = UNDERFLOW << 24


@dataclass(frozen=True, slots=True)
class _Helper:
    """A helper, the format of its operands, and how many they are."""

    name: str
    form: BfpFormat
    operands: int
    multiplies: bool = False
    divides: bool = False


_HELPERS: Final = (
    _Helper("helper_aeb", SHORT, 2),
    _Helper("helper_adb", LONG, 2),
    _Helper("helper_seb", SHORT, 2),
    _Helper("helper_sdb", LONG, 2),
    _Helper("helper_meeb", SHORT, 2, multiplies=True),
    _Helper("helper_mdb", LONG, 2, multiplies=True),
    _Helper("helper_deb", SHORT, 2, divides=True),
    _Helper("helper_ddb", LONG, 2, divides=True),
    _Helper("helper_maeb", SHORT, 3, multiplies=True),
    _Helper("helper_madb", LONG, 3, multiplies=True),
    _Helper("helper_mseb", SHORT, 3, multiplies=True),
    _Helper("helper_msdb", LONG, 3, multiplies=True),
    _Helper("helper_ledb", LONG, 1),
)
HELPERS: Final = tuple(helper.name for helper in _HELPERS)
CALLED: Final = (_REFUSES, *HELPERS)
REPLACING: Final = {name: f"our_{name}" for name in HELPERS}
"""The functions in :func:`source` for the helpers that they replace."""

_FUNCTION: Final = """
declare i64 @{helper}(i64, {types})
define i64 @our_{helper}(i64 %env, {parameters}) {{
    {looks}
    br i1 %perhaps, label %look, label %ask
look:
    br i1 %nans, label %refuse, label %ask
ask:
    %fpc_address = add i64 %env, {fpc}
    %fpc_pointer = inttoptr i64 %fpc_address to i32*
    %fpc = load i32, i32* %fpc_pointer
    %mask = and i32 %fpc, {mask}
    %traps = icmp ne i32 %mask, 0
    br i1 %traps, label %trapping, label %go_on
trapping:
    br i1 %may_be_tiny, label %refuse, label %go_on
go_on:
    %value = musttail call i64 @{helper}(i64 %env, {parameters})
    ret i64 %value
refuse:
    %function = bitcast i64 (i64, i64)* @{refuses} to i64 (i64, {types})*
    %never = musttail call i64 %function(i64 %env, i64 {impossible}{others})
    ret i64 %never
}}
"""
"""What ordinary operands need comes first; the compiler moves the rest to where it is used."""


def _looks(helper: _Helper) -> list[str]:
    """The lines that find out whether there are several NaNs, and whether the result may be tiny."""
    form = helper.form
    lines = []
    for number in range(helper.operands):
        lines += [
            f"%magnitude{number} = and i64 %f{number}, {(1 << form.width - 1) - 1}",
            f"%exponent{number} = lshr i64 %magnitude{number}, {form.fraction}",
            f"%nan{number} = icmp ugt i64 %magnitude{number}, {form.infinity}",
            f"%infinite{number} = icmp eq i64 %magnitude{number}, {form.infinity}",
        ]
    if helper.operands == 1:
        # LOAD ROUNDED: a number that is tiny in the shorter format.
        least = form.bias - SHORT.bias + 1
        return [
            *lines,
            "%perhaps = or i1 0, 0",
            "%nans = or i1 0, 0",
            f"%may_be_tiny = icmp ult i64 %exponent0, {least}",
        ]
    # The exponent field of the smaller numbers is zero, however many bits their fractions lack.
    precision = form.fraction + 1
    if helper.operands > 2:
        return [
            *lines,
            "%product_nan = or i1 %nan1, %nan2",
            "%both_nan = and i1 %nan1, %nan2",
            "%product_infinite = or i1 %infinite1, %infinite2",
            "%special = or i1 %product_nan, %product_infinite",
            "%with_addend = and i1 %nan0, %special",
            "%nans = or i1 %both_nan, %with_addend",
            "%perhaps = or i1 %nan0, %nan1",
            "%sum = add i64 %exponent1, %exponent2",
            f"%product_small = icmp ult i64 %sum, {form.bias + 3 * precision + 2}",
            f"%addend_small = icmp ult i64 %exponent0, {precision + 2}",
            "%may_be_tiny = or i1 %product_small, %addend_small",
        ]
    lines += ["%perhaps = or i1 %nan0, 0", "%nans = and i1 %nan0, %nan1"]
    if helper.multiplies:
        lines += [
            "%sum = add i64 %exponent0, %exponent1",
            f"%may_be_tiny = icmp ult i64 %sum, {form.bias + precision + 2}",
        ]
    elif helper.divides:
        lines += [
            f"%dividend = add i64 %exponent0, {form.bias}",
            f"%least = add i64 %exponent1, {precision + 3}",
            "%may_be_tiny = icmp ult i64 %dividend, %least",
        ]
    else:
        # It can be exact and tiny only if the last bit of one of them is worth less than the least normal number.
        lines += [
            f"%small0 = icmp ult i64 %exponent0, {precision + 2}",
            f"%small1 = icmp ult i64 %exponent1, {precision + 2}",
            "%may_be_tiny = or i1 %small0, %small1",
        ]
    return lines


def _source(helper: _Helper, fpc: int) -> str:
    """The source of what replaces *helper*; *fpc* is where the FPC register lies."""
    # LOAD ROUNDED has the fields M3 and M4 as a second argument.
    names = [f"i64 %f{number}" for number in range(helper.operands)] + ["i32 %fields"] * (helper.operands == 1)
    return _FUNCTION.format(
        helper=helper.name,
        refuses=_REFUSES,
        impossible=_IMPOSSIBLE,
        fpc=fpc,
        mask=_UNDERFLOW_MASK,
        types=", ".join(each.split()[0] for each in names),
        parameters=", ".join(names),
        others="".join(f", {each}" for each in names[1:]),
        looks="\n    ".join(_looks(helper)),
    )


def source(fpc: int) -> str:
    """The source of the functions; *fpc* is where the FPC register lies, from the first register on."""
    return f"declare i64 @{_REFUSES}(i64, i64)\n" + "".join(_source(helper, fpc) for helper in _HELPERS)
