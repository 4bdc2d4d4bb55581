# SPDX-License-Identifier: GPL-2.0-or-later
"""Interception by behaviour: at any alignment, in any block, by any CPU, directly and through EXECUTE."""

from __future__ import annotations

import pytest

from emu import psw as psw_bits
from emu.cpu import Cpu, CpuState
from emu.engine.engine import Engine
from emu.engine.exits import StepExit
from emu.isa.assembler import encode
from emu.isa.declaration import INSTRUCTIONS, Instruction, Reason, decode
from emu.machine import MEGABYTE, Machine, Stop
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, Psw

START, DATA = 0x10000, 0x20000
WAIT_ADDRESS = 0x999


@pytest.fixture
def started(machine: Machine) -> Machine:
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())
    return machine


def execute(machine: Machine, code: str, address: int = START) -> Stop:
    """Run *code*, behind which an operation exception ends it."""
    machine.storage.write(address, bytes.fromhex(code) + bytes(2))
    enter(machine.cpus[0], address)
    return machine.run(100_000)


def enter(cpu: Cpu, address: int) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE, address))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING


@pytest.mark.parametrize("order", ("34", "43", "343", "434"))
def test_an_instruction_that_overlaps_an_intercepted_one(started: Machine, order: str) -> None:
    """LGHI 5,X'F300'; LR 4,4; BR 14 entered at its beginning, and two bytes later, where it is UNPK; BR 14."""
    code = DATA + 0x100
    started.storage.write(code, bytes.fromhex("a759f300184407fe07fe"))
    started.storage.write(0x7FE, b"\x12")
    cpu = started.cpus[0]
    cpu.gr[1], cpu.gr[3], cpu.gr[4] = DATA + 0x1000, code + 2, code
    execute(started, "".join(f"0de{register}" for register in order))
    assert cpu.gr[5] == 0xFFFF_FFFF_FFFF_F300
    assert started.storage.read(DATA + 0x1844, 1) == b"\x21"
    assert started.counts.instructions == {"UNPK": order.count("3")}
    assert started.executed == sum(4 if each == "4" else 3 for each in order)


UNREFUSED = [each for each in INSTRUCTIONS if each.reason is Reason.UNREFUSED]


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("declared", UNREFUSED, ids=lambda each: each.mnemonic)
def test_a_form_that_the_engine_does_not_refuse_ends_in_an_exception(
    started: Machine, declared: Instruction, *, stepping: bool
) -> None:
    # An odd register, and an operand that begins two bytes behind the instruction.
    fields = {field.name: 1 for field in declared.format.fields}
    instruction = encode(declared.mnemonic, **fields)
    decoded = decode(instruction)
    assert decoded is not None
    assert decoded[0] is declared
    assert declared.is_for_model(decoded[1], START)
    enter(started.cpus[0], START)
    started.storage.write(START, instruction)
    if stepping:
        started.step()
    else:
        started.run(2)
    assert started.counts.program_interruptions == {ProgramInterruptionCode.SPECIFICATION: 1}


FORMS = {
    # Intercepted form, the same that the engine executes; each between LGR 2,2 and LGHI 7,7.
    "ICM": ("bf978000", "bf9f8000"),
    "LRL": ("c49d00000003", "c49d00000004"),
    "LGRL": ("c49800000005", "c49800000006"),
    "RXSBG": ("ec9880370057", "ec9800370057"),
    "CKSM": ("b2410093", "b2410094"),
}
"""Bytes whose last operand is as that of the other form, but in what makes the difference."""


@pytest.mark.parametrize("name", FORMS)
def test_only_the_form_that_is_executed_wrongly_is_more_work(started: Machine, name: str) -> None:
    work = []
    for form in FORMS[name]:
        before = started.timing.work
        cpu = started.cpus[0]
        cpu.gr[8], cpu.gr[3], cpu.gr[4], cpu.gr[5] = DATA, DATA, DATA, 0
        started.counts.instructions.clear()
        execute(started, f"b9040022 {form} a7790007")
        work.append((started.counts.instructions[name], started.timing.work - before))
    assert [count for count, _ in work] == [1, 0]


@pytest.mark.parametrize("first", (0, 1))
def test_both_forms_in_one_block(started: Machine, first: int) -> None:
    """ICM 9,7,0(8) and ICM 9,15,0(8) one behind the other, many times."""
    cpu = started.cpus[0]
    cpu.gr[8] = DATA
    started.storage.write(DATA, bytes.fromhex("01020304"))
    forms = FORMS["ICM"] if first == 0 else FORMS["ICM"][::-1]
    execute(started, "")
    ending = started.timing.work
    # LGHI 1,100; loop: the forms; BRCTG 1,loop
    execute(started, f"a7190064 {forms[0]} {forms[1]} a717fffc")
    assert cpu.gr[1] == 0
    assert started.counts.instructions == {"ICM": 100}
    assert started.executed == 1 + 3 * 100
    assert started.timing.work - 2 * ending == 1 + 3 * 100


def test_code_that_a_store_makes_an_intercepted_instruction(started: Machine) -> None:
    """LGHI 5,1 becomes STCK 0(8) by a store, and LGHI 5,1 again."""
    cpu = started.cpus[0]
    cpu.gr[2], cpu.gr[8] = DATA + 0x100, DATA + 0x2000
    cpu.gr[3], cpu.gr[4] = 0xB205_8000, 0xA759_0001
    started.storage.write(DATA + 0x100, bytes.fromhex("a7590001 07fe"))
    # BASR 14,2; LGHI 5,0; ST 3,0(2); BASR 14,2; LGR 6,5; ST 4,0(2); BASR 14,2
    execute(started, "0de2 a7590000 50302000 0de2 b9040065 50402000 0de2")
    assert (cpu.gr[6], cpu.gr[5]) == (0, 1)
    assert started.storage.read_integer(DATA + 0x2000, 8)
    assert started.counts.instructions == {"STCK": 1}


def test_code_that_a_store_makes_another_intercepted_instruction(started: Machine) -> None:
    """EPSW 5,0 becomes EPSW 6,0; neither is compiled."""
    cpu = started.cpus[0]
    cpu.gr[2], cpu.gr[3], cpu.gr[5], cpu.gr[6] = DATA + 0x100, 0xB98D_0060, 1 << 40, 1 << 40
    started.storage.write(DATA + 0x100, bytes.fromhex("b98d0050 07fe"))
    # BASR 14,2; LGR 7,6; ST 3,0(2); BASR 14,2
    execute(started, "0de2 b9040076 50302000 0de2")
    assert cpu.gr[7] == 1 << 40
    assert cpu.gr[5] == cpu.gr[6] != 1 << 40


@pytest.mark.parametrize("before", (7, 9, 10))
def test_a_block_that_unicorn_has_forgotten_is_translated_with_its_traps_again(started: Machine, before: int) -> None:
    """CGR 8,9; ICM 5,7,0(8); BR 14, entered at the beginning, and then five times at ICM.

    Unicorn's buffer is full after *before*.
    """
    code = DATA + 0x100
    started.storage.write(code, bytes.fromhex("b9200089 bf578000 07fe"))
    started.storage.write(START, bytes.fromhex("0de4" + 5 * "0de3" + "0000"))
    cpu = started.cpus[0]
    cpu.gr[3], cpu.gr[4], cpu.gr[8], cpu.gr[9] = code + 4, code, DATA + 0x1000, DATA + 0x1008
    enter(cpu, START)
    started.run(before)
    cpu.tlb._unicorn.uc.ctl_flush_tb()
    started.run(100)
    assert started.counts.instructions == {"ICM": 6}
    assert started.executed == 6 + 3 + 5 * 2


def test_the_target_of_an_execute_is_shown_when_it_was_executed_alone(
    started: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LGHI 1,100; loop: EX 0,0(6); BRCTG 1,loop; the target, AGHI 7,1, is in a page of its own."""
    cpu = started.cpus[0]
    stepped: list[bytes] = []
    step = Engine.step

    def note(engine: Engine, instruction: bytes) -> StepExit:
        stepped.append(instruction)
        return step(engine, instruction)

    monkeypatch.setattr(Engine, "step", note)
    started.storage.write(DATA, bytes.fromhex("a77b0001"))
    cpu.gr[6], cpu.gr[7] = DATA, 0
    execute(started, "a7190064 44006000 a717fffe")
    assert cpu.gr[7] == 100
    assert stepped.count(bytes.fromhex("44006000")) == 1


def test_code_that_another_cpu_makes_an_intercepted_instruction() -> None:
    machine = Machine(MEGABYTE, cpus=2)
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())
    first, second = machine.cpus
    # CPU 1: loop: LGHI 5,0; CGHI 0,0; LG 3,0(8); LTGR 3,3; BRC 8,loop -- LGHI becomes STCK 0(8)
    machine.storage.write(DATA, bytes.fromhex("a7590000 a70f0000 e33080000004 b9020033 a784fff7 0000"))
    # CPU 0: ST 3,0(2)
    machine.storage.write(START, bytes.fromhex("50302000 0000"))
    second.gr[8] = DATA + 0x2000
    first.gr[2], first.gr[3] = DATA, 0xB205_8000
    enter(second, DATA)
    enter(first, START)
    first.state = CpuState.STOPPED
    machine.run(1000)
    first.state = CpuState.OPERATING
    machine.run(1_000_000)
    assert machine.storage.read_integer(DATA + 0x2000, 8)
    assert machine.counts.instructions["STCK"] == 1


@pytest.mark.parametrize("relative", (False, True), ids=("EX", "EXRL"))
@pytest.mark.parametrize(
    ("target", "mnemonic"),
    (("b2058000", "STCK"), ("bf978000", "ICM"), ("f30080018000", "UNPK"), ("dc0080008000", "TR")),
)
def test_the_target_of_an_execute(started: Machine, target: str, mnemonic: str, relative: bool) -> None:
    """LARL 6,target; LGHI 1,0; EX 1,0(6) or EXRL 1,target, twice; BRC 15,end; target; end: LGHI 5,5"""
    cpu = started.cpus[0]
    cpu.gr[8], cpu.gr[3], cpu.gr[4], cpu.gr[5] = DATA, DATA, DATA, 0
    length = len(target) // 2
    at = 6 + 4 + 2 * (6 if relative else 4) + 4
    execs = [f"c610{(at - where) // 2:08x}" if relative else "44106000" for where in (10, 16)]
    code = f"c060{at // 2:08x} a7190000 {''.join(execs)} a7f4{(4 + length) // 2:04x} {target} a7290005"
    execute(started, code)
    assert started.counts.instructions == {mnemonic: 2}
    assert cpu.gr[2] == 5
    assert started.executed == 6


def test_an_unassigned_opcode_of_the_program_is_an_operation_exception(started: Machine) -> None:
    for code in ("b0058000", "d80780009000", "cf0000000000", "0000"):
        execute(started, f"a7190001 {code}")
        assert started.storage.read_integer(0x8E, 2) == 1
    assert not started.counts.instructions


def test_an_intercepted_instruction_over_the_end_of_a_page(started: Machine) -> None:
    cpu = started.cpus[0]
    cpu.gr[8], cpu.gr[1] = DATA, 3
    started.storage.write(DATA, b"\x12")
    # loop: UNPK 1(1,8),0(1,8); BRCTG 1,loop
    execute(started, "f30080018000 a717fffd", address=START + 0xFFE)
    assert started.counts.instructions == {"UNPK": 3}
    assert started.storage.read(DATA + 1, 1) == b"\x21"


def test_code_that_moves_from_a_space_to_another_is_looked_at_again(started: Machine) -> None:
    """The same address in real and in home-space mode is told apart: see also the tests of remembered fills."""
    cpu = started.cpus[0]
    cpu.gr[8] = DATA
    execute(started, encode("STCK", b2=8, d2=0).hex() + "1844")
    execute(started, "18441844 1844")
    assert started.counts.instructions == {"STCK": 1}


@pytest.mark.parametrize("registers", (0xF0, 0x0F, 0xFF, 0x10))
@pytest.mark.parametrize(
    "code", ("c61000000006 a7f40000 0000 eb002000003e", "44103000 a7f40000 00000000 eb002000003e"), ids=("EXRL", "EX")
)
@pytest.mark.parametrize("is_known", (False, True))
def test_an_execute_makes_a_form_that_is_not_the_engines(
    started: Machine, code: str, registers: int, is_known: bool
) -> None:
    """The target CDSG 0,0,0(2), with the registers that register 1 has in its last byte; before it with register 0."""
    cpu = started.cpus[0]
    started.storage.write(START, bytes.fromhex(code))
    cpu.gr[2], cpu.gr[3] = DATA, START + 12
    for number in ([0] if is_known else []) + [registers]:
        cpu.gr[1] = number
        started.storage.write(DATA, bytes(16))
        before = list(cpu.gr)
        enter(cpu, START)
        started.run(1)
        assert list(cpu.gr) == before
    assert started.counts.program_interruptions == {ProgramInterruptionCode.SPECIFICATION: 1}
    assert not any(cpu.registers.vr)
    assert not cpu.registers.fpc
