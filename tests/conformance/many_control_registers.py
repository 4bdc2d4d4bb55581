# SPDX-License-Identifier: GPL-2.0-or-later
"""All control registers stored and loaded, and all but those of program-event recording."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState

SENTINEL = 0x3333_3333_3333_3333
MASK_32 = (1 << 32) - 1


def control_registers() -> Iterator[Case]:
    common = {"source": "PoP 10, Load Control, Store Control", "basis": VERIFIED}
    # Not those that would trace, and as they are where they would mask machine checks or let something in.
    held = {number: 0x0101_0101_0101_0101 * number for number in range(16)} | {0: 0xE0, 6: 0, 14: 0xC200_0000}
    numbers = [*range(3, 16), 0, 1, 2]
    doublewords = [held[number] for number in numbers]
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    both = [(held[first] & MASK_32) << 32 | held[second] & MASK_32 for first, second in pairs]
    for mnemonic, stored in (("STCTG", doublewords), ("STCTL", both)):
        yield Case(
            name=f"store-all-{mnemonic.lower()}",
            rule="All control registers are stored, from R1 on, and number 0 after number 15.",
            registers={2: "page1"},
            fill={"page1": SENTINEL},
            controls=held,
            # Also where the page has been stored into before.
            code=f"{mnemonic} 3,2,0(2)\nMVI 0x200(2),1\n{mnemonic} 3,2,0x100(2)",
            end=FinalState(
                storage={
                    f"page1+{start + 8 * place}": value for start in (0, 0x100) for place, value in enumerate(stored)
                }
            ),
            **common,
        )
    loaded = {number: value & MASK_32 for number, value in held.items()}
    before = dict.fromkeys(numbers, SENTINEL) | {0: 0xE0, 6: 0, 14: 0}
    # All, and all but those of program-event recording.
    for name, first, last, several in (("all", 3, 2, numbers), ("most", 12, 8, [*range(12, 16), *range(9)])):
        yield Case(
            name=f"load-{name}-32",
            rule="LOAD CONTROL (32) loads bits 32-63 of all from R1 on, and number 0 after number 15; bits 0-31 stay.",
            registers={2: "page1"},
            storage={"page1": b"".join(loaded[number].to_bytes(4, "big") for number in several)},
            controls=before,
            code=f"LCTL {first},{last},0(2)",
            end=FinalState(controls={number: before[number] & ~MASK_32 | loaded[number] for number in several}),
            **common,
        )


SECTION = CaseSection("Many control registers", tuple(control_registers()))
