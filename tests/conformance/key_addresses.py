# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys by their addresses: real ones, to which prefixing is applied, absolute ones, and the addressing modes."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING
from tools.conform.architecture.case import INFERRED, VERIFIED, Case, CaseSection, FinalState, facility, program
from tools.conform.architecture.prefixed import WITHOUT_PREFIX, prefix_word, with_prefix

PFMF = "PoP 10, Perform Frame Management Function; Linux arch/s390/kvm/priv.c handle_pfmf (page-hinting reference 8.2)"
MULTIPLE_REFERENCES = facility(66)
SENTINEL = 0x3333_3333_3333_3333
HIGH = 0x1234_5678_0000_0000
SET_KEY, MEGABYTE = 0x2_0000, 0x1000
# The prefix area is page3 and page4, and its low core a copy of that at zero.
PREFIXED = {"page16": prefix_word(0x42000)}
WITH_PREFIX = with_prefix("page3")


def addresses() -> Iterator[Case]:
    modes = (("31-bit", BASIC_ADDRESSING, 0x8000_0000), ("24-bit", 0, 0xFF00_0000))
    for mode, mask, ignored in modes:
        address = HIGH | ignored | 0x40000
        for name, code, end in (
            ("insert", "ISKE 4,2", FinalState(registers={4: 0x56})),
            ("set", "SSKE 3,2", FinalState(keys={"page1": 0x70})),
            ("reset-reference", "RRBE 0,2", FinalState(cc=3, keys={"page1": 0x52})),
            ("test-block", "LLILF 9,page1\nTB 0,2\nLG 5,0(9)", FinalState(cc=0, registers={0: HIGH, 5: 0})),
        ):
            yield Case(
                name=f"{name}-{mode}",
                rule="In the 24- and 31-bit modes bits 40-63 or 33-63 of R2 are the address.",
                source="PoP 10, Control Instructions; PoP 5, Address Generation",
                basis=VERIFIED,
                mask=mask,
                registers={0: HIGH | 0x77, 2: address, 3: 0x70},
                fill={"page1": SENTINEL},
                keys={"page1": 0x56},
                code=code,
                end=end,
            )
    for name, code, end in (
        ("insert", "ISKE 4,2", FinalState(registers={4: 0x90})),
        ("set", "SSKE 3,2", FinalState(keys={"page3": 0x70})),
        ("reset-reference", "SSKE 5,2\nRRBE 0,2\nIPM 4", FinalState(registers={4: (0x3000_0000, 0x3000_0000)})),
        ("test-block", "LGHI 2,0x1000\nLGHI 0,5\nTB 0,2", FinalState(registers={0: 0}, storage={"page4": 0})),
    ):
        yield Case(
            name=f"{name}-prefixed",
            rule="The address is real: prefixing is applied.",
            source="PoP 10, Control Instructions; PoP 3, Prefixing",
            basis=VERIFIED,
            registers={2: 0, 3: 0x70, 5: 0x36},
            fill={"page4": SENTINEL},
            storage=PREFIXED,
            # The key of the prefix area, set by its absolute address, which another real one stands for.
            code=f"LGHI 4,0x90\nLLILF 6,page3\n{WITH_PREFIX}LLILF 6,0\nLGHI 12,0x90\nSSKE 12,6\nLGHI 4,0\n"
            f"{code}\n{WITHOUT_PREFIX}",
            end=end,
        )
    yield Case(
        name="store-then-and-prefixed",
        rule="A byte at an odd real address of the prefix area lies at the same place of the area.",
        source="PoP 3, Prefixing",
        basis=VERIFIED,
        storage=PREFIXED,
        fill={"page3": 0},
        code=f"{WITH_PREFIX}STNSM 0x801,0xFF\nMVI 0x802,0x55\n{WITHOUT_PREFIX}LLILF 6,page3\nLLGC 4,0x801(6)",
        # The extended addressing mode is bit 31, so that the system mask is zero.
        mask=ADDRESSING_MODE | 1 << 57,
        end=FinalState(registers={4: 0x02}),
    )
    yield Case(
        name="reset-references-range",
        rule="RESET REFERENCE BITS MULTIPLE works on the 64 blocks of the 256K that R2 lies in, and on no other.",
        source="PoP 10, Reset Reference Bits Multiple",
        basis=VERIFIED,
        needs=(MULTIPLE_REFERENCES,),
        registers={2: 0x5_3456, 3: SENTINEL},
        keys={0x3F000: 0x14, 0x40000: 0x14, 0x41000: 0x12, 0x4E000: 0x16, 0x7D000: 0x10, 0x7E000: 0, 0x7F000: 0x2C}
        | {0x80000: 0x14},
        code="RRBM 3,2",
        end=FinalState(
            registers={2: 0x5_3456, 3: (1 << 63 | 1 << 63 - 14 | 1, 1 << 63 | 1 << 62 | 1 << 63 - 14 | 7)},
            keys={0x3F000: 0x14, 0x40000: 0x10, 0x41000: 0x12, 0x4E000: 0x12, 0x7F000: 0x28, 0x80000: 0x14},
        ),
    )
    yield Case(
        name="reset-references-nowhere",
        rule="An address outside of storage is an addressing exception.",
        source="PoP 10, Reset Reference Bits Multiple",
        basis=VERIFIED,
        needs=(MULTIPLE_REFERENCES,),
        registers={2: "nowhere"},
        code="RRBM 3,2\nafter: LGHI 15,1",
        events=(program(Code.ADDRESSING, ilc=4, at="after"),),
    )
    yield Case(
        name="megabyte-absolute",
        rule="A frame of 1 MB has an absolute address: prefixing is not applied, as it is to that of a block.",
        source=PFMF,
        basis=INFERRED,
        needs=(facility(8),),
        # The second megabyte has no prefix area; the block at real address zero has.
        registers={2: 0xFF000, 3: SET_KEY | MEGABYTE | 0x70, 4: 0, 5: SET_KEY | 0x90},
        keys={"page3": 0x10, 0xFF000: 0x10},
        storage=PREFIXED,
        code=f"{WITH_PREFIX}PFMF 3,2\nPFMF 5,4\n{WITHOUT_PREFIX}",
        end=FinalState(keys={"page3": 0x90, 0xFF000: 0x70}),
    )


SECTION = CaseSection("Storage keys: addresses", tuple(addresses()))
