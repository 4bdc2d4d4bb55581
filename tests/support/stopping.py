# SPDX-License-Identifier: GPL-2.0-or-later
"""A program in which each kind of stop happens, and ways to run it that must come to the same stops."""

from __future__ import annotations

from dataclasses import dataclass

from emu.cpu import CpuState
from emu.events import Observer
from emu.isa.assembler import assemble
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, WAIT, Psw
from emu.running.stopping.kinds import StopOn
from emu.running.stops import Stop
from emu.snapshot import Snapshot, take

CODE, HANDLER, DATA, PAGE = 0x10000, 0x20000, 0x40000, 0x50000
TURNS = 12
"""How often the loop is run through."""

_LINES = (
    ("count", "DC X'A71A0001'"),  # AHI 1,1
    ("load", "DC X'58403004'"),  # L 4,4(3)
    ("add", "DC X'A74A0001'"),  # AHI 4,1
    ("store", "DC X'50403004'"),  # ST 4,4(3)
    ("move", "DC X'D20730083000'"),  # MVC 8(8,3),0(3)
    ("unused", "ESSA 5,6,2"),
    ("stable", "ESSA 5,6,1"),
    ("other key", "DC X'A77A0010'"),  # AHI 7,16
    ("key", "SSKE 7,6,0"),
    ("call", "DC X'0A05'"),  # SVC 5
    ("execute", "DC X'44009000'"),  # EX 0,0(9)
    ("disable", "STNSM 0x20(3),0xFC"),
    ("clock", "STCK 0x28(3)"),
    ("control", "LCTLG 2,2,0(3)"),
    ("invalid", "DC X'0000'"),
    ("touch", "DC X'4200A000'"),  # STC 0,0(10)
    ("next page", "DC X'A7AB1000'"),  # AGHI 10,4096
    ("back", "DC X'A7260000'"),  # BRCT 2,... set below
)


def _layout() -> tuple[bytes, dict[str, int]]:
    code, places = b"", {}
    for name, line in _LINES:
        places[name] = CODE + len(code)
        if name == "back":
            code += bytes.fromhex("a726") + (-len(code) // 2 & 0xFFFF).to_bytes(2, "big")
        else:
            code += assemble(line, CODE + len(code))
    places["end"] = CODE + len(code)
    return code + assemble("LPSWE 0x2F0(0)"), places


PROGRAM, PLACES = _layout()
LOOP = len(_LINES) + 3
"""Instructions of one turn: those of the loop, both LPSWEs of the handlers and none for the invalid one; see there."""


class Stepwise(Observer):
    """Makes the machine run instruction by instruction."""

    wants_instructions = True


def program(cpus: int = 1, *, turns: int = TURNS) -> Machine:
    """A machine whose CPUs are about to run the program, each on data of its own."""
    machine = Machine(4 * MEGABYTE, cpus=cpus)
    storage = machine.storage
    storage.write(CODE, PROGRAM)
    storage.write(HANDLER, assemble("LPSWE 0x140(0)"))
    storage.write(HANDLER + 0x10, assemble("LPSWE 0x150(0)"))
    storage.write(HANDLER + 0x20, assemble("LPSWE 0x130(0)"))
    for cpu in machine.cpus:
        prefix = 0x2000 * cpu.address and 0x80000 + 0x2000 * cpu.address
        cpu.set_prefix(prefix)
        for at, handler in ((0x1C0, HANDLER), (0x1D0, HANDLER + 0x10), (0x1B0, HANDLER + 0x20)):
            storage.write(prefix + at, Psw(ADDRESSING_MODE, handler).to_bytes())
        storage.write(prefix + 0x2F0, Psw(ADDRESSING_MODE | WAIT, 0xFFF).to_bytes())
        data = DATA + 0x1000 * cpu.address
        storage.write(data + 0x100, bytes.fromhex("a71a0001"))
        cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, CODE))
        cpu.psw_loaded = False
        cpu.set_control_register(0, 0)
        cpu.gr[2], cpu.gr[3], cpu.gr[6], cpu.gr[9] = turns, data, PAGE + 0x1000 * cpu.address, data + 0x100
        cpu.gr[10] = 0x100000 + 0x100000 * cpu.address
        cpu.state = CpuState.OPERATING
    return machine


@dataclass(frozen=True)
class Seen:
    """A stop, and where the machine was."""

    text: str
    is_before: bool
    cpu: int
    address: int
    executed: int
    work: int
    events: tuple[object, ...]


WAYS: tuple[int | str | None, ...] = (None, 7, "stepped")
"""Freely, in slices of so many instructions, and instruction by instruction."""


def stops_of(machine: Machine, *stops: StopOn, way: int | str | None = None) -> tuple[list[Seen], Stop, Snapshot]:
    """Run *machine* with *stops* to its end, going on after each; give them, how it ended, and its state."""
    for on in stops:
        machine.stops.add(on)
    stepwise = Stepwise()
    if way == "stepped":
        machine.observers.append(stepwise)
    seen = []
    while True:
        stop = machine.run(way if isinstance(way, int) else 1_000_000)
        if stop.kind is StopKind.STOP_POINT:
            events = tuple(hit.event for hit in stop.hits)
            work = machine.timing.work
            seen.append(Seen(stop.text, stop.is_before, stop.cpu, stop.psw.address, machine.executed, work, events))
        elif stop.kind is not StopKind.BUDGET:
            break
    machine.stops.clear()
    if way == "stepped":
        machine.configuration.observers.remove(stepwise)
    return seen, stop, take(machine)
