# SPDX-License-Identifier: GPL-2.0-or-later
"""Registers by name."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.debugging.registers import find_register, read_register, write_register
from emu.machine import Machine
from emu.psw import ADDRESSING_MODE, Psw

EVERY = (
    *(f"{kind}{number}" for kind in ("gr", "cr", "ar", "fr") for number in range(16)),
    *(f"vr{number}" for number in range(32)),
    "fpc",
    "ckc",
    "cputm",
    "todpr",
    "bea",
    "tod",
)


@pytest.mark.parametrize("name", EVERY)
def test_what_is_written_is_read(cpu: Cpu, name: str) -> None:
    value = 0x0807_0605_0403_0201_1020_3040_5060_7080 & (1 << find_register(name).bits) - 1
    if name == "fpc":
        value &= 0xF8F8_FF77
    write_register(cpu, name, value)
    assert read_register(cpu, name) == value


def test_a_floating_point_register_is_the_left_half_of_a_vector_register(cpu: Cpu) -> None:
    write_register(cpu, "vr3", 0xA << 64 | 0xB)
    assert read_register(cpu, "fr3") == 0xA
    write_register(cpu, "f3", 0xC)
    assert read_register(cpu, "v3") == 0xC << 64 | 0xB


@pytest.mark.parametrize(
    ("alias", "name"), (("r2", "gr2"), ("$r2", "gr2"), ("GPR2", "gr2"), ("fpr1", "fr1"), ("acr4", "ar4"))
)
def test_the_names_that_debuggers_use(cpu: Cpu, alias: str, name: str) -> None:
    write_register(cpu, alias, 7)
    assert (find_register(alias).name, read_register(cpu, name)) == (name, 7)


def test_the_psw(cpu: Cpu) -> None:
    write_register(cpu, "pswa", 0x2000)
    assert cpu.psw == Psw(ADDRESSING_MODE, 0x2000)
    write_register(cpu, "pswm", ADDRESSING_MODE | 1 << 63 - 7)
    assert read_register(cpu, "psw") == (ADDRESSING_MODE | 1 << 63 - 7) << 64 | 0x2000
    write_register(cpu, "pc", 0x3000)
    write_register(cpu, "cc", 2)
    assert cpu.psw == Psw(ADDRESSING_MODE | 1 << 63 - 7 | 2 << 44, 0x3000)


def test_a_psw_that_is_not_valid_leads_to_its_interruption(machine: Machine, cpu: Cpu) -> None:
    """PoP 6, "Early Exception Recognition": with bit 12 one it is a specification exception, the code 6."""
    machine.load_storage(0x1D0, Psw(ADDRESSING_MODE, 0x4000).to_bytes())
    write_register(cpu, "pswm", ADDRESSING_MODE | 1 << 63 - 12)
    assert cpu.psw == Psw(ADDRESSING_MODE, 0x4000)
    assert machine.storage.read(0x8C, 4) == bytes.fromhex("00000006")


def test_control_registers_take_effect(machine: Machine, cpu: Cpu) -> None:
    """With low-address protection on, the store into location 0 is refused."""
    machine.load_storage(0x1D0, Psw(ADDRESSING_MODE, 0x4000).to_bytes())
    machine.load_storage(0x10000, bytes.fromhex("50000000") * 2)
    assert machine.step() is None
    write_register(cpu, "cr0", read_register(cpu, "cr0") | 1 << 63 - 35)
    assert machine.step() is None
    assert cpu.instruction_address == 0x4000


def test_the_prefix(machine: Machine, cpu: Cpu) -> None:
    write_register(cpu, "prefix", 0x4000)
    assert cpu.prefix == 0x4000
    for value in (0x5000, machine.memory):
        with pytest.raises(ValueError, match=r"^prefix: expected a multiple of 8K inside the memory, not 0x"):
            write_register(cpu, "prefix", value)


@pytest.mark.parametrize("name", ("gr16", "vr32", "x1", "", "gr", "fr016"))
def test_there_is_no_such_register(name: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a register such as gr2, "):
        find_register(name)


@pytest.mark.parametrize(("name", "near"), (("gr77", "gr7"), ("prefx", "prefix"), ("pws", "psw")))
def test_a_register_that_is_near(name: str, near: str) -> None:
    with pytest.raises(ValueError, match=rf"not '{name}': did you mean {near}\?$"):
        find_register(name)


def test_a_value_that_does_not_fit(cpu: Cpu) -> None:
    with pytest.raises(ValueError, match=r"^ar1: expected 32 bits, not 0x100000000$"):
        write_register(cpu, "ar1", 1 << 32)
    with pytest.raises(ValueError, match=r"^gr1: expected 64 bits, not -0x1$"):
        write_register(cpu, "gr1", -1)
