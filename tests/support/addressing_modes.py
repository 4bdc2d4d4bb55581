# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine in the 24- or 31-bit addressing mode, with storage behind what that mode can address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emu import psw as psw_bits
from emu.cpu import Cpu
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import ADDRESS_24, ADDRESS_31, ADDRESS_64, ADDRESSING_MODE, BASIC_ADDRESSING, Psw
from tests.conftest import make_ready
from tests.support.every_instruction import EveryInstruction

START: Final = 0x10000
WAIT_ADDRESS: Final = 0x999
DONE: Final = 0x888
HIGH: Final = 0xA1B2_C3D4 << 32
"""Rubbish in bits 0-31."""
END: Final = "010e0a00"
"""SAM64 and SVC 0, whose new PSW is a disabled wait at DONE."""


@dataclass(frozen=True)
class Mode:
    """An addressing mode: its PSW bits, its last address, and what a link has before the address."""

    bits: int
    last: int
    link: int
    rubbish: int
    """In the bits of a register that an address does not use."""

    @property
    def end(self) -> int:
        """The address behind the last."""
        return self.last + 1


MODE_24: Final = Mode(0, ADDRESS_24, 0, HIGH | 0x5A00_0000)
MODE_31: Final = Mode(BASIC_ADDRESSING, ADDRESS_31, 0x8000_0000, HIGH | 0x8000_0000)
MODE_64: Final = Mode(ADDRESSING_MODE, ADDRESS_64, 0, 0)
MODES: Final = {"24": MODE_24, "31": MODE_31}


def start(megabytes: int, *, is_stepped: bool) -> Machine:
    """A machine that stops at any program interruption or SVC."""
    machine = Machine(megabytes * MEGABYTE)
    make_ready(machine.cpus[0])
    waiting = ADDRESSING_MODE | psw_bits.WAIT
    machine.storage.write(0x1D0, Psw(waiting, WAIT_ADDRESS).to_bytes())
    machine.storage.write(0x1C0, Psw(waiting, DONE).to_bytes())
    if is_stepped:
        machine.observers.append(EveryInstruction())
    return machine


def begin(cpu: Cpu, mode: Mode, address: int = START) -> None:
    """Let *cpu* go on at *address* in *mode*."""
    cpu.load_psw(Psw(mode.bits, address))
    cpu.psw_loaded = False


def execute(machine: Machine, mode: Mode, code: str, **storage: str) -> None:
    """Execute *code* at START in *mode*, and see that no program interruption ends it; keywords are places."""
    machine.storage.write(START, bytes.fromhex(code + END))
    for place, data in storage.items():
        machine.storage.write(int(place[1:], 16), bytes.fromhex(data))
    begin(machine.cpus[0], mode)
    finish(machine)


def finish(machine: Machine) -> None:
    """Run to the SVC."""
    stop = machine.run(10_000)
    assert (stop.kind, stop.psw.address) == (StopKind.DISABLED_WAIT, DONE)


def write(machine: Machine, mode: Mode, address: int, data: bytes) -> None:
    """Store *data* at *address*, of which a part may be behind the last address of *mode*."""
    for offset, byte in enumerate(data):
        machine.storage.write(address + offset & mode.last, bytes((byte,)))


def read(machine: Machine, mode: Mode, address: int, length: int) -> bytes:
    """The bytes there."""
    return b"".join(machine.storage.read(address + offset & mode.last, 1) for offset in range(length))
