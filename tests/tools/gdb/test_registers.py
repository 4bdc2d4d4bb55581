# SPDX-License-Identifier: GPL-2.0-or-later
"""The registers that gdb is shown hold what the CPU's do."""

from __future__ import annotations

import pytest

from emu.debugging.session import Session
from emu.facilities import Facility, installed
from emu.isa.assembler import encode
from emu.machine import MEGABYTE, Machine
from emu.page_states import Usage
from emu.psw import ADDRESSING_MODE, Psw
from tests.support.elf import ENTRY, PROGRAM_NEW_PSW
from tests.support.gdb_session import DATA, STORE, put_program
from tools.gdb.registers import HINTING, VECTOR, ShownRegister, features, shown_registers


def named(session: Session) -> dict[str, ShownRegister]:
    return {each.name: each for each in shown_registers(session)}


def value(session: Session, name: str) -> str:
    return named(session)[name].text(session, session.cpu).decode()


def test_each_number_has_its_register(machine: Machine) -> None:
    names = [each.name for each in shown_registers(Session(machine))]
    assert names[:3] == ["pswm", "pswa", "r0"]
    assert (names.index("r15"), names.index("acr0"), names.index("fpc"), names.index("f15")) == (17, 18, 34, 50)
    assert (names.index("v0l"), names.index("v31"), names.index("cr0")) == (51, 82, 83)
    assert len(set(names)) == len(names)


def test_values_are_big_endian(machine: Machine) -> None:
    session, cpu = Session(machine), machine.cpus[0]
    cpu.gr[7], cpu.ar[3], cpu.vr[8], cpu.vr[9], cpu.vr[63] = 0x0102030405060708, 0x0A0B0C0D, 1, 2, 3
    cpu.set_control_register(13, 0x1234)
    assert value(session, "r7") == "0102030405060708"
    assert value(session, "acr3") == "0a0b0c0d"
    assert (value(session, "f4"), value(session, "v4l")) == (f"{1:016x}", f"{2:016x}")
    assert value(session, "v31") == f"{3:032x}"
    assert value(session, "cr13") == f"{0x1234:016x}"
    assert (value(session, "pswm"), value(session, "pswa")) == (f"{ADDRESSING_MODE:016x}", f"{ENTRY:016x}")


def test_there_are_no_vectors_without_the_facility() -> None:
    machine = Machine(MEGABYTE, facilities=installed(frozenset(), frozenset({Facility.VECTOR})))
    assert VECTOR not in features(shown_registers(Session(machine)))


def test_the_right_half_of_a_vector_is_written_alone(machine: Machine) -> None:
    session, cpu = Session(machine), machine.cpus[0]
    cpu.vr[8], cpu.vr[9] = 5, 6
    named(session)["v4l"].write(session, 7)
    assert (cpu.vr[8], cpu.vr[9]) == (5, 7)
    named(session)["f4"].write(session, 8)
    assert (cpu.vr[8], cpu.vr[9]) == (8, 7)


def test_what_only_shows_something_is_not_written(machine: Machine) -> None:
    session = Session(machine)
    for each in shown_registers(session):
        if each.feature == HINTING:
            with pytest.raises(ValueError, match="only shows something"):
                each.write(session, 0)


def test_the_page_of_the_current_operand(machine: Machine) -> None:
    put_program(machine)
    session = Session(machine)
    # LGHI has no storage operand.
    assert value(session, "operand") == "xx" * 8
    assert value(session, "page_usage") == "xx" * 4
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, STORE))
    machine.states.bytes[DATA >> 12] = Usage.VOLATILE
    machine.keys.bytes[DATA >> 12] = 0x36
    assert value(session, "operand") == f"{DATA:016x}"
    assert int(value(session, "page_usage"), 16) == Usage.VOLATILE
    assert int(value(session, "page_content"), 16) == 0
    assert int(value(session, "page_key"), 16) == 0x36
    # Outside of the memory there is no page.
    machine.cpus[0].gr[2] = 1 << 40
    assert value(session, "operand") == f"{1 << 40:016x}"
    assert value(session, "page_key") == "xx" * 4


def test_essa_has_its_page_as_operand(machine: Machine) -> None:
    machine.storage.write(ENTRY, encode("ESSA", r1=3, r2=2, m3=2))
    machine.cpus[0].gr[2] = DATA
    assert value(Session(machine), "operand") == f"{DATA:016x}"


def test_the_last_interruption(machine: Machine) -> None:
    machine.storage.write(PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE, 0x12000).to_bytes())
    machine.storage.write(ENTRY, bytes(2))
    session = Session(machine)
    assert (value(session, "int_class"), value(session, "int_code")) == ("00000000", "xx" * 4)
    session.step()
    assert (value(session, "int_class"), value(session, "int_code")) == ("00000001", "00000001")
    assert value(session, "int_pswa") == f"{ENTRY + 2:016x}"
    machine.storage.write(0xA8, bytes(range(8)))
    assert value(session, "int_teid") == "0001020304050607"
