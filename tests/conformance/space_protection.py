# SPDX-License-Identifier: GPL-2.0-or-later
"""Protection in each address space, and of instructions; ASN translation and authority."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, facility, program
from tools.conform.architecture.spaces import PROTECTED, TableSpace

VIRTUAL = 0x12_3000
CR0 = 0xE0
LOW_ADDRESS = 1 << 63 - 35
FACILITIES = (facility(131), facility(75))
STORE, FETCH = 0x400, 0x800
KEY_CONTROLLED, DAT_PROTECTION, LOW = 0x08, 0x04, 0x80
SOURCE = "PoP 3, Protection; Linux arch/s390/kvm/gaccess.c trans_exc_ending (architecture reference F3)"
# The space of operands: PSW bits 16-17, which are its number in the TEID as well.
SPACES = {"primary": 0, "secondary": 2, "home": 3}


def operands() -> Iterator[Case]:
    for name, number in SPACES.items():
        for kind, instruction, key, cr0, flags, address, bits in (
            ("key-store", "STG 3,0(2)", 1, CR0, 0, VIRTUAL, STORE | KEY_CONTROLLED),
            ("key-fetch", "LG 3,0(2)", 1, CR0, 0, VIRTUAL, FETCH | KEY_CONTROLLED),
            ("dat-store", "STG 3,0(2)", 0, CR0, PROTECTED, VIRTUAL, STORE | DAT_PROTECTION),
            ("low-store", "STG 3,0x20(2)", 0, CR0 | LOW_ADDRESS, 0, 0, STORE | LOW),
        ):
            space = TableSpace().map(VIRTUAL, 0x40000, flags)
            yield Case(
                name=f"{kind}-{name}",
                rule="The TEID of a protection exception has page, access, kind of protection, and space.",
                source=SOURCE,
                basis=VERIFIED,
                needs=FACILITIES,
                mask=ADDRESSING_MODE | DAT | key << 52 | number << 46,
                controls={0: cr0, 1: space.asce, 7: space.asce, 13: space.asce},
                storage=space.storage,
                registers={2: address},
                keys={"page1": 0x28},
                code=f"bad: {instruction}\nafter: LGHI 15,1",
                events=(program(Code.PROTECTION, ilc=6, at="after", teid=address | bits | number),),
                end=FinalState(registers={15: 0}),
            )


def instructions() -> Iterator[Case]:
    for name, number in {"real": None, **SPACES}.items():
        space = TableSpace().map(VIRTUAL, 0x40000)
        mode = 0 if number is None else DAT | number << 46
        yield Case(
            name=f"instruction-key-{name}",
            rule="Instructions are fetched with the key of the PSW.",
            source="PoP 3, Key-Controlled Protection",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | mode | 1 << 52,
            controls={1: space.asce, 7: space.asce, 13: space.asce},
            storage=space.storage,
            registers={2: "page1" if number is None else VIRTUAL},
            # SVC 255
            fill={"page1": 0x0AFF << 48},
            keys={"page1": 0x28},
            code="BCR 15,2",
            events=(program(Code.PROTECTION, ilc=None),),
        )
        yield Case(
            name=f"instruction-key-{name}-matching",
            rule="A key that matches permits it.",
            source="PoP 3, Key-Controlled Protection",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | mode | 2 << 52,
            controls={1: space.asce, 7: space.asce, 13: space.asce},
            storage=space.storage,
            registers={2: "page1" if number is None else VIRTUAL},
            fill={"page1": 0x0AFF << 48},
            keys={"page1": 0x28},
            code="BCR 15,2",
        )


ASN = 0x0041
"""Index 1 in the ASN-first table, and 1 in the second one."""
INVALID = 1 << 31


def secondary_asn() -> Iterator[Case]:
    """SET SECONDARY ASN: tables in page1 and page2, the authority table in page3."""
    for name, first, second, authority, code in (
        ("translated", 0x41000, 0, 0x40, None),
        ("first-invalid", 0x41000 | INVALID, 0, 0x40, Code.AFX_TRANSLATION),
        ("second-invalid", 0x41000, INVALID, 0x40, Code.ASX_TRANSLATION),
        ("authority", 0x41000, 0, 0x80, Code.SECONDARY_AUTHORITY),
    ):
        space = TableSpace()
        yield Case(
            name=f"secondary-asn-{name}",
            rule="The ASN is translated by two tables, and the authority table must have the secondary bit of the "
            "authorization index; else it is nullified, and the ASN is stored.",
            source="PoP 3, ASN Translation, ASN Authorization; PoP 10, Set Secondary ASN (architecture reference C3)",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT,
            # Bit 44 of CR14 permits it; the first table is at 40000 hex.
            controls={1: space.asce, 7: 0x9999_9000, 14: 1 << 19 | 0x40},
            storage=space.storage,
            fill={
                "page1": first,
                "page2+64": (0x42000 | second) << 32,
                "page2+72": 0x1234_5000,
                "page3": authority << 56,
            },
            registers={3: ASN},
            code="bad: SSAR 3\nafter: LGHI 15,1",
            events=() if code is None else (program(code, ilc=4, at="bad", teid=(ASN, 0xFFFF)),),
            end=FinalState(
                controls={3: (0 if code else ASN, 0xFFFF), 7: 0x9999_9000 if code else 0x1234_5000},
                registers={15: int(code is None)},
            ),
        )


SECTION = CaseSection("Protection in address spaces, and ASNs", (*operands(), *instructions(), *secondary_asn()))
