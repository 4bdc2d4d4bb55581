# SPDX-License-Identifier: GPL-2.0-or-later
"""Floating-point support: loads, stores and copies, signs, zeros, the general registers, and the FPC register."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import Case, CaseSection, Need, facility
from tools.conform.architecture.exception_row import ExceptionRow
from tools.conform.architecture.floating_row import (
    AFP_REGISTERS,
    FLOATING_POINT_EXTENSION,
    FloatingDatum,
    FloatingRow,
)
from tools.conform.architecture.instruction_row import InstructionRow

COPIED = "The datum is copied as it is, and the rest of the register, or of storage, stays."
COPIED_SOURCE = "PoP 9, Load; Store; Load FPR from GR; Load GR from FPR; Load Zero; Copy Sign"
SIGNED = "The sign bit is set, inverted or copied, whatever the other bits are, and the condition code stays."
CONTROL = "The FPC register is loaded, stored, or its rounding-mode field set; bits that are not assigned stay zero."
CONTROL_SOURCE = "PoP 9, Extract FPC; Load FPC; Set FPC; Store FPC; Set BFP Rounding Mode; Set DFP Rounding Mode"
SIGNALING = (
    "The flags are those of before and of the operand; a flag of before whose mask is one in the operand is signaled."
)
SIGNALING_SOURCE = "PoP 9, Load FPC and Signal; Set FPC and Signal"
ENHANCEMENT = (facility(41),)
LONG_DISPLACEMENT = (facility(18),)
SHORT_DATUM, LONG_DATUM = 0x89AB_CDEF, 0x8123_4567_89AB_CDEF
HIGH, LOW = 0xFEDC_BA98_7654_3210, 0x0F1E_2D3C_4B5A_6978
LEFT = 0x1111_2222
SIGN = 1 << 63
ALL_FPC = 0xF8F8_FF77
"""The FPC register with IEEE masks and flags, a data-exception code, and two rounding modes, all ones."""


def short(bits: int) -> FloatingDatum:
    return FloatingDatum(32, bits)


def long(bits: int) -> FloatingDatum:
    return FloatingDatum(64, bits)


def copies() -> Iterator[FloatingRow]:
    short_datum, long_datum, extended = short(SHORT_DATUM), long(LONG_DATUM), FloatingDatum(128, HIGH << 64 | LOW)
    for mnemonic, datum, needs in (
        ("ler", short_datum, ()),
        ("le", short_datum, ()),
        ("ldr", long_datum, ()),
        ("ld", long_datum, ()),
        ("lxr", extended, ()),
    ):
        operand = "4" if mnemonic.endswith("r") else "{s}"
        text = f"{mnemonic.upper()} 1,{operand}"
        yield FloatingRow(name=mnemonic, instruction=text, second=datum, result=datum, needs=needs)
    for mnemonic, width in (("lzer", 32), ("lzdr", 64), ("lzxr", 128)):
        yield FloatingRow(name=mnemonic, instruction=f"{mnemonic.upper()} 1", result=FloatingDatum(width, 0))
    yield FloatingRow(
        name="ldgr",
        instruction="LDGR 1,7",
        result=long_datum,
        registers={7: LONG_DATUM},
        needs=ENHANCEMENT,
    )
    yield FloatingRow(
        name="lgdr",
        instruction="LGDR 7,4",
        second=long_datum,
        registers={7: LOW},
        after={7: LONG_DATUM},
        needs=ENHANCEMENT,
    )


def stores() -> Iterator[InstructionRow]:
    """The operand ends with the doubleword, or is in the middle of what stays; loads with a long displacement, too."""
    given = {"page1": LONG_DATUM, "page1+8": HIGH, "page1+16": LOW}
    left = LONG_DATUM >> 32
    for name, code, stored, needs in (
        ("ste", "STE 1,12(0,6)", {"page1+8": HIGH >> 32 << 32 | left}, ()),
        ("std", "STD 1,8(7,6)", {"page1+16": LONG_DATUM}, ()),
        ("stey", "STEY 1,-4088(0,8)", {"page1+8": left << 32 | HIGH & 0xFFFF_FFFF}, LONG_DISPLACEMENT),
        ("stdy", "STDY 1,-4088(7,8)", {"page1+16": LONG_DATUM}, LONG_DISPLACEMENT),
    ):
        yield support_row(name, f"LD 1,0(0,6)\n{code}", given, stored, needs)
    for name, code, result in (
        ("ley", "LEY 1,-4084(0,8)", (HIGH & 0xFFFF_FFFF) << 32 | LONG_DATUM & 0xFFFF_FFFF),
        ("ldy", "LDY 1,-4088(7,8)", LOW),
        ("le-indexed", "LE 1,4(7,6)", (HIGH & 0xFFFF_FFFF) << 32 | LONG_DATUM & 0xFFFF_FFFF),
    ):
        text = f"LD 1,0(0,6)\n{code}\nSTD 1,24(0,6)"
        needs = LONG_DISPLACEMENT if name.endswith("y") else ()
        yield support_row(name, text, {**given, "page1+24": 0}, {"page1+24": result}, needs)


def support_row(
    name: str, code: str, storage: dict[int | str, int], stored: dict[int | str, int], needs: tuple[Need, ...]
) -> InstructionRow:
    return InstructionRow(
        name,
        code,
        {6: "page1", 7: 8, 8: "page1+4096"},
        storage=storage,
        stored=stored,
        needs=needs,
        controls={0: AFP_REGISTERS},
    )


def signs() -> Iterator[FloatingRow]:
    """Of numbers of any kind, here of bits that are a NaN as a binary one."""
    plus, minus = 0x7FF0_0000_0000_0001, 0xFFF0_0000_0000_0001
    for mnemonic, results in (
        ("lpdfr", {plus: plus, minus: plus}),
        ("lndfr", {plus: minus, minus: minus}),
        ("lcdfr", {plus: minus, minus: plus}),
    ):
        for operand, result in results.items():
            yield FloatingRow(
                name=f"{mnemonic}-{'minus' if operand & SIGN else 'plus'}",
                instruction=f"{mnemonic.upper()} 1,4",
                second=long(operand),
                result=long(result),
                needs=ENHANCEMENT,
            )
    for third in (plus, minus):
        for second in (0x0123_4567_89AB_CDEF, LONG_DATUM):
            name = "-".join("minus" if each & SIGN else "plus" for each in (third, second))
            yield FloatingRow(
                name=f"cpsdr-{name}",
                instruction="CPSDR 1,8,4",
                third=long(third),
                second=long(second),
                result=long(third & SIGN | second & ~SIGN),
                needs=ENHANCEMENT,
            )


def controls() -> Iterator[InstructionRow]:
    """Register 3 has garbage in its left half, which no FPC register has, and which EFPC leaves."""
    for name, before, code, after, needs in (
        ("sfpc", 0, "SFPC 4", ALL_FPC, ()),
        ("sfpc-nothing", ALL_FPC, "SFPC 5", 0, ()),
        ("lfpc", 0, "LFPC 12(6)", ALL_FPC, ()),
        ("srnm", 0xF8F8_FF70, "SRNM 0xFFE", 0xF8F8_FF72, ()),
        ("srnm-base", 0xF8F8_FF73, "SRNM 2(7)", 0xF8F8_FF71, ()),
        ("srnmb", 0xF8F8_FF70, "SRNMB 7", 0xF8F8_FF77, (FLOATING_POINT_EXTENSION,)),
        ("srnmb-base", 0xF8F8_FF77, "SRNMB 4(7)", 0xF8F8_FF73, (FLOATING_POINT_EXTENSION,)),
        ("srnmt", 0xF8F8_FF07, "SRNMT 0xFFD", 0xF8F8_FF57, ENHANCEMENT),
    ):
        yield InstructionRow(
            name,
            f"LFPC 4(6)\n{code}\nSTFPC 20(6)\nEFPC 3",
            {3: HIGH, 4: LEFT << 32 | ALL_FPC, 5: LEFT << 32, 6: "page1", 7: 0xFFF_FFFF_FFFF_FFFF},
            {3: HIGH >> 32 << 32 | after},
            storage={"page1": LEFT << 32 | before, "page1+8": LEFT << 32 | ALL_FPC, "page1+16": HIGH},
            stored={"page1+16": HIGH >> 32 << 32 | after},
            needs=needs,
            controls={0: AFP_REGISTERS},
        )


def signaled() -> Iterator[Case]:
    """The mask of invalid operations and the flag of inexact results are one before."""
    for mnemonic, code in (("lfas", "LFAS 4(6)"), ("sfasr", "SFASR 4")):
        for name, operand, after in (
            ("other-mask", 0x4010_0001, 0x4018_0001),
            ("flag-of-operand", 0x8080_0003, 0x8088_0003),
        ):
            yield InstructionRow(
                f"{mnemonic}-{name}",
                f"LFPC 12(6)\n{code}\nEFPC 3",
                {3: HIGH, 4: LEFT << 32 | operand, 6: "page1"},
                {3: HIGH >> 32 << 32 | after},
                storage={"page1": LEFT << 32 | operand, "page1+8": LEFT << 32 | 0x8008_0000},
                needs=ENHANCEMENT,
                controls={0: AFP_REGISTERS},
            ).case(SIGNALING, SIGNALING_SOURCE)
        yield ExceptionRow(
            f"{mnemonic}-signaled",
            SIGNALING,
            SIGNALING_SOURCE,
            f"LFPC 12(6)\nbad: {code}\nafter: LGHI 15,1",
            Code.DATA,
            4,
            registers={3: HIGH, 4: LEFT << 32 | 0x8000_0000, 6: "page1"},
            storage={"page1": LEFT << 32 | 0x8000_0000, "page1+8": LEFT << 32 | 0x0080_0000},
            controls={0: AFP_REGISTERS},
            # Simulated: 80 hex for an invalid operation, with 3.
            fields={"data_exception_code": 0x83},
            needs=ENHANCEMENT,
        ).case()


def all_cases() -> Iterator[Case]:
    yield from (row.case(COPIED, COPIED_SOURCE) for row in (*copies(), *stores()))
    yield from (row.case(SIGNED, "PoP 9, Load Complement; Load Negative; Load Positive; Copy Sign") for row in signs())
    yield from (row.case(CONTROL, CONTROL_SOURCE) for row in controls())
    yield from signaled()


SECTION = CaseSection("Floating-point support", tuple(all_cases()))
