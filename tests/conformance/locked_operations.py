# SPDX-License-Identifier: GPL-2.0-or-later
"""PERFORM LOCKED OPERATION with a parameter list: every function, in every length of its operands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING
from tools.conform.architecture.case import INFERRED, VERIFIED, Case, CaseSection, FinalState, Masked, program
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.layout import NOWHERE, PAGES
from tools.conform.architecture.source import Value

SOURCE = "PoP 7, Perform Locked Operation"
BOUNDARIES = f"{SOURCE}; SDL Hyperion general2.c, perform_locked_operation"
SECOND, LIST, FOURTH, SIXTH, EIGHTH = "page1", "page2", "page3", "page4", "page5"
PLACES = {name: PAGES + 0x1000 * number for number, name in enumerate((SECOND, LIST, FOURTH, SIXTH, EIGHTH))}
# Offsets in the parameter list: values fill sixteen bytes from the right, addresses follow a word that is an ALET.
FIRST_COMPARED, FIRST_NEW, THIRD_COMPARED, THIRD_NEW = 0, 16, 32, 48
ADDRESSES = {FOURTH: 72, SIXTH: 104, EIGHTH: 136}
STORED = {FOURTH: 48, SIXTH: 80, EIGHTH: 112}
LENGTH = 144
# Numbers of sixteen bytes, whose parts are all different.
HELD = 0x8123_4567_89AB_CDEF_0F1E_2D3C_4B5A_6978
NEW = 0x7071_7273_F4F5_F6F7_B8B9_BABB_3C3D_3E3F
THIRD = 0x1011_1213_9495_9697_5859_5A5B_DCDD_DEDF
THIRD_STORED = 0x2021_2223_A4A5_A6A7_6869_6A6B_ECED_EEEF
FIFTH, SEVENTH = THIRD_STORED ^ (0x0101 << 64 | 0x0101), THIRD_STORED ^ (0x1010 << 64 | 0x1010)
AROUND = 0xEE
ABOVE = 0x1357_9BDF << 32


@dataclass(frozen=True)
class Form:
    """One of the four forms of a function: the last two bits of its code."""

    name: str
    code: int
    width: int
    """Bytes of an operand."""
    has_registers: bool
    """The first operand is in registers."""


WORDS, LONG, LONG_REGISTERS, EXTENDED = (
    Form("32", 0, 4, has_registers=True),
    Form("64", 1, 8, has_registers=False),
    Form("64-registers", 2, 8, has_registers=True),
    Form("128", 3, 16, has_registers=False),
)
LOAD, SWAP, DOUBLE_SWAP, STORE, DOUBLE_STORE, TRIPLE_STORE = 0, 4, 8, 12, 16, 20
NAMES = {
    LOAD: "load",
    SWAP: "swap",
    DOUBLE_SWAP: "double-swap",
    STORE: "swap-and-store",
    DOUBLE_STORE: "swap-and-double-store",
    TRIPLE_STORE: "swap-and-triple-store",
}
TARGETS = {STORE: (FOURTH,), DOUBLE_STORE: (FOURTH, SIXTH), TRIPLE_STORE: (FOURTH, SIXTH, EIGHTH)}
"""Where the functions that store more do so."""
FORMS = dict.fromkeys((LOAD, SWAP, DOUBLE_SWAP, STORE), (LONG, EXTENDED)) | dict.fromkeys(
    (DOUBLE_STORE, TRIPLE_STORE), (WORDS, LONG, LONG_REGISTERS, EXTENDED)
)
"""Those with a parameter list."""


class Operands:
    """What an operation finds: registers 2 and 3 are the first operand, 6 designates the second, and 7 the list."""

    def __init__(self, function: int, form: Form) -> None:
        self.function, self.form = function, form
        self.code = f"PLO 2,{16 - form.width}(6),4,0(7)"
        self.registers: dict[int, Value] = {0: ABOVE | function + form.code, 1: LIST, 6: SECOND, 7: LIST}
        self._areas = {place: bytearray([AROUND] * (LENGTH if place == LIST else 16)) for place in PLACES}
        for place, offset in ADDRESSES.items():
            self.point(place, PLACES[place] + 16 - form.width, offset)
        for offset, value in ((THIRD_COMPARED, THIRD), (THIRD_NEW, THIRD_STORED), (STORED[SIXTH], FIFTH)):
            self.put(LIST, value, offset)
        self.put(LIST, SEVENTH, STORED[EIGHTH])
        self.compare(HELD)
        self.put(SECOND, HELD)
        self.put(FOURTH, THIRD)

    def point(self, place: str, address: int, offset: int | None = None) -> None:
        """Let the address of *place* in the list be another."""
        at = ADDRESSES[place] if offset is None else offset
        self._areas[LIST][at : at + 8] = address.to_bytes(8, "big")

    def put(self, place: str, value: int, offset: int = 0) -> None:
        """Put *value* in the sixteen bytes at *offset* of *place*."""
        width = self.form.width
        end = offset + 16
        self._areas[place][end - width : end] = (value & (1 << 8 * width) - 1).to_bytes(width, "big")

    def compare(self, value: int) -> None:
        """Let *value* be what is compared with the second operand, which NEW is to replace."""
        if self.form.has_registers:
            self.registers |= {2: self.in_register(value), 3: self.in_register(NEW)}
        else:
            self.put(LIST, value, FIRST_COMPARED)
            self.put(LIST, NEW, FIRST_NEW)

    def in_register(self, value: int) -> int:
        """What a register holds: a word leaves its left half alone."""
        return ABOVE | value & 0xFFFF_FFFF if self.form.width == 4 else value & (1 << 64) - 1

    def storage(self) -> dict[Value, int]:
        """All of it, in doublewords."""
        return {
            f"{place}+{at}": int.from_bytes(content[at : at + 8], "big")
            for place, content in self._areas.items()
            for at in range(0, len(content), 8)
        }

    def do(self) -> None:
        """What the function does if all that it compares is equal."""
        if self.function == LOAD:
            self.put(LIST, THIRD, THIRD_COMPARED)
            return
        self.put(SECOND, NEW)
        if self.function == DOUBLE_SWAP:
            self.put(FOURTH, THIRD_STORED)
        for place, value in zip(TARGETS.get(self.function, ()), (THIRD_STORED, FIFTH, SEVENTH), strict=False):
            self.put(place, value)


def prepared(function: int, form: Form, *, unequal: str = "") -> Operands:
    """The operands, of which the *unequal* one, first or third, differs in its leftmost bit."""
    operands = Operands(function, form)
    bit = 1 << 8 * form.width - 1
    if unequal == "first":
        operands.compare(HELD ^ bit)
    if function == LOAD:
        operands.put(LIST, SEVENTH, THIRD_COMPARED)
    elif unequal == "third":
        operands.put(LIST, THIRD ^ bit, THIRD_COMPARED)
    return operands


def outcomes() -> Iterator[tuple[InstructionRow, str]]:
    for function, forms in FORMS.items():
        for form in forms:
            for cc, unequal in ((0, ""), (1, "first"), (2, "third")):
                if cc == 2 and function != DOUBLE_SWAP:
                    continue
                operands = prepared(function, form, unequal=unequal)
                before, registers = operands.storage(), dict(operands.registers)
                after: dict[int, Masked] = {}
                if cc == 0:
                    operands.do()
                elif cc == 2:
                    operands.put(LIST, THIRD, THIRD_COMPARED)
                elif form.has_registers:
                    after[2] = operands.in_register(HELD)
                else:
                    operands.put(LIST, HELD, FIRST_COMPARED)
                name = f"{NAMES[function]}-{form.name}-{unequal or 'equal'}"
                stored: dict[Value, Masked] = {**operands.storage()}
                rule = (
                    "What is compared is equal, and all is done (cc 0); or the first (1) or third operand (2) is not, "
                )
                rule += "and is replaced by what was found. Nothing else in the list and around the operands changes."
                yield InstructionRow(name, operands.code, registers, after, cc, before, stored), rule


def modes() -> Iterator[tuple[InstructionRow, str]]:
    """Addresses of 31 and 24 bits."""
    for name, mask, above in (("31-bit", BASIC_ADDRESSING, 1 << 31), ("24-bit", 0, 0xAA << 24)):
        for function in (SWAP, DOUBLE_SWAP, TRIPLE_STORE):
            operands = prepared(function, LONG)
            for place in ADDRESSES:
                operands.point(place, PLACES[place] + 8 | above)
            before = operands.storage()
            operands.do()
            stored: dict[Value, Masked] = {**operands.storage()}
            yield (
                InstructionRow(
                    f"{NAMES[function]}-{name}", operands.code, operands.registers, {}, 0, before, stored, mask=mask
                ),
                "The bits of an address in the list that the addressing mode leaves out are ignored.",
            )
    operands = prepared(DOUBLE_SWAP, LONG)
    before = operands.storage()
    operands.do()
    code = operands.code.replace("PLO 2", "PLO 3").replace(",4,", ",5,")
    row = InstructionRow("odd-registers", code, operands.registers, {}, 0, before, {**operands.storage()})
    yield row, "With the first and third operands in the list, the registers that R1 and R3 name may be odd."
    for code_number in range(24):
        row = InstructionRow(
            f"test-{code_number}", "PLO 3,1(6),5,3(7)", {0: 0x100 | code_number, 6: SECOND, 7: LIST}, {}, 0
        )
        yield row, "With the test bit one nothing is done and no operand is looked at; cc 0: the code is valid."


def exception(
    name: str,
    rule: str,
    operands: Operands,
    code: Code,
    *,
    keys: dict[Value, int] | None = None,
    source: str = SOURCE,
    inferred: bool = False,
) -> Case:
    """An exception, with which the operation is suppressed: with *keys*, of an access with key 3."""
    return Case(
        name=name,
        rule=rule,
        source=source,
        basis=INFERRED if inferred else VERIFIED,
        mask=ADDRESSING_MODE | (0 if keys is None else 3 << 52) | 3 << 44,
        registers=operands.registers,
        storage=operands.storage(),
        keys={} if keys is None else {**dict.fromkeys(PLACES, 0x30), **keys},
        code=f"bad: {operands.code}\nafter: LGHI 15,1",
        events=(program(code, ilc=6, at="after", cc=3),),
        end=FinalState(storage={**operands.storage()}, registers={**operands.registers, 15: 0}),
    )


def accesses() -> Iterator[Case]:
    rule = "An operand that cannot be accessed is an access exception, and nothing at all has been stored."
    for function, form, place, key in (
        (SWAP, LONG, LIST, 0x48),
        (TRIPLE_STORE, WORDS, LIST, 0x48),
        (SWAP, EXTENDED, SECOND, 0x48),
        (SWAP, LONG, SECOND, 0x40),
        (STORE, EXTENDED, SECOND, 0x40),
        (LOAD, LONG, FOURTH, 0x48),
        (DOUBLE_SWAP, EXTENDED, FOURTH, 0x48),
        (DOUBLE_SWAP, LONG, FOURTH, 0x40),
        (STORE, LONG, FOURTH, 0x40),
        (DOUBLE_STORE, LONG_REGISTERS, SIXTH, 0x40),
        (DOUBLE_STORE, EXTENDED, FOURTH, 0x40),
        (TRIPLE_STORE, WORDS, SIXTH, 0x40),
        (TRIPLE_STORE, EXTENDED, EIGHTH, 0x40),
        (TRIPLE_STORE, LONG_REGISTERS, EIGHTH, 0x40),
    ):
        kind = "fetch" if key & 8 else "store"
        name = f"protected-{NAMES[function]}-{form.name}-{place}-{kind}"
        yield exception(name, rule, prepared(function, form), Code.PROTECTION, keys={place: key})
    for function, unequal in ((SWAP, "first"), (DOUBLE_SWAP, "third"), (LOAD, "")):
        yield exception(
            f"protected-{NAMES[function]}-list-store",
            "So is a parameter list that cannot be stored into, if what was found is to be put there.",
            prepared(function, LONG, unequal=unequal),
            Code.PROTECTION,
            keys={LIST: 0x40},
            inferred=True,
        )
    for function, place in ((STORE, FOURTH), (DOUBLE_STORE, SIXTH), (TRIPLE_STORE, EIGHTH), (LOAD, FOURTH)):
        operands = prepared(function, LONG)
        operands.point(place, NOWHERE)
        yield exception(f"addressing-{NAMES[function]}-{place}", rule, operands, Code.ADDRESSING)
    operands = prepared(SWAP, LONG)
    operands.registers[7] = "nowhere"
    yield exception("addressing-list", rule, operands, Code.ADDRESSING)


def boundaries() -> Iterator[Case]:
    rule = "Operands are on the boundary of their length, those designated in the list too, or it is a specification "
    rule += "exception."
    for function, form, place in (
        (LOAD, LONG, FOURTH),
        (DOUBLE_SWAP, LONG, FOURTH),
        (STORE, EXTENDED, FOURTH),
        (DOUBLE_STORE, WORDS, SIXTH),
        (DOUBLE_STORE, LONG_REGISTERS, SIXTH),
        (TRIPLE_STORE, EXTENDED, EIGHTH),
    ):
        operands = prepared(function, form)
        operands.point(place, PLACES[place] + 16 - form.width + form.width // 2)
        yield exception(f"boundary-{NAMES[function]}-{form.name}-{place}", rule, operands, Code.SPECIFICATION)
    for form in (LONG, EXTENDED):
        operands = prepared(SWAP, form)
        operands.registers[6] = f"{SECOND}+{form.width // 2}"
        yield exception(f"boundary-second-{form.name}", rule, operands, Code.SPECIFICATION)
    for form, offset in ((WORDS, 2), (LONG, 4), (LONG_REGISTERS, 4), (EXTENDED, 4)):
        operands = prepared(TRIPLE_STORE, form)
        operands.registers[7] = f"{LIST}+{offset}"
        yield exception(
            f"boundary-list-{form.name}",
            "The parameter list is on a doubleword boundary, with operands of words on a word boundary at least.",
            operands,
            Code.SPECIFICATION,
            source=BOUNDARIES,
            inferred=True,
        )
    for form in (WORDS, LONG_REGISTERS):
        operands = prepared(DOUBLE_STORE, form)
        operands.code = operands.code.replace("PLO 2", "PLO 3")
        rule = "The first operand in registers is an even and odd pair."
        yield exception(f"odd-first-{form.name}", rule, operands, Code.SPECIFICATION)


SECTION = CaseSection(
    "Locked operations with a parameter list",
    (
        *(row.case(rule, SOURCE) for row, rule in outcomes()),
        *(row.case(rule, SOURCE) for row, rule in modes()),
        *accesses(),
        *boundaries(),
    ),
)
