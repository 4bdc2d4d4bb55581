# SPDX-License-Identifier: GPL-2.0-or-later
"""General instructions, which the machine leaves to its engine and the assembler therefore does not know, as bytes."""

from __future__ import annotations

SPIN = bytes.fromhex("a7f40000")
"""A branch to itself (BRC 15,*)."""


def rx(opcode: int, r1: int, d2: int, b2: int, x2: int = 0) -> bytes:
    """An RX instruction: *opcode* R1,D2(X2,B2)."""
    return bytes((opcode, r1 << 4 | x2, b2 << 4 | d2 >> 8, d2 & 0xFF))


def rxy(opcode: int, r1: int, d2: int, b2: int, x2: int = 0) -> bytes:
    """An RXY or RSY instruction: R1,D2(X2,B2), or R1,R3,D2(B2) with R3 as *x2*."""
    return bytes((opcode >> 8, r1 << 4 | x2, b2 << 4 | d2 >> 8 & 0x0F, d2 & 0xFF, d2 >> 12 & 0xFF, opcode & 0xFF))


def ss(opcode: int, length: int, d1: int, b1: int, d2: int, b2: int) -> bytes:
    """An SS instruction with one length, given in bytes: *opcode* D1(L,B1),D2(B2)."""
    return bytes((opcode, length - 1, b1 << 4 | d1 >> 8, d1 & 0xFF, b2 << 4 | d2 >> 8, d2 & 0xFF))


def lg(r1: int, d2: int, b2: int) -> bytes:
    """LOAD (64)."""
    return rxy(0xE304, r1, d2, b2)


def stg(r1: int, d2: int, b2: int) -> bytes:
    """STORE (64)."""
    return rxy(0xE324, r1, d2, b2)
