# SPDX-License-Identifier: GPL-2.0-or-later
"""A session: going on, looking, changing."""

from __future__ import annotations

import pytest

from emu.debugging.session import NoStorageError, Session, Space
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import OperationRequest
from emu.program import parse_program
from emu.psw import ADDRESSING_MODE, Psw
from tests.support.elf import ENTRY, ESSA_PROGRAM, ending_program


@pytest.fixture
def session() -> Session:
    machine = Machine(2 * MEGABYTE)
    parse_program(ending_program(ESSA_PROGRAM).to_bytes(), "x.elf").load(machine)
    return Session(machine)


def test_steps(session: Session) -> None:
    assert session.step(2) is None
    assert session.cpu.instruction_address == ENTRY + 10
    stop = session.step(10)
    assert stop is session.stop
    assert stop is not None
    assert stop.kind is StopKind.DISABLED_WAIT


def test_to_the_end(session: Session) -> None:
    assert session.go(1).kind is StopKind.BUDGET
    assert session.go().kind is StopKind.DISABLED_WAIT
    assert [each.code for each in session.log.taken()] == [1]


def test_looking_and_changing(session: Session) -> None:
    assert session.instruction() == bytes.fromhex("c02f00100000")
    assert session.look(ENTRY, 2) == bytes.fromhex("c02f")
    session.store(0x100000, b"here")
    assert session.look(0x100000, 4, Space.ABSOLUTE) == b"here"
    session.set_register("gr7", 9)
    assert session.register("gr7") == 9
    session.set_key(0x100000, 0x10)
    assert session.machine.keys.bytes[0x100] == 0x10
    assert session.request_state(0x100000, OperationRequest.SET_UNUSED) == 0
    assert session.machine.states.bytes[0x100] == 4
    assert session.locate(0x123) == 0x123
    session.set_register("cr1", 0x20)
    assert session.translate(0x123).result() == "123 -> real 123"
    with pytest.raises(NoStorageError):
        session.store(2 * MEGABYTE, b"x")
    session.inject("svc", 1)
    assert session.log.taken()[-1].kind == "svc"


def test_what_becomes_pending_from_outside_is_gone_back_over(session: Session) -> None:
    session.step()
    session.press_interrupt_key()
    session.report_machine_check(1 << 63 - 2)
    pending = [each.name for each in session.pending() if each.is_pending]
    assert pending[:2] == ["machine check", "interrupt key"]
    session.step(2)
    session.back(3)
    assert not session.machine.configuration.floating.interrupt_key
    session.step(3)
    assert [each.name for each in session.pending() if each.is_pending] == pending
    with pytest.raises(ValueError, match=r"^expected machine-check conditions, some of "):
        session.report_machine_check(1)


def test_the_cpu_that_is_meant() -> None:
    machine = Machine(MEGABYTE, cpus=2)
    session = Session(machine)
    assert session.cpu is machine.cpus[0]
    machine.configuration.turns.cpu = 1
    assert session.cpu is machine.cpus[1]
    session.choose_cpu(0)
    assert session.cpu is machine.cpus[0]
    session.choose_cpu(None)
    assert session.cpu is machine.cpus[1]
    with pytest.raises(ValueError, match=r"^expected the address of a CPU, 0 to 1, not 2$"):
        session.choose_cpu(2)


def test_a_psw_with_which_nothing_goes_on_is_a_value_error(session: Session) -> None:
    # Bit 12 of a PSW must be zero, and so it must in the new PSW for program interruptions.
    session.store(0x1D0, (1 << 51).to_bytes(8, "big") + bytes(8))
    with pytest.raises(ValueError, match=r"^pswm: program-interruption loop at 0x0: specification"):
        session.set_register("pswm", 1 << 51)
    with pytest.raises(ValueError, match=r"^the new PSW leads nowhere: program-interruption loop"):
        session.inject("program", 1)


def test_a_psw_that_is_not_valid_leads_to_its_interruption(session: Session) -> None:
    session.store(0x1D0, Psw(ADDRESSING_MODE, 0x2000).to_bytes())
    session.set_register("pswm", 1 << 51)
    assert session.register("pswa") == 0x2000
    assert session.log.taken()[-1].code == 6
