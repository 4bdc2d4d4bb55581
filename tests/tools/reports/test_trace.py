# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace: a line for each instruction and interruption, with all that changed."""

from __future__ import annotations

from emu.control_registers import CR0_AFP, CR0_EXTERNAL_CALL
from emu.cpu import CpuState
from emu.isa.assembler import assemble
from emu.machine import Machine
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, PROBLEM_STATE, Psw
from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile
from emu.symbols.table import SymbolTable
from tests.support.elf import ENTRY, PROGRAM_NEW_PSW
from tools.reports.trace import Tracer

NEW = Psw(ADDRESSING_MODE, 0x20000)


def trace(machine: Machine, steps: int = 1) -> list[str]:
    """The lines of a trace of the next *steps* steps of *machine*."""
    lines: list[str] = []
    tracer = Tracer(machine, lines.append)
    machine.observers.append(tracer)
    for _ in range(steps):
        assert machine.step() is None
    machine.observers.remove(tracer)
    return lines


def put(machine: Machine, code: bytes, address: int = ENTRY) -> None:
    machine.storage.write(address, code)


def new_psw(machine: Machine, at: int, mask: int, address: int) -> None:
    machine.storage.write(at, Psw(mask, address).to_bytes())


def test_general_instruction(machine: Machine) -> None:
    machine.cpus[0].gr[2] = 5
    put(machine, bytes.fromhex("b9080012"))
    lines = trace(machine)
    assert lines == [f"cpu 0: S {ENTRY:016x} (b9080012)     AGR 1,2                  gr1=0000000000000005 cc=2"]


def test_essa_is_named_with_its_page(machine: Machine) -> None:
    machine.cpus[0].gr[3] = 0x100000
    put(machine, assemble("ESSA 2,3,2"))
    lines = trace(machine)
    assert lines == [
        f"cpu 0: S {ENTRY:016x} (b9ab2023)     ESSA 2,3,2               gr2=0000000000000003 page[0x100]=Sz->Uz"
    ]


def test_storage_key(machine: Machine) -> None:
    machine.cpus[0].gr[3], machine.cpus[0].gr[2] = 0x100000, 0x36
    put(machine, assemble("SSKE 2,3"))
    lines = trace(machine)
    assert lines[0].endswith("SSKE 2,3                 key[0x100]=00->36")


def test_access_floating_point_and_control_registers(machine: Machine) -> None:
    cpu = machine.cpus[0]
    cpu.set_control_register(0, CR0_AFP)
    cpu.gr[2] = 0x4000000012345678
    # SAR 5,2; LDGR 1,2
    put(machine, bytes.fromhex("b24e0052b3c10012"))
    lines = trace(machine, 2)
    assert lines[0].endswith(" ar5=12345678")
    assert lines[1].endswith(" fr1=4000000012345678")


def test_problem_state_and_program_interruption(machine: Machine) -> None:
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, ENTRY))
    put(machine, assemble("ESSA 2,3,2"))
    new_psw(machine, PROGRAM_NEW_PSW, ADDRESSING_MODE, 0x20000)
    put(machine, bytes.fromhex("1812"), 0x20000)
    lines = trace(machine, 2)
    old = Psw(ADDRESSING_MODE | PROBLEM_STATE, ENTRY + 4)
    assert lines == [
        f"cpu 0: P {ENTRY:016x} (b9ab2023)     ESSA 2,3,2",
        f"cpu 0: program interruption 0x0002 privileged operation, old PSW {old}, new PSW {NEW}",
        f"cpu 0: S {0x20000:016x} (1812)         LR 1,2",
    ]


def test_supervisor_call(machine: Machine) -> None:
    put(machine, bytes.fromhex("0a07"))
    new_psw(machine, 0x1C0, ADDRESSING_MODE, 0x20000)
    lines = trace(machine)
    assert lines == [
        f"cpu 0: S {ENTRY:016x} (0a07)         SVC 7",
        f"cpu 0: svc interruption 0x0007, old PSW {Psw(ADDRESSING_MODE, ENTRY + 2)}, new PSW {NEW}",
    ]


def external_call(machine: Machine, mask: int) -> None:
    cpu = machine.cpus[0]
    cpu.set_control_register(0, CR0_EXTERNAL_CALL)
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, ENTRY))
    cpu.pending.external_call = 0
    new_psw(machine, 0x1B0, mask, 0x20000)
    put(machine, bytes.fromhex("1812"), 0x20000)


def test_external_interruption_comes_before_the_instruction(machine: Machine) -> None:
    external_call(machine, ADDRESSING_MODE | PROBLEM_STATE)
    lines = trace(machine, 2)
    assert [line.split(",")[0] for line in lines] == [
        "cpu 0: external interruption 0x1202",
        f"cpu 0: P {0x20000:016x} (1812)         LR 1",
    ]


def test_early_exception_of_an_interruption_comes_before_the_instruction(machine: Machine) -> None:
    external_call(machine, 1)
    new_psw(machine, PROGRAM_NEW_PSW, ADDRESSING_MODE, 0x30000)
    put(machine, bytes.fromhex("1812"), 0x30000)
    lines = trace(machine, 2)
    assert [line.split(",")[0] for line in lines] == [
        "cpu 0: external interruption 0x1202",
        "cpu 0: program interruption 0x0006 specification",
        f"cpu 0: S {0x30000:016x} (1812)         LR 1",
    ]


def test_instruction_that_cannot_be_fetched(machine: Machine) -> None:
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, 0x10000000))
    new_psw(machine, PROGRAM_NEW_PSW, ADDRESSING_MODE, 0x20000)
    lines = trace(machine)
    assert lines[0] == f"cpu 0: S {0x10000000:016x} (not fetched)"
    assert lines[1].startswith("cpu 0: program interruption 0x0005 addressing")


def test_same_run_same_trace() -> None:
    def run() -> list[str]:
        machine = Machine(2 << 20)
        machine.storage.write(ENTRY, bytes.fromhex("a71a0001a7f4fffe"))
        machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, ENTRY))
        machine.cpus[0].state = CpuState.OPERATING
        return trace(machine, 100)

    first = run()
    assert len(first) == 100
    assert first == run()


def test_addresses_have_the_symbols_that_they_are_near(machine: Machine) -> None:
    named = [Symbol(0x10010, "puts", 16), Symbol(ENTRY, "begin", 16), Symbol(NEW.address, "handler", 16)]
    put(machine, bytes.fromhex("c0e500000009"))
    put(machine, bytes(2), 0x10012)
    new_psw(machine, PROGRAM_NEW_PSW, NEW.mask, NEW.address)
    lines: list[str] = []
    machine.observers.append(Tracer(machine, lines.append, SymbolTable([SymbolFile("a.elf", named)])))
    machine.step()
    machine.step()
    assert lines[0].split("gr14")[0].endswith(" BRASL 14,0x10012 <puts+0x2> ")
    assert lines[2].endswith(
        "old PSW 0000000180000000 0000000000010014 <puts+0x4>, new PSW 0000000180000000 0000000000020000 <handler>"
    )
