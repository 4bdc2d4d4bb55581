# SPDX-License-Identifier: GPL-2.0-or-later
"""The prefix area by name (PoP 3, "Assigned Storage Locations")."""

from __future__ import annotations

from emu import interruption, lowcore
from emu.bits import bit
from emu.cpu import Cpu
from emu.inspection.low_core import LOCATIONS, Assigned, program_name, read_low_core
from emu.machine import Machine
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import Psw


def by_name(cpu: Cpu) -> dict[str, Assigned]:
    return {each.location.name: each for each in read_low_core(cpu)}


def test_a_program_interruption(machine: Machine, cpu: Cpu) -> None:
    condition = ProgramInterruption(
        ProgramInterruptionCode.PAGE_TRANSLATION, translation_exception=0x5000 | bit(53), exception_access=0
    )
    interruption.program(cpu, condition, 0x10000, 6)
    found = by_name(cpu)
    assert found["program ILC and code"].meaning == "ILC 6, page translation"
    assert found["translation exception"].meaning == "page 5000, primary space, store"
    assert found["program old PSW"].meaning == "64-bit, supervisor state, DAT off, disabled, cc 0"
    assert str(found["program ILC and code"]) == "08c program ILC and code   00060011  ILC 6, page translation"


def test_with_a_per_event(machine: Machine) -> None:
    """PER adds 0x80 to the code of another condition (PoP 4, "Program-Event Recording")."""
    machine.load_storage(lowcore.PROGRAM_ILC, bytes.fromhex("00060091"))
    machine.load_storage(lowcore.TRANSLATION_EXCEPTION, bytes.fromhex("0000000000005400"))
    found = by_name(machine.cpus[0])
    assert found["program ILC and code"].meaning == "ILC 6, page translation, per event"
    assert found["translation exception"].meaning == "page 5000, primary space, store"
    assert program_name(0x80) == "per event"


def test_it_is_that_of_the_cpu(machine: Machine, cpu: Cpu) -> None:
    cpu.set_prefix(0x20000)
    machine.load_storage(0x20000 + lowcore.EXTERNAL_CODE, bytes.fromhex("1202"))
    assert by_name(cpu)["external code"].meaning == "external call"


def test_svc(machine: Machine, cpu: Cpu) -> None:
    interruption.supervisor_call(cpu, 5, 2)
    assert by_name(cpu)["SVC ILC and number"].meaning == "ILC 2, SVC 5"


def test_those_of_a_class(cpu: Cpu) -> None:
    assert [each.location.name for each in read_low_core(cpu, "io")] == [
        "subsystem",
        "I/O parameter",
        "I/O identification",
        "I/O old PSW",
    ]


def test_every_location_of_the_architecture_but_four_has_its_name() -> None:
    """The IPL PSW, the ASN that shares the translation exception, and the areas for registers are not shown."""
    addresses = {value for name, value in vars(lowcore).items() if name.isupper() and name != "PREFIX_AREA_SIZE"}
    shown = {each.address for each in LOCATIONS}
    hidden = {lowcore.IPL_PSW, lowcore.TRANSLATION_EXCEPTION_ASN}
    hidden |= {lowcore.STORE_STATUS_AREA, lowcore.EXTENDED_SAVE_AREA}
    assert addresses - shown == hidden


def test_a_psw_that_is_zero_says_nothing(cpu: Cpu) -> None:
    assert by_name(cpu)["restart new PSW"].meaning == ""
    cpu.configuration.storage.write(lowcore.RESTART_NEW_PSW, Psw(bit(14), 0).to_bytes())
    assert "waiting" in by_name(cpu)["restart new PSW"].meaning
