# SPDX-License-Identifier: GPL-2.0-or-later
"""CU12 and CU14 with well-formedness checking; MVCLU with odd lengths."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode

CU12 = "b2a71046"
CU14 = "b9b01046"


@pytest.fixture(autouse=True)
def addresses(cpu) -> None:
    """The target at 0x2000, 16 bytes; the source at 0x3000."""
    cpu.gr[4], cpu.gr[5], cpu.gr[6] = 0x2000, 16, 0x3000


WELL_FORMED = (
    ("41", "0041", "00000041"),
    ("c380", "00c0", "000000c0"),
    ("e0a080", "0800", "00000800"),
    ("e0bfbf", "0fff", "00000fff"),
    ("ed9fbf", "d7ff", "0000d7ff"),
    ("ee8080", "e000", "0000e000"),
    ("f0908080", "d800dc00", "00010000"),
    ("f48fbfbf", "dbffdfff", "0010ffff"),
    ("4142", "00410042", "0000004100000042"),
)
CONVERSIONS = [(CU12, source, utf_16) for source, utf_16, _ in WELL_FORMED] + [
    (CU14, source, utf_32) for source, _, utf_32 in WELL_FORMED
]


@pytest.mark.parametrize(("code", "source", "result"), CONVERSIONS)
def test_well_formed(execute, cpu, machine, code, source, result) -> None:
    length, converted = len(source) // 2, len(result) // 2
    cpu.gr[7] = length
    assert execute(code, x3000=source).condition_code == 0
    assert machine.storage.read(0x2000, converted).hex() == result
    assert (cpu.gr[4], cpu.gr[5]) == (0x2000 + converted, 16 - converted)
    assert (cpu.gr[6], cpu.gr[7]) == (0x3000 + length, 0)


@pytest.mark.parametrize(
    "source", ("80", "c180", "e09fbf", "eda080", "f08fbfbf", "f4908080", "f5808080", "c341", "e1a041")
)
def test_ill_formed(execute, cpu, source) -> None:
    cpu.gr[7] = 8
    assert execute(CU12, x3000=source).condition_code == 2
    assert (cpu.gr[6], cpu.gr[7]) == (0x3000, 8)


def test_no_room(execute, cpu) -> None:
    cpu.gr[5], cpu.gr[7] = 2, 2
    assert execute(CU12, x3000="4142").condition_code == 1
    assert (cpu.gr[5], cpu.gr[7]) == (0, 1)


def test_source_ends_inside_a_character(execute, cpu) -> None:
    cpu.gr[7] = 2
    assert execute(CU12, x3000="41e1").condition_code == 0
    assert cpu.gr[7] == 1


def test_access_exception_after_the_first_character_waits(execute, cpu) -> None:
    cpu.gr[6], cpu.gr[7] = 0x3FFFFF, 2
    assert execute(CU12, x3FFFFF="41").condition_code == 3
    assert (cpu.gr[6], cpu.gr[7]) == (0x400000, 1)


def test_access_exception(execute, cpu) -> None:
    cpu.gr[6], cpu.gr[7] = 0x400000, 2
    assert execute(CU12).interruption is ProgramInterruptionCode.ADDRESSING


@pytest.mark.parametrize("code", ("b2a71056", "b2a71047", "b9b01056"))
def test_pairs(execute, code) -> None:
    assert execute(code).interruption is ProgramInterruptionCode.SPECIFICATION


def test_move(execute, cpu, machine) -> None:
    cpu.gr[5], cpu.gr[7] = 4, 2
    assert execute("eb460020008e", x3000="1234").condition_code == 3
    assert (cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7]) == (0x2002, 2, 0x3002, 0)
    assert machine.storage.read(0x2000, 2).hex() == "1234"


def test_pad(execute, cpu, machine) -> None:
    cpu.gr[5], cpu.gr[7] = 4, 0
    assert execute("eb460020008e").condition_code == 2
    assert machine.storage.read(0x2000, 4).hex() == "00200020"
    assert (cpu.gr[4], cpu.gr[5]) == (0x2004, 0)


@pytest.mark.parametrize(("room", "left", "condition_code"), ((2, 2, 0), (2, 4, 1)))
def test_move_condition_code(execute, cpu, room, left, condition_code) -> None:
    cpu.gr[5], cpu.gr[7] = room, left
    assert execute("eb460020008e").condition_code == condition_code


@pytest.mark.parametrize(("room", "left"), ((3, 2), (2, 3)))
def test_odd_lengths(execute, cpu, room, left) -> None:
    cpu.gr[5], cpu.gr[7] = room, left
    assert execute("eb460020008e").interruption is ProgramInterruptionCode.SPECIFICATION


# Between all three

FORMS = {"UTF-8": 0, "UTF-16": 1, "UTF-32": 2}
TEXTS = tuple(
    (text.encode("utf-8"), text.encode("utf-16-be"), text.encode("utf-32-be"))
    for text in (
        "A",
        "\x7f",
        "\x80",
        "\u07ff",
        "\u0800",
        "\ud7ff",
        "\ue000",
        "\uffff",
        "\U00010000",
        "\U0010ffff",
        "Aé€😀",
    )
)
CONVERTERS = {
    "CU12": ("b2a7{}046", "UTF-8", "UTF-16"),
    "CU14": ("b9b0{}046", "UTF-8", "UTF-32"),
    "CU21": ("b2a6{}046", "UTF-16", "UTF-8"),
    "CU24": ("b9b1{}046", "UTF-16", "UTF-32"),
    "CU41": ("b9b2{}046", "UTF-32", "UTF-8"),
    "CU42": ("b9b3{}046", "UTF-32", "UTF-16"),
}


@pytest.mark.parametrize("checked", (0, 1))
@pytest.mark.parametrize("name", CONVERTERS)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[2].hex())
def test_every_form_to_every_other(execute, cpu, machine, name, text, checked) -> None:
    code, source, target = CONVERTERS[name]
    before, after = text[FORMS[source]], text[FORMS[target]]
    cpu.gr[7] = len(before)
    assert execute(code.format(checked), x3000=before.hex()).condition_code == 0
    assert machine.storage.read(0x2000, len(after) + 1) == after + b"\0"
    assert (cpu.gr[4], cpu.gr[5]) == (0x2000 + len(after), 16 - len(after))
    assert (cpu.gr[6], cpu.gr[7]) == (0x3000 + len(before), 0)


@pytest.mark.parametrize(
    ("code", "source", "condition_code"),
    (
        ("b2a61046", "d8000041", 2),
        ("b9b11046", "d8000041", 2),
        ("b2a60046", "d8000041", 0),
        ("b2a61046", "d800", 0),
        ("b2a61046", "dc00", 0),
        ("b9b20046", "0000d800", 2),
        ("b9b20046", "00110000", 2),
        ("b9b30046", "0000dbff", 2),
        ("b9b30046", "0000dc00", 0),
        ("b9b30046", "000041", 0),
    ),
)
def test_surrogates_and_what_is_no_character(execute, cpu, code, source, condition_code) -> None:
    cpu.gr[7] = len(source) // 2
    assert execute(code, x3000=source).condition_code == condition_code


@pytest.mark.parametrize("name", CONVERTERS)
def test_what_was_converted_before_an_exception_is_done(execute, cpu, machine, name) -> None:
    """The target has room for one character and a part of the next; BRC 1 leads back."""
    code, source, target = CONVERTERS[name]
    before = "AB".encode({"UTF-8": "utf-8", "UTF-16": "utf-16-be", "UTF-32": "utf-32-be"}[source])
    size = {"UTF-8": 1, "UTF-16": 2, "UTF-32": 4}[target]
    cpu.gr[4], cpu.gr[7] = machine.memory - size, len(before)
    outcome = execute(code.format(0) + "a714fffe", x3000=before.hex())
    assert outcome.interruption is ProgramInterruptionCode.ADDRESSING
    assert (cpu.gr[4], cpu.gr[7]) == (machine.memory, len(before) // 2)
    assert machine.storage.read(machine.memory - size, size)[-1:] == b"A"
