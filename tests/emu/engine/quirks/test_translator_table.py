# SPDX-License-Identifier: GPL-2.0-or-later
"""The translator's table: entries are verified, flags are set and cleared, and other libraries are refused."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.engine.interception import intercept
from emu.engine.library import EngineError
from emu.engine.quirks.translator_table import ENTRIES, TranslatorTable, table_opcode, translator_table
from emu.isa.declaration import INSTRUCTIONS, Instruction, Reason
from emu.isa.opcodes import Opcode

INTERCEPTED = (Reason.SENSITIVE, Reason.CORRECTION)
KNOWN_TO_UNICORN = [each for each in INSTRUCTIONS if each.reason is not Reason.CONTROL]


@pytest.mark.parametrize("instruction", KNOWN_TO_UNICORN, ids=lambda each: each.mnemonic)
def test_each_instruction_that_unicorn_would_execute_has_an_entry(instruction: Instruction) -> None:
    intercept()
    table = translator_table()
    traps = instruction.reason in INTERCEPTED and instruction.only is None
    assert table.traps(table.declared(instruction)) is (traps or instruction.privileged)


@pytest.mark.parametrize(
    ("instruction", "is_there"),
    (("1a12", True), ("a7590007", True), ("e31020000004", True), ("0000", False), ("b9ff0012", False)),
)
def test_an_instruction_is_found_by_its_opcode(instruction: str, is_there: bool) -> None:
    assert translator_table().has(Opcode.of(bytes.fromhex(instruction))) is is_there


def test_the_flag_is_set_and_cleared() -> None:
    table = translator_table()
    entry = table.entry(0x1A00, "AR")
    before = ctypes.string_at(entry, 72)
    table.set_trapping([entry], traps=True)
    assert table.traps(entry)
    table.set_trapping([entry], traps=False)
    assert ctypes.string_at(entry, 72) == before


def test_the_table_is_read_only_again() -> None:
    table = translator_table()
    entry = table.entry(0x1A00, "AR")
    with table.writable():
        assert _permissions(entry).startswith("rw-")
    assert _permissions(entry).startswith("r--")


def _permissions(address: int) -> str:
    for line in Path("/proc/self/maps").read_text(encoding="ascii").splitlines():
        low, high = (int(each, 16) for each in line.split()[0].split("-"))
        if low <= address < high:
            return line.split()[1]
    raise LookupError


def test_an_entry_with_another_name_is_refused() -> None:
    with pytest.raises(EngineError, match="no entry 1A00 for ALR"):
        translator_table().entry(0x1A00, "ALR")


@pytest.mark.parametrize(
    "change",
    (
        f"table.ENTRIES = {ENTRIES - 1}",
        "table._ANCHOR = (0xB316, 'NOTHING')",
        "table._KNOWN_PRIVILEGED = ((0x1A00, 'AR'),)",
        "table._KNOWN_UNPRIVILEGED = ((0x8200, 'LPSW'),)",
        "table._KNOWN_UNPRIVILEGED = ((0x8200, 'AR'),)",
    ),
)
def test_another_library_is_refused(change: str) -> None:
    program = (
        "from emu.engine.quirks import translator_table as table\n"
        f"{change}\n"
        "try:\n    table.translator_table()\nexcept table.EngineError as refusal:\n    assert '2.1.4' in str(refusal)\n"
        "else:\n    raise SystemExit(1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_second_look_finds_the_same() -> None:
    first, second = translator_table(), TranslatorTable()
    assert first.entry(0xD500, "CLC") == second.entry(0xD500, "CLC")


@pytest.mark.parametrize(
    ("opcode", "pieces", "expected"),
    (
        (0xD5, ((0, 8),), 0xD500),
        (0xB205, ((0, 16),), 0xB205),
        (0xC4D, ((0, 8), (12, 4)), 0xC40D),
        (0xEC57, ((0, 8), (40, 8)), 0xEC57),
    ),
)
def test_opcodes_of_the_table(opcode: int, pieces: tuple[tuple[int, int], ...], expected: int) -> None:
    assert table_opcode(opcode, pieces) == expected


def test_an_opcode_in_other_pieces_is_refused() -> None:
    with pytest.raises(ValueError, match="no rule"):
        table_opcode(0x12, ((0, 4), (8, 4)))
