# SPDX-License-Identifier: GPL-2.0-or-later
"""Address spaces and authority: moves between spaces and keys, address-space control, access registers."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT, PROBLEM_STATE
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, facility, program
from tools.conform.architecture.spaces import TableSpace

ALL = (1 << 64) - 1
SENTINEL = 0x3333_3333_3333_3333
CONTENT = 0x7777_7777_7777_7777
VIRTUAL = 0x12_3000
SECONDARY_CONTROL = 1 << 63 - 37
EXTRACTION = 1 << 63 - 36
CR0 = 0xE0
SPACE_SWITCH = 0x40
PRIMARY = TableSpace().map(VIRTUAL, 0x40000)
SECONDARY = TableSpace(origin=0x60000).map(VIRTUAL, 0x41000)
HOME = TableSpace(origin=0x68000).map(VIRTUAL, 0x42000)
BOTH = {
    "mask": ADDRESSING_MODE | DAT,
    "controls": {0: CR0 | SECONDARY_CONTROL, 1: PRIMARY.asce, 7: SECONDARY.asce, 13: HOME.asce},
    "storage": PRIMARY.storage | SECONDARY.storage | HOME.storage,
}
# PSW bits 16 and 17, and how SET ADDRESS SPACE CONTROL and INSERT ADDRESS SPACE CONTROL number them.
SPACES = {"primary": (0, 0), "access-register": (1, 2), "secondary": (2, 1), "home": (3, 3)}


def moves() -> Iterator[Case]:
    source = "PoP 10, Move to Primary, Move to Secondary"
    for name, code, page in (("primary", "MVCP 0(5,2),8(2),6", 1), ("secondary", "MVCS 0(5,2),8(2),6", 2)):
        for length, cc in ((8, 0), (0, 0), (256, 0), (257, 3), (1 << 33, 3)):
            content = 0x1111 if page == 2 else 0x2222
            moved = min(length, 256)
            yield Case(
                name=f"move-to-{name}-{length}",
                rule="Bytes are moved from the other space; cc 3: the length was more than 256, and 256 were moved.",
                source=source,
                basis=VERIFIED,
                registers={2: VIRTUAL, 5: length, 6: 0},
                fill={"page1": SENTINEL, "page2": SENTINEL, "page1+8": 0x1111, "page2+8": 0x2222},
                code=code,
                end=FinalState(cc=cc, storage={f"page{page}": content if moved else SENTINEL}),
                **BOTH,
            )
    for name, code, keys, is_permitted in (
        ("from-key", "MVCK 0(5,2),0(4),6", {"page2": 0x28}, False),
        ("from-key-matching", "MVCK 0(5,2),0(4),6", {"page2": 0x18}, True),
        ("from-key-destination", "MVCK 0(5,2),0(4),6", {"page1": 0x28}, True),
        ("with-destination-key", "MVCDK 0(2),0(4)", {"page1": 0x20}, False),
        ("with-destination-key-source", "MVCDK 0(2),0(4)", {"page1": 0x10, "page2": 0x28}, True),
        ("with-source-key", "MVCSK 0(2),0(4)", {"page2": 0x28}, False),
        ("with-source-key-destination", "MVCSK 0(2),0(4)", {"page1": 0x20}, True),
    ):
        yield Case(
            name=f"move-{name}",
            rule="One operand is accessed with the key of a register, here 1, the other with that of the PSW, here 0.",
            source="PoP 10, Move with Key, Move with Destination Key, Move with Source Key",
            basis=VERIFIED,
            registers={0: 7, 1: 0x10, 2: "page1", 4: "page2", 5: 8, 6: 0x10},
            fill={"page1": SENTINEL, "page2": CONTENT},
            keys=keys,
            code=f"bad: {code}\nafter: LGHI 15,1",
            events=() if is_permitted else (program(Code.PROTECTION, ilc=6, at="after"),),
            end=FinalState(storage={"page1": CONTENT if is_permitted else SENTINEL}),
        )
    for length, cc in ((8, 0), (0, 0), (4096, 0), (5000, 3)):
        yield Case(
            name=f"move-with-optional-specifications-{length}",
            rule="With no specification valid both operands are as the PSW says; cc 3: more than 4096 bytes.",
            source="PoP 10, Move with Optional Specifications (architecture reference C4)",
            basis=VERIFIED,
            needs=(facility(27),),
            registers={0: 0, 2: VIRTUAL, 4: VIRTUAL + 8, 5: length},
            fill={"page1": SENTINEL, "page1+8": CONTENT, "page1+16": CONTENT},
            code="MVCOS 0(2),0(4),5" if length < 4096 else "LGR 4,2\nMVCOS 0(2),0(4),5",
            end=FinalState(cc=cc, storage={"page1": CONTENT if length == 8 else SENTINEL}),
            **BOTH,
        )
    yield Case(
        name="move-with-optional-specifications-secondary",
        rule="An operand whose specification is valid is in the space that it names.",
        source="PoP 10, Move with Optional Specifications (architecture reference C4)",
        basis=VERIFIED,
        needs=(facility(27),),
        # The second operand: address-space control 10, valid.
        registers={0: 0x81, 2: VIRTUAL, 4: VIRTUAL, 5: 8},
        fill={"page1": SENTINEL, "page2": CONTENT},
        code="MVCOS 0(2),0(4),5",
        end=FinalState(cc=0, storage={"page1": CONTENT}),
        **BOTH,
    )


def control() -> Iterator[Case]:
    for name, (number, operand) in SPACES.items():
        for mnemonic in ("SAC", "SACF"):
            yield Case(
                name=f"{mnemonic.lower()}-{name}",
                rule="SET ADDRESS SPACE CONTROL sets PSW bits 16 and 17 as bits 52-55 of the address say.",
                source="PoP 10, Set Address Space Control",
                basis=VERIFIED,
                code=f"{mnemonic} {operand << 8:#x}",
                end=FinalState(mask=(number << 46, 3 << 46)),
                **BOTH,
            )
    yield Case(
        name="sac-reserved",
        rule="Bits 52 and 53 of the address must be zero.",
        source="PoP 10, Set Address Space Control",
        basis=VERIFIED,
        code="SAC 0x400\nafter: LGHI 15,1",
        events=(program(Code.SPECIFICATION, ilc=4, at="after"),),
        **BOTH,
    )
    yield Case(
        name="sac-home-problem-state",
        rule="In the problem state the home-space mode is a privileged-operation exception.",
        source="PoP 10, Set Address Space Control",
        basis=VERIFIED,
        code="SAC 0x300\nafter: LGHI 15,1",
        events=(program(Code.PRIVILEGED_OPERATION, ilc=4, at="after"),),
        **BOTH | {"mask": ADDRESSING_MODE | DAT | PROBLEM_STATE},
    )
    yield Case(
        name="space-switch-event",
        rule="Going to the home space, with the space-switch-event control of the primary space one, is an event: the "
        "instruction is completed, and the control and the primary ASN are stored.",
        source="PoP 6, Space-Switch-Event; Linux arch/s390/kvm/guestdbg.c (architecture reference F1)",
        basis=VERIFIED,
        code="SACF 0x300\nafter: LGHI 15,1",
        events=(
            program(
                Code.SPACE_SWITCH_EVENT,
                ilc=4,
                at="after",
                mask=(ADDRESSING_MODE | DAT | 3 << 46, ALL),
                teid=(0x8000_1234, 0xFFFF_FFFF),
            ),
        ),
        **BOTH
        | {
            "controls": {
                0: CR0 | SECONDARY_CONTROL,
                1: PRIMARY.asce | SPACE_SWITCH,
                4: 0x1234,
                7: SECONDARY.asce,
                13: HOME.asce,
            }
        },
    )
    for name, (number, shown) in SPACES.items():
        yield Case(
            name=f"insert-address-space-control-{name}",
            rule="cc and bits 48-55 of R1 are the address-space control.",
            source="PoP 10, Insert Address Space Control",
            basis=VERIFIED,
            registers={3: SENTINEL},
            code="IAC 3",
            end=FinalState(cc=shown, registers={3: SENTINEL & ~0xFF00 | shown << 8}),
            **BOTH | {"mask": ADDRESSING_MODE | DAT | number << 46},
        )
    for name, code, register in (("primary", "EPAR 3", 0x1234), ("secondary", "ESAR 3", 0x5678)):
        yield Case(
            name=f"extract-{name}-asn",
            rule="The ASN goes to bits 48-63 of R1, zeros to 32-47.",
            source="PoP 10, Extract Primary ASN, Extract Secondary ASN",
            basis=VERIFIED,
            registers={3: SENTINEL},
            code=code,
            end=FinalState(registers={3: 0x3333_3333 << 32 | register}),
            **BOTH | {"controls": BOTH["controls"] | {3: 0x5678, 4: 0x1234}},
        )


def authority() -> Iterator[Case]:
    for name, code in (("ipk", "IPK"), ("epar", "EPAR 3"), ("esar", "ESAR 3"), ("iac", "IAC 3"), ("ivsk", "IVSK 3,2")):
        for has_authority in (False, True):
            yield Case(
                name=f"extraction-{name}-{'on' if has_authority else 'off'}",
                rule="In the problem state these need the extraction-authority control.",
                source="PoP 10, Control Instructions; PoP 5, Extraction-Authority Control",
                basis=VERIFIED,
                registers={2: VIRTUAL},
                code=f"bad: {code}\nafter: LGHI 15,1",
                events=() if has_authority else (program(Code.PRIVILEGED_OPERATION, ilc=4, at="after"),),
                end=FinalState(registers={15: int(has_authority)}),
                **BOTH
                | {
                    "mask": ADDRESSING_MODE | DAT | PROBLEM_STATE,
                    "controls": BOTH["controls"] | {0: CR0 | SECONDARY_CONTROL | EXTRACTION * has_authority},
                },
            )
    for name, code in (("spka", "SPKA 0x50"), ("mvck", "MVCK 0(5,2),0(4),6"), ("mvcsk", "MVCSK 0(2),0(4)")):
        for is_permitted in (False, True):
            yield Case(
                name=f"key-mask-{name}-{'on' if is_permitted else 'off'}",
                rule="In the problem state a key must be permitted by the PSW-key mask in CR3.",
                source="PoP 5, PSW-Key Mask",
                basis=VERIFIED,
                mask=ADDRESSING_MODE | PROBLEM_STATE,
                # The bit of key 5 in bits 32-47.
                controls={3: 1 << 63 - 32 - 5 if is_permitted else ~(1 << 63 - 32 - 5) & 0xFFFF_0000},
                registers={0: 0, 1: 0x50, 2: "page1", 4: "page2", 5: 1, 6: 0x50},
                code=f"bad: {code}\nafter: LGHI 15,1",
                events=()
                if is_permitted
                else (program(Code.PRIVILEGED_OPERATION, ilc=4 if name == "spka" else 6, at="after"),),
                end=FinalState(registers={15: int(is_permitted)}),
            )


def access_registers() -> Iterator[Case]:
    source = "PoP 7, Set Access, Extract Access, Copy Access, Load Access Multiple, Store Access Multiple"
    yield Case(
        name="access-registers",
        rule="Access registers have 32 bits; SET ACCESS takes bits 32-63, EXTRACT ACCESS leaves bits 0-31.",
        source=source,
        basis=VERIFIED,
        registers={2: "page1", 3: 0x1111_1111_2222_2222, 4: SENTINEL},
        code="SAR 5,3\nCPYA 6,5\nEAR 4,6\nSTAM 5,6,0(2)",
        end=FinalState(registers={4: 0x3333_3333_2222_2222}, storage={"page1": 0x2222_2222_2222_2222}),
    )
    yield Case(
        name="access-registers-wrap",
        rule="Behind access register 15 comes 0.",
        source=source,
        basis=VERIFIED,
        registers={2: "page1"},
        fill={"page1": 0x1111_1111_2222_2222},
        code="LAM 15,0,0(2)\nSTAM 0,0,8(2)\nSTAM 15,15,12(2)",
        end=FinalState(storage={"page1+8": 0x2222_2222_1111_1111}),
    )
    for name, number, alet in (("primary", 0, 0), ("secondary", 2, 1), ("home", 3, 2)):
        yield Case(
            name=f"load-address-extended-{name}",
            rule="LOAD ADDRESS EXTENDED loads the address, and the ALET that stands for the space of the PSW.",
            source="PoP 7, Load Address Extended",
            basis=VERIFIED,
            registers={2: 0x1000},
            code="LAE 5,0x10(2)\nEAR 4,5",
            end=FinalState(registers={4: alet, 5: 0x1010}),
            **BOTH | {"mask": ADDRESSING_MODE | DAT | number << 46},
        )
    for name, mnemonic, displacement, base, address in (
        ("forwards", "LAE", "1", ALL, 0),
        ("backwards", "LAEY", "-8", 0, ALL - 7),
    ):
        yield Case(
            name=f"load-address-extended-{name}",
            rule="In the 64-bit mode an address has 64 bits: carries out of bit 0 are lost.",
            source="PoP 5, Address Generation; PoP 7, Load Address Extended",
            basis=VERIFIED,
            needs=(facility(18),),
            registers={2: base},
            code=f"{mnemonic} 5,{displacement}(2)",
            end=FinalState(registers={5: address}),
        )
    for alet, cc in ((0, 0), (1, 3)):
        yield Case(
            name=f"test-access-{alet}",
            rule="TEST ACCESS: cc 0 for ALET 0, and 3 for ALET 1.",
            source="PoP 10, Test Access (architecture reference C4)",
            basis=VERIFIED,
            registers={3: alet},
            code="SAR 5,3\nTAR 5,0",
            end=FinalState(cc=cc),
        )


def relative_operands() -> Iterator[Case]:
    """An operand at a distance from the instruction, at the virtual address that page1, page2 and page3 have."""
    fill = {"page1": 0x1111, "page2": 0x2222, "page3": 0x3333, VIRTUAL: 0x4444}
    for name, mask, found in (
        ("primary", DAT, "page1"),
        ("access-register", DAT | 1 << 46, "page1"),
        ("secondary", DAT | 2 << 46, "page1"),
        ("home", DAT | 3 << 46, "page3"),
        ("real", 2 << 46, VIRTUAL),
    ):
        common = {
            "rule": "The operand of a relative-long instruction is in the space that instructions come from.",
            "source": "PoP 7, Load Relative Long, Store Relative Long; PoP 3, Translation Modes",
            "basis": VERIFIED,
            "needs": (facility(34),),
            "fill": fill,
        }
        yield Case(
            name=f"relative-load-{name}",
            registers={3: 0},
            code=f"LGRL 3,{VIRTUAL:#x}",
            end=FinalState(registers={3: fill[found]}),
            **common | BOTH | {"mask": ADDRESSING_MODE | mask},
        )
        yield Case(
            name=f"relative-store-{name}",
            registers={3: SENTINEL},
            code=f"STGRL 3,{VIRTUAL:#x}",
            end=FinalState(storage={page: SENTINEL if page == found else value for page, value in fill.items()}),
            **common | BOTH | {"mask": ADDRESSING_MODE | mask},
        )


def relative_operands_in_secondary_space_mode() -> Iterator[Case]:
    """Every other instruction with such an operand: each would do something else with what the secondary space has."""
    word, halfword, other = 0x8000_0002, 0x8000, 0x4444_4444_4444_4444
    doubleword = word << 32 | 0x1234_5678
    high = SENTINEL & -(1 << 32)
    loads = {
        "LRL": high | word,
        "LGFRL": ALL - 0x7FFF_FFFD,
        "LLGFRL": word,
        "LHRL": high | 0xFFFF_8000,
        "LGHRL": ALL - 0x7FFF,
        "LLHRL": high | halfword,
        "LLGHRL": halfword,
    }
    # Signed ones with one more than the operand, logical ones with one less.
    comparisons = {
        "CRL": (word + 1, 2),
        "CGRL": (doubleword + 1, 2),
        "CGFRL": (ALL - 0x7FFF_FFFC, 2),
        "CHRL": (0xFFFF_8001, 2),
        "CGHRL": (ALL - 0x7FFE, 2),
        "CLRL": (word - 1, 1),
        "CLGRL": (doubleword - 1, 1),
        "CLGFRL": (word - 1, 1),
        "CLHRL": (halfword - 1, 1),
        "CLGHRL": (halfword - 1, 1),
    }
    stores = {
        "STRL": SENTINEL & -(1 << 32) | doubleword & 0xFFFF_FFFF,
        "STHRL": SENTINEL & -(1 << 48) | doubleword & (1 << 48) - 1,
    }
    ends = {name: (SENTINEL, FinalState(registers={3: value})) for name, value in loads.items()}
    ends |= {name: (value, FinalState(registers={3: value}, cc=cc)) for name, (value, cc) in comparisons.items()}
    ends |= {name: (SENTINEL, FinalState(storage={"page1": value, "page2": other})) for name, value in stores.items()}
    for mnemonic, (before, end) in ends.items():
        yield Case(
            name=f"relative-{mnemonic.lower()}-secondary",
            rule="The operand of a relative-long instruction is in the space that instructions come from.",
            source=f"PoP 7, {mnemonic}; PoP 3, Translation Modes",
            basis=VERIFIED,
            needs=(facility(34),),
            fill={"page1": doubleword, "page2": other},
            registers={3: before},
            code=f"{mnemonic} 3,{VIRTUAL:#x}",
            end=end,
            **BOTH | {"mask": ADDRESSING_MODE | DAT | 2 << 46},
        )


SECTION = CaseSection(
    "Address spaces and authority",
    (
        *moves(),
        *control(),
        *authority(),
        *access_registers(),
        *relative_operands(),
        *relative_operands_in_secondary_space_mode(),
    ),
)
