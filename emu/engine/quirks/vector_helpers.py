# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector helpers that go wrong for some operands, and what is put before them (seen in 2.1.4).

============  ==========================================================================================================
helper        what is wrong
============  ==========================================================================================================
vfa vfs vfm   of two NaNs, that with the larger fraction is the result; a tiny result that is exact is no underflow when
vfd vfma vfms the mask is one
vfi vcdg      the inexact flag is set although the IEEE-inexact-exception control suppresses it
vcdlg vflr
vcgd vclgd    that, and the result of a NaN, and the inexact flag of what does not fit
vstl          with less than 16 bytes the vector register is zeroed; storage is probed for more than 16 bytes
============  ==========================================================================================================

Each is replaced by a function that looks at the operands, and lets the helper execute what it executes rightly.  The
rest, and all floating-point operations while an IEEE mask is one, it gives to the model: it ends as Unicorn ends a
privileged instruction, so that the instruction traps, as it would have when it was translated.  Inexact flags are put
right afterwards; VSTL works on a copy of the register.

The functions are made in the compiler's intermediate language, since they need two things that no other has: the
address that translated code called from, by which Unicorn finds the instruction, and calls that leave that address to
the helper.
"""

from __future__ import annotations

from typing import Final

_ARITHMETIC: Final = {"vfa": 2, "vfs": 2, "vfm": 2, "vfd": 2, "vfma": 3, "vfms": 3}
"""Helpers, with the number of their operands."""
_SUPPRESSING: Final = ("vfi", "vcdg", "vcdlg", "vflr")
_TO_INTEGER: Final = {"vcgd": 0x43E, "vclgd": 0x43F}
"""Helpers, with the biased exponent that is too large for the result."""
_STORE: Final = "helper_vstl"
_TRAP: Final = "s390_program_interrupt"
_PRIVILEGED_OPERATION: Final = 2

_MASKS: Final = 0xF8 << 24
_INEXACT: Final = 0x08 << 16
_NOT_SIGN: Final = (1 << 63) - 1
_INFINITY: Final = 0x7FF << 52
_SUPPRESSION: Final = 1 << 12
"""In the last argument of a helper: the IEEE-inexact-exception control, which is bit 2 above ten others."""

_HEAD: Final = f"""
declare void @{_TRAP}(i8*, i32, i64)
declare i8* @llvm.returnaddress(i32)
@scratch = internal global [16 x i8] zeroinitializer, align 16

define internal i1 @has_masks(i8* %env) alwaysinline {{
  %place = getelementptr i8, i8* %env, i64 FPC_OFFSET
  %word = bitcast i8* %place to i32*
  %fpc = load i32, i32* %word
  %masks = and i32 %fpc, {_MASKS}
  %any = icmp ne i32 %masks, 0
  ret i1 %any
}}

define internal i64 @element(i8* %vector, i64 %index) alwaysinline {{
  %words = bitcast i8* %vector to i64*
  %place = getelementptr i64, i64* %words, i64 %index
  %value = load i64, i64* %place
  ret i64 %value
}}

define internal i1 @is_nan(i64 %value) alwaysinline {{
  %magnitude = and i64 %value, {_NOT_SIGN}
  %is = icmp ugt i64 %magnitude, {_INFINITY}
  ret i1 %is
}}
"""

_SHAPE: Final = """
declare void @{helper}({types})
define void @mended_{helper}({parameters}) {{
entry:
{decision}
  br i1 %traps, label %trap, label %plain
trap:
  %from = call i8* @llvm.returnaddress(i32 0)
  %return = ptrtoint i8* %from to i64
  call void @{trap}(i8* %env, i32 {code}, i64 %return)
  unreachable
plain:
{plain}
  ret void
}}
"""


def _function(helper: str, vectors: int, decision: list[str], plain: list[str]) -> str:
    """The function before *helper*, which has so many *vectors* as arguments, the result included.

    :param decision: computes from the arguments whether the instruction ``%traps``.
    """
    names = [f"i8* %v{number}" for number in range(1, vectors + 1)] + ["i8* %env", "i32 %desc"]
    call = f"call void @{helper}({', '.join(names)})"
    return _SHAPE.format(
        helper=helper,
        types=", ".join(name.partition(" ")[0] for name in names),
        parameters=", ".join(names),
        decision="\n".join(decision),
        trap=_TRAP,
        code=_PRIVILEGED_OPERATION,
        plain="\n".join(plain).replace("CALL", call),
    )


def _any(conditions: list[str]) -> list[str]:
    """Lines that make ``%traps`` of the names of *conditions*."""
    lines, last = [], "%masked"
    for number, condition in enumerate(conditions):
        lines.append(f"  %or{number} = or i1 {last}, {condition}")
        last = f"%or{number}"
    return [*lines, f"  %traps = or i1 {last}, false"]


def _elements(vectors: range, count: int) -> list[str]:
    return [
        f"  %e{vector}.{index} = call i64 @element(i8* %v{vector}, i64 {index})"
        for vector in vectors
        for index in range(count)
    ]


_MASKED: Final = "  %masked = call i1 @has_masks(i8* %env)"


def _arithmetic(helper: str, operands: int, count: int) -> str:
    """Two NaNs are for the model; of three operands, any NaN."""
    vectors = range(2, operands + 2)
    lines = [_MASKED, *_elements(vectors, count)]
    conditions = []
    for index in range(count):
        nans = [f"%nan{vector}.{index}" for vector in vectors]
        lines += [
            f"  {nan} = call i1 @is_nan(i64 %e{vector}.{index})" for nan, vector in zip(nans, vectors, strict=True)
        ]
        if operands == 2:
            lines.append(f"  %both{index} = and i1 {nans[0]}, {nans[1]}")
            conditions.append(f"%both{index}")
        else:
            conditions += nans
    return _function(helper, operands + 1, lines + _any(conditions), ["  musttail CALL"])


_KEEPING_INEXACT: Final = [
    "  %place = getelementptr i8, i8* %env, i64 FPC_OFFSET",
    "  %word = bitcast i8* %place to i32*",
    "  %before = load i32, i32* %word",
    "  CALL",
    "  %after = load i32, i32* %word",
    f"  %control = and i32 %desc, {_SUPPRESSION}",
    "  %suppresses = icmp ne i32 %control, 0",
    f"  %cleared = and i32 %after, {0xFFFF_FFFF ^ _INEXACT}",
    f"  %kept = and i32 %before, {_INEXACT}",
    "  %suppressed = or i32 %cleared, %kept",
    "  %flags = select i1 %suppresses, i32 %suppressed, i32 %after",
    "  store i32 %flags, i32* %word",
]


def _suppressing(helper: str) -> str:
    return _function(helper, 2, [_MASKED, *_any([])], _KEEPING_INEXACT)


def _to_integer(helper: str, limit: int, count: int, *, logical: bool) -> str:
    """What may not fit is for the model, and of logical results whatever is negative."""
    lines = [_MASKED, *_elements(range(2, 3), count)]
    conditions = []
    for index in range(count):
        element = f"%e2.{index}"
        compared = element
        if not logical:
            compared = f"%magnitude{index}"
            lines.append(f"  {compared} = and i64 {element}, {_NOT_SIGN}")
        lines.append(f"  %large{index} = icmp uge i64 {compared}, {limit << 52}")
        conditions.append(f"%large{index}")
    return _function(helper, 2, lines + _any(conditions), _KEEPING_INEXACT)


_MENDED_STORE: Final = f"""
declare void @{_STORE}(i8*, i8*, i64, i64)
define void @mended_{_STORE}(i8* %env, i8* %vector, i64 %address, i64 %count) {{
  %from = bitcast i8* %vector to <2 x i64>*
  %to = bitcast [16 x i8]* @scratch to <2 x i64>*
  %value = load <2 x i64>, <2 x i64>* %from, align 8
  store <2 x i64> %value, <2 x i64>* %to, align 16
  %is_long = icmp ugt i64 %count, 16
  %bytes = select i1 %is_long, i64 16, i64 %count
  %copy = bitcast [16 x i8]* @scratch to i8*
  musttail call void @{_STORE}(i8* %env, i8* %copy, i64 %address, i64 %bytes)
  ret void
}}
"""


def _sources() -> dict[str, str]:
    """The source of the function before each helper."""
    sources = {_STORE: _MENDED_STORE}
    for suffix, count in (("64", 2), ("64s", 1)):
        for name, operands in _ARITHMETIC.items():
            helper = f"helper_gvec_{name}{suffix}"
            sources[helper] = _arithmetic(helper, operands, count)
        for name in _SUPPRESSING:
            helper = f"helper_gvec_{name}{suffix}"
            sources[helper] = _suppressing(helper)
        for name, limit in _TO_INTEGER.items():
            helper = f"helper_gvec_{name}{suffix}"
            sources[helper] = _to_integer(helper, limit, count, logical=name == "vclgd")
    return sources


def source(fpc_offset: int) -> tuple[str, dict[str, str]]:
    """The source of all functions, and the name of that which replaces each helper.

    :param fpc_offset: where the FPC register lies in Unicorn's structure.
    """
    sources = _sources()
    text = (_HEAD + "".join(sources.values())).replace("FPC_OFFSET", str(fpc_offset))
    return text, {helper: f"mended_{helper}" for helper in sources}


def called() -> tuple[str, ...]:
    """The functions of Unicorn's that they call."""
    return (*_sources(), _TRAP)
