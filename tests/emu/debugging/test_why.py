# SPDX-License-Identifier: GPL-2.0-or-later
"""Why: interruptions explained."""

from __future__ import annotations

from emu import lowcore
from emu.bits import bit
from emu.cpu import Cpu, CpuState
from emu.debugging.session import Session
from emu.debugging.why import explain
from emu.machine import Machine
from emu.page_states import DISCARDED, Usage
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, MACHINE_CHECK_MASK, WAIT, Psw
from tests.emu.conftest import AddressSpace

HANDLER = 0x4000
LOAD = bytes.fromhex("e32010000090")
"""LLGC 2,0(1)."""


def take_one(machine: Machine, code: bytes) -> Session:
    """Execute the first instruction of *code*, which is interrupted."""
    session = Session(machine)
    for new in (lowcore.PROGRAM_NEW_PSW, lowcore.SVC_NEW_PSW):
        machine.load_storage(new, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    machine.load_storage(0x10000, code)
    session.step()
    return session


def quiet(machine: Machine) -> None:
    machine.cpus[0].clock_comparator = (1 << 64) - 1
    machine.timing.set_cpu_timer(machine.cpus[0], 1 << 62)


def test_a_discard_fault(machine: Machine, cpu: Cpu) -> None:
    """It nullifies, and stores the absolute page address at 168 (page-hinting reference 3.1)."""
    quiet(machine)
    machine.states.bytes[0x150] = DISCARDED
    cpu.gr[1] = 0x150008
    session = take_one(machine, LOAD)
    assert explain(session) == [
        "cpu 0: program interruption 0x001a discard fault, just now",
        "  cause: 10000 LLGC 2,0(1)",
        "  cause: absolute page 150000",
        "  cause: page 150 was touched, which the host has discarded; its state is Vz now",
        "  ending: nullification: nothing was done, and the old PSW is at the instruction",
        "  instruction length: 6 bytes (instruction-length code 3)",
        "  stored: 08c program ILC and code   0006001a  ILC 6, discard fault",
        "  stored: 0a8 translation exception  0000000000150000  absolute page 150000",
        "  stored: 110 breaking event         0000000000000001",
        (
            "  stored: 150 program old PSW        0000000180000000 0000000000010000  "
            "64-bit, supervisor state, DAT off, disabled, cc 0"
        ),
        "  old PSW: 0000000180000000 0000000000010000",
        "    64-bit, supervisor state, DAT off, disabled, cc 0",
        "  new PSW: 0000000180000000 0000000000004000",
        "    64-bit, supervisor state, DAT off, disabled, cc 0",
        "  rule: page-hinting reference 2.4 and 3.1; that it nullifies is inferred: the guest's handler tries again",
    ]


def test_an_unused_page(machine: Machine, cpu: Cpu) -> None:
    """The addressing exception suppresses: the old PSW is behind the instruction, which is named all the same."""
    machine.states.bytes[0x150] = Usage.UNUSED
    cpu.gr[1] = 0x150008
    lines = explain(take_one(machine, LOAD))
    assert "  cause: 10000 LLGC 2,0(1)" in lines
    assert "  cause: page 150 was touched, which the guest has declared unused" in lines
    assert "  ending: suppression: nothing was done, and the old PSW is behind the instruction" in lines
    assert "  rule: page-hinting reference 2.4 (an unused page is touched)" in lines


def test_an_address_outside_the_memory(machine: Machine, cpu: Cpu) -> None:
    cpu.gr[1] = machine.memory
    lines = explain(take_one(machine, LOAD))
    assert '  rule: PoP 6, "Addressing Exception"' in lines
    assert not any("unused" in line for line in lines)


def test_a_page_translation_with_dat(machine: Machine, cpu: Cpu, address_space: AddressSpace) -> None:
    """The instruction is found by the PSW and the tables that were in use then."""
    address_space.map(0x10000, 0x10000)
    address_space.enter(cpu)
    cpu.gr[1] = 0x5008
    lines = explain(take_one(machine, LOAD))
    assert lines[1:3] == ["  cause: 10000 LLGC 2,0(1)", "  cause: page 5000, primary space, fetch"]
    assert '  rule: PoP 6, "Page-Translation Exception"' in lines


def test_a_supervisor_call(machine: Machine) -> None:
    lines = explain(take_one(machine, bytes.fromhex("0a07")))
    assert lines[:2] == ["cpu 0: svc interruption 0x0007 number 7, just now", "  cause: 10000 SVC 7"]
    assert "  stored: 088 SVC ILC and number     00020007  ILC 2, SVC 7" in lines


def test_a_machine_check(machine: Machine, cpu: Cpu) -> None:
    """PoP 11: what is stored is its code, the architectural mode, the old PSW and the registers."""
    quiet(machine)
    machine.load_storage(lowcore.MACHINE_CHECK_NEW_PSW, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    machine.load_storage(0x10000, LOAD)
    machine.report_machine_check(bit(9) | bit(2))
    cpu.load_psw(Psw(ADDRESSING_MODE | MACHINE_CHECK_MASK, 0x10000))
    cpu.set_control_register(14, bit(35) | bit(36))
    session = Session(machine)
    session.step()
    lines = explain(session)
    assert lines[:6] == [
        "cpu 0: machine-check interruption 0x2040000000000000 system recovery, channel report pending, just now",
        "  stored: 0a3 architectural mode     01",
        ("  stored: 0e8 machine-check code     20400f1d40330000  system recovery, channel report pending"),
        (
            "  stored: 160 machine-check old PSW  0004000180000000 0000000000010000  "
            "64-bit, supervisor state, DAT off, enabled for machine checks, cc 0"
        ),
        "  stored: 1200 registers, in their save areas",
        "  old PSW: 0004000180000000 0000000000010000",
    ]
    assert lines[-1] == '  rule: PoP 11, "Machine-Check Handling"'


def test_a_fetch(machine: Machine, cpu: Cpu) -> None:
    cpu.instruction_address = machine.memory
    lines = explain(take_one(machine, b""))
    assert "  cause: met while the instruction was fetched" in lines


def test_why_a_pending_interruption_is_not_taken(machine: Machine, cpu: Cpu) -> None:
    quiet(machine)
    cpu.pending.external_call = 0
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK | WAIT, 0x10000))
    lines = explain(Session(machine))
    assert lines == [
        f"cpu 0: waits, enabled: an interruption will end it (PSW {cpu.psw})",
        "cpu 0: no interruption has been taken since it is being watched",
        "waits: external call of CPU 0: pending, forbidden: CR0 bit 50 is zero",
    ]
    cpu.set_control_register(0, bit(50))
    assert explain(Session(machine))[-1] == "waits: external call of CPU 0: pending, enabled"


def test_states_in_which_nothing_is_executed(machine: Machine, cpu: Cpu) -> None:
    session = Session(machine)
    cpu.state = CpuState.STOPPED
    assert explain(session)[0] == "cpu 0: in the stopped state"
    cpu.state = CpuState.CHECK_STOP
    machine.configuration.check_stop_reason = "the prefix area is gone"
    assert explain(session)[0] == "cpu 0: in the check-stop state: the prefix area is gone"
    cpu.state = CpuState.OPERATING
    cpu.load_psw(Psw(ADDRESSING_MODE | WAIT, 0xFFF))
    assert "disabled: nothing but a restart can end it" in explain(session)[0]


def test_an_early_exception_is_of_what_has_loaded_the_psw(machine: Machine, cpu: Cpu) -> None:
    """The old PSW is the one that was loaded, and the instruction-length code zero (PoP 6, "Early Exception
    Recognition")."""
    machine.load_storage(0x12000, Psw(bit(0) | ADDRESSING_MODE, 0x12344).to_bytes())
    cpu.gr[1] = 0x12000
    session = take_one(machine, bytes.fromhex("b2b21000"))
    lines = explain(session)
    assert lines[1:4] == [
        "  cause: 10000 LPSWE 0(1) has loaded a PSW that is not valid",
        "  ending: completion: the PSW was loaded, is not valid, and is the old PSW",
        "  instruction length: 0 bytes (instruction-length code 0)",
    ]
    assert '  rule: PoP 6, "Early Exception Recognition"' in lines


def test_an_early_exception_of_a_new_psw(machine: Machine) -> None:
    session = Session(machine)
    machine.load_storage(lowcore.PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    machine.load_storage(lowcore.SVC_NEW_PSW, Psw(bit(0) | ADDRESSING_MODE, HANDLER).to_bytes())
    machine.load_storage(0x10000, bytes.fromhex("0a07"))
    session.step()
    assert explain(session)[1] == "  cause: the new PSW of the svc interruption 0x0007 is not valid"
