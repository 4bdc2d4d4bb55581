# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD CONTROL of several registers, of which one has another value: at each place among them it does what it does."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, program
from tools.conform.architecture.spaces import TableSpace

VIRTUAL = 0x12_3000
CR0, SECONDARY_CONTROL, LOW_ADDRESS = 0xE0, 1 << 63 - 37, 1 << 63 - 35
SECONDARY_MODE, HOME_MODE = 2 << 46, 3 << 46
MNEMONICS = {"LCTL": 4, "LCTLG": 8}
VALUE = 0x4321_8765
ORIGINAL = TableSpace().map(VIRTUAL, 0x40000).map(0x43000, 0x43000)
CHANGED = TableSpace(origin=0x60000).map(VIRTUAL, 0x41000).map(0x43000, 0x43000)
# What may be in them all the time: nothing is traced, and no machine check comes.
INITIAL = dict.fromkeys(range(16), 0) | {0: CR0 | SECONDARY_CONTROL, 14: 0xC200_0000}
SOURCE = "PoP 10, Load Control"


def loaded(values: dict[int, int], first: int, count: int, length: int) -> bytes:
    """The *values* of *count* registers from *first* on, in *length* bytes each."""
    return b"".join(values[(first + place) % 16].to_bytes(length, "big") for place in range(count))


def single_changes() -> Iterator[Case]:
    """A register of no meaning here, one of a protection, and the three of address spaces, behind 0 to 15 others."""
    spaces = ORIGINAL.storage | CHANGED.storage
    for mnemonic, length in MNEMONICS.items():
        for before in range(16):
            for register, change in ((2, VALUE), (0, INITIAL[0] | LOW_ADDRESS)):
                first = (register - before) % 16
                after = INITIAL | {register: change}
                is_protected = register == 0
                check = "\nbad: MVI 0x20(5),1\nafter: LGHI 15,1" if is_protected else ""
                yield Case(
                    name=f"{mnemonic.lower()}-register-{register}-behind-{before}",
                    rule="The register gets its value, wherever it is among those that are loaded.",
                    source=SOURCE,
                    basis=VERIFIED,
                    controls=INITIAL,
                    registers={5: 0, 6: "page4"},
                    storage={"page4": loaded(after, first, before + 1, length)},
                    code=f"MVI 0x20(5),1\n{mnemonic} {first},{register},0(6){check}",
                    events=(program(Code.PROTECTION, ilc=4, at="after"),) if is_protected else (),
                    end=FinalState(controls=after, registers={15: 0} if is_protected else {}),
                )
            for register, mode in ((1, 0), (7, SECONDARY_MODE), (13, HOME_MODE)):
                first = (register - before) % 16
                controls = INITIAL | dict.fromkeys((1, 7, 13), ORIGINAL.asce)
                after = controls | {register: CHANGED.asce}
                yield Case(
                    name=f"{mnemonic.lower()}-space-{register}-behind-{before}",
                    rule="The next access is in the address space that was loaded, wherever that is among the others.",
                    source=SOURCE,
                    basis=VERIFIED,
                    mask=ADDRESSING_MODE | DAT | mode,
                    controls=controls,
                    registers={2: VIRTUAL, 6: "page4"},
                    storage=spaces | {"page4": loaded(after, first, before + 1, length)},
                    fill={"page1": 0x1111, "page2": 0x2222},
                    code=f"LG 3,0(2)\n{mnemonic} {first},{register},0(6)\nLG 4,0(2)",
                    end=FinalState(registers={3: 0x1111, 4: 0x2222}, controls=after),
                )


def equal_values() -> Iterator[Case]:
    """The same value for all registers but those of masks and of events, in each order."""
    kept = {number: INITIAL[number] for number in (0, 6, 9, 10, 11, 14)}
    # Their left halves, which LOAD CONTROL (32) leaves, tell them from each other.
    before = {number: 0x0101_0101 * number << 32 for number in range(16)} | kept
    for mnemonic, length in MNEMONICS.items():
        left = {number: value & -(1 << 32) if length == 4 else 0 for number, value in before.items()}
        after = {number: value | VALUE for number, value in left.items()} | kept
        data = {number: value & (1 << 8 * length) - 1 for number, value in after.items()}
        for first in range(16):
            yield Case(
                name=f"{mnemonic.lower()}-equal-from-{first}",
                rule="That another register has just got the same value makes no difference.",
                source=SOURCE,
                basis=VERIFIED,
                controls=before,
                registers={6: "page4"},
                storage={"page4": loaded(data, first, 16, length)},
                code=f"{mnemonic} {first},{(first - 1) % 16},0(6)",
                end=FinalState(controls=after),
            )


SECTION = CaseSection("Control registers among others", (*single_changes(), *equal_values()))
