# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions that tell or change something of the CPU, the clocks and the channel subsystem, in their plain form."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emu.facilities import Facility
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT
from tools.conform.architecture.case import INFERRED, VERIFIED, Basis, Case, CaseSection, facility
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.spaces import INVALID, PAGE, PAGE_INVALID, TableLevel, TableSpace

OLD = 0x1357_9BDF_0246_8ACE
MASK_64 = (1 << 64) - 1
ADDRESS = 3 << 31 | 4 << 20 | 5 << 12
EXTRACTION = 1 << 63 - 36
"""The extraction-authority control in control register 0."""
CR0 = 0xE0


def real_address_rows() -> Iterator[InstructionRow]:
    """LOAD REAL ADDRESS in its other forms, and STORE REAL ADDRESS."""
    tables = TableSpace(TableLevel.REGION_THIRD).map(ADDRESS, 0x40000)
    for mnemonic, place in (("LRA", "8(0,2)"), ("LRAY", "-4088(0,5)")):
        for name, changed, cc, value in (
            ("translated", tables, 0, 0x40008),
            (
                "segment",
                TableSpace(TableLevel.REGION_THIRD).map(ADDRESS, 0x40000).flag(TableLevel.SEGMENT, ADDRESS, INVALID),
                1,
                tables.entry_address(TableLevel.SEGMENT, ADDRESS),
            ),
            (
                "page",
                TableSpace(TableLevel.REGION_THIRD).map(ADDRESS, 0x40000).flag(PAGE, ADDRESS, PAGE_INVALID),
                2,
                tables.entry_address(PAGE, ADDRESS),
            ),
        ):
            yield InstructionRow(
                f"{mnemonic.lower()}-{name}",
                f"{mnemonic} 3,{place}",
                {2: ADDRESS, 5: ADDRESS + 4096, 3: OLD},
                {3: value},
                cc,
                changed.storage,
                controls={1: changed.asce},
                mask=ADDRESSING_MODE | DAT,
            )
    yield InstructionRow(
        "strag",
        "STRAG 16(2),8(2)",
        {2: ADDRESS},
        {},
        None,
        {**tables.storage, 0x40000: OLD},
        {0x40010: 0x40008},
        controls={1: tables.asce},
        mask=ADDRESSING_MODE | DAT,
    )


def authority_rows() -> Iterator[InstructionRow]:
    tables = TableSpace(TableLevel.REGION_THIRD).map(ADDRESS, 0x40000)
    primary, secondary = 0x1122_3344_5566_7788, 0x99AA_BBCC_DDEE_F0F1
    controls = {0: CR0 | EXTRACTION, 1: tables.asce, 3: secondary, 4: primary}
    for mnemonic, held in (("EPAIR", primary), ("ESAIR", secondary)):
        yield InstructionRow(
            mnemonic.lower(),
            f"{mnemonic} 3",
            {3: OLD},
            {3: held & 0xFFFF_FFFF_0000_FFFF},
            None,
            tables.storage,
            controls=controls,
            mask=ADDRESSING_MODE | DAT,
        )
    # The index that was, and the one to come, change places; a second one brings both back.
    registers = {3: OLD & ~0xFFFF_FFFF | 0xAAAA_5555}
    yield InstructionRow("esea", "ESEA 3", registers, {3: OLD & ~0xFFFF_FFFF | 0x1234_5555}, controls={8: 0x1234_0000})
    twice = "ESEA 3\nLGHI 3,0\nESEA 3"
    yield InstructionRow("esea-twice", twice, registers, {3: 0x5555_0000}, controls={8: 0x1234_0000})


def mode_rows() -> Iterator[InstructionRow]:
    for name, mode, cc in (("24-bit", 0, 0), ("31-bit", BASIC_ADDRESSING, 1), ("64-bit", ADDRESSING_MODE, 3)):
        yield InstructionRow(f"tam-{name}", "TAM", {3: OLD}, {}, cc, mask=mode)


def access_register_rows() -> Iterator[InstructionRow]:
    stored: dict[int | str, int] = {"page1": 0x1111_2222_3333_4444}
    for name, code in (("lamy", "LAMY 5,6,-4096(2)\nSTAM 5,6,4(3)"), ("stamy", "LAM 5,6,0(3)\nSTAMY 5,6,-4092(2)")):
        registers: dict[int, int | str] = {2: "page1+4096", 3: "page1"}
        yield InstructionRow(
            name, code, registers, {}, None, stored, {"page1": 0x1111_2222_1111_2222, "page1+8": 0x3333_4444 << 32}
        )


def clock_rows() -> Iterator[InstructionRow]:
    clock = 0x1234_5678_9ABC_DEF0
    # What is counted until the clock is looked at is far less than the mask leaves out.
    registers: dict[int, int | str] = {2: "page1", 4: 0}
    yield InstructionRow(
        "sck",
        "SCK 0(2)\nLGHI 5,0\nSTCK 8(2)\nLG 4,8(0,2)\nSRLG 4,4,40(0)",
        registers,
        {4: clock >> 40},
        0,
        {"page1": clock},
    )
    # The timer stands high, and counts down little meanwhile; the other operands are fetched.
    yield InstructionRow(
        "ectg",
        "SPT 0(2)\nECTG 8(2),16(2),3\nSRLG 0,0,40(0)",
        {2: "page1", 3: "page1+24", 0: OLD, 1: OLD},
        {0: 0x7F00_0000_0000_0000 - 0x1000_0000_0000_0000 >> 40, 1: 0x2222, 3: 0x3333},
        None,
        {
            "page1": 0x1000_0000_0000_0000,
            "page1+8": 0x7F00_0000_0000_0000,
            "page1+16": 0x2222,
            "page1+24": 0x3333,
        },
    )


def quiet_rows() -> Iterator[InstructionRow]:
    """Nothing of them is seen in registers or storage."""
    for name, code, needs in (
        ("palb", "PALB", ()),
        ("lpp", "LPP 0(2)", (facility(Facility.LOAD_PROGRAM_PARAMETER),)),
        # Explicit tracing is off.
        ("tracg", "TRACG 3,4,0(2)", ()),
        ("trace", "TRACE 3,4,0(2)", ()),
        ("sal", "SAL", ()),
        ("schm", "SCHM", ()),
    ):
        yield InstructionRow(name, code, {1: 0, 2: "page1", 3: OLD}, {}, None, {"page1": OLD}, needs=needs)


def channel_rows() -> Iterator[InstructionRow]:
    # No machine has a channel path with this number but one that has many.
    yield InstructionRow("rchp", "RCHP", {1: 0xFE}, {}, 3)
    yield InstructionRow("siga", "SIGA 0(0)", {0: 0, 1: 0x0001_FFFE, 2: 0, 3: 0}, {}, 3)


GROUPS: tuple[tuple[Callable[[], Iterator[InstructionRow]], str, str, Basis], ...] = (
    (
        real_address_rows,
        "The real address, or that of the entry that is invalid, in the form that the name says.",
        "PoP 10, Load Real Address; Store Real Address",
        VERIFIED,
    ),
    (
        authority_rows,
        "ASN and instance number come from the control register; an authority index is exchanged.",
        "PoP 10, Extract Primary ASN and Instance; Extract and Set Extended Authority",
        VERIFIED,
    ),
    (mode_rows, "The condition code says what the addressing mode is.", "PoP 7, Test Addressing Mode", VERIFIED),
    (
        access_register_rows,
        "Access registers are loaded and stored with a long displacement, too.",
        "PoP 7, Load Access Multiple; Store Access Multiple",
        VERIFIED,
    ),
    (
        clock_rows,
        "The clock is set; the CPU timer is subtracted from the first operand.",
        "PoP 10, Set Clock; PoP 7, Extract CPU Time",
        VERIFIED,
    ),
    (
        quiet_rows,
        "It is completed, and nothing else is changed.",
        "PoP 10, Purge ALB; Trace; PoP 14, Set Channel Monitor",
        VERIFIED,
    ),
    (channel_rows, "What is not there is not operational.", "PoP 14, Reset Channel Path", INFERRED),
)


def cases() -> Iterator[Case]:
    for rows, rule, source, basis in GROUPS:
        yield from (row.case(rule, source, basis) for row in rows())


SECTION = CaseSection("System instructions", tuple(cases()))
