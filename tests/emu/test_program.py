# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs: what is loaded, and what is refused with which line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.cpu import CpuState
from emu.errors import ProgramError
from emu.kernel_image import COMMAND_LINE_ADDRESS, command_line_bytes
from emu.machine import MEGABYTE, Machine
from emu.program import parse_program, read_program
from emu.psw import ADDRESSING_MODE, Psw
from tests.support.elf import ENTRY, Elf

CODE = bytes.fromhex("07000700")
PROGRAM = Elf(((0, b"low core"), (ENTRY, CODE)))


def refused(elf: Elf | bytes, message: str) -> None:
    image = elf if isinstance(elf, bytes) else elf.to_bytes()
    with pytest.raises(ProgramError, match=f"^{re.escape('x.elf: ' + message)}$"):
        parse_program(image, "x.elf")


def test_load_puts_segments_at_their_physical_addresses() -> None:
    machine = Machine(MEGABYTE)
    parse_program(PROGRAM.to_bytes(), "x.elf").load(machine)
    assert machine.storage.read(0, 8) == b"low core"
    assert machine.storage.read(ENTRY, 4) == CODE


def test_load_makes_cpu_0_ready_to_enter() -> None:
    machine = Machine(MEGABYTE, cpus=2)
    parse_program(PROGRAM.to_bytes(), "x.elf").load(machine)
    assert machine.cpus[0].psw == Psw(ADDRESSING_MODE, ENTRY)
    assert [cpu.state for cpu in machine.cpus] == [CpuState.OPERATING, CpuState.STOPPED]


def test_zeros_at_the_end_of_a_segment_are_not_touched() -> None:
    machine = Machine(MEGABYTE)
    parse_program(PROGRAM.changed(extra_memory=0x8000).to_bytes(), "x.elf").load(machine)
    untouched = machine.states.array[(ENTRY >> 12) + 1 :]
    assert (untouched == 3).all()


def test_command_line() -> None:
    machine = Machine(MEGABYTE)
    parse_program(PROGRAM.to_bytes(), "x.elf").load(machine, "test 123")
    assert machine.storage.read(COMMAND_LINE_ADDRESS, 10) == b"test 123\0\0"
    assert COMMAND_LINE_ADDRESS == 0x10480


def test_command_line_room() -> None:
    assert len(command_line_bytes("x" * 895)) == 896
    with pytest.raises(ProgramError, match="not be longer than 895 characters, and it has 896"):
        command_line_bytes("x" * 896)


@pytest.mark.parametrize("text", ("ä", "a\0b"))
def test_command_line_must_be_ascii(text: str) -> None:
    with pytest.raises(ProgramError, match="must be ASCII"):
        command_line_bytes(text)


def test_segment_must_fit_memory() -> None:
    program = parse_program(Elf(((ENTRY, CODE),), extra_memory=MEGABYTE).to_bytes(), "x.elf")
    program.load(Machine(3 * MEGABYTE))
    message = "x.elf: loadable segment 0 at 0x10000-0x110003 lies outside the memory of 0x100000 bytes"
    with pytest.raises(ProgramError, match=re.escape(message)):
        program.load(Machine(MEGABYTE))


def test_last_byte_of_memory_may_be_loaded() -> None:
    machine = Machine(MEGABYTE)
    parse_program(Elf(((MEGABYTE - 4, CODE),)).to_bytes(), "x.elf").load(machine)
    assert machine.storage.read(MEGABYTE - 4, 4) == CODE


def test_entry_must_lie_in_memory() -> None:
    program = parse_program(PROGRAM.changed(entry=MEGABYTE).to_bytes(), "x.elf")
    with pytest.raises(ProgramError, match=r"^x\.elf: e_entry is 0x100000, outside the memory of 0x100000 bytes$"):
        program.load(Machine(MEGABYTE))


def test_not_elf() -> None:
    refused(b"", "not an ELF file: it does not begin with 7f 45 4c 46")
    refused(PROGRAM.changed(magic=b"\x7fELG"), "not an ELF file: it does not begin with 7f 45 4c 46")


def test_wrong_kind_of_elf() -> None:
    refused(PROGRAM.changed(elf_class=1), "ELF class 1, not 2 (64-bit)")
    refused(PROGRAM.changed(encoding=1), "ELF data encoding 1, not 2 (big-endian)")
    refused(PROGRAM.changed(machine=62), "e_machine is EM_X86_64, not EM_S390")
    refused(PROGRAM.changed(file_type=3), "e_type is ET_DYN, not ET_EXEC (an executable with fixed addresses)")
    refused(PROGRAM.changed(file_type=1), "e_type is ET_REL, not ET_EXEC (an executable with fixed addresses)")


def test_truncated() -> None:
    image = PROGRAM.to_bytes()
    refused(image[:63], "truncated: an ELF header has 64 bytes, and the file 63")
    refused(image[:100], "truncated: 2 program headers at 0x40 do not fit in a file of 100 bytes")
    refused(image[:-1], "truncated: program header 1 has 0x4 bytes at 0xb8, and the file ends at 0xbb")


def test_impossible_headers() -> None:
    refused(PROGRAM.changed(header_size=32), "e_phentsize is 32, not 56")
    refused(PROGRAM.changed(extra_memory=-1), "program header 0: p_filesz 0x8 is more than p_memsz 0x7")
    refused(PROGRAM.changed(entry=ENTRY + 1), "e_entry is 0x10001, and instructions have even addresses")
    refused(PROGRAM.changed(segment_type=4), "there is no loadable segment (PT_LOAD) with anything in it")


def test_a_damaged_section_table_does_not_matter() -> None:
    assert parse_program(PROGRAM.changed(section_offset=1 << 40).to_bytes(), "x.elf").entry == ENTRY


def test_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"none\.elf: cannot be read: No such file or directory$"):
        read_program(tmp_path / "none.elf")
    with pytest.raises(ProgramError, match=r"cannot be read: Is a directory$"):
        read_program(tmp_path)


@given(st.data())
def test_damage_is_always_one_line(data: st.DataObject) -> None:
    image = bytearray(PROGRAM.to_bytes())
    for position, value in data.draw(
        st.lists(st.tuples(st.integers(4, len(image) - 1), st.integers(0, 255)), min_size=1, max_size=8)
    ):
        image[position] = value
    length = data.draw(st.integers(0, len(image)))
    try:
        parse_program(bytes(image[:length]), "x.elf").load(Machine(MEGABYTE))
    except ProgramError as reason:
        message = str(reason)
    else:
        return
    assert message.startswith("x.elf: ")
    assert "\n" not in message
