# SPDX-License-Identifier: GPL-2.0-or-later
"""What the save areas hold that store status and a machine-check interruption fill (PoP 4, "Store Status"; PoP 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emu.cpu import Cpu


def register_fields(cpu: Cpu) -> list[tuple[int, bytes]]:
    """The (offset, content) of each, from the floating-point register save area on; that of the PSW is left out."""
    return [
        (0x000, doublewords(cpu.vr[2 * number] for number in range(16))),
        (0x080, doublewords(cpu.gr)),
        (0x118, cpu.prefix.to_bytes(4, "big")),
        (0x11C, cpu.registers.fpc.to_bytes(4, "big")),
        (0x124, cpu.tod_programmable.to_bytes(4, "big")),
        (0x128, cpu.configuration.timing.cpu_timer(cpu).to_bytes(8, "big")),
        # A byte of zeros, then bits 0-55 of the clock comparator.
        (0x130, (cpu.clock_comparator >> 8).to_bytes(8, "big")),
        (0x140, b"".join(value.to_bytes(4, "big") for value in cpu.ar)),
        (0x180, doublewords(cpu.cr)),
    ]


def status_fields(cpu: Cpu) -> list[tuple[int, bytes]]:
    """The same with the PSW, in their order."""
    return sorted([*register_fields(cpu), (0x100, cpu.psw.to_bytes())])


def doublewords(values: Iterable[int]) -> bytes:
    """*values*, one behind the other."""
    return b"".join(value.to_bytes(8, "big") for value in values)
