# SPDX-License-Identifier: GPL-2.0-or-later
"""Access-register translation, by BRANCH IN SUBSPACE GROUP, and instances of ASN-second-table entries."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, program
from tools.conform.architecture.spaces import TableSpace

INVALID, SUBSPACE_GROUP, BASE_SPACE = 1 << 31, 1 << 9, 1
UNIT = 0x40000
"""The dispatchable-unit control table, in page1."""
BASE, SUBSPACE = 0x41040, 0x410C0
"""ASN-second-table entries, in page2."""
ACCESS_LIST = 0x42000
"""In page3; a length of zero are eight entries."""
NUMBER = 2
TOKEN = 0x0005_0000 | NUMBER
RESERVED, BEYOND = TOKEN | 1 << 26, 0x0005_0008
SEQUENCE = 77


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def translations() -> Iterator[Case]:
    space = TableSpace(flags=SUBSPACE_GROUP)
    group = "PoP 10, Branch in Subspace Group"
    source = f"PoP 5, Access-Register Translation; {group}"
    rows = (
        # What access register 5 has, the flags of access-list entry and of the subspace's entry, the sequence number of
        # the latter, and the exception, with where its old PSW points.
        ("reserved-bit", RESERVED, 0, 0, SEQUENCE, Code.ALET_SPECIFICATION, "after"),
        ("beyond-the-list", BEYOND, 0, 0, SEQUENCE, Code.ALEN_TRANSLATION, "bad"),
        ("invalid-list-entry", TOKEN, INVALID, 0, SEQUENCE, Code.ALEN_TRANSLATION, "bad"),
        ("invalid-space", TOKEN, 0, INVALID, SEQUENCE, Code.ASTE_VALIDITY, "bad"),
        ("other-space", TOKEN, 0, 0, SEQUENCE + 1, Code.ASTE_SEQUENCE, "bad"),
        ("last-subspace-invalid", 1, 0, INVALID, SEQUENCE, Code.ASTE_VALIDITY, "bad"),
        ("last-subspace-other", 1, 0, 0, SEQUENCE + 1, Code.ASTE_SEQUENCE, "bad"),
        ("translated", TOKEN, 0, 0, SEQUENCE, None, None),
        ("last-subspace", 1, 0, 0, SEQUENCE, None, None),
    )
    for name, token, list_flags, flags, sequence, code, at in rows:
        yield Case(
            name=name,
            rule="The token in the access register names an entry of the access list, and that the entry of the space, "
            "both valid, and the latter with the sequence number that is expected; the access register is stored.",
            source=source,
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT,
            controls={1: space.asce, 2: UNIT, 5: BASE, 7: space.asce, 13: space.asce},
            storage=space.storage
            | {
                UNIT: words(BASE, SUBSPACE, 0, SEQUENCE, ACCESS_LIST),
                BASE: words(BASE_SPACE, 0xF0, 0, space.asce),
                SUBSPACE: words(flags, 0xF0, 0, space.asce | 1 << 7, 0, sequence),
                ACCESS_LIST + 16 * NUMBER: words(0x0005_0000 | list_flags, 0, SUBSPACE, SEQUENCE),
            },
            registers={4: 0, 5: "there", 6: token},
            code="SAR 5,6\nbad: BSG 4,5\nafter: LGHI 15,1\nLGHI 14,1\nthere: LGHI 13,1",
            events=() if code is None else (program(code, ilc=4, at=at, exception_access=5),),
            end=FinalState(
                # The alteration-event bit stays that of the space before.
                controls={1: space.asce, 7: space.asce},
                registers={4: 0 if code else "after", 13: int(code is None), 14: 0},
            ),
        )


def instances() -> Iterator[Case]:
    for name, instance in (("same", 5), ("other", 6)):
        space = TableSpace()
        is_same = instance == 5
        yield Case(
            name=f"instance-{name}",
            rule="SET SECONDARY ASN WITH INSTANCE needs the instance number that the entry of the space has.",
            source="PoP 10, Set Secondary ASN with Instance; PoP 6, ASTE-Instance Exception",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT,
            # Bit 44 of CR0 is the ASN-and-LX-reuse control, that of CR14 permits ASN translation.
            controls={0: 0xE0 | 1 << 19, 1: space.asce, 7: 0x9999_9000, 14: 1 << 19 | 0x40},
            storage=space.storage
            | {
                "page1+4": words(0x41000),
                # The second entry; its authority table, in page4, has the secondary bit of index 0.
                "page2+64": words(0x43000, 0xF0, 0, 0x1234_5000, 0, 0, 0, 0, 0, 0, 0, 5),
                "page4": b"\x40",
            },
            registers={3: instance << 32 | 0x0041},
            code="bad: SSAIR 3\nafter: LGHI 15,1",
            events=() if is_same else (program(Code.ASTE_INSTANCE, ilc=4, at="bad", exception_access=0x10),),
            end=FinalState(controls={7: 0x1234_5000 if is_same else 0x9999_9000}, registers={15: int(is_same)}),
        )


SECTION = CaseSection("Access-register translation", (*translations(), *instances()))
