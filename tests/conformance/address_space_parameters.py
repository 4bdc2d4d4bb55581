# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD ADDRESS SPACE PARAMETERS: what is translated, what is kept, and what the condition code says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, program

SOURCE = "PoP 10, Load Address Space Parameters; PoP 3, ASN Translation, ASN Authorization (architecture reference D5)"
# Index 1 in the ASN-first table in page1, and 1 and 2 in the second one in page2.
FIRST, SECOND = 0x0041, 0x0042
# A third and a fourth one, in the same tables, for what is current.
OTHER = 0x0043
FIRST_ENTRY, SECOND_ENTRY, OTHER_ENTRY = 0x41040, 0x41080, 0x410C0
FORCE, GIVEN_INDEX, SKIP_AUTHORITY = 4, 2, 1
OLD_MASK, NEW_MASK = 0x1111, 0x2222
OLD_INDEX, NEW_INDEX, FIRST_INDEX = 1, 2, 3
OLD_SECONDARY, OLD_PRIMARY = 0x0005, 0x0007
OLD_1, OLD_5, OLD_7 = 0x0100_0000, 0x4_3FC0, 0x0200_0000
FIRST_SPACE, SECOND_SPACE, OTHER_SPACE = 0x0300_0000, 0x0400_0000, 0x0500_0000
INVALID = 1 << 31
SPACE_SWITCH = 0x40
PERMITTED = 1 << 19
# The secondary bit of an authorization index in the first bytes of the authority table in page3.
AUTHORITY = {1: 0x10, 2: 0x04, 3: 0x01}


@dataclass(frozen=True, slots=True)
class Row:
    """The operand, the bits of the second address, what is changed, and what is expected."""

    name: str
    rule: str
    primary: int = OLD_PRIMARY
    secondary: int = OLD_SECONDARY
    bits: int = 0
    cc: int = 0
    index: int = OLD_INDEX
    spaces: tuple[int, int, int] = (OLD_1, OLD_5, OLD_7)
    """What control registers 1, 5 and 7 are in the end."""
    old_primary: int = OLD_PRIMARY
    old_secondary: int = OLD_SECONDARY
    old_1: int = OLD_1
    authority: int = 0
    fill: dict[int | str, int] = field(default_factory=dict)

    def case(self) -> Case:
        """The case: the tables in page1 and page2, the authority table in page3, the operand in page4."""
        is_loaded = self.cc == 0
        mask = NEW_MASK if is_loaded else OLD_MASK
        secondary = self.secondary if is_loaded else self.old_secondary
        primary = self.primary if is_loaded else self.old_primary
        words = (NEW_MASK << 48) | (self.secondary << 32) | (NEW_INDEX << 16) | self.primary
        spaces = self.spaces if is_loaded else (self.old_1, OLD_5, OLD_7)
        entries = {
            "page1": 0x41000,
            "page2+0x40": 0x42000 << 32 | FIRST_INDEX << 16,
            "page2+0x48": FIRST_SPACE,
            "page2+0x80": 0x42000 << 32,
            "page2+0x88": SECOND_SPACE,
            "page2+0xc0": 0x42000 << 32,
            "page2+0xc8": OTHER_SPACE,
            "page3": self.authority << 56,
            "page4": words,
        }
        return Case(
            name=self.name,
            rule=self.rule,
            source=SOURCE,
            basis=VERIFIED,
            controls={
                1: self.old_1,
                3: OLD_MASK << 16 | self.old_secondary,
                4: OLD_INDEX << 16 | self.old_primary,
                5: OLD_5,
                7: OLD_7,
                14: PERMITTED | 0x40,
            },
            registers={2: "page4", 4: self.bits},
            fill=entries | self.fill,
            code="LASP 0(2),0(4)",
            end=FinalState(
                cc=self.cc,
                controls={
                    1: spaces[0],
                    3: mask << 16 | secondary,
                    4: (self.index if is_loaded else OLD_INDEX) << 16 | primary,
                    5: spaces[1],
                    7: spaces[2],
                },
            ),
        )


KEPT = "ASNs that are current are not translated unless that is forced: only the PSW-key mask is new."
TRANSLATED = "A primary ASN that is another one is translated; its entry gives the space, and the authorization index."
SECONDARY = (
    "The secondary space is the primary one if their ASNs are equal, and is translated if its ASN is another one."
)
AUTHORIZED = "The secondary space must be authorized by the new authorization index unless that is skipped: else cc 2."
UNAVAILABLE = "cc 1 if the primary space is not available, cc 2 if the secondary one is not; nothing is loaded then."
SWITCH = "cc 3 if a primary space that is translated, or the current one, asks for a space-switch event."
NEW_PRIMARY = (FIRST_SPACE, FIRST_ENTRY)
ROWS = (
    Row("kept", KEPT, bits=SKIP_AUTHORITY),
    Row("given-index", "The authorization index may be given.", bits=SKIP_AUTHORITY | GIVEN_INDEX, index=NEW_INDEX),
    Row("equal", SECONDARY, secondary=OLD_PRIMARY, spaces=(OLD_1, OLD_5, OLD_1)),
    Row("primary", TRANSLATED, primary=FIRST, secondary=FIRST, index=3, spaces=(*NEW_PRIMARY, FIRST_SPACE)),
    Row(
        "primary-given-index",
        "The authorization index may be given.",
        primary=FIRST,
        secondary=FIRST,
        bits=GIVEN_INDEX,
        index=NEW_INDEX,
        spaces=(*NEW_PRIMARY, FIRST_SPACE),
    ),
    Row("secondary-kept", KEPT, primary=FIRST, bits=SKIP_AUTHORITY, index=3, spaces=(*NEW_PRIMARY, OLD_7)),
    Row(
        "secondary",
        SECONDARY,
        primary=FIRST,
        secondary=SECOND,
        bits=SKIP_AUTHORITY,
        index=3,
        spaces=(*NEW_PRIMARY, SECOND_SPACE),
    ),
    Row("secondary-alone", SECONDARY, secondary=SECOND, bits=SKIP_AUTHORITY, spaces=(OLD_1, OLD_5, SECOND_SPACE)),
    Row(
        "forced-primary",
        "Translation is forced by bit 61.",
        primary=OTHER,
        secondary=OTHER,
        old_primary=OTHER,
        bits=FORCE,
        index=0,
        spaces=(OTHER_SPACE, OTHER_ENTRY, OTHER_SPACE),
    ),
    Row(
        "forced-secondary",
        "Translation is forced by bit 61.",
        primary=FIRST,
        secondary=OTHER,
        old_secondary=OTHER,
        bits=FORCE | SKIP_AUTHORITY,
        index=3,
        spaces=(*NEW_PRIMARY, OTHER_SPACE),
    ),
    Row(
        "authorized",
        AUTHORIZED,
        primary=FIRST,
        secondary=SECOND,
        authority=AUTHORITY[3],
        index=3,
        spaces=(*NEW_PRIMARY, SECOND_SPACE),
    ),
    Row("not-authorized", AUTHORIZED, primary=FIRST, secondary=SECOND, authority=0xFF & ~AUTHORITY[3], cc=2),
    Row(
        "authorized-given-index",
        AUTHORIZED,
        primary=FIRST,
        secondary=SECOND,
        bits=GIVEN_INDEX,
        authority=AUTHORITY[2],
        index=NEW_INDEX,
        spaces=(*NEW_PRIMARY, SECOND_SPACE),
    ),
    Row(
        "not-authorized-given-index",
        AUTHORIZED,
        primary=FIRST,
        secondary=SECOND,
        bits=GIVEN_INDEX,
        authority=0xFF & ~AUTHORITY[2],
        cc=2,
    ),
    Row(
        "authorized-old-index",
        AUTHORIZED,
        secondary=SECOND,
        authority=AUTHORITY[1],
        spaces=(OLD_1, OLD_5, SECOND_SPACE),
    ),
    Row("not-authorized-old-index", AUTHORIZED, secondary=SECOND, authority=0xFF & ~AUTHORITY[1], cc=2),
    Row(
        "authorized-current",
        "A current secondary ASN is translated, too, if its authority is to be tested.",
        primary=FIRST,
        secondary=OTHER,
        old_secondary=OTHER,
        authority=AUTHORITY[3],
        index=3,
        spaces=(*NEW_PRIMARY, OTHER_SPACE),
    ),
    Row("primary-first-invalid", UNAVAILABLE, primary=FIRST, cc=1, fill={"page1": 0x41000 | INVALID}),
    Row(
        "primary-second-invalid",
        UNAVAILABLE,
        primary=FIRST,
        cc=1,
        fill={"page2+0x40": (0x42000 | INVALID) << 32 | FIRST_INDEX << 16},
    ),
    Row(
        "secondary-invalid",
        UNAVAILABLE,
        primary=FIRST,
        secondary=SECOND,
        bits=SKIP_AUTHORITY,
        cc=2,
        fill={"page2+0x80": (0x42000 | INVALID) << 32},
    ),
    Row("switch-new", SWITCH, primary=FIRST, secondary=FIRST, cc=3, fill={"page2+0x48": FIRST_SPACE | SPACE_SWITCH}),
    Row("switch-old", SWITCH, primary=FIRST, secondary=FIRST, cc=3, old_1=OLD_1 | SPACE_SWITCH),
    Row(
        "switch-kept",
        "Nothing is translated, and no event asked for.",
        bits=SKIP_AUTHORITY,
        old_1=OLD_1 | SPACE_SWITCH,
        spaces=(OLD_1 | SPACE_SWITCH, OLD_5, OLD_7),
    ),
)


def exceptions() -> Iterator[Case]:
    for name, code, registers, controls in (
        ("boundary", Code.SPECIFICATION, {2: "page4+4"}, {14: PERMITTED | 0x40}),
        ("nowhere", Code.ADDRESSING, {2: "nowhere"}, {14: PERMITTED | 0x40}),
        ("translation-off", Code.SPECIAL_OPERATION, {2: "page4+4"}, {14: 0x40}),
    ):
        yield Case(
            name=name,
            rule="ASN translation must be permitted, and the operand be a doubleword.",
            source=SOURCE,
            basis=VERIFIED,
            mask=ADDRESSING_MODE,
            controls=controls,
            registers=registers,
            code="LASP 0(2),0\nafter: LGHI 15,1",
            events=(program(code, ilc=6, at="after"),),
        )


SECTION = CaseSection("Load address space parameters", (*(row.case() for row in ROWS), *exceptions()))
