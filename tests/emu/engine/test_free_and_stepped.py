# SPDX-License-Identifier: GPL-2.0-or-later
"""A free run and single steps do the same: as many instructions, as much work, and no page touched before its time."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP, CR0_CPU_TIMER, CR0_SECONDARY_SPACE, CR0_VECTOR
from emu.machine import MEGABYTE, Machine, StopKind
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, DAT, EXTERNAL_MASK, WAIT, Psw
from emu.storage_keys import REFERENCE
from tests.conftest import make_ready
from tests.support.general import rx, rxy, ss

CODE, DATA = 0x10000, 0x40000
HANDLER = 0x20000
AGHI, STCK, SVC = "a71b0001", "b2053000", "0a05"
NOP = "0700"
LPSWE_SVC, LPSWE_PROGRAM = "b2b20140", "b2b20150"


def started(code: str, *, at: int = CODE, prepare=None) -> Machine:
    """A machine about to execute *code*; SVC and program interruptions come back."""
    machine = Machine(MEGABYTE)
    make_ready(machine.cpus[0])
    storage, cpu = machine.storage, machine.cpus[0]
    storage.write(at, bytes.fromhex(code))
    storage.write(0x1C0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    storage.write(0x1D0, Psw(ADDRESSING_MODE, HANDLER + 0x10).to_bytes())
    storage.write(HANDLER, bytes.fromhex(LPSWE_SVC))
    storage.write(HANDLER + 0x10, bytes.fromhex(LPSWE_PROGRAM))
    cpu.instruction_address = at
    cpu.gr[3] = DATA
    if prepare is not None:
        prepare(machine)
    return machine


def seen(machine: Machine) -> tuple[object, ...]:
    """What must be the same."""
    cpu = machine.cpus[0]
    return (
        machine.executed,
        machine.configuration.timing.work,
        cpu.psw,
        list(cpu.gr),
        {page: key for page, key in enumerate(machine.keys.bytes) if key},
        dict(machine.counts.program_interruptions),
    )


PROGRAMS = {
    "control": (AGHI + STCK) * 8 + NOP,
    "supervisor calls": (SVC + AGHI) * 8,
    "corrections": (AGHI + "bf573000" + "d50730003008") * 8,
    "executes": (AGHI + "44003000" + "c600000000b0") * 6,
    "exceptions": (AGHI + "0000" + AGHI + "58103001" + "b2ff0000") * 5,
    "odd registers": (AGHI + "b2410015" + "1d10" + "8c100001") * 5,
    "compare and trap": (AGHI + "ec1100006070" + AGHI) * 4,
    "compiled": (AGHI + "eb5f300000f3" + STCK) * 6,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_budget_is_kept_to_the_instruction(name: str) -> None:
    for budget in range(1, 25):
        free, stepped = (started(PROGRAMS[name]) for _ in range(2))
        for machine in (free, stepped):
            # AGHI 1,1 and MVI 0(3),1 are the targets of EX and EXRL.
            machine.storage.write(DATA, bytes.fromhex("a71b0001"))
        free.run(budget)
        assert free.executed == budget
        while stepped.executed < budget:
            stepped.step()
        # An interruption that follows the last instruction is taken by the next step.
        assert free.executed == stepped.executed


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("steps", (5, 11, 24))
def test_work_does_not_depend_on_how_it_is_run(name: str, steps: int) -> None:
    free, stepped, single = (started(PROGRAMS[name]) for _ in range(3))
    for machine in (free, stepped, single):
        machine.storage.write(DATA, bytes.fromhex("a71b0001"))
    free.run(steps)
    for number in range(1, steps + 1):
        single.run(1)
        while stepped.executed < number:
            # What is interrupted is not executed.
            stepped.step()
    assert seen(free) == seen(stepped) == seen(single)


@pytest.mark.parametrize("units", range(1, 60, 7))
def test_a_timer_interrupts_between_the_same_instructions(units: int) -> None:
    """In a block of a hundred instructions."""
    stopped = []
    for way in ("steps", "run"):
        machine = started("b2b20800")
        cpu = machine.cpus[0]
        machine.storage.write(0x800, Psw(ADDRESSING_MODE | EXTERNAL_MASK, CODE + 4).to_bytes())
        machine.storage.write(CODE + 4, bytes.fromhex(AGHI * 100))
        machine.storage.write(0x1B0, Psw(ADDRESSING_MODE | WAIT, 0xE4D).to_bytes())
        cpu.set_control_register(0, cpu.cr[0] | CR0_CPU_TIMER)
        machine.configuration.timing.set_cpu_timer(cpu, 4 * units)
        stop = machine.run(1000) if way == "run" else None
        while stop is None:
            stop = machine.step()
        assert stop.psw.address == 0xE4D
        stopped.append((machine.storage.read_integer(0x138, 8), seen(machine)))
    assert stopped[0] == stopped[1]


END = CODE + 0x1000


@pytest.mark.parametrize("way", ("steps", "runs of one", "run"))
@pytest.mark.parametrize("last", (AGHI, NOP + NOP, "b9040011", "bf573000"))
def test_the_page_behind_is_not_touched(way: str, last: str) -> None:
    """The last instruction of the page is executed, and nothing more."""
    machine = started(AGHI + last, at=END - 8)
    if way == "run":
        machine.run(2 if last != NOP + NOP else 3)
    else:
        for _ in range(2 if last != NOP + NOP else 3):
            if way == "steps":
                machine.step()
            else:
                machine.run(1)
    assert machine.cpus[0].instruction_address == END
    assert machine.keys.bytes[CODE >> 12] & REFERENCE
    assert not machine.keys.bytes[END >> 12] & REFERENCE


@pytest.mark.parametrize("way", ("steps", "run"))
@pytest.mark.parametrize("branch", ("07f4", "LPSWE"))
def test_an_odd_instruction_address_is_not_fetched_from(way: str, branch: str) -> None:
    machine = started("b2b23000" if branch == "LPSWE" else branch)
    machine.storage.write(DATA, Psw(ADDRESSING_MODE, 0x50001).to_bytes())
    machine.cpus[0].gr[4] = 0x50001
    machine.keys.array[:] = 0
    if way == "run":
        machine.run(2)
    else:
        for _ in range(2):
            machine.step()
    assert machine.counts.program_interruptions == {ProgramInterruptionCode.SPECIFICATION: 1}
    assert not machine.keys.bytes[0x50]


@pytest.mark.parametrize("way", ("steps", "run"))
def test_what_was_done_before_a_not_modelled_access_counts(way: str) -> None:
    """AGHI, AGHI, and LG in access-register mode with DAT on."""
    machine = started(AGHI * 2 + "e32030000004")
    table = 0x60000
    for number in range(256):
        machine.storage.write_integer(table + 0x4000 + 8 * number, 8, number << 12)
    machine.storage.write_integer(table, 8, table + 0x4000)
    cpu = machine.cpus[0]
    for number in (1, 7, 13):
        cpu.set_control_register(number, table)
    cpu.load_psw(Psw(ADDRESSING_MODE | DAT | 1 << 46, CODE))
    cpu.psw_loaded = False
    stop = machine.run(10) if way == "run" else next(filter(None, (machine.step() for _ in range(4))))
    assert stop is not None
    assert stop.kind is StopKind.NOT_MODELLED
    assert (cpu.gr[1], machine.executed, machine.configuration.timing.work) == (2, 2, 2)
    assert cpu.instruction_address == CODE + 8


SETTING = (
    "1eef", "1bef", "b90800ef", "95551000", "a7f10003", "12ee", "b902000f", "5ae01000", "88e00003", "8be00003",
    "a7ea0007", "c2ef00000007", "b98800ef", "b99900ef", "59e01000", "d50310001004", "91171000", "b91300ef",
    "d60710001010", "bd7f1000",
)  # fmt: skip
"""Instructions that set the condition code; register 1 leads to storage."""
ACCESSING = {
    "ST": rx(0x50, 5, 0, 3),
    "STG": rxy(0xE324, 5, 0, 3),
    "STH": rx(0x40, 5, 0, 3),
    "STC": rx(0x42, 5, 0, 3),
    "STM": rx(0x90, 4, 0, 3, 7),
    "STMG": rxy(0xEB24, 4, 0, 3, 7),
    "STMH": rxy(0xEB26, 4, 0, 3, 7),
    "STAM": rx(0x9B, 4, 0, 3, 7),
    "STCM": rx(0xBE, 5, 0, 3, 7),
    "STCMH": rxy(0xEB2C, 5, 0, 3, 5),
    "STOC": rxy(0xEBF3, 5, 0, 3, 15),
    "STOCG": rxy(0xEBE3, 5, 0, 3, 15),
    "STOCFH": rxy(0xEBE1, 5, 0, 3, 15),
    "STRV": rxy(0xE33E, 5, 0, 3),
    "STFPC": rx(0xB2, 9, 0, 3)[:1] + bytes.fromhex("9c3000"),
    "STD": rx(0x60, 4, 0, 3),
    "MVI": bytes.fromhex("92553000"),
    "MVHI": bytes.fromhex("e54c30000001"),
    "MVC": ss(0xD2, 8, 0, 3, 0, 1),
    "L": rx(0x58, 5, 0, 3),
    "LG": rxy(0xE304, 5, 0, 3),
    "LM": rx(0x98, 5, 0, 3, 6),
    "LAM": rx(0x9A, 5, 0, 3, 6),
    "LOC": rxy(0xEBF2, 5, 0, 3, 15),
    "LOCG": rxy(0xEBE2, 5, 0, 3, 7),
    "LOCFH": rxy(0xEBE0, 5, 0, 3, 9),
    "LD": rx(0x68, 4, 0, 3),
    "CVD": rx(0x4E, 5, 0, 3),
    "VST": rxy(0xE70E, 5, 0, 3),
    "VL": rxy(0xE706, 5, 0, 3),
    "EX": rx(0x44, 0, 0, 3),
}
"""Instructions that access storage where register 3 says, and leave the condition code alone."""
IPM = "b22200a0"


@pytest.mark.parametrize("name", ACCESSING)
def test_the_first_access_to_a_page_leaves_the_condition_code(name: str) -> None:
    free, stepped = (started("") for _ in range(2))
    for machine in (free, stepped):
        machine.cpus[0].set_control_register(0, machine.cpus[0].cr[0] | CR0_AFP | CR0_VECTOR)
    for setting in SETTING:
        for machine in (free, stepped):
            storage, cpu = machine.storage, machine.cpus[0]
            storage.write(DATA, bytes.fromhex("18001800"))
            storage.write(0x50000, bytes(range(100, 132)))
            storage.write(CODE, bytes.fromhex(setting) + ACCESSING[name] + bytes.fromhex(IPM))
            cpu.gr[1], cpu.gr[14], cpu.gr[15], cpu.gr[10] = 0x50000, 0x8000_0005, 0x8000_0000_7FFF_FFFF, 0
            cpu.instruction_address = CODE
            machine.configuration.translations.flush_all()
        free.run(3)
        for _ in range(3):
            stepped.step()
        assert free.cpus[0].gr[10] == stepped.cpus[0].gr[10], setting
        assert free.executed == stepped.executed


def carried_out(way: str, machine: Machine, count: int) -> tuple[object, ...]:
    """What is seen when *count* instructions have been executed in all."""
    if way == "run":
        machine.run(count - machine.executed)
    else:
        while machine.executed < count:
            machine.step()
    return seen(machine)


@pytest.mark.parametrize("way", ("steps", "run"))
@pytest.mark.parametrize("is_known", (False, True))
def test_the_end_of_a_block_in_the_next_page_is_not_touched_before_its_time(way: str, is_known: bool) -> None:
    machine = started(AGHI * 2 + "e31030000004", at=END - 12)
    if is_known:
        # Executed before, and then the reference bit was reset.
        carried_out(way, machine, 3)
        machine.keys.bytes[END >> 12] = 0
        machine.configuration.translations.flush_all()
        machine.cpus[0].instruction_address = END - 12
    carried_out(way, machine, machine.executed + 2)
    assert not machine.keys.bytes[END >> 12] & REFERENCE
    carried_out(way, machine, machine.executed + 1)
    assert machine.keys.bytes[END >> 12] & REFERENCE


@pytest.mark.parametrize("way", ("steps", "run"))
def test_the_target_of_an_execute_is_not_touched_before_its_time(way: str) -> None:
    machine = started(AGHI * 2 + f"c600{(DATA - CODE - 8) // 2:08x}")
    machine.storage.write(DATA, bytes.fromhex(AGHI))
    carried_out(way, machine, 2)
    assert not machine.keys.bytes[DATA >> 12] & REFERENCE
    carried_out(way, machine, 3)
    assert machine.keys.bytes[DATA >> 12] & REFERENCE
    assert machine.cpus[0].gr[1] == 3


@pytest.mark.parametrize("execute", ("44003000", f"c600{(DATA - CODE - 4) // 2:08x}"))
@pytest.mark.parametrize("target", ("44003000", "c60000000000", "0000", "1c13", "b3f80013"))
def test_an_execute_whose_target_is_refused_is_not_counted(execute: str, target: str) -> None:
    found = []
    for way in ("steps", "run"):
        machine = started(AGHI + execute + AGHI)
        machine.storage.write(DATA, bytes.fromhex(target))
        # AGHI, LPSWE, and AGHI again and again.
        machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, CODE).to_bytes())
        found.append(carried_out(way, machine, 6))
    assert found[0] == found[1]


def test_a_branch_into_its_own_block_is_counted() -> None:
    """CGIJ to the last two bytes of itself, where an instruction begins that goes on in the next page."""
    found = []
    for way in ("steps", "run"):
        machine = started("ec5800027a7c", at=END - 6)
        found.append(carried_out(way, machine, 1))
        machine.step()
        found[-1] = found[-1], seen(machine)
    assert found[0] == found[1]


def test_an_instruction_in_two_pages_is_what_both_say_when_it_is_executed() -> None:
    """It is looked at before, when its second half is none yet: after a branch that is not taken."""
    machine = started("8502fffc" + "e31030000004", at=END - 8)
    machine.cpus[0].gr[2] = DATA + 1
    machine.storage.write(DATA, bytes.fromhex("0123456789abcdef"))
    carried_out("steps", machine, 2)
    assert machine.cpus[0].gr[1] == 0x0123_4567_89AB_CDEF
    # Once more, with another second half: LTG, and then an operation exception.
    for half, executed in (("0002", 4), ("00ff", 5)):
        machine.storage.write(END, bytes.fromhex(half))
        machine.cpus[0].instruction_address = END - 8
        machine.step()
        machine.step()
        assert machine.executed == executed
    assert machine.counts.program_interruptions == {ProgramInterruptionCode.OPERATION: 1}


def test_code_goes_on_in_another_space_for_operands() -> None:
    """SAC from the secondary space to the primary one: instructions come from where they came from."""
    machine = started("b2190000" + "eb013000007e" + NOP, at=CODE + 2)
    table = 0x60000
    for number in range(256):
        machine.storage.write_integer(table + 0x4000 + 8 * number, 8, number << 12)
    machine.storage.write_integer(table, 8, table + 0x4000)
    cpu = machine.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | CR0_SECONDARY_SPACE)
    for number in (1, 7, 13):
        cpu.set_control_register(number, table)
    cpu.load_psw(Psw(ADDRESSING_MODE | DAT | 2 << 46, CODE + 2))
    cpu.psw_loaded = False
    machine.run(3)
    assert (machine.storage.read_integer(DATA, 8), machine.executed) == (1, 3)


def test_a_branch_to_an_odd_address_in_its_own_block_is_counted() -> None:
    """EX of BCTR 4,4, which leads into the EX itself."""
    found = []
    for way in ("steps", "run"):
        machine = started(AGHI + "44003000")
        machine.storage.write(DATA, bytes.fromhex("0644"))
        machine.cpus[0].gr[4] = CODE + 5
        found.append(carried_out(way, machine, 2))
        assert machine.cpus[0].instruction_address == CODE + 5
    assert found[0] == found[1]
