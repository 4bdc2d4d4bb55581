# SPDX-License-Identifier: GPL-2.0-or-later
"""Translation exceptions and discard faults of every kind of access in each address space."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import INFERRED, VERIFIED, ZVM, Case, CaseSection, FinalState, facility, program
from tools.conform.architecture.spaces import INVALID, PAGE, PAGE_INVALID, TableLevel, TableSpace

SOURCE = (
    "PoP 3, Translation Modes, Assigned Storage Locations; Linux arch/s390/kvm/gaccess.c (architecture reference F3)"
)
VIRTUAL = 1 << 53 | 2 << 42 | 3 << 31 | 4 << 20 | 5 << 12
# The space of operands by PSW bits 16-17, and that of instructions.
SPACES = {"primary": (0, 0), "secondary": (2, 0), "home": (3, 3)}
# The instruction at the label bad, its length, and the indication in the TEID.
ACCESSES = {
    "fetch": ("bad: LG 3,0(2)", 6, 0x800),
    "store": ("bad: STG 3,0(2)", 6, 0x400),
    "instruction": ("bad: BCR 15,2", None, 0x800),
}
LEVELS = (
    ("region-first", TableLevel.REGION_FIRST, Code.REGION_FIRST_TRANSLATION),
    ("region-second", TableLevel.REGION_SECOND, Code.REGION_SECOND_TRANSLATION),
    ("region-third", TableLevel.REGION_THIRD, Code.REGION_THIRD_TRANSLATION),
    ("segment", TableLevel.SEGMENT, Code.SEGMENT_TRANSLATION),
    ("page", PAGE, Code.PAGE_TRANSLATION),
    ("asce-type", None, Code.ASCE_TYPE),
)


def tables(level: int | None) -> TableSpace:
    """A space in which the entry of *level* is invalid; None: VIRTUAL is outside of what it has."""
    if level is None:
        return TableSpace(TableLevel.SEGMENT)
    return (
        TableSpace(TableLevel.REGION_FIRST)
        .map(VIRTUAL, 0x40000)
        .flag(level, VIRTUAL, PAGE_INVALID if level == PAGE else INVALID)
    )


def translations() -> Iterator[Case]:
    for name, (number, of_instructions) in SPACES.items():
        for kind, (code, ilc, indication) in ACCESSES.items():
            space_number = of_instructions if kind == "instruction" else number
            for table, level, interruption in LEVELS:
                space = tables(level)
                yield Case(
                    name=f"{table}-{kind}-{name}",
                    rule="Bits 62-63 of the TEID are the number of the space; instructions come from the "
                    "primary space but in the home-space mode.",
                    source=SOURCE,
                    basis=VERIFIED,
                    needs=(facility(75),),
                    mask=ADDRESSING_MODE | DAT | number << 46,
                    controls={1: space.asce, 7: space.asce, 13: space.asce},
                    storage=space.storage,
                    registers={2: VIRTUAL},
                    code=f"{code}\nafter: LGHI 15,1",
                    events=(
                        program(
                            interruption,
                            ilc=ilc,
                            at=VIRTUAL if kind == "instruction" else "bad",
                            teid=VIRTUAL | indication | space_number,
                        ),
                    ),
                    end=FinalState(registers={15: 0}),
                )


def discards() -> Iterator[Case]:
    for name, (number, _) in SPACES.items():
        for kind, (code, ilc, _) in ACCESSES.items():
            space = TableSpace(TableLevel.REGION_FIRST).map(VIRTUAL, 0x40000)
            yield Case(
                name=f"discarded-{kind}-{name}",
                rule="A discard fault stores the absolute address, whatever the space.",
                source="Schwidefsky v7 patch 6/6 (page-hinting reference 3.1)",
                basis=INFERRED,
                needs=(ZVM,),
                mask=ADDRESSING_MODE | DAT | number << 46,
                controls={1: space.asce, 7: space.asce, 13: space.asce},
                storage=space.storage,
                registers={2: VIRTUAL},
                pages={"page1": "Vz"},
                code=f"{code}\nafter: LGHI 15,1",
                events=(
                    program(
                        Code.DISCARD_FAULT,
                        ilc=ilc,
                        at=VIRTUAL if kind == "instruction" else "bad",
                        teid=("page1", ~0xFFF & (1 << 64) - 1),
                    ),
                ),
                end=FinalState(registers={15: 0}, pages={"page1": "Vz"}),
            )


SECTION = CaseSection("Translation in address spaces", (*translations(), *discards()))
