# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes from outside: what they do, and that the machine goes on with them."""

from __future__ import annotations

import pytest

from emu import lowcore
from emu.cpu import Cpu, CpuState
from emu.debugging.changing import inject, request_state, set_key, store
from emu.inspection.storage import NoStorageError, Space
from emu.isa.assembler import encode
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import TRANSITIONS, OperationRequest, Profile
from emu.program_interruption import ProgramInterruption
from emu.psw import ADDRESSING_MODE, DAT, EXTERNAL_MASK, PROBLEM_STATE, Psw
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.emu.conftest import AddressSpace

PAGE = 0x150
ADDRESS = PAGE << 12
HANDLER = 0x4000


def test_stored_code_is_executed(machine: Machine, cpu: Cpu) -> None:
    """LGHI 2,1 and a branch back to it; in the middle of the loop it becomes LGHI 2,2."""
    machine.load_storage(0x10000, bytes.fromhex("a7290001a7f4fffe"))
    machine.run(1000)
    assert cpu.gr[2] == 1
    store(cpu, 0x10003, b"\x02")
    machine.run(1000)
    assert cpu.gr[2] == 2


def test_a_stored_table_entry_counts(machine: Machine, cpu: Cpu, address_space: AddressSpace) -> None:
    place = address_space.map(ADDRESS, 0x180000)
    address_space.map(0x10000, 0x10000)
    address_space.enter(cpu)
    machine.load_storage(0x180000, b"\x01")
    machine.load_storage(0x190000, b"\x02")
    # LLGC 2,0x0(1) and a branch back to it.
    machine.load_storage(0x10000, bytes.fromhex("e32010000090a7f4fffd"))
    cpu.gr[1] = ADDRESS
    machine.run(1000)
    assert cpu.gr[2] == 1
    store(cpu, place, (0x190000).to_bytes(8, "big"), Space.ABSOLUTE)
    machine.run(1000)
    assert cpu.gr[2] == 2


def test_nothing_is_stored_if_a_part_does_not_exist(machine: Machine, cpu: Cpu) -> None:
    with pytest.raises(ValueError, match="lies outside the memory"):
        store(cpu, machine.memory - 2, b"abcd", Space.ABSOLUTE)
    assert machine.storage.read(machine.memory - 2, 2) == b"\0\0"


def test_storing_touches(machine: Machine, cpu: Cpu) -> None:
    machine.states.bytes[PAGE] = 0x04
    with pytest.raises(ProgramInterruption):
        store(cpu, ADDRESS, b"x", Space.ABSOLUTE)


def test_a_key_protects_from_now_on(machine: Machine, cpu: Cpu) -> None:
    machine.load_storage(lowcore.PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    # ST 2,0(1) and a branch back to it; with access key 2.
    machine.load_storage(0x10000, bytes.fromhex("50201000a7f4fffe"))
    cpu.load_psw(Psw(ADDRESSING_MODE | 2 << 52, 0x10000))
    set_key(cpu, 0x10000, 0x20)
    set_key(cpu, ADDRESS, 0x20)
    cpu.gr[1] = ADDRESS
    machine.run(1000)
    assert cpu.instruction_address in (0x10000, 0x10004)
    machine.load_storage(HANDLER, bytes.fromhex("a7f40000"))
    set_key(cpu, ADDRESS + 0xFFF, 0x30)
    machine.run(3)
    assert cpu.instruction_address == HANDLER
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC, 4) & 0xFFFF == 4


def test_what_is_no_key(cpu: Cpu) -> None:
    for key in (0x101, 1, -2):
        with pytest.raises(ValueError, match="expected a storage key"):
            set_key(cpu, ADDRESS, key)
    with pytest.raises(NoStorageError):
        set_key(cpu, cpu.configuration.memory, 0)


@pytest.mark.parametrize("request_code", OperationRequest)
def test_a_state_changes_as_by_the_instruction(machine: Machine, cpu: Cpu, request_code: OperationRequest) -> None:
    cpu.gr[0], cpu.gr[1] = 11, 12
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, 0x10000))
    before = 0x00
    machine.load_storage(ADDRESS, b"x")
    assert request_state(cpu, ADDRESS, request_code) == before
    assert machine.states.bytes[PAGE] == TRANSITIONS[Profile.ZVM][before, request_code, False]
    assert (cpu.gr[0], cpu.gr[1], cpu.problem_state, machine.executed) == (11, 12, True, 0)


def test_a_state_that_asks_for_a_frame_gets_one() -> None:
    """Request 5 makes a preserved page resident: with no frame free, the host makes room first."""
    with PagingDevice(None, 512) as device:
        manager = PageManager(128, device=device)
        machine = Machine(MEGABYTE, hypervisor=manager.guest())
        for page in range(0x10, 0xA0):
            machine.load_storage(page << 12, bytes((page,)))
        request_state(machine.cpus[0], 0x10000, OperationRequest.SET_STABLE_AND_MAKE_RESIDENT)
        assert machine.states.bytes[0x10] == 0
        assert machine.storage.read(0x10000, 1) == b"\x10"


def test_a_guest_without_essa() -> None:
    machine = Machine(MEGABYTE, profile=Profile.OFF)
    with pytest.raises(ProgramInterruption):
        request_state(machine.cpus[0], 0, OperationRequest.SET_UNUSED)


@pytest.mark.parametrize(
    ("kind", "code", "parameter", "old", "field", "value"),
    (
        ("svc", 7, None, lowcore.SVC_OLD_PSW, lowcore.SVC_ILC, "00020007"),
        ("external", 0x2401, 0x1001, lowcore.EXTERNAL_OLD_PSW, lowcore.EXTERNAL_PARAMETER, "00001001"),
        ("external", 0x1202, None, lowcore.EXTERNAL_OLD_PSW, lowcore.EXTERNAL_CODE, "1202"),
        ("io", 0x10003, 0xAB, lowcore.IO_OLD_PSW, lowcore.SUBSYSTEM_IDENTIFICATION, "00010003000000ab"),
        ("machine-check", 1 << 63, None, lowcore.MACHINE_CHECK_OLD_PSW, lowcore.MACHINE_CHECK_CODE, "80000f1d40330000"),
        ("restart", 0, None, lowcore.RESTART_OLD_PSW, lowcore.RESTART_OLD_PSW, f"{ADDRESSING_MODE:016x}"),
    ),
)
def test_every_class_is_injected_whatever_the_masks_say(
    machine: Machine, cpu: Cpu, kind: str, code: int, parameter: int | None, old: int, field: int, value: str
) -> None:
    new = old + lowcore.RESTART_NEW_PSW - lowcore.RESTART_OLD_PSW
    machine.load_storage(new, Psw(ADDRESSING_MODE | EXTERNAL_MASK, HANDLER).to_bytes())
    inject(cpu, kind, code, parameter)
    assert cpu.psw == Psw(ADDRESSING_MODE | EXTERNAL_MASK, HANDLER)
    assert machine.storage.read(old, 16) == Psw(ADDRESSING_MODE, 0x10000).to_bytes()
    assert machine.storage.read(field, len(value) // 2).hex() == value


@pytest.mark.parametrize(("code", "old"), ((0x11, 0x10000), (0x04, 0x10006), (0x08, 0x10006)))
def test_a_program_interruption_is_that_of_the_instruction_which_comes_next(
    machine: Machine, cpu: Cpu, code: int, old: int
) -> None:
    """Page translation nullifies, protection suppresses, fixed-point overflow completes (PoP figure 6-1)."""
    machine.load_storage(lowcore.PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    machine.load_storage(0x10000, bytes.fromhex("e32010000090"))
    inject(cpu, "program", code, 0x5000)
    assert machine.storage.read_integer(lowcore.PROGRAM_OLD_PSW + 8, 8) == old
    assert machine.storage.read(lowcore.PROGRAM_ILC, 4).hex() == f"0006{code:04x}"
    assert machine.storage.read_integer(lowcore.TRANSLATION_EXCEPTION, 8) == 0x5000


def test_what_is_no_interruption(cpu: Cpu) -> None:
    with pytest.raises(ValueError, match=r"^expected program, svc, external, io, machine-check or restart, not 'nmi'$"):
        inject(cpu, "nmi")
    with pytest.raises(ValueError, match=r"^expected the code of a program interruption, not 0x99$"):
        inject(cpu, "program", 0x99)


@pytest.mark.parametrize(
    ("kind", "code", "parameter", "text"),
    (
        ("machine-check", 1 << 64, None, "code of machine-check from 0 to ffffffffffffffff, not 10000000000000000"),
        ("external", 0x10000, None, "code of external from 0 to ffff, not 10000"),
        ("external", 0x1202, 1 << 32, "parameter of external from 0 to ffffffff, not 100000000"),
        ("io", 1 << 32, None, "code of io from 0 to ffffffff, not 100000000"),
        ("svc", 0x100, None, "code of svc from 0 to ff, not 100"),
        ("restart", 1, None, "code of restart from 0 to 0, not 1"),
    ),
)
def test_a_code_that_has_no_room_changes_nothing(
    machine: Machine, cpu: Cpu, kind: str, code: int, parameter: int | None, text: str
) -> None:
    before = machine.read_storage(0, 0x2000)
    with pytest.raises(ValueError, match=f"^expected a {text}$"):
        inject(cpu, kind, code, parameter)
    assert machine.read_storage(0, 0x2000) == before


def test_a_waiting_or_stopped_cpu_goes_on(machine: Machine, cpu: Cpu) -> None:
    machine.load_storage(lowcore.RESTART_NEW_PSW, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    machine.load_storage(HANDLER, encode("ESSA", r1=3, r2=2, m3=0))
    cpu.state = CpuState.STOPPED
    inject(cpu, "restart")
    assert machine.step() is None
    assert machine.executed == 1


def test_dat_is_as_the_psw_says(machine: Machine, cpu: Cpu, address_space: AddressSpace) -> None:
    address_space.map(ADDRESS, 0x180000)
    address_space.enter(cpu)
    assert cpu.psw.mask & DAT
    store(cpu, ADDRESS, b"virtual")
    store(cpu, ADDRESS, b"real", Space.REAL)
    assert machine.storage.read(0x180000, 7) == b"virtual"
    assert machine.storage.read(ADDRESS, 4) == b"real"


def test_without_a_prefix_area_it_is_a_check_stop_as_by_the_guest() -> None:
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    request_state(cpu, 0, OperationRequest.SET_UNUSED)
    inject(cpu, "svc", 1)
    assert cpu.state is CpuState.CHECK_STOP
    stop = machine.run()
    assert stop.kind is StopKind.CHECK_STOP
    assert stop.text == "check-stop: the prefix area at 0x0 cannot be accessed: addressing (0x0005)"
