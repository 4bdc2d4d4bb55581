# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine: what runs natively, what comes back to Python, and that both keep exact count."""

from __future__ import annotations

import pytest

from emu import control_registers as control
from emu import psw as psw_bits
from emu.cpu import Cpu, CpuState
from emu.engine.engine import left_to_model
from emu.engine.exits import Declared
from emu.machine import MEGABYTE, Machine, Stop, StopKind
from emu.psw import ADDRESSING_MODE, Psw
from emu.resets import reset_cpu
from tests.support.every_instruction import EveryInstruction

START = 0x10000
WAIT_ADDRESS = 0x999
SVC_WAIT_ADDRESS = 0x888
DATA = 0x20000


@pytest.fixture(params=["free", "stepped"])
def started(request: pytest.FixtureRequest, machine: Machine) -> Machine:
    """A machine that stops at any program interruption or SVC, running freely or step by step."""
    waiting = ADDRESSING_MODE | psw_bits.WAIT
    machine.storage.write(0x1D0, Psw(waiting, WAIT_ADDRESS).to_bytes())
    machine.storage.write(0x1C0, Psw(waiting, SVC_WAIT_ADDRESS).to_bytes())
    if request.param == "stepped":
        machine.observers.append(EveryInstruction())
    return machine


def execute(machine: Machine, code: str, *, address: int = START, budget: int = 10_000) -> Stop:
    """Run *code* from *address*; behind it lie zeros, which are no instruction."""
    machine.storage.write(address, bytes.fromhex(code))
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, address))
    cpu.psw_loaded = False
    return machine.run(budget)


def program_interruption(machine: Machine) -> tuple[int, int, int]:
    """Code, length in bytes, and old instruction address of the last program interruption."""
    word = machine.storage.read_integer(0x8C, 4)
    return word & 0xFFFF, word >> 16, machine.storage.read_integer(0x158, 8)


def test_a_fault_in_the_middle_of_a_block_counts_what_was_before_it(started: Machine) -> None:
    # LGHI 1,1; LLILH 2,X'2000'; LGHI 3,3; LG 4,0(2) beyond storage; LGHI 3,4
    stop = execute(started, "a7190001 a52e2000 a7390003 e34020000004 a7390004")
    assert stop.kind is StopKind.DISABLED_WAIT
    assert program_interruption(started) == (5, 6, START + 0x12)
    assert started.cpus[0].gr[3] == 3
    assert started.executed == 3


def test_instructions_are_counted_exactly_through_a_loop(started: Machine) -> None:
    # LGHI 1,1000; loop: AGHI 2,1; BRCTG 1,loop
    execute(started, "a71903e8 a72b0001 a717fffe")
    assert started.cpus[0].gr[2] == 1000
    assert started.executed == 1 + 2 * 1000


@pytest.mark.parametrize("budget", (1, 2, 3, 17, 1000))
def test_a_budget_is_kept_to_the_instruction(started: Machine, budget: int) -> None:
    stop = execute(started, "a71903e8 a72b0001 a717fffe", budget=budget)
    assert stop.kind is StopKind.BUDGET
    assert started.executed == budget
    assert started.cpus[0].gr[2] == budget // 2


def test_supervisor_call_stores_its_number_and_the_address_behind_it(started: Machine) -> None:
    # LGHI 1,1; SVC X'42'
    stop = execute(started, "a7190001 0a42")
    assert stop.psw.address == SVC_WAIT_ADDRESS
    assert started.storage.read_integer(0x88, 4) == 2 << 16 | 0x42
    assert started.storage.read_integer(0x148, 8) == START + 6


def test_execute_of_supervisor_call_has_the_length_of_the_execute(started: Machine) -> None:
    # LARL 6,target; LGHI 1,X'21'; EX 1,0(6); target: SVC 0
    execute(started, "c06000000007 a7190021 44106000 0a00")
    assert started.storage.read_integer(0x88, 4) == 4 << 16 | 0x21
    assert started.storage.read_integer(0x148, 8) == START + 14


def test_execute_of_a_general_instruction_continues_behind_the_execute(started: Machine) -> None:
    # LARL 6,target; EX 0,0(6); LGHI 5,5; target: LA 7,7
    execute(started, "c06000000007 44006000 a7590005 41700007")
    cpu = started.cpus[0]
    assert (cpu.gr[5], cpu.gr[7]) == (5, 7)
    assert started.executed == 4


def test_execute_of_a_move_ors_the_length(started: Machine) -> None:
    # LARL 6,target; LGHI 1,7; EX 1,0(6); LGHI 5,5; target: MVC 0(1,8),0(9)
    cpu = started.cpus[0]
    cpu.gr[8], cpu.gr[9] = DATA, DATA + 0x100
    started.storage.write(DATA + 0x100, b"eight...NO")
    execute(started, "c06000000009 a7190007 44106000 a7590005 d20080009000")
    assert started.storage.read(DATA, 10) == b"eight...\0\0"
    assert cpu.gr[5] == 5


def test_execute_with_an_odd_target_address(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.gr[9] = DATA + 1
    # LGHI 1,1; LGHI 2,2; EX 0,0(9); LGHI 3,3
    execute(started, "a7190001 a7290002 44009000 a7390003")
    assert program_interruption(started) == (6, 4, START + 12)
    assert started.executed == 2


def test_execute_works_again_with_an_even_target_address(started: Machine) -> None:
    # LARL 6,target; LGHI 1,2; loop: EX 0,0(6); BRCTG 1,loop; BRC 15,end; target: AGHI 7,1; end:
    execute(started, "c0600000000b a7190002 44006000 a717fffe a7f40004 a77b0001")
    assert started.cpus[0].gr[7] == 2


@pytest.mark.parametrize(
    ("code", "length"),
    (("b96080bb", 4), ("ecb000018071", 6), ("b31a0002", 4)),
    ids=("CGRT of equal registers", "CLGIT of an equal constant", "ADBR without AFP control"),
)
def test_a_data_exception_at_the_end_of_a_block_is_found(started: Machine, code: str, length: int) -> None:
    cpu = started.cpus[0]
    if code == "b31a0002":
        cpu.set_control_register(0, cpu.cr[0] & ~control.CR0_AFP)
    # LGHI 11,1; LGR 12,11; the instruction; LGHI 2,7
    execute(started, f"a7b90001 b90400cb {code} a7290007")
    assert program_interruption(started) == (7, length, START + 8 + length)
    assert started.executed == 2


@pytest.mark.parametrize(("code", "length"), (("b96080bb", 4), ("ecb000018071", 6)))
def test_a_data_exception_is_found_behind_a_page_that_was_asked_for(started: Machine, code: str, length: int) -> None:
    started.cpus[0].gr[8] = DATA
    # LG 2,0(8); LGHI 11,1; the instruction, which traps
    execute(started, f"e32080000004 a7b90001 {code}")
    assert program_interruption(started) == (7, length, START + 10 + length)
    assert started.executed == 2


@pytest.mark.parametrize(
    ("first", "before", "cc"),
    (("b9200032", "", 1), ("b9200032", "b9040033", 1), ("b9200023", "b9200042", 1)),
    ids=("at the start of a block", "behind LGR", "behind CGR in the same block"),
)
def test_the_condition_code_survives_a_comparison_that_meets_an_exception(
    started: Machine, first: str, before: str, cc: int
) -> None:
    cpu = started.cpus[0]
    cpu.gr[2], cpu.gr[3], cpu.gr[4] = 1, 0, 2**64 - 1
    cpu.gr[8], cpu.gr[9] = DATA, started.memory
    started.storage.write(DATA, b"operand.")
    # CGR; BRC 15,+6 so that a block begins; the instruction before; CLC 0(8,8),0(9) beyond storage
    execute(started, f"{first} a7f40003 0000 {before} d50780009000")
    assert program_interruption(started)[:2] == (5, 6)
    assert started.storage.read_integer(0x150, 8) >> 44 & 3 == cc


def test_execute_of_a_move_without_base_register(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.gr[0] = 0x10
    started.storage.write(0x220, b"right")
    started.storage.write(0x230, b"wrong")
    # EXRL 0,target; LARL 6,target; EX 0,0(6); BRC 15,end; target: MVC X'300'(5,0),X'220'(0); end:
    execute(started, "c6000000000a c06000000007 44006000 a7f40005 d20403000220")
    assert started.storage.read(0x300, 5) == b"right"
    assert started.storage.read(0x310, 5) == bytes(5)
    assert cpu.gr[0] == 0x10
    assert started.executed == 4


def test_a_comparison_in_a_loop_runs_natively_and_rightly(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.gr[8], cpu.gr[9] = DATA, DATA + 8
    started.storage.write(DATA, b"abcdefghabcdefgi")
    # LGHI 1,100; loop: CLC 0(8,8),0(9); BRC 4,+6 (low); AGHI 3,1; BRCTG 1,loop
    execute(started, "a7190064 d50780009000 a7440004 a73b0001 a717fff9")
    assert cpu.gr[3] == 0
    assert cpu.gr[1] == 0


def test_a_store_into_the_next_instruction_is_seen_by_it(started: Machine) -> None:
    # LGHI 1,X'55'; LARL 2,next; LGHI 5,0; STC 1,3(2); next: LGHI 3,0
    execute(started, "a7190055 c02000000007 a7590000 42102003 a7390000")
    assert started.cpus[0].gr[3] == 0x55


def test_a_loop_that_changes_its_own_operand(started: Machine) -> None:
    # LARL 2,loop; LGHI 5,3; loop: LGHI 3,7; STC 5,3(2); AGR 4,3; BRCTG 5,loop: adds 7, then 3, then 2
    execute(started, "c02000000005 a7590003 a7390007 42502003 b9080043 a757fffa")
    assert started.cpus[0].gr[4] == 7 + 3 + 2


def test_code_in_a_page_whose_stores_are_checked_byte_by_byte(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_LOW_ADDRESS_PROTECTION)
    # What is stored at X'400': LGHI 3,5 or 6; BR 14
    cpu.gr[2], cpu.gr[4] = 0xA739_0005_07FE_0000, 0xA739_0006_07FE_0000
    # STG 2,X'400'; LGHI 5,X'400'; BASR 14,5; LGR 6,3; STG 4,X'400'; BASR 14,5; LGR 7,3
    execute(started, "e32004000024 a7590400 0de5 b9040063 e34004000024 0de5 b9040073")
    assert (cpu.gr[6], cpu.gr[7]) == (5, 6)


def test_code_that_was_only_executed_alone_is_seen_to_be_written(started: Machine) -> None:
    """It is executed while fixed-point overflow is reported, and stored into freely."""
    cpu = started.cpus[0]
    cpu.gr[2], cpu.gr[3], cpu.gr[4], cpu.gr[6], cpu.gr[7] = DATA, 0x0800_0000, 0xA759_0001, 0xA759_0002, 0
    started.storage.write(DATA + 4, bytes.fromhex("07fe"))
    # ST 4,0(2): LGHI 5,1; SPM 3; BASR 14,2; SPM 7; ST 6,0(2): LGHI 5,2; SPM 3; BASR 14,2
    execute(started, "50402000 0430 0de2 0470 50602000 0430 0de2")
    assert cpu.gr[5] == 2


def test_code_written_by_the_machine_is_seen(started: Machine) -> None:
    execute(started, "a7190001")
    execute(started, "a7190002")
    assert started.cpus[0].gr[1] == 2


def test_low_address_protection_stops_a_store_at_its_bytes(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_LOW_ADDRESS_PROTECTION)
    # LGHI 1,77; STG 1,X'200'; STG 1,X'1FC'
    execute(started, "a719004d e31002000024 e31001fc0024")
    assert program_interruption(started) == (4, 6, START + 0x10)
    assert started.storage.read_integer(0x200, 8) == 77
    assert started.executed == 2


def test_a_partly_protected_move_stores_nothing(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_LOW_ADDRESS_PROTECTION)
    cpu.gr[6] = DATA
    started.storage.write(DATA, b"x" * 32)
    # MVC X'FF0'(32),0(6): the second half falls on 4096-4111
    execute(started, "d21f0ff06000")
    assert program_interruption(started)[0] == 4
    assert started.storage.read(0xFF0, 32) == bytes(32)


def test_the_trap_in_a_code_page_is_not_seen_as_data(started: Machine) -> None:
    # STCK 0(8) is intercepted; then LARL 6,start; LG 1,0(6) reads the code as data
    cpu = started.cpus[0]
    cpu.gr[8] = DATA
    execute(started, "b2058000 c060fffffffe e31060000004")
    assert cpu.gr[1] == 0xB205_8000_C060_FFFF


def test_store_clock_is_ours_and_moves_with_the_work(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.gr[8] = DATA
    # STCK 0(8); LGHI 1,1; STCK 8(8)
    before = started.timing.tod
    execute(started, "b2058000 a7190001 b2058008")
    first, second = started.storage.read_integer(DATA, 8), started.storage.read_integer(DATA + 8, 8)
    assert before <= first < second
    assert second - before < 1000 * 4096


def test_an_odd_branch_target_is_a_specification_exception(started: Machine) -> None:
    # LARL 6,behind; AGHI 6,1; BR 6
    execute(started, "c06000000006 a76b0001 07f6 41700007")
    assert program_interruption(started)[0] == 6
    assert started.executed == 3


def test_floating_point_without_afp_control_gives_dxc_2(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] & ~control.CR0_AFP)
    # ADBR 0,2
    execute(started, "b31a0002")
    assert program_interruption(started) == (7, 4, START + 4)
    assert started.storage.read_integer(0x90, 4) == 2


def test_an_instruction_that_crosses_into_a_page_beyond_storage(started: Machine) -> None:
    last = started.memory - 2
    # LGHI needs two bytes more than there are
    execute(started, "a719", address=last)
    code, _, _ = program_interruption(started)
    assert code == 5
    assert started.executed == 0


@pytest.mark.parametrize("before", (2, 4))
def test_an_instruction_of_the_model_that_reaches_into_the_next_page(before: int, started: Machine) -> None:
    # XR 2,2; STCK 0(8) or LCTLG 1,0,0(8), of which so many bytes are in the first page; LGHI 3,3
    started.cpus[0].gr[8] = DATA
    execute(
        started, "1722 b2058000 a7390003" if before == 2 else "1722 eb108000002f a7390003", address=0x11000 - before - 2
    )
    assert started.cpus[0].gr[3] == 3


def test_an_invalid_instruction_at_the_start_of_storage(started: Machine) -> None:
    stop = execute(started, "", address=0)
    assert stop.kind is StopKind.DISABLED_WAIT
    assert program_interruption(started) == (1, 2, 2)


def test_reference_and_change_follow_the_accesses(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.gr[8], cpu.gr[9] = DATA, DATA + 0x1000
    started.keys.bytes[DATA >> 12] = started.keys.bytes[(DATA >> 12) + 1] = 0
    # LGHI 1,5; STG 1,0(8); LG 2,0(9); LGR 3,2
    execute(started, "a7190005 e31080000024 e32090000004 b9040032")
    assert started.keys.bytes[DATA >> 12] == 0x06
    assert started.keys.bytes[(DATA >> 12) + 1] == 0x04
    assert started.keys.bytes[START >> 12] & 0x06 == 0x04


def test_two_runs_are_equal_to_the_bit() -> None:
    def one() -> tuple[object, ...]:
        machine = Machine(MEGABYTE, cpus=2)
        for cpu in machine.cpus:
            cpu.state = CpuState.OPERATING
            cpu.load_psw(Psw(ADDRESSING_MODE, START))
            cpu.gr[8] = 0x20000 + 0x1000 * cpu.address
        # loop: STCK 0(8); AGHI 2,1; BRC 15,loop
        machine.storage.write(START, bytes.fromhex("b2058000 a72b0001 a7f4fffc"))
        stop = machine.run(300_000)
        registers = [tuple(cpu.gr) for cpu in machine.cpus]
        return stop, registers, machine.timing.tod, machine.storage.read(0x20000, 8), machine.storage.read(0x21000, 8)

    assert one() == one()


@pytest.mark.parametrize("stepped", (False, True))
def test_a_cpu_that_spins_does_not_keep_the_others_from_running(monkeypatch: pytest.MonkeyPatch, stepped: bool) -> None:
    monkeypatch.setattr("emu.configuration.SLICE", 1000)
    machine = Machine(MEGABYTE, cpus=2)
    machine.configuration.turns.end = 1000
    first, second = machine.cpus
    if stepped:
        machine.observers.append(EveryInstruction())
    # CPU 0: loop: LG 3,0(8); LTGR 3,3; BRC 8,loop; CPU 1: LGHI 4,1; STG 4,0(8)
    machine.storage.write(START, bytes.fromhex("e33080000004 b9020033 a784fffb 0000"))
    machine.storage.write(0x18000, bytes.fromhex("a7490001 e34080000024 a7f40000"))
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())
    for cpu, address in ((first, START), (second, 0x18000)):
        cpu.gr[8] = DATA
        ready(cpu, address)
        cpu.state = CpuState.OPERATING
    machine.run(2500)
    assert first.gr[3] == 1


def test_cpus_take_turns_and_see_each_others_code() -> None:
    machine = Machine(MEGABYTE, cpus=2)
    first, second = machine.cpus
    waiting = ADDRESSING_MODE | psw_bits.WAIT
    machine.storage.write(0x1D0, Psw(waiting, WAIT_ADDRESS).to_bytes())
    # CPU 1: loop: LGHI 3,0; LTGR 3,3; BRC 8,loop -- until its operand is changed
    machine.storage.write(0x20000, bytes.fromhex("a7390000 b9020033 a784fffc 0000"))
    # CPU 0: LGHI 5,9; STC 5,3(2)
    machine.storage.write(START, bytes.fromhex("a7590009 42502003 0000"))
    for cpu, address in ((second, 0x20000), (first, START)):
        ready(cpu, address)
    first.gr[2] = 0x20000
    second.state = CpuState.OPERATING
    first.state = CpuState.STOPPED
    machine.run(1000)
    first.state = CpuState.OPERATING
    stop = machine.run(1_000_000)
    assert stop.kind is StopKind.DISABLED_WAIT
    assert second.gr[3] == 9


def ready(cpu: Cpu, address: int) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE, address))
    cpu.psw_loaded = False


def test_a_program_interruption_loop_is_named(machine: Machine) -> None:
    # The program new PSW points beyond storage.
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, machine.memory).to_bytes())
    stop = machine.run(1000)
    assert stop.kind is StopKind.PROGRAM_LOOP
    assert "addressing" in stop.text


def test_an_invalid_program_new_psw_is_a_loop_of_specification_exceptions(machine: Machine) -> None:
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | 1, 0).to_bytes())
    stop = machine.run(1000)
    assert stop.kind is StopKind.PROGRAM_LOOP
    assert "specification" in stop.text


def test_a_prefix_area_that_cannot_be_accessed_is_a_check_stop(machine: Machine) -> None:
    machine.states.bytes[0] = 0x07  # unused and logically zero
    # An operation exception that cannot be stored
    stop = execute(machine, "0000")
    assert stop.kind is StopKind.CHECK_STOP
    assert "addressing" in stop.text


def test_fixed_point_overflow_is_reported_when_the_program_mask_asks_for_it(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = 0x7FFFFFFF, 1, 0x08000000
    # AR 1,2 with the mask zero; SPM 3; AR 4,2; AR 5,2; SR 1,1; AR 1,2 ...
    cpu.gr[4] = 0x7FFFFFFF
    execute(started, "1a12 0430 1a42 1a52")
    assert program_interruption(started) == (8, 2, START + 6)
    assert cpu.gr[4] == 0x80000000
    assert cpu.gr[5] == 0
    assert started.storage.read_integer(0x150, 8) & psw_bits.CONDITION_CODE == psw_bits.CONDITION_CODE


def test_a_disabled_branch_to_itself_is_named(machine: Machine) -> None:
    # BRC 15,itself
    stop = execute(machine, "a7f40000", budget=1_000_000_000)
    assert stop.kind is StopKind.ENDLESS_LOOP
    assert hex(START) in stop.text


def test_an_enabled_branch_to_itself_goes_on(machine: Machine) -> None:
    machine.storage.write(START, bytes.fromhex("a7f40000"))
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE | psw_bits.EXTERNAL_MASK, START))
    assert machine.run(120_000_000).kind is StopKind.BUDGET


def test_an_initial_reset_resets_the_rounding_mode(machine: Machine) -> None:
    cpu = machine.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_AFP)
    cpu.gr[1] = 2  # round up
    # SFPC 1
    execute(machine, "b3840010", budget=1)
    assert cpu.registers.fpc == 2
    reset_cpu(cpu, initial=True)
    cpu.state = CpuState.OPERATING
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_AFP)
    cpu.vr[0], cpu.vr[2] = 0x3FF0_0000_0000_0000, 0x3C00_0000_0000_0000
    # ADBR 0,1: 1 + 2**-63, which rounds to 1 if to nearest, and to more if up
    execute(machine, "b31a0001", budget=1)
    assert cpu.vr[0] == 0x3FF0_0000_0000_0000


@pytest.mark.parametrize(("mode", "sum_"), ((0, 0x3FF0_0000_0000_0000), (2, 0x3FF0_0000_0000_0001)))
@pytest.mark.parametrize("is_stepped", (False, True))
def test_rounding_is_what_the_register_says_whoever_sets_it(
    machine: Machine, mode: int, sum_: int, *, is_stepped: bool
) -> None:
    """As a debugger does, and a machine that goes on elsewhere."""
    if is_stepped:
        machine.observers.append(EveryInstruction())
    cpu = machine.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_AFP)
    cpu.registers.fpc = mode
    cpu.vr[0], cpu.vr[2] = 0x3FF0_0000_0000_0000, 0x3C00_0000_0000_0000
    # ADBR 0,1: 1 + 2**-63, to nearest and up
    execute(machine, "b31a0001", budget=1)
    assert cpu.vr[0] == sum_


def test_interruptions_that_never_end_are_named(machine: Machine) -> None:
    cpu = machine.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_CLOCK_COMPARATOR)
    cpu.clock_comparator = 0
    enabled = Psw(ADDRESSING_MODE | psw_bits.EXTERNAL_MASK, START)
    machine.storage.write(0x1B0, enabled.to_bytes())
    cpu.load_psw(enabled)
    stop = machine.run(100)
    assert stop.kind is StopKind.INTERRUPTION_LOOP
    assert machine.executed == 0


@pytest.mark.parametrize(
    ("code", "is_left"),
    (
        ("b9ab0012", True),  # ESSA
        ("0802", False),  # SPM, which nobody declares
        ("44001000", False),  # EX, whose target decides
        ("b2050000", False),  # STCK, which would be executed, with the host's clock
    ),
)
def test_what_traps_in_every_form_is_left_to_the_model_at_once(code: str, is_left: bool) -> None:
    instruction = bytes.fromhex(code)
    assert left_to_model(instruction) == (Declared(instruction) if is_left else None)
