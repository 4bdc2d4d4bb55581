# SPDX-License-Identifier: GPL-2.0-or-later
"""Interruptions (PoP chapter 6): what each class stores where, which PSW it loads, and which comes first.

Expected addresses are those of the figure "Assigned Storage Locations" of PoP chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu import interruption
from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.devices.sclp import Sclp
from emu.events import Observer
from emu.interruption import CheckStop
from emu.machine import Machine
from emu.page_states import DISCARDED, Usage
from emu.program_interruption import (
    Ending,
    ProgramInterruption,
    ProgramInterruptionCode,
    data_exception,
    default_ending,
)
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, EXTERNAL_MASK, PROBLEM_STATE, WAIT, Psw
from emu.running.run_loop import RunLoop

Code = ProgramInterruptionCode

PREFIX = 0x380000
START = 0x10000
BEYOND = 0x400000

# Class: real address of its old and its new PSW.
RESTART, EXTERNAL, SVC = (0x120, 0x1A0), (0x130, 0x1B0), (0x140, 0x1C0)
PROGRAM, MACHINE_CHECK, IO = (0x150, 0x1D0), (0x160, 0x1E0), (0x170, 0x1F0)
CLASSES = (RESTART, EXTERNAL, SVC, PROGRAM, MACHINE_CHECK, IO)
OLD = Psw(ADDRESSING_MODE | PROBLEM_STATE | EXTERNAL_MASK | 9 << 52 | 2 << 44 | 5 << 40, 0x1234_5678)


def new_psw(place: tuple[int, int]) -> Psw:
    """The new PSW of a class, different for each."""
    return Psw(ADDRESSING_MODE, place[1] << 4)


@pytest.fixture
def cpu(machine: Machine) -> Cpu:
    """The CPU with a prefix area whose bytes are ones, but for the new PSWs, and OLD as its PSW."""
    cpu = machine.cpus[0]
    cpu.set_prefix(PREFIX)
    machine.storage.write(PREFIX, b"\xff" * 0x2000)
    for place in CLASSES:
        machine.storage.write(PREFIX + place[1], new_psw(place).to_bytes())
    cpu.load_psw(OLD)
    cpu.psw_loaded = False
    return cpu


def changes(cpu: Cpu) -> dict[int, str]:
    """What an interruption stored in the prefix area, by address: runs of bytes that are not ones, in hexadecimal."""
    area = bytearray(cpu.configuration.storage.read(PREFIX, 0x2000))
    assert cpu.configuration.storage.read(0, 0x2000) == bytes(0x2000)
    for place in CLASSES:
        area[place[1] : place[1] + 16] = b"\xff" * 16
        area[place[0] : place[0] + 16] = b"\xff" * 16
    # The breaking-event address belongs to every program interruption.
    area[0x110:0x118] = b"\xff" * 8
    found: dict[int, str] = {}
    start = None
    for at, byte in enumerate(area):
        if byte != 0xFF:
            start = at if start is None else start
            found[start] = found.get(start, "") + f"{byte:02x}"
        else:
            start = None
    return found


def old_psw(cpu: Cpu, place: tuple[int, int]) -> Psw:
    """The old PSW of a class; the old PSWs of all others are untouched, and its new PSW is loaded."""
    storage = cpu.configuration.storage
    for other in CLASSES:
        if other != place:
            assert storage.read(PREFIX + other[0], 16) == b"\xff" * 16
    assert cpu.psw == new_psw(place)
    assert cpu.psw_loaded
    return Psw.from_bytes(storage.read(PREFIX + place[0], 16))


# Each class


def test_supervisor_call(cpu: Cpu) -> None:
    interruption.supervisor_call(cpu, 0x42, 2)
    assert changes(cpu) == {0x88: "00020042"}
    assert old_psw(cpu, SVC) == OLD


@pytest.mark.parametrize("length", (4, 6))
def test_supervisor_call_by_execute(cpu: Cpu, length: int) -> None:
    interruption.supervisor_call(cpu, 0x01, length)
    assert changes(cpu) == {0x88: f"000{length}0001"}


@pytest.mark.parametrize(
    ("code", "cpu_address", "parameter", "stored"),
    (
        (0x1201, 3, None, {0x84: "00031201"}),
        (0x1202, 0x21, None, {0x84: "00211202"}),
        (0x1004, 0, None, {0x84: "00001004"}),
        (0x2401, 0, 0x0012_3450, {0x80: "0012345000002401"}),
    ),
)
def test_external(cpu: Cpu, code: int, cpu_address: int, parameter: int | None, stored: dict[int, str]) -> None:
    interruption.external(cpu, code, cpu_address=cpu_address, parameter=parameter)
    assert changes(cpu) == stored
    assert old_psw(cpu, EXTERNAL) == OLD


def test_input_output(cpu: Cpu) -> None:
    interruption.input_output(cpu, subsystem=0x0001_0002, parameter=0x1234_5678, identification=0x1800_0000)
    assert changes(cpu) == {0xB8: "000100021234567818000000"}
    assert old_psw(cpu, IO) == OLD


def test_machine_check(cpu: Cpu) -> None:
    """PoP 11: what is valid is said beside the condition; and "Assigned Storage Locations" of the registers."""
    cpu.configuration.storage.write_integer(PREFIX + 0x11B0, 8, 0)
    set_registers(cpu)
    interruption.machine_check(cpu, 1 << 54)
    assert saved(cpu) == REGISTERS
    assert changes(cpu) | {0x1200: ""} == {0xA3: "01", 0xE8: "00400f1d40330000", 0x11B0: "00" * 8, 0x1200: ""}
    assert old_psw(cpu, MACHINE_CHECK) == OLD


def test_a_machine_check_saves_the_vector_registers_where_it_is_told(cpu: Cpu) -> None:
    """PoP 11, "Machine-Check Extended Save Area": bits 0-53 of the designation are the origin."""
    storage = cpu.configuration.storage
    storage.write_integer(PREFIX + 0x11B0, 8, 0x20400 | 0xA)
    cpu.vr[62], cpu.vr[63] = 0x1122, 0x3344
    interruption.machine_check(cpu, 1 << 54)
    assert storage.read_integer(PREFIX + 0xE8, 8) == 0x0040_0F5D_4033_0000
    assert storage.read(0x20400 + 31 * 16, 16).hex() == f"{0x1122:016x}{0x3344:016x}"
    assert cpu.configuration.keys.bytes[0x20] & 6 == 6


def test_vector_registers_that_cannot_be_saved_are_not_valid(cpu: Cpu) -> None:
    cpu.configuration.storage.write_integer(PREFIX + 0x11B0, 8, BEYOND)
    interruption.machine_check(cpu, 1 << 54)
    assert cpu.configuration.storage.read_integer(PREFIX + 0xE8, 8) == 0x0040_0F1D_4033_0000


@pytest.mark.parametrize("state", (Usage.UNUSED, DISCARDED))
def test_registers_whose_page_cannot_be_accessed_are_not_valid(cpu: Cpu, state: int) -> None:
    """PoP 11, "Machine-Check Interruption Code": validity bits are for that; the PSWs are in another page."""
    cpu.configuration.states.bytes[PREFIX + 0x1000 >> 12] = state
    interruption.machine_check(cpu, 1 << 54)
    assert cpu.configuration.storage.read_integer(PREFIX + 0xE8, 8) == 0x0040_0F01_0000_0000
    assert cpu.configuration.states.bytes[PREFIX + 0x1000 >> 12] == state
    assert cpu.psw == new_psw(MACHINE_CHECK)


REGISTERS = {
    0x1200: "40" * 8,
    0x1278: "4f" * 8,
    0x1280: "80" * 8,
    0x12F8: "8f" * 8,
    0x1318: f"{PREFIX:08x}",
    0x131C: "88000000",
    0x1324: "00001234",
    0x1330: "00fedcba98765432",
    0x1340: "a0" * 4,
    0x137C: "af" * 4,
    0x13C8: "c9" * 8,
}
"""What some registers hold, by the real addresses of their save areas (PoP 3, "Assigned Storage Locations")."""


def set_registers(cpu: Cpu) -> None:
    cpu.vr[0], cpu.vr[30] = (int(REGISTERS[at], 16) for at in (0x1200, 0x1278))
    cpu.gr[0], cpu.gr[15] = (int(REGISTERS[at], 16) for at in (0x1280, 0x12F8))
    cpu.ar[0], cpu.ar[15] = (int(REGISTERS[at], 16) for at in (0x1340, 0x137C))
    cpu.set_control_register(9, int(REGISTERS[0x13C8], 16))
    cpu.registers.fpc, cpu.tod_programmable = 0x8800_0000, 0x1234
    cpu.clock_comparator = 0xFEDC_BA98_7654_3210


def saved(cpu: Cpu) -> dict[int, str]:
    """The same from storage, which is all ones again then."""
    storage = cpu.configuration.storage
    found = {at: storage.read(PREFIX + at, len(value) // 2).hex() for at, value in REGISTERS.items()}
    storage.write(PREFIX + 0x1200, b"\xff" * 0x200)
    return found


def test_restart(cpu: Cpu) -> None:
    interruption.restart(cpu)
    assert changes(cpu) == {}
    assert old_psw(cpu, RESTART) == OLD


# Program interruptions


@pytest.mark.parametrize("length", (2, 4, 6))
@pytest.mark.parametrize(
    ("ending", "address"),
    ((Ending.NULLIFICATION, 0), (Ending.SUPPRESSION, None), (Ending.TERMINATION, None), (Ending.COMPLETION, 0x7777)),
)
def test_the_old_psw_of_a_program_interruption(cpu: Cpu, length: int, ending: Ending, address: int | None) -> None:
    # Completion leaves the address that the instruction has made, a branch target for example.
    cpu.next_address = START + 0x7777
    interruption.program(cpu, ProgramInterruption(Code.OPERATION, ending=ending), START, length)
    assert changes(cpu) == {0x8C: f"000{length}0001"}
    assert old_psw(cpu, PROGRAM) == Psw(OLD.mask, START + (length if address is None else address))


def test_the_old_psw_address_wraps_around(cpu: Cpu) -> None:
    cpu.load_psw(Psw(BASIC_ADDRESSING, 0x7FFF_FFFE))
    interruption.program(cpu, ProgramInterruption(Code.OPERATION), 0x7FFF_FFFE, 4)
    assert old_psw(cpu, PROGRAM).address == 2


@pytest.mark.parametrize(
    ("condition", "stored"),
    (
        (
            ProgramInterruption(Code.PAGE_TRANSLATION, translation_exception=0x1234_5678_9ABC_D402, exception_access=7),
            {0x8C: "00040011", 0xA0: "07", 0xA8: "123456789abcd402"},
        ),
        (ProgramInterruption(Code.DATA, data_exception_code=0x02), {0x8C: "0004000700000002"}),
        (
            ProgramInterruption(Code.MONITOR_EVENT, monitor_class=3, monitor_code=0x1234_5678),
            {0x8C: "00040040", 0x94: "0003", 0xB0: "0000000012345678"},
        ),
        (ProgramInterruption(Code.PAGE_TRANSLATION, operand_access=0x12), {0x8C: "00040011", 0xA2: "12"}),
        (ProgramInterruption(Code.DISCARD_FAULT), {0x8C: "0004001a"}),
    ),
    ids=("translation", "data", "monitor", "move page", "discard"),
)
def test_what_program_interruptions_store(cpu: Cpu, condition: ProgramInterruption, stored: dict[int, str]) -> None:
    interruption.program(cpu, condition, START, 4)
    assert changes(cpu) == stored


# PoP 3, "Translation-Exception Identification": real locations 168-171 stay for conditions that are about an ASN.
@pytest.mark.parametrize("code", (0x1C, 0x20, 0x21, 0x24, 0x25))
def test_an_asn_is_stored_in_a_word(cpu: Cpu, code: int) -> None:
    interruption.program(cpu, ProgramInterruption(Code(code), translation_exception=0x8000_1234), START, 4)
    assert changes(cpu) == {0x8C: f"000400{code:02x}", 0xAC: "80001234"}


# PoP 3, "Storage Key": implicit accesses are recorded, too.
def test_reference_and_change_are_recorded(cpu: Cpu) -> None:
    keys = cpu.configuration.keys.bytes
    for page in range(3):
        keys[(PREFIX >> 12) + page - 1] = 0x30
    interruption.restart(cpu)
    assert [int(keys[(PREFIX >> 12) + page - 1]) for page in range(3)] == [0x30, 0x36, 0x30]


def test_the_breaking_event_address_is_stored(cpu: Cpu) -> None:
    cpu.registers.breaking_event_address = 0x0123_4567_89AB_CDEE
    interruption.program(cpu, ProgramInterruption(Code.OPERATION), START, 2)
    assert cpu.configuration.storage.read_integer(PREFIX + 0x110, 8) == 0x0123_4567_89AB_CDEE


@pytest.mark.parametrize("length", (0, 4))
def test_an_early_exception_leaves_the_psw_as_it_is(cpu: Cpu, length: int) -> None:
    invalid = Psw(1 << 63, 0xFFFF_FFFF_FFFF_FFFF)
    cpu.load_psw(invalid)
    interruption.program_early(cpu, ProgramInterruption(Code.SPECIFICATION), length)
    assert changes(cpu) == {0x8C: f"000{length}0006"}
    assert old_psw(cpu, PROGRAM) == invalid


# PoP 6, figure "Program-Interruption Conditions".
@pytest.mark.parametrize(
    ("ending", "codes"),
    (
        (Ending.SUPPRESSION, (0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0B, 0x0F, 0x12, 0x13, 0x15, 0x1D)),
        (
            Ending.NULLIFICATION,
            (0x10, 0x11, 0x16, 0x1A, 0x20, 0x21, 0x24, 0x25, 0x2F, 0x38, 0x39, 0x3A, 0x3B),
        ),
        (Ending.COMPLETION, (0x08, 0x0A, 0x0C, 0x0D, 0x0E, 0x1C, 0x40, 0x80)),
    ),
)
def test_how_a_condition_ends_the_instruction(ending: Ending, codes: tuple[int, ...]) -> None:
    assert {code for code in codes if default_ending(Code(code)) is not ending} == set()


# Neither keys nor low-address protection apply


def test_protection_does_not_apply(cpu: Cpu) -> None:
    cpu.set_control_register(0, 1 << 28)
    cpu.configuration.keys.bytes[PREFIX >> 12] = 0x38
    interruption.supervisor_call(cpu, 1, 2)
    assert old_psw(cpu, SVC) == OLD


TAKEN: dict[str, Callable[[Cpu], None]] = {
    "program": lambda cpu: interruption.program(cpu, ProgramInterruption(Code.OPERATION), START, 2),
    "svc": lambda cpu: interruption.supervisor_call(cpu, 1, 2),
    "external": lambda cpu: interruption.external(cpu, 0x1004),
    "io": lambda cpu: interruption.input_output(cpu, subsystem=1, parameter=2, identification=3),
    "machine-check": lambda cpu: interruption.machine_check(cpu, 1 << 54),
    "restart": interruption.restart,
}


@pytest.mark.parametrize("kind", TAKEN)
def test_a_prefix_area_outside_storage_is_a_check_stop(cpu: Cpu, kind: str) -> None:
    cpu.set_prefix(BEYOND)
    with pytest.raises(CheckStop, match="the prefix area at 0x400000 cannot be accessed"):
        TAKEN[kind](cpu)
    assert cpu.psw == OLD


@pytest.mark.parametrize("kind", TAKEN)
def test_observers_are_told(cpu: Cpu, kind: str) -> None:
    told = []

    class Listener(Observer):
        def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
            told.append((kind, code, old.mask, condition is not None))

    cpu.configuration.observers.append(Listener())
    TAKEN[kind](cpu)
    code = {"program": 1, "svc": 1, "external": 0x1004, "io": 1, "machine-check": 1 << 54, "restart": 0}[kind]
    assert told == [(kind, code, OLD.mask, kind == "program")]


# Pending external interruptions: their order, and their masks in CR0 and the PSW

# Condition: its code, its mask in CR0 (PoP 4, figure "Assignment of Control-Register Fields"), in order of priority.
CONDITIONS = {
    "malfunction alert": (0x1200, 1 << 63 - 48),
    "emergency signal": (0x1201, 1 << 63 - 49),
    "external call": (0x1202, 1 << 63 - 50),
    "clock comparator": (0x1004, 1 << 63 - 52),
    "CPU timer": (0x1005, 1 << 63 - 53),
    "service signal": (0x2401, 1 << 63 - 54),
}
EVERY_MASK = sum(mask for _, mask in CONDITIONS.values())


@pytest.fixture
def pending(cpu: Cpu) -> Cpu:
    """The CPU with every external condition pending and its mask off; it executes LGHI 1,1 over and over."""
    machine = cpu.configuration
    machine.storage.write(START, bytes.fromhex("a7190001") * 64)
    machine.timing.work += 1_000_000
    machine.timing.set_cpu_timer(cpu, -1)
    cpu.clock_comparator = machine.timing.tod - 1
    cpu.pending.malfunction_alert.add(5)
    cpu.pending.emergency_signal.update((4, 2))
    cpu.pending.external_call = 7
    machine.device(Sclp).completed = 0x5000
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, START))
    cpu.psw_loaded = False
    return cpu


def taken(cpu: Cpu) -> tuple[int, int] | None:
    """Step once; code and CPU address of the external interruption, if one was taken."""
    before = cpu.configuration.storage.read(PREFIX + 0x130, 16)
    cpu.configuration.storage.write(PREFIX + 0x130, bytes(16))
    assert RunLoop(cpu.configuration, [cpu.tlb]).step() is None
    if cpu.configuration.storage.read(PREFIX + 0x130, 16) == bytes(16):
        cpu.configuration.storage.write(PREFIX + 0x130, before)
        return None
    word = cpu.configuration.storage.read_integer(PREFIX + 0x84, 4)
    return word & 0xFFFF, word >> 16


@pytest.mark.parametrize(
    ("condition", "control", "fpc"),
    (
        (data_exception(0xFE), CR0_AFP, 0xF8F8_FE03),
        (data_exception(0x00), CR0_AFP, 0xF8F8_0003),
        (data_exception(0x08, ending=Ending.COMPLETION), CR0_AFP, 0xF8F8_0803),
        (ProgramInterruption(Code.VECTOR_PROCESSING, data_exception_code=0x15), CR0_AFP, 0xF8F8_1503),
        (data_exception(0x01), 0, 0xF8F8_AA03),
        (ProgramInterruption(Code.SPECIFICATION), CR0_AFP, 0xF8F8_AA03),
    ),
)
def test_the_code_goes_to_the_fpc_register_if_the_control_is_one(
    cpu: Cpu, condition: ProgramInterruption, control: int, fpc: int
) -> None:
    cpu.set_control_register(0, control)
    cpu.registers.fpc = 0xF8F8_AA03
    interruption.program(cpu, condition, START, 4)
    assert cpu.registers.fpc == fpc
    if condition.data_exception_code is not None:
        assert cpu.configuration.storage.read_integer(PREFIX + 0x90, 4) == condition.data_exception_code


@pytest.mark.parametrize("name", CONDITIONS)
def test_each_condition_has_its_mask(pending: Cpu, name: str) -> None:
    code, mask = CONDITIONS[name]
    pending.set_control_register(0, mask)
    assert (taken(pending) or (0, 0))[0] == code


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_that_is_masked_off_is_left_pending(pending: Cpu, name: str) -> None:
    code, mask = CONDITIONS[name]
    pending.set_control_register(0, EVERY_MASK & ~mask)
    assert (taken(pending) or (0, 0))[0] != code
    pending.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, START))
    pending.set_control_register(0, mask)
    assert (taken(pending) or (0, 0))[0] == code


def test_the_external_mask_of_the_psw_rules_them_all(pending: Cpu) -> None:
    pending.set_control_register(0, EVERY_MASK)
    pending.load_psw(Psw(ADDRESSING_MODE, START))
    assert taken(pending) is None
    assert pending.instruction_address == START + 4


def test_they_are_taken_in_the_order_of_priority(pending: Cpu) -> None:
    pending.set_control_register(0, EVERY_MASK)
    found = []
    for _ in range(7):
        pending.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, START))
        found.append(taken(pending))
        # The two timers stay pending as long as they are due.
        if found[-1] == (0x1004, 0):
            pending.clock_comparator = 0xFFFF_FFFF_FFFF_FFFF
        if found[-1] == (0x1005, 0):
            pending.configuration.timing.set_cpu_timer(pending, 1 << 60)
    # Of two emergency signals that of the smaller CPU address comes first.
    assert found == [(0x1200, 5), (0x1201, 2), (0x1201, 4), (0x1202, 7), (0x1004, 0), (0x1005, 0), (0x2401, 0)]
    assert pending.configuration.storage.read_integer(PREFIX + 0x80, 4) == 0x5000


def test_the_clock_comparator_stays_pending_while_it_is_due(pending: Cpu) -> None:
    pending.set_control_register(0, CONDITIONS["clock comparator"][1])
    for _ in range(3):
        pending.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, START))
        assert taken(pending) == (0x1004, 0)


def test_the_old_psw_of_a_wait_waits(pending: Cpu) -> None:
    pending.set_control_register(0, EVERY_MASK)
    waiting = Psw(ADDRESSING_MODE | EXTERNAL_MASK | WAIT, START)
    pending.load_psw(waiting)
    assert taken(pending) is not None
    assert Psw.from_bytes(pending.configuration.storage.read(PREFIX + 0x130, 16)) == waiting
