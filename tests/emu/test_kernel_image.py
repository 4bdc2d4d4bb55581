# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw images: what a Linux kernel finds when it is entered, bare images, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.cpu import CpuState
from emu.errors import CommandLineError, ProgramError
from emu.isa.assembler import assemble
from emu.kernel_image import BareImage, KernelImage, command_line_bytes, parse_image
from emu.machine import MEGABYTE, Machine, StopKind
from emu.program import Program, read_program
from emu.psw import ADDRESSING_MODE, Psw
from tests.support.elf import ESSA_PROGRAM, ending_program

ENTRY = 0x10000
SIZE = 0x11000


def kernel(*, room: int = 0x1000, size: int = SIZE, code: bytes = b"") -> bytes:
    """An image with the mark of a Linux kernel, *code* at its entry, and *room* for the command line."""
    image = bytearray(size)
    image[ENTRY : ENTRY + len(code)] = code
    image[0x10008:0x1000E] = b"S390EP"
    image[0x10430:0x10438] = room.to_bytes(8, "big")
    image[0x10480:0x10488] = b"default\0"
    return bytes(image)


@pytest.fixture
def machine() -> Machine:
    return Machine(16 * MEGABYTE, cpus=2)


def test_a_kernel_lies_at_zero_and_is_entered_at_64_kb(machine: Machine) -> None:
    image = kernel()
    parse_image(image, "vmlinuz").load(machine)
    assert machine.read_storage(0, SIZE) == image
    assert machine.cpus[0].psw == Psw(ADDRESSING_MODE, 0x10000)
    assert [cpu.state for cpu in machine.cpus] == [CpuState.OPERATING, CpuState.STOPPED]


def test_parameter_area(machine: Machine) -> None:
    ramdisk = bytes(range(256)) * 20
    parse_image(kernel(), "vmlinuz", ramdisk).load(machine, "root=/dev/ram0")
    address = int.from_bytes(machine.read_storage(0x10408, 8), "big")
    assert address == 0x80_0000
    assert int.from_bytes(machine.read_storage(0x10410, 8), "big") == len(ramdisk)
    assert machine.read_storage(address, len(ramdisk)) == ramdisk
    assert machine.read_storage(0x10480, 15) == b"root=/dev/ram0\0"


def test_without_ram_disk_and_command_line_the_area_stays(machine: Machine) -> None:
    parse_image(kernel(), "vmlinuz").load(machine)
    assert machine.read_storage(0x10408, 16) == bytes(16)
    assert machine.read_storage(0x10480, 8) == b"default\0"


def test_the_ram_disk_lies_behind_a_large_kernel(machine: Machine) -> None:
    parse_image(kernel(size=9 * MEGABYTE + 1), "vmlinuz", b"disk").load(machine)
    assert int.from_bytes(machine.read_storage(0x10408, 8), "big") == 10 * MEGABYTE


@pytest.mark.parametrize(("room", "longest"), ((0, 895), (0x1000, 4095)))
def test_the_image_says_how_long_the_command_line_may_be(machine: Machine, room: int, longest: int) -> None:
    image = parse_image(kernel(room=room), "vmlinuz")
    image.load(machine, "x" * longest)
    with pytest.raises(CommandLineError, match=f"not be longer than {longest} characters, and it has {longest + 1}"):
        image.load(machine, "x" * (longest + 1))


def test_a_kernel_runs_and_reboots(machine: Machine) -> None:
    # LGHI 2,3; LGHI 1,0; DIAGNOSE 1,2,0x308: initial program loading.
    code = bytes.fromhex("A7290003") + b"\xa7\xf4\x00\x06" + bytes(8) + bytes.fromhex("A7190000 83120308")
    parse_image(kernel(code=code), "vmlinuz").load(machine)
    stop = machine.run(100)
    assert stop.kind is StopKind.LOAD_REQUESTED
    assert "DIAGNOSE 0x308, subcode 3" in stop.text


def test_a_bare_image_is_entered_by_its_psw(machine: Machine) -> None:
    # In the form that LPSW takes: bit 12 one, 64-bit addressing mode.
    psw = 0x0008_0001_8000_0000 | 0x100
    image = psw.to_bytes(8, "big").ljust(0x100, b"\0") + assemble("LPSWE 0x110").ljust(16, b"\0")
    image += (0x0002_0001_8000_0000).to_bytes(8, "big") + (0xFFF).to_bytes(8, "big")
    bare = parse_image(image, "bare")
    assert isinstance(bare, BareImage)
    bare.load(machine)
    assert machine.cpus[0].psw == Psw(ADDRESSING_MODE, 0x100)
    stop = machine.run(100)
    assert (stop.kind, stop.psw.address) == (StopKind.DISABLED_WAIT, 0xFFF)


@pytest.mark.parametrize("data", (b"", b"text", bytes(8), bytes.fromhex("F008000080000000")))
def test_what_is_neither(data: bytes) -> None:
    with pytest.raises(ProgramError, match=r"^x: expected an ELF file .*, a Linux kernel image .*, or an image that"):
        parse_image(data, "x")


def test_what_does_not_fit() -> None:
    small = Machine(MEGABYTE)
    with pytest.raises(ProgramError, match=r"^vmlinuz: 0x100001 bytes do not fit into the memory of 0x100000 bytes"):
        parse_image(kernel(size=MEGABYTE + 1), "vmlinuz").load(small)
    with pytest.raises(ProgramError, match=r"^vmlinuz: the RAM disk of 4 bytes would lie at 0x800000, and the memory"):
        parse_image(kernel(), "vmlinuz", b"disk").load(small)
    with pytest.raises(ProgramError, match=r"^vmlinuz: truncated: a kernel's parameter area ends at 0x10800"):
        parse_image(kernel(size=0x10700), "vmlinuz")


def test_a_bare_image_takes_neither_ram_disk_nor_command_line(machine: Machine) -> None:
    image = (0x0008_0001_8000_0100).to_bytes(8, "big")
    with pytest.raises(ProgramError, match=r"^x: not a Linux kernel image, and only that gets a RAM disk"):
        parse_image(image, "x", b"disk")
    with pytest.raises(CommandLineError, match="a bare image takes none"):
        parse_image(image, "x").load(machine, "quiet")


@pytest.mark.parametrize("text", ("ä", "a\0b"))
def test_command_line_is_ascii(text: str) -> None:
    with pytest.raises(CommandLineError, match="ASCII"):
        command_line_bytes(text)


def test_read_program_tells_them_apart(tmp_path: Path) -> None:
    elf, raw, disk = tmp_path / "elf", tmp_path / "raw", tmp_path / "disk"
    elf.write_bytes(ending_program(ESSA_PROGRAM).to_bytes())
    raw.write_bytes(kernel())
    disk.write_bytes(b"disk")
    assert isinstance(read_program(elf), Program)
    found = read_program(raw, disk)
    assert isinstance(found, KernelImage)
    assert found.ramdisk == b"disk"
    with pytest.raises(ProgramError, match="elf: an ELF file, and only a Linux kernel image gets a RAM disk"):
        read_program(elf, disk)
    with pytest.raises(ProgramError, match="nothing: cannot be read: No such file or directory"):
        read_program(raw, tmp_path / "nothing")
