# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions of one pattern: two operands, a result, a condition code (PoP 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.support.reference.state import Fields, State, enter, ones, signed

Operation = Callable[[State, int, int, int], int | None]
"""Of the state (for the condition code), the width, and two operands; gives the result, if there is one."""


def _sign_code(value: int, width: int) -> int:
    value = signed(value, width)
    return 0 if value == 0 else 1 if value < 0 else 2


def _signed_result(s: State, width: int, exact: int) -> int:
    result = exact & ones(width)
    s.cc = 3 if exact != signed(result, width) else _sign_code(result, width)
    return result


def _add(s: State, width: int, a: int, b: int) -> int:
    return _signed_result(s, width, signed(a, width) + signed(b, width))


def _subtract(s: State, width: int, a: int, b: int) -> int:
    return _signed_result(s, width, signed(a, width) - signed(b, width))


def _positive(s: State, width: int, _: int, b: int) -> int:
    return _signed_result(s, width, abs(signed(b, width)))


def _negative(s: State, width: int, _: int, b: int) -> int:
    return _signed_result(s, width, -abs(signed(b, width)))


def _complement(s: State, width: int, _: int, b: int) -> int:
    return _signed_result(s, width, -signed(b, width))


def _test(s: State, width: int, _: int, b: int) -> int:
    s.cc = _sign_code(b, width)
    return b


def _logical_sum(s: State, width: int, exact: int) -> int:
    """Condition code: 2 for a carry, and 1 for a result that is not zero."""
    result = exact & ones(width)
    s.cc = (2 if exact >> width else 0) | (1 if result else 0)
    return result


def _add_logical(s: State, width: int, a: int, b: int) -> int:
    return _logical_sum(s, width, a + b)


def _subtract_logical(s: State, width: int, a: int, b: int) -> int:
    # No borrow is a carry of the sum with the complement.
    return _logical_sum(s, width, a + (b ^ ones(width)) + 1)


def _add_with_carry(s: State, width: int, a: int, b: int) -> int:
    return _logical_sum(s, width, a + b + (s.cc >> 1))


def _subtract_with_borrow(s: State, width: int, a: int, b: int) -> int:
    return _logical_sum(s, width, a + (b ^ ones(width)) + (s.cc >> 1))


def _add_logical_quietly(_: State, __: int, a: int, b: int) -> int:
    return a + b


def _and(s: State, _: int, a: int, b: int) -> int:
    s.cc = 1 if a & b else 0
    return a & b


def _or(s: State, _: int, a: int, b: int) -> int:
    s.cc = 1 if a | b else 0
    return a | b


def _exclusive_or(s: State, _: int, a: int, b: int) -> int:
    s.cc = 1 if a ^ b else 0
    return a ^ b


def _load(_: State, __: int, ___: int, b: int) -> int:
    return b


def _compare(s: State, width: int, a: int, b: int) -> None:
    a, b = signed(a, width), signed(b, width)
    s.cc = 0 if a == b else 1 if a < b else 2


def _compare_logical(s: State, _: int, a: int, b: int) -> None:
    s.cc = 0 if a == b else 1 if a < b else 2


def _multiply(_: State, width: int, a: int, b: int) -> int:
    return signed(a, width) * signed(b, width)


_OVERFLOWS: Final = (_add, _subtract, _positive, _complement)


def _fetch(s: State, f: Fields, source: str, width: int) -> int:
    """The operand that *source* names: a place, and how many bits it has, if these are extended to *width*.

    Places are registers (r1, r2, r3; with .h their bits 0-31), storage (s: of B2, t: of B1), the immediate (i), and
    storage relative to the instruction (p).  Behind a colon come the bits, and an s for sign extension.
    """
    place, _, bits = source.partition(":")
    kept = int(bits.rstrip("s") or width) if bits else width
    if place.startswith("r"):
        register = getattr(f, place[:2])
        value = s.high(register) if place.endswith(".h") else s.gr[register]
    elif place == "s":
        value = s.load(s.effective(f.b2, f.d2, f.x2), kept)
    elif place == "t":
        value = s.load(s.effective(f.b1, f.d1), kept)
    elif place == "p":
        value = s.load(_relative(s, f, kept), kept)
    else:
        value = f.i
    return (signed(value, kept) if bits.endswith("s") else value & ones(kept)) & ones(width)


def _relative(s: State, f: Fields, bits: int) -> int:
    address = s.wrap(s.place + 2 * signed(f.i, 32))
    s.require(address % (bits // 8) == 0)
    return address


def _put(s: State, f: Fields, target: str, width: int, value: int) -> None:
    if target == "t":
        s.store(s.effective(f.b1, f.d1), value, width)
    elif target == "r1.h":
        s.set_high(f.r1, value)
    elif width == 64:
        s.set_whole(f.r1, value)
    else:
        s.set_low(f.r1, value)


def pattern(
    mnemonic: str, form: str, opcode: int, operation: Operation, width: int, first: str, second: str, target: str = ""
) -> None:
    """Declare an instruction of this pattern; the result goes to the first operand, or to *target*."""

    def function(s: State, f: Fields) -> None:
        b = _fetch(s, f, second, width)
        a = _fetch(s, f, first, width)
        result = operation(s, width, a, b)
        if result is not None:
            _put(s, f, target or first.partition(":")[0], width, result & ones(width))
        if s.cc == 3 and operation in _OVERFLOWS:
            s.overflowed()

    enter(mnemonic, form, opcode, function)


# Mnemonics, formats, opcodes, operation, width, first and second operand, and where the result goes if not there.
_TABLE: Final = """
AR RR 1A add 32 r1 r2
AGR RRE B908 add 64 r1 r2
AGFR RRE B918 add 64 r1 r2:32s
ARK RRF-a B9F8 add 32 r2 r3 r1
AGRK RRF-a B9E8 add 64 r2 r3 r1
A RX 5A add 32 r1 s
AY RXY E35A add 32 r1 s
AG RXY E308 add 64 r1 s
AGF RXY E318 add 64 r1 s:32s
AH RX 4A add 32 r1 s:16s
AHY RXY E37A add 32 r1 s:16s
AHI RI A7A add 32 r1 i:16s
AGHI RI A7B add 64 r1 i:16s
AFI RIL C29 add 32 r1 i:32s
AGFI RIL C28 add 64 r1 i:32s
AHIK RIE-d ECD8 add 32 r3 i:16s r1
AGHIK RIE-d ECD9 add 64 r3 i:16s r1
ASI SIY EB6A add 32 t i:8s
AGSI SIY EB7A add 64 t i:8s
AHHHR RRF-a B9C8 add 32 r2.h r3.h r1.h
AHHLR RRF-a B9D8 add 32 r2.h r3 r1.h
AIH RIL CC8 add 32 r1.h i:32s
SR RR 1B subtract 32 r1 r2
SGR RRE B909 subtract 64 r1 r2
SGFR RRE B919 subtract 64 r1 r2:32s
SRK RRF-a B9F9 subtract 32 r2 r3 r1
SGRK RRF-a B9E9 subtract 64 r2 r3 r1
S RX 5B subtract 32 r1 s
SY RXY E35B subtract 32 r1 s
SG RXY E309 subtract 64 r1 s
SGF RXY E319 subtract 64 r1 s:32s
SH RX 4B subtract 32 r1 s:16s
SHY RXY E37B subtract 32 r1 s:16s
SHHHR RRF-a B9C9 subtract 32 r2.h r3.h r1.h
SHHLR RRF-a B9D9 subtract 32 r2.h r3 r1.h
ALR RR 1E add_logical 32 r1 r2
ALGR RRE B90A add_logical 64 r1 r2
ALGFR RRE B91A add_logical 64 r1 r2:32
ALRK RRF-a B9FA add_logical 32 r2 r3 r1
ALGRK RRF-a B9EA add_logical 64 r2 r3 r1
AL RX 5E add_logical 32 r1 s
ALY RXY E35E add_logical 32 r1 s
ALG RXY E30A add_logical 64 r1 s
ALGF RXY E31A add_logical 64 r1 s:32
ALFI RIL C2B add_logical 32 r1 i:32
ALGFI RIL C2A add_logical 64 r1 i:32
ALHSIK RIE-d ECDA add_logical 32 r3 i:16s r1
ALGHSIK RIE-d ECDB add_logical 64 r3 i:16s r1
ALSI SIY EB6E add_logical 32 t i:8s
ALGSI SIY EB7E add_logical 64 t i:8s
ALHHHR RRF-a B9CA add_logical 32 r2.h r3.h r1.h
ALHHLR RRF-a B9DA add_logical 32 r2.h r3 r1.h
ALSIH RIL CCA add_logical 32 r1.h i:32s
ALSIHN RIL CCB add_logical_quietly 32 r1.h i:32s
ALCR RRE B998 add_with_carry 32 r1 r2
ALCGR RRE B988 add_with_carry 64 r1 r2
ALC RXY E398 add_with_carry 32 r1 s
ALCG RXY E388 add_with_carry 64 r1 s
SLR RR 1F subtract_logical 32 r1 r2
SLGR RRE B90B subtract_logical 64 r1 r2
SLGFR RRE B91B subtract_logical 64 r1 r2:32
SLRK RRF-a B9FB subtract_logical 32 r2 r3 r1
SLGRK RRF-a B9EB subtract_logical 64 r2 r3 r1
SL RX 5F subtract_logical 32 r1 s
SLY RXY E35F subtract_logical 32 r1 s
SLG RXY E30B subtract_logical 64 r1 s
SLGF RXY E31B subtract_logical 64 r1 s:32
SLFI RIL C25 subtract_logical 32 r1 i:32
SLGFI RIL C24 subtract_logical 64 r1 i:32
SLHHHR RRF-a B9CB subtract_logical 32 r2.h r3.h r1.h
SLHHLR RRF-a B9DB subtract_logical 32 r2.h r3 r1.h
SLBR RRE B999 subtract_with_borrow 32 r1 r2
SLBGR RRE B989 subtract_with_borrow 64 r1 r2
SLB RXY E399 subtract_with_borrow 32 r1 s
SLBG RXY E389 subtract_with_borrow 64 r1 s
LPR RR 10 positive 32 r1 r2
LPGR RRE B900 positive 64 r1 r2
LPGFR RRE B910 positive 64 r1 r2:32s
LNR RR 11 negative 32 r1 r2
LNGR RRE B901 negative 64 r1 r2
LNGFR RRE B911 negative 64 r1 r2:32s
LCR RR 13 complement 32 r1 r2
LCGR RRE B903 complement 64 r1 r2
LCGFR RRE B913 complement 64 r1 r2:32s
LTR RR 12 test 32 r1 r2
LTGR RRE B902 test 64 r1 r2
LTGFR RRE B912 test 64 r1 r2:32s
LT RXY E312 test 32 r1 s
LTG RXY E302 test 64 r1 s
LTGF RXY E332 test 64 r1 s:32s
NR RR 14 and 32 r1 r2
NGR RRE B980 and 64 r1 r2
NRK RRF-a B9F4 and 32 r2 r3 r1
NGRK RRF-a B9E4 and 64 r2 r3 r1
N RX 54 and 32 r1 s
NY RXY E354 and 32 r1 s
NG RXY E380 and 64 r1 s
NI SI 94 and 8 t i
NIY SIY EB54 and 8 t i
NIHF RIL C0A and 32 r1.h i
NILF RIL C0B and 32 r1 i
OR RR 16 or 32 r1 r2
OGR RRE B981 or 64 r1 r2
ORK RRF-a B9F6 or 32 r2 r3 r1
OGRK RRF-a B9E6 or 64 r2 r3 r1
O RX 56 or 32 r1 s
OY RXY E356 or 32 r1 s
OG RXY E381 or 64 r1 s
OI SI 96 or 8 t i
OIY SIY EB56 or 8 t i
OIHF RIL C0C or 32 r1.h i
OILF RIL C0D or 32 r1 i
XR RR 17 exclusive_or 32 r1 r2
XGR RRE B982 exclusive_or 64 r1 r2
XRK RRF-a B9F7 exclusive_or 32 r2 r3 r1
XGRK RRF-a B9E7 exclusive_or 64 r2 r3 r1
X RX 57 exclusive_or 32 r1 s
XY RXY E357 exclusive_or 32 r1 s
XG RXY E382 exclusive_or 64 r1 s
XI SI 97 exclusive_or 8 t i
XIY SIY EB57 exclusive_or 8 t i
XIHF RIL C06 exclusive_or 32 r1.h i
XILF RIL C07 exclusive_or 32 r1 i
CR RR 19 compare 32 r1 r2
CGR RRE B920 compare 64 r1 r2
CGFR RRE B930 compare 64 r1 r2:32s
C RX 59 compare 32 r1 s
CY RXY E359 compare 32 r1 s
CG RXY E320 compare 64 r1 s
CGF RXY E330 compare 64 r1 s:32s
CH RX 49 compare 32 r1 s:16s
CHY RXY E379 compare 32 r1 s:16s
CGH RXY E334 compare 64 r1 s:16s
CHI RI A7E compare 32 r1 i:16s
CGHI RI A7F compare 64 r1 i:16s
CFI RIL C2D compare 32 r1 i:32s
CGFI RIL C2C compare 64 r1 i:32s
CHF RXY E3CD compare 32 r1.h s
CIH RIL CCD compare 32 r1.h i:32s
CHHR RRE B9CD compare 32 r1.h r2.h
CHLR RRE B9DD compare 32 r1.h r2
CHHSI SIL E554 compare 16 t i:16s
CHSI SIL E55C compare 32 t:32s i:16s
CGHSI SIL E558 compare 64 t:64s i:16s
CRL RIL C6D compare 32 r1 p
CGRL RIL C68 compare 64 r1 p
CGFRL RIL C6C compare 64 r1 p:32s
CHRL RIL C65 compare 32 r1 p:16s
CGHRL RIL C64 compare 64 r1 p:16s
CLR RR 15 compare_logical 32 r1 r2
CLGR RRE B921 compare_logical 64 r1 r2
CLGFR RRE B931 compare_logical 64 r1 r2:32
CL RX 55 compare_logical 32 r1 s
CLY RXY E355 compare_logical 32 r1 s
CLG RXY E321 compare_logical 64 r1 s
CLGF RXY E331 compare_logical 64 r1 s:32
CLFI RIL C2F compare_logical 32 r1 i:32
CLGFI RIL C2E compare_logical 64 r1 i:32
CLI SI 95 compare_logical 8 t i
CLIY SIY EB55 compare_logical 8 t i
CLHF RXY E3CF compare_logical 32 r1.h s
CLIH RIL CCF compare_logical 32 r1.h i:32
CLHHR RRE B9CF compare_logical 32 r1.h r2.h
CLHLR RRE B9DF compare_logical 32 r1.h r2
CLHHSI SIL E555 compare_logical 16 t i:16
CLFHSI SIL E55D compare_logical 32 t i:16
CLGHSI SIL E559 compare_logical 64 t i:16
CLRL RIL C6F compare_logical 32 r1 p
CLGRL RIL C6A compare_logical 64 r1 p
CLGFRL RIL C6E compare_logical 64 r1 p:32
CLHRL RIL C67 compare_logical 32 r1 p:16
CLGHRL RIL C66 compare_logical 64 r1 p:16
LR RR 18 load 32 r1 r2
LGR RRE B904 load 64 r1 r2
LGFR RRE B914 load 64 r1 r2:32s
L RX 58 load 32 r1 s
LY RXY E358 load 32 r1 s
LG RXY E304 load 64 r1 s
LGF RXY E314 load 64 r1 s:32s
LH RX 48 load 32 r1 s:16s
LHY RXY E378 load 32 r1 s:16s
LGH RXY E315 load 64 r1 s:16s
LB RXY E376 load 32 r1 s:8s
LGB RXY E377 load 64 r1 s:8s
LBR RRE B926 load 32 r1 r2:8s
LGBR RRE B906 load 64 r1 r2:8s
LHR RRE B927 load 32 r1 r2:16s
LGHR RRE B907 load 64 r1 r2:16s
LLCR RRE B994 load 32 r1 r2:8
LLGCR RRE B984 load 64 r1 r2:8
LLHR RRE B995 load 32 r1 r2:16
LLGHR RRE B985 load 64 r1 r2:16
LLGFR RRE B916 load 64 r1 r2:32
LLGTR RRE B917 load 64 r1 r2:31
LLC RXY E394 load 32 r1 s:8
LLGC RXY E390 load 64 r1 s:8
LLH RXY E395 load 32 r1 s:16
LLGH RXY E391 load 64 r1 s:16
LLGF RXY E316 load 64 r1 s:32
LFH RXY E3CA load 32 r1.h s
LBH RXY E3C0 load 32 r1.h s:8s
LHH RXY E3C4 load 32 r1.h s:16s
LLCH RXY E3C2 load 32 r1.h s:8
LLHH RXY E3C6 load 32 r1.h s:16
LHI RI A78 load 32 r1 i:16s
LGHI RI A79 load 64 r1 i:16s
LGFI RIL C01 load 64 r1 i:32s
LLILF RIL C0F load 64 r1 i:32
IIHF RIL C08 load 32 r1.h i
IILF RIL C09 load 32 r1 i
LRL RIL C4D load 32 r1 p
LGRL RIL C48 load 64 r1 p
LGFRL RIL C4C load 64 r1 p:32s
LHRL RIL C45 load 32 r1 p:16s
LGHRL RIL C44 load 64 r1 p:16s
LLHRL RIL C42 load 32 r1 p:16
LLGHRL RIL C46 load 64 r1 p:16
LLGFRL RIL C4E load 64 r1 p:32
MVI SI 92 load 8 t i
MVIY SIY EB52 load 8 t i
MVHHI SIL E544 load 16 t i
MVHI SIL E54C load 32 t i:16s
MVGHI SIL E548 load 64 t i:16s
MSR RRE B252 multiply 32 r1 r2
MSGR RRE B90C multiply 64 r1 r2
MSGFR RRE B91C multiply 64 r1 r2:32s
MS RX 71 multiply 32 r1 s
MSY RXY E351 multiply 32 r1 s
MSG RXY E30C multiply 64 r1 s
MSGF RXY E31C multiply 64 r1 s:32s
MSFI RIL C21 multiply 32 r1 i:32s
MSGFI RIL C20 multiply 64 r1 i:32s
MH RX 4C multiply 32 r1 s:16s
MHY RXY E37C multiply 32 r1 s:16s
MHI RI A7C multiply 32 r1 i:16s
MGHI RI A7D multiply 64 r1 i:16s
"""
_OPERATIONS: Final[dict[str, Operation]] = {
    "add": _add,
    "subtract": _subtract,
    "positive": _positive,
    "negative": _negative,
    "complement": _complement,
    "test": _test,
    "add_logical": _add_logical,
    "add_logical_quietly": _add_logical_quietly,
    "add_with_carry": _add_with_carry,
    "subtract_logical": _subtract_logical,
    "subtract_with_borrow": _subtract_with_borrow,
    "and": _and,
    "or": _or,
    "exclusive_or": _exclusive_or,
    "load": _load,
    "compare": _compare,
    "compare_logical": _compare_logical,
    "multiply": _multiply,
}
for _row in _TABLE.strip().splitlines():
    _mnemonic, _form, _opcode, _operation, _width, *_operands = _row.split()
    pattern(_mnemonic, _form, int(_opcode, 16), _OPERATIONS[_operation], int(_width), *_operands)
