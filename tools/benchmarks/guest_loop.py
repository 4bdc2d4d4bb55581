# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops for a guest: a machine with one in it, and the time of so many rounds.

A loop is counted down in general register 1, and behind its BRCTG a disabled wait ends the run: at the end of a budget
of instructions the machine goes step by step, which is not what is measured.  A loop is entered anew for each piece, so
a first round makes all translations.  Times are of the processor: what else the computer does is not in them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.cpu import CpuState
from emu.dat import TABLE_LENGTH
from emu.hypervisor import FirstTouchHypervisor
from emu.instruction_length import instruction_length
from emu.isa.assembler import assemble
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, DAT, WAIT, Psw
from tools.benchmarks.figure import NotMeasured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emu.hypervisor import Hypervisor
    from emu.page_states import PageStates, Profile
    from emu.storage_keys import StorageKeys
    from tools.benchmarks.figure import Effort

    NewHypervisor = Callable[[int, PageStates, StorageKeys, Profile], Hypervisor]

START: Final = 0x10000
"""Where a loop lies; its subroutines lie behind it."""
SUBROUTINES: Final = START + 0x800
DATA: Final = 0x20000
"""The page that general register 8 points to; register 9 points to the next."""
SEGMENT_TABLE: Final = 0x30000
PAGE_TABLES: Final = 0x40000
_END_PSW: Final = 0xE00
"""Where the disabled wait lies, in the part of the low core that is left to programs."""
_PASSED: Final = 0xFFF
_FIRST_ROUNDS: Final = 20
_MOST_GROWTH: Final = 100
_ENOUGH: Final = 0.25
"""The part of the wanted time from which on a piece is long enough to say how many rounds that is."""


@dataclass(frozen=True, slots=True)
class GuestLoop:
    """A loop, and what must be in the machine for it."""

    body: bytes
    subroutines: Mapping[int, bytes] = field(default_factory=dict)
    """Code and data at other places, by absolute address."""
    registers: Mapping[int, int] = field(default_factory=dict)
    """General registers by number, beside 1, 8 and 9."""
    more_instructions: int = 0
    """Executed in a round beside those of the body and the BRCTG."""
    memory: int = 4 * MEGABYTE
    cpus: int = 1
    translates: bool = False
    """Whether DAT is on, with each page where it is."""
    prepare: Callable[[Machine], None] | None = None
    """What else is to be done to the machine."""

    @property
    def code(self) -> bytes:
        """The body, and BRCTG 1 to its beginning."""
        return self.body + b"\xa7\x17" + (-(len(self.body) // 2) & 0xFFFF).to_bytes(2, "big")

    @property
    def contents(self) -> dict[int, bytes]:
        """All that is put in storage, by absolute address."""
        end = Psw(ADDRESSING_MODE | WAIT, _PASSED).to_bytes()
        return {START: self.code + assemble(f"LPSWE {_END_PSW}(0)"), _END_PSW: end, **self.subroutines}

    @property
    def per_round(self) -> int:
        """Instructions executed in a round."""
        return instructions_in(self.code) + self.more_instructions

    def machine(self) -> LoopMachine:
        """A machine with the loop in it, whose first round has been executed."""
        return LoopMachine(self)


def instructions_in(code: bytes) -> int:
    """How many instructions stand in *code*."""
    count = at = 0
    while at < len(code):
        at += instruction_length(code[at])
        count += 1
    return count


class LoopMachine:
    """A machine with a loop in it."""

    def __init__(self, loop: GuestLoop, hypervisor: NewHypervisor = FirstTouchHypervisor) -> None:
        self.loop = loop
        machine = self.machine = Machine(loop.memory, cpus=loop.cpus, hypervisor=hypervisor)
        for address, data in loop.contents.items():
            machine.storage.write(address, data)
        cpu = self.cpu = machine.cpus[0]
        cpu.state = CpuState.OPERATING
        if loop.translates:
            put_identity_mapping(machine)
            for register in (1, 7, 13):
                cpu.set_control_register(register, SEGMENT_TABLE | TABLE_LENGTH)
        for number, value in {8: DATA, 9: DATA + PAGE_SIZE, **loop.registers}.items():
            cpu.gr[number] = value
        if loop.prepare is not None:
            loop.prepare(machine)
        self.seconds(1)

    def enter(self, rounds: int) -> None:
        """Go to the beginning of the loop, for so many *rounds*."""
        self.cpu.load_psw(Psw(ADDRESSING_MODE | (DAT if self.loop.translates else 0), START))
        self.cpu.psw_loaded = False
        self.cpu.gr[1] = rounds

    def seconds(self, rounds: int, *, more_instructions: int = 0) -> float:
        """The time that so many *rounds* take.

        :param more_instructions: executed beside those of the loop.
        :raises NotMeasured: if the guest does something else.
        """
        machine, cpu = self.machine, self.cpu
        self.enter(rounds)
        before = machine.executed
        started = time.thread_time()
        stop = machine.run()
        seconds = time.thread_time() - started
        executed, expected = machine.executed - before, rounds * self.loop.per_round + more_instructions + 1
        if cpu.gr[1] or cpu.instruction_address != _PASSED or executed != expected:
            raise NotMeasured(f"the guest left its loop: {stop.text}, {executed:,} instructions, not {expected:,}")
        return seconds


def put_identity_mapping(machine: Machine) -> None:
    """Store a segment table and page tables by which each virtual address is the same real one."""
    pages = machine.memory // PAGE_SIZE
    for page in range(pages):
        machine.storage.write_integer(PAGE_TABLES + 8 * page, 8, page * PAGE_SIZE)
    for segment in range(-(-pages // 256)):
        machine.storage.write_integer(SEGMENT_TABLE + 8 * segment, 8, PAGE_TABLES + 0x800 * segment)
    for segment in range(-(-pages // 256), 2048):
        machine.storage.write_integer(SEGMENT_TABLE + 8 * segment, 8, 0x20)


def rounds_for(seconds: Callable[[int], float], effort: Effort) -> int:
    """How many rounds take about as long as a piece should, of what takes so many *seconds* by rounds."""
    rounds = _FIRST_ROUNDS
    while (taken := seconds(rounds)) < _ENOUGH * effort.seconds:
        rounds = int(rounds * min(_MOST_GROWTH, max(2.0, effort.seconds / max(taken, 1e-9))))
    return max(1, int(rounds * effort.seconds / taken))
