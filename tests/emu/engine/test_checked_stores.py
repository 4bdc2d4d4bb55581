# SPDX-License-Identifier: GPL-2.0-or-later
"""Stores into the unprotected parts of low storage by the engine that runs freely (PoP 3, "Low-Address Protection").

Bytes 0-511 and 4096-4607 of effective addresses must not be stored into; between and behind them everything may.
"""

from __future__ import annotations

import random
from typing import cast

import pytest

from emu import control_registers as control
from emu import lowcore
from emu.cpu import Cpu, CpuState
from emu.engine.checked_stores import map_checked_frames
from emu.engine.code import FRAMES
from emu.engine.engine import Engine
from emu.engine.library import Unicorn
from emu.machine import MEGABYTE, Machine, StopKind
from emu.plain_data import differences
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, WAIT, Psw
from emu.running import execution
from emu.running.stopping.kinds import StopSpace, StorageAccess
from emu.snapshot import take
from tests.support.every_instruction import EveryInstruction

START = 0x10000
OTHER = 0x20000
WAIT_ADDRESS = 0x998

# Name, code and bytes stored: each stores at the address in register 1.
STORES = {
    "STC": ("42301000", 1),
    "STH": ("40301000", 2),
    "ST": ("50301000", 4),
    "STG": ("e33010000024", 8),
    "STRV": ("e3301000003e", 4),
    "STRVG": ("e3301000002f", 8),
    "STRVH": ("e3301000003f", 2),
    "STD": ("60301000", 8),
    "MVI": ("92551000", 1),
    "OI": ("96a01000", 1),
    "NIY": ("eb0f10000054", 1),
    "ASI": ("eb051000006a", 4),
    "AGSI": ("eb051000007a", 8),
    "MVHI": ("e54c10001234", 4),
    "MVHHI": ("e54410001234", 2),
    "MVGHI": ("e54810001234", 8),
    "CS": ("ba341000", 4),
    "CSG": ("eb3410000030", 8),
    "LAA": ("eb34100000f8", 4),
    "LAAG": ("eb34100000e8", 8),
    "STM": ("906f1000", 40),
    "STM of 15 to 2": ("90f21000", 16),
    "STMG": ("eb6f10000024", 80),
    "STMH": ("eb6f10000026", 40),
    "STMY": ("eb6f10000090", 40),
    "STAM": ("9b031000", 16),
    "MVC": ("d21310002000", 20),
    "XC": ("d70710001000", 8),
    "NC": ("d40710002000", 8),
    "OC": ("d60710002000", 8),
    "STPT": ("b2091000", 8),
    "STCKF": ("b27c1000", 8),
}
# These are executed alone in such a page: they store piece by piece, or from right to left.
OTHERS = {
    "STCM": ("be371000", 3),
    "UNPK": ("f37410002000", 8),
    "MVO": ("f13310002000", 4),
    "STPQ": ("e3401000008e", 16),
    "STCMH": ("eb370100002c".replace("0100", "1000"), 3),
    "VST": ("e7001000000e", 16),
    "MVCL": ("0e8a", 8),
    "EX of ST": ("44005000", 4),
}


def machine_for(code: str, address: int, *, protected: bool = True, mask: int = ADDRESSING_MODE) -> Machine:
    """A machine that is to store at *address*, and to stop at any interruption or behind the instruction."""
    machine = Machine(4 * MEGABYTE)
    cpu = machine.cpus[0]
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, WAIT_ADDRESS).to_bytes())
    machine.storage.write(OTHER, bytes(range(0x41, 0xC1)))
    machine.storage.write(0x200, random.Random(1).randbytes(0x2000 - 0x200))
    # Behind the instruction: zeros, an operation exception.
    machine.storage.write(START, bytes.fromhex(code))
    machine.storage.write(START + 0x800, bytes.fromhex("50301000"))
    cpu.gr[1], cpu.gr[2], cpu.gr[5] = address, OTHER, START + 0x800
    for register in (3, 4, *range(6, 16)):
        cpu.gr[register] = 0x0101_0101_0101_0101 * register
    cpu.gr[8], cpu.gr[9], cpu.gr[10], cpu.gr[11] = address, 8, OTHER, 8
    cpu.vr[0], cpu.vr[6] = 0x1112_1314_1516_1718, 0x2122_2324_2526_2728
    cr0 = cpu.cr[0] | control.CR0_AFP | control.CR0_VECTOR
    cpu.set_control_register(0, cr0 | (control.CR0_LOW_ADDRESS_PROTECTION if protected else 0))
    cpu.load_psw(Psw(mask, START))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING
    return machine


# What operands must be aligned to (PoP 7); otherwise a specification exception comes first.
ALIGNED = {"CS": 4, "CSG": 8, "LAA": 4, "LAAG": 8, "STAM": 4, "STPQ": 16, "STPT": 8}


def expected_code(name: str, address: int, length: int) -> ProgramInterruptionCode:
    """What ends the program: the store, or else the zeros behind it."""
    if address % ALIGNED.get(name, 1):
        return ProgramInterruptionCode.SPECIFICATION
    return ProgramInterruptionCode.PROTECTION if is_protected(address, length) else ProgramInterruptionCode.OPERATION


def is_protected(address: int, length: int) -> bool:
    return any(address < first + 512 and address + length > first for first in (0, 4096))


ADDRESSES = (
    0x1F8,
    0x1FF,
    0x200,
    0x201,
    0x2F8,
    0x300,
    0xFB0,
    0xFF0,
    0xFF9,
    0xFFF,
    0x11FF,
    0x1200,
    0x1204,
    0x1FF0,
    0x1FFF,
)


@pytest.mark.parametrize("name", (*STORES, *OTHERS))
@pytest.mark.parametrize("mode", (ADDRESSING_MODE, BASIC_ADDRESSING, 0), ids=("64-bit", "31-bit", "24-bit"))
def test_free_and_stepped_are_the_same_machine(name: str, mode: int) -> None:
    code, length = (STORES | OTHERS)[name]
    for address in ADDRESSES:
        machines = [machine_for(code, address, mask=mode) for _ in range(2)]
        machines[1].observers.append(EveryInstruction())
        for machine in machines:
            assert machine.run(100).kind is StopKind.DISABLED_WAIT
            found = machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2)
            assert found == expected_code(name, address, length), (name, hex(address))
        assert not differences(*map(take, machines)), (name, hex(address))


class Alone:
    """Counts the instructions that are executed alone, by an engine or by the model."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        step = Engine.step

        def counted(engine: Engine, instruction: bytes) -> object:
            self.number += 1
            return step(engine, instruction)

        run_declared = execution.run_declared

        def counted_declared(cpu: Cpu, instruction: bytes, address: int) -> bool:
            self.number += 1
            return run_declared(cpu, instruction, address)

        monkeypatch.setattr(Engine, "step", counted)
        monkeypatch.setattr(execution, "run_declared", counted_declared)


# STMH is a correction: always the model's.
@pytest.mark.parametrize("name", sorted(STORES.keys() - {"STMH"}))
@pytest.mark.parametrize("address", (0x200, 0x328, 0x1000 - 0x50, 0x1200, 0x1F00), ids=hex)
def test_a_store_beside_what_is_protected_does_not_leave_the_engine(
    name: str, address: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Alone(monkeypatch)
    machine = machine_for(STORES[name][0], address)
    machine.run(100_000)
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == ProgramInterruptionCode.OPERATION
    # The zeros behind it are.
    assert alone.number == 1


@pytest.mark.parametrize("name", STORES)
def test_a_store_that_is_refused_changes_nothing(name: str) -> None:
    code, length = STORES[name]
    machine = machine_for(code, 0x1200 - length)
    before = machine.storage.read(0x1000, 0x1000), list(machine.cpus[0].gr)
    machine.run(100)
    cpu = machine.cpus[0]
    assert (machine.storage.read(0x1000, 0x1000), list(cpu.gr)) == before
    old = Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16))
    # Suppression: the address is that of the next instruction.
    assert old.address == START + len(bytes.fromhex(code))


def test_without_protection_everything_may_be_stored_into() -> None:
    machine = machine_for(STORES["STG"][0], 0x188, protected=False)
    machine.run(100)
    assert machine.storage.read(0x188, 8) == bytes((3,)) * 8


def test_stores_go_on_after_a_refused_one() -> None:
    """The page stays shown for checked stores; what is refused in it is refused each time."""
    machine = machine_for("50301000 50301100 501010f0", 0x1100)
    machine.run(100)
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == ProgramInterruptionCode.PROTECTION
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, START + 4))
    cpu.psw_loaded = False
    machine.run(100)
    assert machine.storage.read(0x1200, 4) == bytes((3,)) * 4
    old = Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16))
    assert old.address == START + 12
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == ProgramInterruptionCode.PROTECTION


def test_after_a_store_an_earlier_condition_code_is_the_same() -> None:
    """AR sets condition code 1; the block goes on, past a store that Unicorn asks about, to a branch that tests it."""
    # LGHI 3,-5; AR 3,3; ST 3,0x300; BRC 4,*+6; zeros
    machine = machine_for("a739fffb 1a33 50300300 a7440003 0000 92aa0310 0000", 0)
    machine.run(100)
    assert machine.storage.read(0x310, 1) == b"\xaa"


def test_a_watched_page_is_left_to_the_careful_engine() -> None:
    """Who watches a byte of it hears of the store."""
    machine = machine_for("50300300 50300308", 0)
    machine.stops.add(StorageAccess(0x308, 0x30B, StopSpace.ABSOLUTE))
    assert machine.run(100).kind is StopKind.STOP_POINT
    assert machine.cpus[0].instruction_address == START + 8


def test_prefixing_applies() -> None:
    machine = machine_for(STORES["STG"][0], 0x328)
    machine.cpus[0].prefix = 0x40000
    machine.storage.write(0x40000, machine.storage.read(0, 0x2000))
    machine.run(100)
    assert machine.storage.read(0x40328, 8) == bytes((3,)) * 8
    assert machine.storage.read(0x328, 8) != bytes((3,)) * 8


def test_unicorn_asks_about_no_other_stores() -> None:
    """Where a callback may be asked, every store leaves translated code (seen in 2.1.4), ten times as slow."""

    class Asked:
        def __init__(self) -> None:
            self.uc = self
            self.mapped: list[tuple[int, int]] = []
            self.hooked: list[tuple[int, int]] = []

        def map(self, address: int, size: int, _: int, __: int) -> None:
            self.mapped.append((address, address + size))

        def mem_protect(self, address: int, size: int, _: int) -> None:
            assert (address, address + size) in self.mapped

        def hook(self, _: int, __: int, ___: int, *, first: int, last: int) -> None:
            self.hooked.append((first, last))

    asked = Asked()
    map_checked_frames(cast("Unicorn", asked), 1 << 44, 0, 0, 0)
    ((first, last),) = asked.hooked
    assert min(asked.mapped)[0] == first > FRAMES + (1 << 44)
    assert max(asked.mapped)[1] <= last + 1
