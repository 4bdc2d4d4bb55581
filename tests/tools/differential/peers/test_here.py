# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams on this machine: what the driver sets, and what it finds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.tools.differential.peers.conftest import MASK, stream
from tools.differential.peers import layout
from tools.differential.peers.here import Here
from tools.differential.peers.outcome import StreamEnding, StreamOutcome

One = Callable[..., StreamOutcome]
INVALID, PROTECTED = "58f0c000", "50f0c000"
"""Load from, and store to, the address in general register 12."""


def register_12(value: int) -> tuple[int, ...]:
    return (*(0,) * 12, value, 0, 0, 0)


def test_a_stream_ends_behind_its_last_instruction(one: One) -> None:
    outcome = one("a7190005", "b9080021")
    assert outcome.ending is StreamEnding.END
    assert outcome.interruption() == "none"
    assert outcome.parts()["general register 2"] == f"{5:016x}"
    assert outcome.parts()["condition code"] == "2"


def test_all_registers_are_set(one: One) -> None:
    few, many = tuple(range(16)), tuple(range(32))
    parts = one("0700", registers=few, access=few, vectors=many, fpc=0x8800_0003).parts()
    assert parts["general register 15"] == f"{15:016x}"
    assert parts["access register 15"] == f"{15:08x}"
    assert parts["vector register 31"] == f"{31:032x}"
    assert parts["FPC"] == "88000003"


@pytest.mark.parametrize(
    ("code", "register", "interruption", "parts"),
    (
        (INVALID, layout.INVALID, "0011 page translation", {"translation-exception address": "23000"}),
        (PROTECTED, layout.PROTECTED, "0004 protection", {"instruction length": "4", "PSW address": "10004"}),
        ("07fc", 0x20000, "0004 protection", {}),
        ("0dd1", 0, "0004 protection", {"general register 13": "0000000000010002"}),
        ("1d10", 0, "0006 specification", {"instruction length": "2"}),
    ),
)
def test_an_interruption_ends_it(one: One, code: str, register: int, interruption: str, parts: dict[str, str]) -> None:
    outcome = one(code, registers=register_12(register))
    assert outcome.interruption() == interruption
    assert parts.items() <= outcome.parts().items()


def test_what_loops_is_cut_off(one: One) -> None:
    assert one("a7f40000").is_cut_off


def test_each_stream_finds_the_same_storage(here: Here) -> None:
    store = stream("9201c000", registers=register_12(0x20000))
    look = stream("43f0c000", registers=register_12(0x20000))
    alone, behind = here.run([look])[0], here.run([store, look])[1]
    assert alone == behind
    first = here.run([store])[0]
    assert first.parts()["page 20000"] != alone.parts()["page 20000"]


def test_data_of_its_own(one: One) -> None:
    outcome = one("e3f0c0000004", registers=register_12(0x20008), data={0x20008: "0123456789abcdef"})
    assert outcome.parts()["general register 15"] == "0123456789abcdef"


def test_execute_of_a_target(one: One) -> None:
    outcome = one("4400c008", registers=register_12(layout.TARGETS), targets=("0700", "41f00123"))
    assert outcome.parts()["general register 15"] == f"{0x123:016x}"


def test_modes_and_condition_code(one: One) -> None:
    outcome = one("41f0c001", registers=register_12(0x1_7FFF_FFFF), mask=MASK & ~(1 << 32) | 2 << 44)
    assert outcome.parts()["general register 15"] == "0000000000000000"
    assert outcome.parts()["condition code"] == "2"
