# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux programs for s390x made by hand: they write a text and end with a status."""

from __future__ import annotations

import struct

_HEADERS = 64 + 56
_BASE = 0x100_0000
"""Where the file lies in memory, headers included."""
_READ_EXECUTE = 5
_WRITE, _EXIT = 4, 1


def linux_program(text: str = "", status: int = 0) -> bytes:
    """The ELF file."""
    data = text.encode()
    # LGHI 2,1; LARL 3,text; LGHI 4,length; SVC write; LGHI 2,status; SVC exit
    behind = bytes((0x0A, _WRITE)) + b"\xa7\x29" + struct.pack(">h", status) + bytes((0x0A, _EXIT))
    code = bytes.fromhex("a7290001 c030") + struct.pack(">i", (6 + 4 + len(behind)) // 2)
    code += b"\xa7\x49" + struct.pack(">h", len(data)) + behind
    return _file(code + data)


def crashing_program() -> bytes:
    """One that executes an invalid instruction."""
    return _file(bytes(8))


def _file(code: bytes) -> bytes:
    size = _HEADERS + len(code)
    ident = b"\x7fELF" + bytes((2, 2, 1)) + bytes(9)
    header = struct.pack(">16sHHIQQQIHHHHHH", ident, 2, 22, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack(">IIQQQQQQ", 1, _READ_EXECUTE, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + code
