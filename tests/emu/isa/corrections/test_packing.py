# SPDX-License-Identifier: GPL-2.0-or-later
"""PACK, UNPK, PKA and PKU: no byte and no digit is lost, or packed twice."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, Psw


@pytest.fixture(autouse=True)
def addresses(cpu) -> None:
    """The first operand at 0x2000, the second at 0x3000."""
    cpu.gr[2], cpu.gr[3] = 0x2000, 0x3000


@pytest.mark.parametrize(
    ("lengths", "source", "result"),
    (
        ("42", "12345c", "f1f2f3f4c5"),
        ("62", "12345c", "f0f0f1f2f3f4c5"),
        ("22", "12345c", "f3f4c5"),
        ("31", "abcd", "f0fafbdc"),
        ("00", "7d", "d7"),
    ),
)
def test_unpack(execute, machine, lengths, source, result) -> None:
    execute(f"f3{lengths}20003000", x3000=source)
    assert machine.storage.read(0x2000, len(result) // 2).hex() == result


@pytest.mark.parametrize(
    ("lengths", "source", "result"),
    (
        ("24", "f1f2f3f4c5", "12345c"),
        ("22", "f1f2c3", "00123c"),
        ("14", "f1f2f3f4c5", "345c"),
        ("00", "d7", "7d"),
        ("20", "d7", "00007d"),
        ("23", "abcdef01", "0bdf10"),
    ),
)
def test_pack_zoned(execute, machine, lengths, source, result) -> None:
    execute(f"f2{lengths}20003000", x3000=source)
    assert machine.storage.read(0x2000, len(result) // 2).hex() == result


def test_pack_in_place_is_not_done_twice(execute, machine, cpu, address_space) -> None:
    for page in (0, 0x3000, 0x10000):
        address_space.map(page, page)
    address_space.map(0x2000, 0x2000, 0x400)
    address_space.enter(cpu)
    cpu.gr[2] = 0x2FFE
    outcome = execute("f24420002000", x2FFE="f1f2f3f4c5")
    assert outcome.interruption is ProgramInterruptionCode.PAGE_TRANSLATION
    assert machine.storage.read(0x2FFE, 5).hex() == "f1f2f3f4c5"


def test_unpack_in_place(execute, machine) -> None:
    # Every source byte is fetched before the result, which is stored from the right, comes to it.
    execute("f34220002000", x2000="12345c0000")
    assert machine.storage.read(0x2000, 5).hex() == "f1f2f3f4c5"


@pytest.mark.parametrize(
    ("code", "source", "result"),
    (
        ("e90220003000", "313233", "123c"),
        ("e90120003000", "3938", "98c"),
        ("e91f20003000", "39" + "31" * 31, "1" * 31 + "c"),
        ("e10520003000", "003100320033", "123c"),
        ("e10120003000", "0037", "7c"),
    ),
)
def test_pack(execute, machine, code, source, result) -> None:
    execute(code, x3000=source)
    assert machine.storage.read(0x2000, 16).hex() == result.rjust(32, "0")


@pytest.mark.parametrize("code", ("e92020003000", "e10220003000", "e14120003000"))
def test_lengths(execute, code) -> None:
    assert execute(code).interruption is ProgramInterruptionCode.SPECIFICATION


@pytest.mark.parametrize("code", ("f34220003000", "e90220003000", "e10520003000"))
@pytest.mark.parametrize("register", (2, 3))
def test_access_exception(execute, cpu, code, register) -> None:
    cpu.gr[register] = 0x80_0000
    assert execute(code).interruption is ProgramInterruptionCode.ADDRESSING


@pytest.mark.parametrize(
    ("lengths", "source", "result", "condition_code"),
    (
        ("05", "00" * 13 + "12345c", "303132333435", 0),
        ("01", "00" * 13 + "12345d", "3435", 1),
        (
            "1f",
            "1234567890123456789012345678901b",
            "30" + "".join(f"3{d}" for d in "1234567890123456789012345678901"),
            1,
        ),
        ("01", "00" * 14 + "abc9", "3b3c", 3),
    ),
)
def test_unpack_ascii(execute, machine, lengths, source, result, condition_code) -> None:
    assert execute(f"ea{lengths}20003000", x3000=source).condition_code == condition_code
    assert machine.storage.read(0x2000, len(result) // 2).hex() == result


def test_unpack_unicode(execute, machine) -> None:
    assert execute("e20720003000", x3000="00" * 14 + "123f").condition_code == 0
    assert machine.storage.read(0x2000, 8).hex() == "0030003100320033"


@pytest.mark.parametrize("instruction", ("ea20", "e206", "e241"))
def test_lengths_that_unpack_does_not_have(execute, instruction) -> None:
    assert execute(instruction + "20003000").interruption is ProgramInterruptionCode.SPECIFICATION


@pytest.mark.parametrize("instruction", ("ea0f", "e20f"))
def test_nothing_is_unpacked_where_a_part_may_not_be_stored(execute, machine, instruction) -> None:
    """The last bytes of the first operand are in a page that may be stored into, the first ones are not."""
    machine.keys.bytes[2], machine.keys.bytes[3] = 0x20, 0x10
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE | 1 << 52, machine.cpus[0].instruction_address))
    outcome = execute(instruction + "2ffc3100", x3000="55" * 16)
    assert outcome.interruption is ProgramInterruptionCode.PROTECTION
    assert machine.storage.read(0x3000, 16) == b"\x55" * 16
