# SPDX-License-Identifier: GPL-2.0-or-later
"""Exceptions of arithmetic: fixed-point, decimal, hexadecimal and binary floating point, and data exceptions."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DECIMAL_OVERFLOW, HFP_EXPONENT_UNDERFLOW, HFP_SIGNIFICANCE
from tools.conform.architecture.case import CaseSection, FinalState, facility
from tools.conform.architecture.exception_row import ExceptionRow

FIXED_POINT_OVERFLOW = 1 << 43
AFP = 0x40000
SENTINEL = 0x3333_3333_3333_3333


def arithmetic() -> Iterator[ExceptionRow]:
    yield ExceptionRow(
        "fixed-point-overflow",
        "An overflow with its mask one is a program interruption after the operation, which is completed with cc 3.",
        "PoP 6, Fixed-Point-Overflow Exception",
        "AR 3,4",
        Code.FIXED_POINT_OVERFLOW,
        2,
        registers={3: 0x7FFF_FFFF, 4: 1},
        mask=ADDRESSING_MODE | FIXED_POINT_OVERFLOW,
        cc=3,
        end=FinalState(registers={3: 0x8000_0000}),
    )
    for name, code, ilc, registers in (
        ("divide-by-zero", "DR 2,5", 2, {2: 0, 3: 7, 5: 0}),
        ("divide-too-large", "DR 2,5", 2, {2: 4, 3: 0, 5: 4}),
        ("divide-by-zero-64", "DSGR 2,5", 4, {3: 7, 5: 0}),
        ("divide-logical-too-large", "DLGR 2,5", 4, {2: 5, 3: 0, 5: 5}),
        ("convert-to-binary", "CVB 3,0(4)", 4, {3: SENTINEL, 4: "page1"}),
    ):
        yield ExceptionRow(
            f"fixed-point-{name}",
            "A quotient that does not fit is a fixed-point-divide exception, which suppresses; CONVERT TO BINARY of a "
            "number that does not fit completes.",
            "PoP 6, Fixed-Point-Divide Exception",
            code,
            Code.FIXED_POINT_DIVIDE,
            ilc,
            registers=registers,
            storage={"page1": 0x0000_0999_9999_999C},
            # The 32 rightmost bits of 9,999,999,999.
            end=FinalState(
                registers={
                    2: registers.get(2, 0),
                    3: 0x3333_3333_540B_E3FF if ilc == 4 and 4 in registers else registers[3],
                }
            ),
        )
    yield ExceptionRow(
        "decimal-overflow",
        "A decimal overflow with its mask one is a program interruption after the operation, with cc 3.",
        "PoP 6, Decimal-Overflow Exception",
        "AP 0(1,4),1(1,4)",
        Code.DECIMAL_OVERFLOW,
        6,
        registers={4: "page1"},
        storage={"page1": 0x9C9C << 48},
        mask=ADDRESSING_MODE | DECIMAL_OVERFLOW,
        cc=3,
        end=FinalState(storage={"page1": 0x8C9C << 48}),
    )
    yield ExceptionRow(
        "decimal-divide",
        "A decimal quotient that does not fit, or a divisor of zero, is a decimal-divide exception.",
        "PoP 6, Decimal-Divide Exception",
        "DP 0(4,4),4(1,4)",
        Code.DECIMAL_DIVIDE,
        6,
        registers={4: "page1"},
        storage={"page1": 0x0000_001C_0C00_0000},
        end=FinalState(storage={"page1": 0x0000_001C_0C00_0000}),
    )


def data() -> Iterator[ExceptionRow]:
    for name, code, number in (("digit", 0x1AAC_0000, 0), ("sign", 0x1111_0000, 0)):
        yield ExceptionRow(
            f"data-decimal-{name}",
            "An invalid digit or sign is a data exception with code 0.",
            "PoP 6, Data Exception",
            "AP 0(2,4),4(2,4)",
            Code.DATA,
            6,
            registers={4: "page1"},
            storage={"page1": (0x001C_0000 << 32) | code},
            fields={"data_exception_code": number},
            end=FinalState(storage={"page1": (0x001C_0000 << 32) | code}),
        )
    for name, code, ilc, number in (
        ("afp-register", "LDR 1,2", 2, 1),
        ("bfp-instruction", "ADBR 0,2", 4, 2),
    ):
        yield ExceptionRow(
            f"data-{name}",
            "With the AFP-register control zero other registers than 0, 2, 4 and 6 are a data exception with code 1, "
            "and BFP instructions one with code 2.",
            "PoP 6, Data Exception; PoP 9 (architecture reference F1)",
            code if name != "afp-register" else "DC X'2812'",
            Code.DATA,
            ilc,
            fields={"data_exception_code": number},
        )
    yield ExceptionRow(
        "data-vector-instruction",
        "With the vector-enablement control zero a vector instruction is a data exception with code FE.",
        "PoP 6, Data Exception (architecture reference F1)",
        "DC X'E70000000044'",
        Code.DATA,
        6,
        controls={0: 0xE0 | AFP},
        needs=(facility(129),),
        fields={"data_exception_code": 0xFE},
    )
    yield ExceptionRow(
        "data-compare-and-trap",
        "COMPARE AND TRAP whose condition holds is a data exception with code FF, after the operation.",
        "PoP 7, Compare and Trap; PoP 6, Data Exception",
        "DC X'B9608034'",
        Code.DATA,
        4,
        registers={3: 5, 4: 5},
        needs=(facility(34),),
        fields={"data_exception_code": 0xFF},
    )
    yield ExceptionRow(
        "data-divide-by-zero",
        "A BFP division by zero whose mask is one in the FPC is a data exception with code 40 hex.",
        "PoP 9, IEEE Exceptions; PoP 6, Data Exception (architecture reference F1)",
        "LD 0,0(4)\nLD 2,8(4)\nDC X'B29D4010'\nbad: DDBR 0,2\nafter: LGHI 15,1",
        Code.DATA,
        4,
        registers={4: "page1"},
        storage={"page1": bytes.fromhex("3ff0000000000000 0000000000000000 40000000")},
        controls={0: 0xE0 | AFP},
        fields={"data_exception_code": 0x40},
    )


def hexadecimal() -> Iterator[ExceptionRow]:
    base = "LD 0,0(4)\nLD 2,8(4)\nbad: {}\nSTD 0,16(4)\n"
    rows = (
        ("exponent-overflow", "ADR 0,2", 2, "7fffffffffffffff 7fffffffffffffff", 0, Code.HFP_EXPONENT_OVERFLOW, 2),
        ("significance", "ADR 0,2", 2, "4110000000000000 c110000000000000", HFP_SIGNIFICANCE, Code.HFP_SIGNIFICANCE, 0),
        (
            *("exponent-underflow", "MDR 0,2", 2, "0110000000000000 0110000000000000"),
            *(HFP_EXPONENT_UNDERFLOW, Code.HFP_EXPONENT_UNDERFLOW, None),
        ),
        ("divide", "DDR 0,2", 2, "4110000000000000 0000000000000000", 0, Code.HFP_DIVIDE, None),
        ("square-root", "SQDR 0,2", 4, "4110000000000000 c110000000000000", 0, Code.HFP_SQUARE_ROOT, None),
    )
    for name, code, ilc, content, mask, interruption, cc in rows:
        yield ExceptionRow(
            f"hfp-{name}",
            "HFP exceptions: overflow, underflow and significance complete, divide and square root suppress.",
            "PoP 6, HFP exceptions; PoP 18",
            f"{base.format(code)}".replace("\nSTD", "\nafter: STD"),
            interruption,
            ilc,
            registers={4: "page1"},
            storage={"page1": bytes.fromhex(content)},
            mask=ADDRESSING_MODE | mask,
            cc=cc,
        )


ROWS = (*arithmetic(), *data(), *hexadecimal())

SECTION = CaseSection("Exceptions of arithmetic", tuple(row.case() for row in ROWS))
