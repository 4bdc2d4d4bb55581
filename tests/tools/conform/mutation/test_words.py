# SPDX-License-Identifier: GPL-2.0-or-later
"""Words of texts and of cases."""

from __future__ import annotations

from tools.conform.architecture.case import VERIFIED, Case, external, program
from tools.conform.mutation.words import words_of, words_of_case


def test_words_and_numbers_in_small_letters() -> None:
    assert words_of("CPU_TIMER: Final = 0x1005") == {"cpu", "timer", "final", "0", "x", "1005"}


def test_the_words_of_a_case() -> None:
    case = Case(
        name="late-Sz",
        rule="A rule.",
        source="PoP",
        basis=VERIFIED,
        code="SIGP 4,2",
        events=(program(5, ilc=4), external(0x1202)),
    )
    assert words_of_case(case) == {*["late", "sz", "a", "rule", "sigp", "4", "2", "addressing", "5", "4610"]}
