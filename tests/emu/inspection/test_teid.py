# SPDX-License-Identifier: GPL-2.0-or-later
"""The translation-exception identification in words (PoP 3, location 168)."""

from __future__ import annotations

import pytest

from emu.bits import bit
from emu.inspection.teid import in_words
from emu.program_interruption import ProgramInterruptionCode as Code


@pytest.mark.parametrize(
    ("teid", "code", "words"),
    (
        (0x1234000 | bit(53), Code.PAGE_TRANSLATION, ["page 1234000", "primary space", "store"]),
        (0x1234000 | bit(52) | 2, Code.SEGMENT_TRANSLATION, ["page 1234000", "secondary space", "fetch"]),
        (0x1234000 | 3, Code.ASCE_TYPE, ["page 1234000", "home space"]),
        (0x5000 | bit(53) | bit(61), Code.PROTECTION, ["page 5000", "primary space", "store", "DAT protection"]),
        (bit(53) | bit(56), Code.PROTECTION, ["page 0", "primary space", "store", "low-address protection"]),
        (bit(52) | bit(60), Code.PROTECTION, ["page 0", "primary space", "fetch", "key-controlled protection"]),
        (
            bit(52) | bit(56) | bit(61),
            Code.PROTECTION,
            ["page 0", "primary space", "fetch", "instruction-execution protection"],
        ),
        (0, Code.PROTECTION, ["page 0", "primary space", "kind of protection not told"]),
        (0x110000, Code.DISCARD_FAULT, ["absolute page 110000"]),
        (0x110000, Code.SPECIFICATION, []),
    ),
)
def test_words(teid: int, code: Code, words: list[str]) -> None:
    assert in_words(teid, code) == words
