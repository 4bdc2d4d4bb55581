# SPDX-License-Identifier: GPL-2.0-or-later
"""The program-status word: loading it, its early exceptions, and the instructions that change a part of it."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT, EXTENDED_ADDRESSING, PROBLEM_STATE
from tools.conform.architecture.case import (
    VERIFIED,
    Case,
    CaseSection,
    FinalState,
    no_facility,
    program,
    supervisor_call,
)
from tools.conform.architecture.spaces import TableSpace

EARLY = "PoP 6, Early Exception Recognition; Linux is_valid_psw (architecture reference F4)"
ALL = (1 << 64) - 1
MODE_31 = BASIC_ADDRESSING
ADDRESS = 0x9000


def bit(number: int) -> int:
    return 1 << 63 - number


INVALID_PSWS = (
    *((f"bit-{n}", ADDRESSING_MODE | bit(n), ADDRESS) for n in (0, 2, 3, 4, 12, *range(25, 31), 33, 40, 47, 62, 63)),
    ("extended-without-basic", EXTENDED_ADDRESSING, ADDRESS),
    ("24-bit-address-25", 0, 1 << 24),
    ("24-bit-address-64", 0, 1 << 63),
    ("31-bit-address-32", MODE_31, 1 << 31),
    ("31-bit-address-64", MODE_31, 1 << 63),
)
VALID_PSWS = (
    ("64-bit", ADDRESSING_MODE),
    ("31-bit", MODE_31),
    ("24-bit", 0),
    ("key", ADDRESSING_MODE | 9 << 52),
    ("problem-state", ADDRESSING_MODE | bit(15)),
    ("address-space-control", ADDRESSING_MODE | bit(16)),
    ("condition-code", ADDRESSING_MODE | 3 << 44),
    ("program-mask", ADDRESSING_MODE | 0xF << 40),
    ("machine-check-mask", ADDRESSING_MODE | bit(13)),
)


def words(*values: int) -> bytes:
    return b"".join((value & ALL).to_bytes(8, "big") for value in values)


def loading() -> Iterator[Case]:
    for name, mask, address in INVALID_PSWS:
        yield Case(
            name=f"early-{name}",
            rule="A PSW that may not be is loaded, and then is a specification exception with an ILC of 0: the old PSW "
            "is what was loaded.",
            source=EARLY,
            basis=VERIFIED,
            registers={2: "page1"},
            storage={"page1": words(mask, address)},
            code="LPSWE 0(2)",
            events=(program(Code.SPECIFICATION, ilc=0, at=address, mask=(mask, ALL)),),
        )
    yield Case(
        name="early-bit-24",
        rule="Bit 24 is zero where runtime instrumentation is not there.",
        source=EARLY,
        basis=VERIFIED,
        needs=(no_facility(64),),
        registers={2: "page1"},
        storage={"page1": words(ADDRESSING_MODE | bit(24), ADDRESS)},
        code="LPSWE 0(2)",
        events=(program(Code.SPECIFICATION, ilc=0, at=ADDRESS, mask=(ADDRESSING_MODE | bit(24), ALL)),),
    )
    yield Case(
        name="odd-load-short",
        rule="The address in a short PSW has 31 bits, the last one too: an odd one is found when it is to be fetched.",
        source="PoP 10, Load PSW; PoP 6, Late Exception Recognition",
        basis=VERIFIED,
        registers={2: "page1"},
        storage={"page1": words(0x0008_0001_8000_9001)},
        code="LPSW 0(2)",
        events=(program(Code.SPECIFICATION, ilc=None, mask=(ADDRESSING_MODE, ALL)),),
    )
    for name, mask in VALID_PSWS:
        yield Case(
            name=f"load-{name}",
            rule="LOAD PSW EXTENDED loads all of the PSW.",
            source="PoP 10, Load PSW Extended",
            basis=VERIFIED,
            registers={2: "page1"},
            storage={"page1": words(mask, ADDRESS)},
            code="LPSWE 0(2)",
            parts={ADDRESS: "SVC 7\nbehind: LGHI 15,1"},
            events=(
                # All of its mask, the condition code included.
                supervisor_call(7, at="behind", mask=(mask, ALL)),
            ),
        )
    for name, word, mask in (
        ("31-bit", 0x0008_0000_8000_9000, MODE_31),
        ("24-bit", 0x0008_0000_0000_9000, 0),
        ("64-bit", 0x0008_0001_8000_9000, ADDRESSING_MODE),
        ("masks", 0x0408_3F00_8000_9000 & ~bit(5), MODE_31 | 0x3F << 40),
    ):
        yield Case(
            name=f"load-short-{name}",
            rule="LOAD PSW makes the long PSW of a short one: bit 12 inverted, bits 33-63 the address.",
            source="PoP 10, Load PSW",
            basis=VERIFIED,
            registers={2: "page1"},
            storage={"page1": words(word)},
            code="LPSW 0(2)",
            parts={ADDRESS: "SVC 7\nbehind: LGHI 15,1"},
            events=(supervisor_call(7, at="behind", mask=(mask, ALL)),),
        )
    yield Case(
        name="load-short-bit-12",
        rule="A short PSW whose bit 12 is zero is a specification exception, before or after it has been loaded.",
        source="PoP 10, Load PSW; kvm-unit-tests spec_ex (architecture reference F4)",
        basis=VERIFIED,
        registers={2: "page1"},
        storage={"page1": words(0x0000_0000_8000_9000)},
        code="LPSW 0(2)",
        events=(program(Code.SPECIFICATION, ilc=None, mask=(0, 0)),),
    )


def odd_addresses() -> Iterator[Case]:
    yield Case(
        name="odd-load-psw",
        rule="An odd instruction address is a specification exception when an instruction is to be fetched there.",
        source="PoP 6, Late Exception Recognition",
        basis=VERIFIED,
        registers={2: "page1"},
        storage={"page1": words(ADDRESSING_MODE, ADDRESS + 1)},
        code="LPSWE 0(2)",
        events=(program(Code.SPECIFICATION, ilc=None, mask=(ADDRESSING_MODE, ALL)),),
    )
    yield Case(
        name="odd-branch",
        rule="A branch to an odd address is performed, and what is there is a specification exception.",
        source="PoP 6, Late Exception Recognition",
        basis=VERIFIED,
        registers={2: ADDRESS + 1},
        code="BASR 3,2\nlink: LGHI 15,1",
        events=(program(Code.SPECIFICATION, ilc=None),),
        end=FinalState(registers={3: "link", 15: 0}),
    )


def system_mask() -> Iterator[Case]:
    for name, code, ilc, storage in (
        ("set", "bad: SSM 0(2)", 4, 0x08),
        ("set-bit-0", "bad: SSM 0(2)", 4, 0x80),
        ("or", "bad: STOSM 8(2),0x10", 4, 0),
    ):
        new = {0x08: bit(4), 0x80: bit(0), 0: bit(3)}[storage]
        yield Case(
            name=f"early-system-mask-{name}",
            rule="A system mask that may not be is set, and then is a specification exception behind the instruction.",
            source=EARLY,
            basis=VERIFIED,
            registers={2: "page1"},
            storage={"page1": words(storage << 56, 0)},
            code=f"{code}\nafter: LGHI 15,1",
            events=(program(Code.SPECIFICATION, ilc=ilc, at="after", mask=(ADDRESSING_MODE | new, ALL)),),
        )
    yield Case(
        name="early-system-mask-executed",
        rule="Under an execute instruction the ILC is that of the execute instruction.",
        source=EARLY,
        basis=VERIFIED,
        registers={2: "page1"},
        storage={"page1": words(0x08 << 56)},
        code="bad: EXRL 0,target\nafter: BRC 15,done\ntarget: SSM 0(2)\ndone: LGHI 15,1",
        events=(program(Code.SPECIFICATION, ilc=6, at="after", mask=(ADDRESSING_MODE | bit(4), ALL)),),
    )
    yield Case(
        name="set-system-mask",
        rule="SET SYSTEM MASK replaces bits 0-7.",
        source="PoP 10, Set System Mask",
        basis=VERIFIED,
        registers={2: "page1"},
        mask=ADDRESSING_MODE,
        storage={"page1": words(0x02 << 56)},
        code="SSM 0(2)",
        end=FinalState(mask=(bit(6), 0xFF << 56)),
    )
    for name, code, before, after, stored in (
        ("and", "STNSM 0(2),0xFD", bit(6), 0, 0x02),
        ("or", "STOSM 0(2),0x02", 0, bit(6), 0x00),
    ):
        yield Case(
            name=f"store-then-{name}-system-mask",
            rule="The system mask before is stored, and then combined with I2.",
            source="PoP 10, Store Then AND System Mask, Store Then OR System Mask",
            basis=VERIFIED,
            registers={2: "page1"},
            mask=ADDRESSING_MODE | before,
            storage={"page1": words(ALL)},
            code=code,
            end=FinalState(mask=(after, 0xFF << 56), storage={"page1": stored << 56 | ALL >> 8}),
        )


def parts() -> Iterator[Case]:
    yield Case(
        name="set-program-mask",
        rule="SET PROGRAM MASK sets condition code and program mask of bits 34-39 of R1.",
        source="PoP 7, Set Program Mask",
        basis=VERIFIED,
        registers={2: 0x2A00_0000},
        code="SPM 2",
        end=FinalState(cc=2, mask=(0xA << 40, 0xF << 40)),
    )
    yield Case(
        name="insert-program-mask",
        rule="INSERT PROGRAM MASK puts zeros, cc and program mask in bits 32-39 of R1, and changes no other.",
        source="PoP 7, Insert Program Mask",
        basis=VERIFIED,
        registers={3: ALL},
        mask=ADDRESSING_MODE | 2 << 44 | 5 << 40,
        code="IPM 3",
        end=FinalState(registers={3: 0xFFFF_FFFF_25FF_FFFF}, cc=2),
    )
    yield Case(
        name="extract-psw",
        rule="EXTRACT PSW puts bits 0-31 and 32-63 of the PSW in the right halves of R1 and R2.",
        source="PoP 7, Extract PSW",
        basis=VERIFIED,
        registers={3: ALL, 4: ALL},
        mask=ADDRESSING_MODE | 2 << 44 | 7 << 52,
        code="EPSW 3,4",
        end=FinalState(registers={3: 0xFFFF_FFFF_0070_2001, 4: 0xFFFF_FFFF_8000_0000}),
    )
    yield Case(
        name="set-psw-key",
        rule="SET PSW KEY FROM ADDRESS sets the key of bits 56-59 of the address.",
        source="PoP 10, Set PSW Key from Address",
        basis=VERIFIED,
        registers={2: 0xFFF0_0050},
        code="SPKA 0x20(2)",
        end=FinalState(mask=(7 << 52, 0xF << 52)),
    )
    yield Case(
        name="insert-psw-key",
        rule="INSERT PSW KEY puts the key in bits 56-59 of register 2, zeros in 60-63, and changes no other.",
        source="PoP 10, Insert PSW Key",
        basis=VERIFIED,
        registers={2: ALL},
        mask=ADDRESSING_MODE | 9 << 52,
        code="IPK",
        end=FinalState(registers={2: 0xFFFF_FFFF_FFFF_FF90}),
    )


def new_psw() -> Iterator[Case]:
    yield Case(
        name="early-new-psw",
        rule="A new PSW that may not be is loaded by its interruption, and then is a specification exception.",
        source=EARLY,
        basis=VERIFIED,
        registers={2: "page1"},
        storage={"page1": words(ADDRESSING_MODE | bit(2), ADDRESS)},
        code="MVC 0x1C0(16),0(2)\nSVC 5\nafter: LGHI 15,1",
        events=(program(Code.SPECIFICATION, ilc=0, at=ADDRESS, mask=(ADDRESSING_MODE | bit(2), ALL)),),
        # The old PSW of the supervisor call.
        end=FinalState(storage={0x148: "after"}),
    )


def resumed() -> Iterator[Case]:
    """RESUME PROGRAM, whose parameter list is behind it, and behind that the instruction at 800C hex."""
    space = TableSpace().map(0x40000, 0x40000)
    for name, number in {"primary": 0, "secondary": 2, "home": 3}.items():
        for state, problem in (("supervisor", 0), ("problem", PROBLEM_STATE)):
            is_permitted = not problem or name != "home"
            mask = ADDRESSING_MODE | DAT | problem
            loaded = number << 46 | 1 << 44 | 5 << 40
            yield Case(
                name=f"resumed-{name}-{state}",
                rule="RESUME PROGRAM sets the space, the condition code and the program mask, but in the problem state "
                "not the home space.",
                source="PoP 10, Resume Program",
                basis=VERIFIED,
                mask=mask,
                controls={1: space.asce, 7: space.asce, 13: space.asce},
                storage=space.storage
                | {
                    "page1": (loaded | 3 << 31 | 0x800C).to_bytes(8, "big"),
                    "page1+8": bytes.fromhex("1122334455667788"),
                },
                registers={2: "page1"},
                # Flags, and where the PSW, the access register and the general register lie.
                code="RP 0(2)\nDC X'000000000008000C'\nLGHI 15,1",
                events=() if is_permitted else (program(Code.PRIVILEGED_OPERATION, ilc=4, at=0x8004),),
                end=FinalState(
                    mask=(mask | loaded, (1 << 64) - 1) if is_permitted else None,
                    registers={2: (0x5566_7788, 0xFFFF_FFFF), 15: 1} if is_permitted else {15: 0},
                ),
            )


def trapped() -> Iterator[Case]:
    """TRAP: the dispatchable-unit control table is in page1, the control block and the save area are in page2."""
    block, program_at = 0x12_3000, 0x8100
    space, home = TableSpace(), TableSpace(origin=0x60000).map(block, 0x41000)
    for name, number in (("primary", 0), ("access-register", 1)):
        mask = ADDRESSING_MODE | DAT | number << 46 | 3 << 44
        yield Case(
            name=f"trap-{name}",
            rule="TRAP saves the PSW and goes on in the 31-bit mode and the primary space; the rest of the PSW stays.",
            source="PoP 10, Trap",
            basis=VERIFIED,
            mask=mask,
            controls={1: space.asce, 2: 0x40000, 13: home.asce},
            storage=space.storage
            | home.storage
            | {
                "page1+44": (block | 1).to_bytes(4, "big"),
                # PSW and registers are saved in full, at 800 hex of the page.
                "page2": (3 << 17).to_bytes(4, "big"),
                "page2+12": (block + 0x800).to_bytes(4, "big"),
                "page2+20": program_at.to_bytes(4, "big"),
            },
            code="TRAP2\nafter: LGHI 15,1",
            parts={program_at: "LGHI 14,1\nSVC 255"},
            end=FinalState(
                mask=(BASIC_ADDRESSING | DAT | 3 << 44, ALL),
                registers={14: 1, 15: block},
                storage={"page2+0x800": 2 << 48, "page2+0x810": mask, "page2+0x818": "after"},
            ),
        )


SECTION = CaseSection(
    "Program-status word",
    (*loading(), *odd_addresses(), *system_mask(), *parts(), *new_psw(), *resumed(), *trapped()),
)
