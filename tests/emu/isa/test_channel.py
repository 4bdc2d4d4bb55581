# SPDX-License-Identifier: GPL-2.0-or-later
"""I/O instructions: their checks, and that nothing is operational."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

BLOCK = 0x20000
BEYOND = 0x400000
SUBCHANNEL = 0x0001_0000

WITHOUT_BLOCK = ("CSCH", "HSCH", "RSCH", "XSCH")
FETCHING = ("MSCH", "SSCH")
STORING = ("STSCH", "TSCH")
WITH_BLOCK = FETCHING + STORING
OTHERS = ("TPI", "STCRW", "STCPS", "RCHP", "SAL", "SCHM", "SIGA", "CHSC")


@pytest.fixture
def perform(run: Run, cpu: Cpu) -> Callable[..., int]:
    """Executes an I/O instruction for the first subchannel; gives the condition code."""

    def perform(mnemonic: str, address: int = BLOCK, subchannel: int = SUBCHANNEL) -> int:
        cpu.gr[1], cpu.gr[3] = subchannel, address
        cpu.cc = 2
        run(cpu, mnemonic, b2=3)
        return cpu.cc

    return perform


Perform = Callable[..., int]


@pytest.mark.parametrize("mnemonic", WITHOUT_BLOCK + WITH_BLOCK + OTHERS)
def test_privileged_operation(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, 0x10000))
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, mnemonic)


@pytest.mark.parametrize("mnemonic", WITHOUT_BLOCK + WITH_BLOCK)
def test_no_subchannel_is_operational(perform: Perform, cpu: Cpu, mnemonic: str) -> None:
    assert perform(mnemonic) == 3
    assert cpu.configuration.storage.read(BLOCK, 96) == bytes(96)


@pytest.mark.parametrize("mnemonic", WITHOUT_BLOCK + WITH_BLOCK)
@pytest.mark.parametrize("subchannel", (0, 0x0002_0000, 0x0003_0000, 0x8001_0000))
def test_subsystem_identification(perform: Perform, expect: Expect, mnemonic: str, subchannel: int) -> None:
    with expect(Code.OPERAND):
        perform(mnemonic, subchannel=subchannel)


@pytest.mark.parametrize("mnemonic", WITHOUT_BLOCK + WITH_BLOCK)
def test_bits_0_to_31_of_register_1_are_ignored(perform: Perform, mnemonic: str) -> None:
    assert perform(mnemonic, subchannel=0xFFFF_FFFF_0001_FFFF) == 3


@pytest.mark.parametrize("mnemonic", (*WITH_BLOCK, "STCRW", "TPI"))
def test_word_boundary(perform: Perform, expect: Expect, mnemonic: str) -> None:
    with expect(Code.SPECIFICATION):
        perform(mnemonic, BLOCK + 2)


@pytest.mark.parametrize("mnemonic", (*WITH_BLOCK, "STCRW", "STCPS"))
def test_addressing_comes_before_not_operational(perform: Perform, expect: Expect, mnemonic: str) -> None:
    with expect(Code.ADDRESSING):
        perform(mnemonic, BEYOND)


@pytest.mark.parametrize("mnemonic", (*WITH_BLOCK, "STCRW", "STCPS"))
def test_key_controlled_protection_comes_before_not_operational(
    cpu: Cpu, perform: Perform, expect: Expect, mnemonic: str
) -> None:
    cpu.configuration.keys.bytes[BLOCK >> 12] = 0x28
    cpu.load_psw(Psw(ADDRESSING_MODE | 1 << 52, 0x10000))
    with expect(Code.PROTECTION):
        perform(mnemonic)


@pytest.mark.parametrize("mnemonic", FETCHING)
def test_a_block_without_fetch_protection_may_be_fetched_with_another_key(
    cpu: Cpu, perform: Perform, mnemonic: str
) -> None:
    cpu.configuration.keys.bytes[BLOCK >> 12] = 0x20
    cpu.load_psw(Psw(ADDRESSING_MODE | 1 << 52, 0x10000))
    assert perform(mnemonic) == 3


@pytest.mark.parametrize(
    ("offset", "value"),
    (
        (4, 0x8000_0000),
        (4, 0x4000_0000),
        (4, 0x0200_0000),
        (4, 0x0100_0000),
        (4, 0x0060_0000),
        (24, 0x8000_0000),
        (24, 8),
    ),
)
def test_modify_subchannel_looks_at_the_block(
    cpu: Cpu, perform: Perform, expect: Expect, offset: int, value: int
) -> None:
    cpu.configuration.storage.write_integer(BLOCK + offset, 4, value)
    with expect(Code.OPERAND):
        perform("MSCH")


@pytest.mark.parametrize(("offset", "value"), ((4, 2), (4, 0x20), (8, 0x8000_0000)))
def test_start_subchannel_looks_at_the_block(
    cpu: Cpu, perform: Perform, expect: Expect, offset: int, value: int
) -> None:
    cpu.configuration.storage.write_integer(BLOCK + offset, 4, value)
    with expect(Code.OPERAND):
        perform("SSCH")


def test_no_interruption_is_pending_and_nothing_is_stored(cpu: Cpu, perform: Perform) -> None:
    cpu.configuration.storage.write(BLOCK, b"\xaa" * 12)
    assert perform("TPI") == 0
    assert cpu.configuration.storage.read(BLOCK, 12) == b"\xaa" * 12


def test_no_channel_report_is_pending(cpu: Cpu, perform: Perform) -> None:
    cpu.configuration.storage.write(BLOCK, b"\xaa" * 8)
    assert perform("STCRW") == 1
    assert cpu.configuration.storage.read(BLOCK, 8) == bytes(4) + b"\xaa" * 4


def test_no_channel_path_is_active(cpu: Cpu, perform: Perform, expect: Expect) -> None:
    cpu.configuration.storage.write(BLOCK, b"\xaa" * 40)
    assert perform("STCPS") == 2  # the condition code stays
    assert cpu.configuration.storage.read(BLOCK, 40) == bytes(32) + b"\xaa" * 8
    with expect(Code.SPECIFICATION):
        perform("STCPS", BLOCK + 16)


def test_reset_channel_path(perform: Perform, expect: Expect) -> None:
    assert perform("RCHP", subchannel=0xFF) == 3
    for reserved in (0x100, 0x8000_0000):
        with expect(Code.OPERAND):
            perform("RCHP", subchannel=reserved)


def test_set_address_limit(perform: Perform, expect: Expect) -> None:
    assert perform("SAL", subchannel=0x7FFF_0000) == 2
    for wrong in (0x8000_0000, 0x8000, 1):
        with expect(Code.OPERAND):
            perform("SAL", subchannel=wrong)


def test_set_channel_monitor(cpu: Cpu, perform: Perform, expect: Expect) -> None:
    cpu.gr[2] = 0x1010
    assert perform("SCHM", subchannel=0xF000_0001) == 2
    with expect(Code.OPERAND):
        perform("SCHM", subchannel=4)
    with expect(Code.OPERAND):
        perform("SCHM", subchannel=2)
    cpu.gr[2] = 0x1020
    assert perform("SCHM", subchannel=2) == 2


def test_signal_adapter(perform: Perform) -> None:
    assert perform("SIGA") == 3


def test_channel_subsystem_call(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.gr[5] = BLOCK
    cpu.configuration.storage.write(BLOCK, bytes.fromhex("0010 0010"))
    run(cpu, "CHSC", r1=5)
    assert cpu.cc == 0
    assert cpu.configuration.storage.read(BLOCK + 16, 8) == bytes.fromhex("0ff0 0001 00000000")
    cpu.configuration.storage.write(BLOCK, bytes.fromhex("0010 7777"))
    run(cpu, "CHSC", r1=5)
    assert cpu.configuration.storage.read(BLOCK + 16, 8) == bytes.fromhex("0008 0004 00000000")
    for length in (0, 8, 20, 4096):
        cpu.configuration.storage.write_integer(BLOCK, 2, length)
        with expect(Code.OPERAND):
            run(cpu, "CHSC", r1=5)
    cpu.gr[5] = BLOCK + 8
    with expect(Code.SPECIFICATION):
        run(cpu, "CHSC", r1=5)
    cpu.gr[5] = BEYOND
    with expect(Code.ADDRESSING):
        run(cpu, "CHSC", r1=5)
