# SPDX-License-Identifier: GPL-2.0-or-later
"""DIAGNOSE 0x068: parameter lists laid out byte by byte, as z/VM's control block VMCPARM has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.devices.messages import SpecialMessages
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE, Psw
from emu.state import state_of

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

LIST, BUFFER, SIZE = 0x20000, 0x30000, 0x400000
AUTHORIZE, UNAUTHORIZE, SEND = 0, 1, 2
SMSG = 0x20
SECOND_KEY = 0x0080_0000_0000_0000 >> 3
"""PSW key 1: bit 11 of the PSW."""


def buffer_of(cpu: Cpu) -> tuple[int, ...]:
    """Address, length and kind of the buffer that messages are presented in."""
    return tuple(state_of(cpu.configuration.device(SpecialMessages))["_buffer"].values())


def parameters(subfunction: int, address: int = 0, length: int = 0, flags: int = 0) -> bytes:
    """VMCPFLG1, reserved, VMCPFUNC, VMCPMID, VMCPUSER, VMCPVADA, VMCPLENA, VMCPVADB, VMCPLENB, VMCPUSE."""
    return (
        bytes((flags, 0)) + subfunction.to_bytes(2, "big") + b"\xff" * 12
        + address.to_bytes(4, "big") + length.to_bytes(4, "big") + b"\xff" * 16
    )  # fmt: skip


def vmcf(cpu: Cpu, run: Run, what: bytes, *, at: int = LIST) -> int:
    """Execute DIAGNOSE with *what* as the parameter list; give the return code."""
    cpu.configuration.storage.write(at, what)
    cpu.gr[4], cpu.gr[7] = at, 0xDEAD_BEEF_DEAD_BEEF
    run(cpu, "DIAG", r1=4, r3=7, d2=0x68)
    return cpu.gr[7]


def authorize(cpu: Cpu, run: Run, address: int = BUFFER, length: int = 169, flags: int = SMSG) -> int:
    return vmcf(cpu, run, parameters(AUTHORIZE, address, length, flags))


def test_a_guest_that_never_asked_gets_no_messages(machine: Machine) -> None:
    assert not machine.messages.is_authorized
    assert not machine.messages.send("SHRINK 64")


def test_authorized_with_special_messages(cpu: Cpu, run: Run) -> None:
    cpu.cc = 2
    assert authorize(cpu, run) == 0
    assert cpu.cc == 2
    assert cpu.configuration.device(SpecialMessages).is_authorized
    assert buffer_of(cpu) == (BUFFER, 169, True)


def test_authorized_without_special_messages(cpu: Cpu, run: Run) -> None:
    assert authorize(cpu, run, flags=0xFF & ~SMSG) == 0
    assert not cpu.configuration.device(SpecialMessages).is_authorized
    assert not cpu.configuration.device(SpecialMessages).send("SHRINK 64")
    # Still authorized for VMCF itself.
    assert vmcf(cpu, run, parameters(UNAUTHORIZE)) == 0


def test_authorized_again_in_another_buffer(cpu: Cpu, run: Run) -> None:
    authorize(cpu, run)
    assert authorize(cpu, run, BUFFER + 0x1000, 200) == 0
    assert buffer_of(cpu) == (BUFFER + 0x1000, 200, True)


def test_unauthorized(cpu: Cpu, run: Run) -> None:
    authorize(cpu, run)
    assert cpu.configuration.device(SpecialMessages).send("SHRINK 64")
    assert vmcf(cpu, run, parameters(UNAUTHORIZE)) == 0
    assert not cpu.configuration.device(SpecialMessages).is_authorized
    assert cpu.configuration.device(SpecialMessages).waiting == 0


def test_unauthorized_without_having_been_authorized(cpu: Cpu, run: Run) -> None:
    assert vmcf(cpu, run, parameters(UNAUTHORIZE)) == 4


@pytest.mark.parametrize("subfunction", (2, 3, 4, 5, 6, 7, 8, 9, 0xA, 0xB, 0xC, 0x100, 0xFFFF))
def test_other_subfunctions(cpu: Cpu, run: Run, subfunction: int) -> None:
    assert vmcf(cpu, run, parameters(subfunction, BUFFER, 169)) == 2
    assert not cpu.configuration.device(SpecialMessages).is_authorized


@pytest.mark.parametrize(
    ("address", "length"),
    (
        (BUFFER + 4, 169), (BUFFER, 39), (BUFFER, 0), (SIZE, 169), (SIZE - 168, 169), (0x8003_0000, 169),
        (BUFFER, 0xFFFF_FFFF),
    ),
)  # fmt: skip
def test_invalid_buffers(cpu: Cpu, run: Run, address: int, length: int) -> None:
    authorize(cpu, run)
    assert authorize(cpu, run, address, length) == 1
    assert buffer_of(cpu) == (BUFFER, 169, True)


@pytest.mark.parametrize(("address", "length"), ((BUFFER, 40), (SIZE - 176, 176), (0, 169)))
def test_buffers_at_the_limits(cpu: Cpu, run: Run, address: int, length: int) -> None:
    assert authorize(cpu, run, address, length) == 0


def test_protected_buffer(cpu: Cpu, run: Run) -> None:
    keys = cpu.configuration.keys.bytes
    keys[LIST >> 12] = keys[BUFFER >> 12] = 0x10
    keys[(BUFFER >> 12) + 1] = 0x20
    cpu.load_psw(Psw(ADDRESSING_MODE | SECOND_KEY, 0x10000))
    assert cpu.psw.key == 1
    assert authorize(cpu, run, BUFFER + 0xF58, 168) == 0
    assert authorize(cpu, run, BUFFER + 0xF58, 169) == 6
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    assert authorize(cpu, run, BUFFER + 0xF58, 169) == 0


def test_the_buffer_is_checked_by_real_addresses(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(0x40000)
    cpu.configuration.keys.bytes[0] = 0x20
    cpu.configuration.keys.bytes[LIST >> 12] = 0x10
    cpu.load_psw(Psw(ADDRESSING_MODE | SECOND_KEY, 0x10000))
    # The real page at the prefix is absolute page 0.
    assert authorize(cpu, run, 0x40000) == 6


def test_authorizing_touches_nothing_of_the_buffer(cpu: Cpu, run: Run) -> None:
    before = cpu.configuration.states.bytes[BUFFER >> 12]
    authorize(cpu, run)
    assert cpu.configuration.states.bytes[BUFFER >> 12] == before
    assert cpu.configuration.keys.bytes[BUFFER >> 12] == 0


def test_list_off_its_boundary(cpu: Cpu, run: Run, expect: Expect) -> None:
    with expect(Code.SPECIFICATION):
        vmcf(cpu, run, parameters(AUTHORIZE, BUFFER, 169), at=LIST + 4)


def test_list_outside_storage(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.gr[4] = SIZE
    with expect(Code.ADDRESSING):
        run(cpu, "DIAG", r1=4, r3=7, d2=0x68)


def test_list_protected(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.configuration.keys.bytes[LIST >> 12] = 0x28
    cpu.load_psw(Psw(ADDRESSING_MODE | SECOND_KEY, 0x10000))
    with expect(Code.PROTECTION):
        authorize(cpu, run)


def test_list_by_real_address(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(LIST)
    cpu.configuration.storage.write(LIST + 0x100, parameters(SEND))
    cpu.configuration.storage.write(0x100, parameters(AUTHORIZE, BUFFER, 169))
    # The real page at the prefix is absolute page 0.
    cpu.gr[4] = LIST + 0x100
    run(cpu, "DIAG", r1=4, r3=7, d2=0x68)
    assert cpu.gr[7] == 0


def test_privileged_operation(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, 0x10000))
    with expect(Code.PRIVILEGED_OPERATION):
        authorize(cpu, run)


@pytest.mark.parametrize("subcode", (0, 1))
def test_resets_end_it(cpu: Cpu, run: Run, subcode: int) -> None:
    authorize(cpu, run)
    assert cpu.configuration.device(SpecialMessages).send("SHRINK 64")
    cpu.configuration.storage.write(0, 0x0008_0000_8001_0000.to_bytes(8, "big"))
    cpu.gr[4], cpu.gr[7] = 0, subcode
    run(cpu, "DIAG", r1=4, r3=7, d2=0x308)
    assert not cpu.configuration.device(SpecialMessages).is_authorized
    assert cpu.configuration.device(SpecialMessages).waiting == 0
