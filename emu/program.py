# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs, read from a file and put into a machine's storage: ELF executables for s390x; raw images elsewhere.

Every file that cannot be one is refused with :class:`ProgramError`, whose message is one line that names the file, the
field and what was expected.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.cpu import CpuState
from emu.errors import ProgramError
from emu.input_files.reading import read_whole
from emu.kernel_image import COMMAND_LINE_ADDRESS, BareImage, KernelImage, command_line_bytes, parse_image
from emu.psw import ADDRESSING_MODE, Psw

if TYPE_CHECKING:
    from emu.machine import Machine

_ELF: Final = b"\x7fELF"
_HEADER_BYTES: Final = 64
_PROGRAM_HEADER_BYTES: Final = 56


@dataclass(frozen=True, slots=True)
class Segment:
    """A loadable segment: *data* goes to absolute *address*, followed by zeros up to *size* bytes."""

    address: int
    data: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Program:
    """An executable: where it came from, where it is entered and what it puts into storage."""

    name: str
    entry: int
    segments: tuple[Segment, ...]

    def load(self, machine: Machine, command_line: str | None = None) -> None:
        """Put the program into the storage of *machine*, which must be clear, and make CPU 0 ready to enter it.

        It is entered in supervisor state and 64-bit addressing mode, with key 0, DAT off and all interruptions
        disabled.  Zeros at the end of a segment are not written: their pages stay logically zero.

        :param command_line: ASCII, put at :data:`COMMAND_LINE_ADDRESS`; None leaves what the program has there.
        :raises ProgramError: if a segment, the entry or the command line does not fit.
        """
        for number, segment in enumerate(self.segments):
            if segment.address + segment.size > machine.memory:
                last = segment.address + segment.size - 1
                raise ProgramError(
                    f"{self.name}: loadable segment {number} at {segment.address:#x}-{last:#x} lies outside the "
                    f"memory of {machine.memory:#x} bytes"
                )
        if self.entry >= machine.memory:
            raise ProgramError(
                f"{self.name}: e_entry is {self.entry:#x}, outside the memory of {machine.memory:#x} bytes"
            )
        line = b"" if command_line is None else command_line_bytes(command_line)
        for segment in self.segments:
            machine.load_storage(segment.address, segment.data)
        if line:
            machine.load_storage(COMMAND_LINE_ADDRESS, line)
        cpu = machine.cpus[0]
        cpu.load_psw(Psw(ADDRESSING_MODE, self.entry))
        cpu.state = CpuState.OPERATING


def read_program(path: Path, ramdisk: Path | None = None) -> Program | KernelImage | BareImage:
    """The program in the file *path*: an ELF file, a Linux kernel image, which may get a *ramdisk*, or a bare image.

    :raises ProgramError: if a file cannot be read or is none of these.
    """
    image = _read(path)
    initial = None if ramdisk is None else _read(ramdisk)
    if image[: len(_ELF)] != _ELF:
        return parse_image(image, str(path), initial)
    if initial is not None:
        raise ProgramError(f"{path}: an ELF file, and only a Linux kernel image gets a RAM disk")
    return parse_program(image, str(path))


def _read(path: Path) -> bytes:
    try:
        return read_whole(path)
    except OSError as reason:
        raise ProgramError(f"{path}: cannot be read: {reason.strerror}") from None


def parse_program(image: bytes, name: str) -> Program:
    """The program whose ELF file has the bytes *image*; *name* is what messages call it.

    :raises ProgramError: if it is not an ELF64 executable for s390x.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    _check_identification(image, name)
    try:
        # Only what is loaded is looked at: a damaged section table does not matter.
        header = ELFFile(io.BytesIO(_without_sections(image))).header
    except (ELFError, ValueError, KeyError) as reason:
        raise ProgramError(f"{name}: the ELF header is damaged: {reason}") from None
    if header["e_machine"] != "EM_S390":
        raise ProgramError(f"{name}: e_machine is {header['e_machine']}, not EM_S390")
    if header["e_type"] != "ET_EXEC":
        raise ProgramError(f"{name}: e_type is {header['e_type']}, not ET_EXEC (an executable with fixed addresses)")
    if header["e_entry"] & 1:
        raise ProgramError(f"{name}: e_entry is {header['e_entry']:#x}, and instructions have even addresses")
    segments = tuple(_segments(image, name))
    if not any(segment.size for segment in segments):
        raise ProgramError(f"{name}: there is no loadable segment (PT_LOAD) with anything in it")
    return Program(name, header["e_entry"], segments)


def _check_identification(image: bytes, name: str) -> None:
    if image[: len(_ELF)] != _ELF:
        raise ProgramError(f"{name}: not an ELF file: it does not begin with 7f 45 4c 46")
    if len(image) < _HEADER_BYTES:
        raise ProgramError(f"{name}: truncated: an ELF header has {_HEADER_BYTES} bytes, and the file {len(image)}")
    if image[4] != 2:
        raise ProgramError(f"{name}: ELF class {image[4]}, not 2 (64-bit)")
    if image[5] != 2:
        raise ProgramError(f"{name}: ELF data encoding {image[5]}, not 2 (big-endian)")


def _without_sections(image: bytes) -> bytes:
    """*image* with a header that says there are no sections (e_shoff, e_shnum and e_shstrndx zero)."""
    return image[:40] + bytes(8) + image[48:60] + bytes(4) + image[64:]


def _segments(image: bytes, name: str) -> list[Segment]:
    from elftools.elf.elffile import ELFFile

    elf = ELFFile(io.BytesIO(_without_sections(image)))
    offset, count, size = elf.header["e_phoff"], elf.header["e_phnum"], elf.header["e_phentsize"]
    if count and size != _PROGRAM_HEADER_BYTES:
        raise ProgramError(f"{name}: e_phentsize is {size}, not {_PROGRAM_HEADER_BYTES}")
    if offset + count * size > len(image):
        raise ProgramError(
            f"{name}: truncated: {count} program headers at {offset:#x} do not fit in a file of {len(image)} bytes"
        )
    segments = []
    for number in range(count):
        header = elf.structs.Elf_Phdr.parse(image[offset + number * size :][:size])
        if header["p_type"] == "PT_LOAD":
            segments.append(_segment(image, name, number, header))
    return segments


def _segment(image: bytes, name: str, number: int, header: dict[str, int]) -> Segment:
    start, length, size = header["p_offset"], header["p_filesz"], header["p_memsz"]
    if length > size:
        raise ProgramError(f"{name}: program header {number}: p_filesz {length:#x} is more than p_memsz {size:#x}")
    if start + length > len(image):
        raise ProgramError(
            f"{name}: truncated: program header {number} has {length:#x} bytes at {start:#x}, and the file ends at "
            f"{len(image):#x}"
        )
    return Segment(header["p_paddr"], image[start : start + length], size)
