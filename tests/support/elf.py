# SPDX-License-Identifier: GPL-2.0-or-later
"""ELF files made by hand, right ones and wrong ones, and the smallest programs that end by themselves."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Any

from emu.isa.assembler import encode

ENTRY = 0x10000
PASSED, FAILED = 0xFFF, 0
PROGRAM_NEW_PSW = 0x1D0
_DISABLED_WAIT = 0x0002000180000000


@dataclass(frozen=True)
class Elf:
    """The fields of an ELF file; *changed* gives new values."""

    segments: tuple[tuple[int, bytes], ...]
    entry: int = ENTRY
    magic: bytes = b"\x7fELF"
    elf_class: int = 2
    encoding: int = 2
    file_type: int = 2
    machine: int = 22
    header_size: int = 56
    extra_memory: int = 0
    """By how much p_memsz is more than p_filesz."""
    extra_file: int = 0
    """By how much p_filesz is more than there is."""
    segment_type: int = 1
    section_offset: int = 0

    def changed(self, **fields: Any) -> Elf:
        return replace(self, **fields)

    def to_bytes(self) -> bytes:
        count = len(self.segments)
        offset = 64 + 56 * count
        ident = self.magic + bytes((self.elf_class, self.encoding, 1, 0)) + bytes(8)
        header = struct.pack(
            ">16sHHIQQQIHHHHHH",
            *(ident, self.file_type, self.machine, 1, self.entry, 64, self.section_offset, 0),
            *(64, self.header_size, count, 64, 3 if self.section_offset else 0, 1 if self.section_offset else 0),
        )
        table = data = b""
        for address, content in self.segments:
            file_size = len(content) + self.extra_file
            table += struct.pack(
                ">IIQQQQQQ",
                *(self.segment_type, 7, offset + len(data), 0x5555_0000, address, file_size),
                *(file_size + self.extra_memory, 1),
            )
            data += content
        return header + table + data


def ending_program(code: bytes, ending: int = PASSED) -> Elf:
    """A program that executes *code* and then an illegal instruction, which leads to a disabled wait at *ending*.

    It brings its own low core, so it needs no instruction that loads a PSW.
    """
    new_psw = struct.pack(">QQ", _DISABLED_WAIT, ending)
    return Elf(((PROGRAM_NEW_PSW, new_psw), (ENTRY, code + bytes(2))))


LOOP = bytes.fromhex("07000700a7f4fffe")
"""Two instructions that do nothing, and a branch back to the first."""

ESSA_PROGRAM = (
    bytes.fromhex("c02f00100000")  # LLILF 2,0x100000
    + encode("ESSA", r1=3, r2=2, m3=2)
    + encode("ESSA", r1=4, r2=2, m3=1)
)
"""Makes the page at 1 MB unused and stable again; the old states go to registers 3 and 4."""
