# SPDX-License-Identifier: GPL-2.0-or-later
"""CMPSC with small dictionaries, whose entries are those of the figures of SA22-7208."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

TARGET, SOURCE, DICTIONARY = 0x3000, 0x5000, 0x2_0000
RUBBISH = 0x1234_5678 << 32
EXPAND, FORMAT_1, TRANSLATE = 0x100, 0x200, 0x1_0000
NINE_BITS = 0x1000
TABLE = 0x1000
"""Offset of the symbol-translation table from the dictionary."""

COMPRESSION = {
    ord("a"): "2001006200000000",  # one child, b, which is 256
    ord("p"): "c001043132333435",  # five children, 1 to 5, from 260 on, and siblings in 265
    ord("x"): "5001207171000000",  # two children, both q, from 288 on, the first examined
    265: "5036370000000000",  # two siblings, 6 and 7; the first is examined
    266: "0040007a7a000000",  # 6, with the extension zz
    288: "0020002100000000",  # q, with the extension !
    ord("m"): "3001307273000000",  # one child, r, examined, which is 304
    304: "2021316773000000",  # with the extension g and one child, s, which is 305
}
EXPANSION = {
    256: "0261620000000000",  # ab
    257: "2100630000000002",  # c after what 256 is
    258: "4101646500000003",  # de after what 257 is
}


def symbols(*indexes: int, bits: int = 9, start: int = 0) -> bytes:
    """Index symbols one after the other, from the bit *start* of the first byte on."""
    value = 0
    for index in indexes:
        value = value << bits | index
    length = start + bits * len(indexes)
    return (value << -length % 8).to_bytes((length + 7) // 8, "big")


def operands(cpu: Cpu, source: bytes, controls: int, *, room: int = 100, start: int = 0, high: int = 0) -> None:
    dictionary = EXPANSION if controls & EXPAND else COMPRESSION
    for index, entry in dictionary.items():
        cpu.configuration.storage.write(DICTIONARY + 8 * index, bytes.fromhex(entry))
    cpu.configuration.storage.write(SOURCE, source)
    cpu.gr[0], cpu.gr[1] = high | NINE_BITS | controls, high | DICTIONARY | TABLE // 128 << 3 | start
    cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = high | TARGET, high | room, high | SOURCE, high | len(source)


# A string, and its index symbols.
STRINGS = (
    ("abaab", (256, ord("a"), 256)),
    ("p3p9p7p1", (262, ord("p"), ord("9"), 267, 260)),
    ("p6zzp6z", (266, ord("p"), ord("6"), ord("z"))),
    ("xq!xqq", (288, 289, ord("q"))),
    ("mrgsmrgmrsmr", (305, 304, ord("m"), ord("r"), ord("s"), ord("m"), ord("r"))),
)


@pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING, ADDRESSING_MODE))
@pytest.mark.parametrize("start", range(8))
@pytest.mark.parametrize(("string", "indexes"), STRINGS)
def test_compression(cpu: Cpu, run: Run, mode: int, start: int, string: str, indexes: tuple[int, ...]) -> None:
    cpu.load_psw(Psw(mode, cpu.instruction_address))
    high = 0 if mode == ADDRESSING_MODE else RUBBISH
    operands(cpu, string.encode(), 0, start=start, high=high)
    cpu.configuration.storage.write(TARGET, b"\xff" * 16)
    run(cpu, "CMPSC", r1=4, r2=6)
    expected = bytearray(symbols(*indexes, start=start))
    expected[0] |= 0xFF00 >> start & 0xFF
    assert cpu.cc == 0
    assert cpu.configuration.storage.read(TARGET, len(expected)) == bytes(expected)
    count, number = divmod(start + 9 * len(indexes), 8)
    assert (cpu.gr[4], cpu.gr[5], cpu.gr[1] & 7) == (high | TARGET + count, high | 100 - count, number)
    assert (cpu.gr[6], cpu.gr[7]) == (high | SOURCE + len(string), high)


def test_the_entry_of_the_last_character_is_not_looked_at(cpu: Cpu, run: Run, expect: Expect) -> None:
    # Seven children are more than there can be, and the source has no character for one.
    cpu.configuration.storage.write(DICTIONARY + 8 * ord("Z"), bytes.fromhex("e000000000000000"))
    operands(cpu, b"Z", 0)
    run(cpu, "CMPSC", r1=4, r2=6)
    assert cpu.cc == 0
    assert cpu.configuration.storage.read(TARGET, 2) == symbols(ord("Z"))
    operands(cpu, b"ZZ", 0)
    with expect(Code.DATA):
        run(cpu, "CMPSC", r1=4, r2=6)


@pytest.mark.parametrize("controls", (0, EXPAND))
def test_nothing_to_do(cpu: Cpu, run: Run, controls: int) -> None:
    operands(cpu, b"", controls, room=0, start=3)
    run(cpu, "CMPSC", r1=4, r2=6)
    assert (cpu.cc, cpu.gr[4], cpu.gr[6], cpu.gr[1] & 7) == (0, TARGET, SOURCE, 3)


@pytest.mark.parametrize(
    ("descriptor", "rest", "string", "indexes"),
    (
        # Two siblings in the first eight bytes.
        ("2000363700000000", "00" * 8, "p7p8", (267, ord("p"), ord("8"))),
        # Eight, of which the last two are in the expansion dictionary.
        ("8000363738396162", "6364000000000000", "p6pbpcpdpe", (266, 271, 272, 273, ord("p"), ord("e"))),
    ),
)
def test_format_1_sibling_descriptors(
    cpu: Cpu, run: Run, descriptor: str, rest: str, string: str, indexes: tuple[int, ...]
) -> None:
    operands(cpu, string.encode(), FORMAT_1)
    cpu.configuration.storage.write(DICTIONARY + 8 * 265, bytes.fromhex(descriptor))
    cpu.configuration.storage.write(DICTIONARY + 8 * (512 + 265), bytes.fromhex(rest))
    run(cpu, "CMPSC", r1=4, r2=6)
    expected = symbols(*indexes)
    assert cpu.cc == 0
    assert cpu.configuration.storage.read(TARGET, len(expected)) == expected


def test_more_siblings_are_in_the_next_descriptor(cpu: Cpu, run: Run) -> None:
    operands(cpu, b"pB", 0)
    # Seven siblings and more; the next descriptor, in 265 + 7 + 1, has one.  Its Y bits are ones.
    cpu.configuration.storage.write(DICTIONARY + 8 * 265, bytes.fromhex("0036373839616263"))
    cpu.configuration.storage.write(DICTIONARY + 8 * 273, bytes.fromhex("2042000000000000"))
    run(cpu, "CMPSC", r1=4, r2=6)
    assert cpu.configuration.storage.read(TARGET, 2) == symbols(274)


def test_symbols_are_translated(cpu: Cpu, run: Run) -> None:
    operands(cpu, b"ab", TRANSLATE)
    cpu.configuration.storage.write_integer(DICTIONARY + TABLE + 2 * 256, 2, 0x123)
    run(cpu, "CMPSC", r1=4, r2=6)
    assert cpu.configuration.storage.read(TARGET, 2) == symbols(0x123)


@pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING, ADDRESSING_MODE))
@pytest.mark.parametrize("start", range(8))
def test_expansion(cpu: Cpu, run: Run, mode: int, start: int) -> None:
    cpu.load_psw(Psw(mode, cpu.instruction_address))
    high = 0 if mode == ADDRESSING_MODE else RUBBISH
    source = symbols(256, ord("Z"), 257, 258, start=start)
    operands(cpu, source, EXPAND, start=start, high=high)
    run(cpu, "CMPSC", r1=4, r2=6)
    assert cpu.cc == 0
    assert cpu.configuration.storage.read(TARGET, 12) == b"abZabcabcde\0"
    count, number = divmod(start + 36, 8)
    assert (cpu.gr[4], cpu.gr[5]) == (high | TARGET + 11, high | 89)
    assert (cpu.gr[6], cpu.gr[7], cpu.gr[1] & 7) == (high | SOURCE + count, high | len(source) - count, number)


def test_no_room_to_compress(cpu: Cpu, run: Run) -> None:
    operands(cpu, b"abaab", 0, room=2)
    run(cpu, "CMPSC", r1=4, r2=6)
    assert (cpu.cc, cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[1] & 7) == (1, TARGET + 1, 1, SOURCE + 2, 1)


@pytest.mark.parametrize(("room", "done"), ((2, 2), (4, 3), (0, 0)))
def test_no_room_to_expand(cpu: Cpu, run: Run, room: int, done: int) -> None:
    operands(cpu, symbols(256, ord("Z"), 257), EXPAND, room=room)
    run(cpu, "CMPSC", r1=4, r2=6)
    assert (cpu.cc, cpu.gr[4], cpu.gr[5]) == (1, TARGET + done, room - done)


def test_others_go_on(cpu: Cpu, run: Run) -> None:
    operands(cpu, b"z" * 1500, 0, room=2000)
    run(cpu, "CMPSC", r1=4, r2=6)
    assert cpu.cc == 3
    while cpu.cc == 3:
        run(cpu, "CMPSC", r1=4, r2=6)
    assert (cpu.cc, cpu.gr[7]) == (0, 0)
    assert cpu.configuration.storage.read(TARGET, 1687) == symbols(*[ord("z")] * 1500)[:1687]


@pytest.mark.parametrize(("r1", "r2", "size"), ((5, 6, 1), (4, 7, 1), (4, 6, 0), (4, 6, 6)))
def test_specification(cpu: Cpu, run: Run, expect: Expect, r1: int, r2: int, size: int) -> None:
    operands(cpu, b"", 0)
    cpu.gr[0] = size << 12
    with expect(Code.SPECIFICATION):
        run(cpu, "CMPSC", r1=r1, r2=r2)


@pytest.mark.parametrize(
    ("controls", "index", "entry"),
    (
        (EXPAND, 256, "0061620000000000"),  # no characters
        (EXPAND, 256, "c100630000000002"),  # six
        (EXPAND, 256, "2200630000000002"),  # after what 512 is, which there is not
        (EXPAND, 256, "2100630000000002"),  # after what it is itself
        (0, ord("a"), "00c0000000000000"),  # six extension characters
        (0, ord("a"), "20a1006200000000"),  # five, and a child
        (0, ord("a"), "e001006200000000"),  # seven children
        (0, ord("a"), "2002006200000000"),  # a child that there is not
    ),
)
def test_dictionaries_that_cannot_be_right(
    cpu: Cpu, run: Run, expect: Expect, controls: int, index: int, entry: str
) -> None:
    operands(cpu, symbols(ord("Z"), 256) if controls else b"Zab", controls)
    cpu.configuration.storage.write(DICTIONARY + 8 * index, bytes.fromhex(entry))
    with expect(Code.DATA) as condition:
        run(cpu, "CMPSC", r1=4, r2=6)
    assert condition.value.data_exception_code == 0
    # What was done before is done.
    assert cpu.gr[4] == TARGET + 1


def test_an_access_exception_leaves_what_is_done(cpu: Cpu, run: Run, expect: Expect) -> None:
    operands(cpu, symbols(256, 256), EXPAND)
    cpu.gr[4] = cpu.configuration.memory - 3
    with expect(Code.ADDRESSING):
        run(cpu, "CMPSC", r1=4, r2=6)
    assert (cpu.gr[4], cpu.gr[6], cpu.gr[1] & 7) == (cpu.configuration.memory - 1, SOURCE + 1, 1)


@pytest.mark.parametrize("steps", (False, True))
def test_on_the_machine(machine: Machine, cpu: Cpu, steps: bool) -> None:
    operands(cpu, b"abaab", 0)
    machine.storage.write(cpu.instruction_address, bytes.fromhex("b2630046 0700"))
    if steps:
        assert machine.step() is None
    else:
        machine.run(1)
    assert machine.storage.read(TARGET, 4) == symbols(256, ord("a"), 256)
