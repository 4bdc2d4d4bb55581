# SPDX-License-Identifier: GPL-2.0-or-later
"""The file that gdb reads through the server."""

from __future__ import annotations

import struct

import pytest

from emu.symbols.table import NO_SYMBOLS
from guest_kernel.native.shipped import image_path
from tools.gdb.errors import PacketError
from tools.gdb.program_file import NAME, ProgramFile

ELF = image_path("hello").read_bytes()


def test_an_elf_file_is_given_itself() -> None:
    file = ProgramFile(ELF, NO_SYMBOLS)
    assert file.answer(b"setfs:0") == b"F0"
    assert file.answer(b"open:" + NAME.hex().encode() + b",0,1c0") == b"F3"
    status = file.answer(b"fstat:3")
    assert status.startswith(b"F40;")
    (size,) = struct.unpack_from(">Q", status, 4 + 28)
    assert size == len(ELF)
    read = b""
    while len(read) < size:
        answer = file.answer(b"pread:3,1000,%x" % len(read))
        length, _, data = answer.partition(b";")
        assert int(length[1:], 16) == len(data)
        read += data
    assert read == ELF
    assert file.answer(b"pread:3,1000,%x" % size) == b"F0;"
    assert file.answer(b"close:3") == b"F0"


def test_for_another_image_one_is_made() -> None:
    assert ProgramFile(b"a kernel", NO_SYMBOLS).content.startswith(b"\x7fELF\x02\x02")


@pytest.mark.parametrize(
    ("packet", "answer"),
    (
        (b"open:2f657463,0,0", b"F-1,2"),
        (b"close:4", b"F-1,9"),
        (b"fstat:4", b"F-1,9"),
        (b"pread:4,1,0", b"F-1,9"),
        (b"readlink:00", b"F-1,16"),
        (b"unlink:00", b""),
        (b"pwrite:3,0,00", b""),
        (b"", b""),
    ),
)
def test_nothing_else_can_be_had(packet: bytes, answer: bytes) -> None:
    assert ProgramFile(ELF, NO_SYMBOLS).answer(packet) == answer


@pytest.mark.parametrize("packet", (b"open:", b"open:zz,0,0", b"pread:3", b"pread:3,x,0", b"close:", b"fstat:-1"))
def test_malformed_packets(packet: bytes) -> None:
    with pytest.raises(PacketError):
        ProgramFile(ELF, NO_SYMBOLS).answer(packet)
