# SPDX-License-Identifier: GPL-2.0-or-later
"""PLO (PoP chapter 7): every function code in its four forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import BASIC_ADDRESSING, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

SECOND, LIST = 0x3000, 0x4000
PLACES = {72: 0x5000, 104: 0x6000, 136: 0x7000}
"""Operand addresses by their offset in the parameter list."""
HIGH = 0x7777_7777 << 32
RUBBISH = 0x1234_5678 << 32
FORMS = {0: 4, 1: 8, 2: 8, 3: 16}
"""The bytes of an operand by the last two bits of a function code."""
FORM = pytest.mark.parametrize("form", FORMS)
OPERATIONS = {"CL": 0, "CS": 4, "DCS": 8, "CSST": 12, "CSDST": 16, "CSTST": 20}


class Bench:
    """Operands of one form: R1 is register 2, R3 is register 6; register 8 designates SECOND, register 9 the other."""

    def __init__(self, cpu: Cpu, run: Run, form: int) -> None:
        self.cpu, self.run, self.form, self.width = cpu, run, form, FORMS[form]
        self.in_registers = form in (0, 2)
        cpu.gr[8], cpu.gr[9] = SECOND, LIST
        for offset, place in PLACES.items():
            cpu.configuration.storage.write_integer(LIST + offset, 8, place)

    def put(self, address: int, value: int) -> None:
        self.cpu.configuration.storage.write_integer(address, self.width, value)

    def get(self, address: int) -> int:
        return self.cpu.configuration.storage.read_integer(address, self.width)

    def put_in_list(self, slot: int, value: int) -> None:
        self.put(LIST + slot + 16 - self.width, value)

    def first(self, comparison: int, replacement: int) -> None:
        """The first operand: compared with the second, and what replaces that."""
        self._pair(2, 0, comparison, replacement)

    def third(self, comparison: int, replacement: int) -> None:
        self._pair(6, 32, comparison, replacement)

    def _pair(self, register: int, slot: int, comparison: int, replacement: int) -> None:
        if self.in_registers:
            rest = HIGH if self.width == 4 else 0
            self.cpu.gr[register], self.cpu.gr[register + 1] = rest | comparison, rest | replacement
        else:
            self.put_in_list(slot, comparison)
            self.put_in_list(slot + 16, replacement)

    def comparison(self, register: int, slot: int) -> int:
        """What has become of a comparison value."""
        if not self.in_registers:
            return self.get(LIST + slot + 16 - self.width)
        if self.width == 4:
            assert self.cpu.gr[register] & ~0xFFFF_FFFF == HIGH
            return self.cpu.gr[register] & 0xFFFF_FFFF
        return self.cpu.gr[register]

    def fourth(self, operation: str) -> int:
        """Where the fourth operand is."""
        direct = self.in_registers and operation not in ("CSDST", "CSTST")
        return LIST if direct else PLACES[72]

    def execute(self, operation: str, **fields: int) -> int:
        self.cpu.gr[0] = RUBBISH | OPERATIONS[operation] | self.form
        self.run(self.cpu, "PLO", **({"r1": 2, "b2": 8, "r3": 6, "b4": 9} | fields))
        return self.cpu.cc


@pytest.fixture
def bench(cpu: Cpu, run: Run) -> Callable[[int], Bench]:
    return lambda form: Bench(cpu, run, form)


def big(width: int, value: int) -> int:
    """A number that fills *width* bytes and differs in all of them."""
    return int.from_bytes(bytes((value + place) & 0xFF for place in range(width)), "big")


@FORM
def test_compare_and_load(bench: Callable[[int], Bench], form: int) -> None:
    b = bench(form)
    one, two = big(b.width, 0x81), big(b.width, 0x91)
    b.put(SECOND, one)
    b.first(one, 0)
    b.third(0, 0)
    b.put(b.fourth("CL"), two)
    assert b.execute("CL") == 0
    assert b.comparison(6, 32) == two
    b.first(two, 0)
    assert b.execute("CL") == 1
    assert b.comparison(2, 0) == one


@FORM
def test_compare_and_swap(bench: Callable[[int], Bench], form: int) -> None:
    b = bench(form)
    one, two = big(b.width, 0x81), big(b.width, 0x91)
    b.put(SECOND, one)
    b.first(one, two)
    assert b.execute("CS") == 0
    assert b.get(SECOND) == two
    assert b.execute("CS") == 1
    assert b.comparison(2, 0) == two
    assert b.get(SECOND) == two


@FORM
def test_double_compare_and_swap(bench: Callable[[int], Bench], form: int) -> None:
    b = bench(form)
    values = [big(b.width, value) for value in (0x11, 0x31, 0x51, 0x71)]
    fourth = b.fourth("DCS")
    b.put(SECOND, values[0])
    b.put(fourth, values[1])
    b.first(values[0], values[2])
    b.third(values[1], values[3])
    assert b.execute("DCS") == 0
    assert (b.get(SECOND), b.get(fourth)) == (values[2], values[3])
    b.first(values[2], 0)
    b.third(values[1], 0)
    assert b.execute("DCS") == 2
    assert b.comparison(6, 32) == values[3]
    b.first(values[0], 0)
    assert b.execute("DCS") == 1
    assert b.comparison(2, 0) == values[2]
    assert (b.get(SECOND), b.get(fourth)) == (values[2], values[3])


@FORM
@pytest.mark.parametrize(("operation", "stores"), (("CSST", 1), ("CSDST", 2), ("CSTST", 3)))
def test_compare_and_swap_and_stores(bench: Callable[[int], Bench], form: int, operation: str, stores: int) -> None:
    b = bench(form)
    values = [big(b.width, value) for value in (0x11, 0x31, 0x51, 0x71, 0x91)]
    places = [b.fourth(operation), PLACES[104], PLACES[136]][:stores]
    b.put(SECOND, values[0])
    b.first(values[0], values[1])
    if operation == "CSST" and b.in_registers:
        b.third(values[2], 0)
    for slot, value in zip((48, 80, 112), values[2:], strict=True):
        if not (operation == "CSST" and b.in_registers):
            b.put_in_list(slot, value)
    assert b.execute(operation) == 0
    assert b.get(SECOND) == values[1]
    assert [b.get(place) for place in places] == values[2 : 2 + stores]
    for place in places:
        b.put(place, 0)
    assert b.execute(operation) == 1
    assert b.comparison(2, 0) == values[1]
    assert [b.get(place) for place in places] == [0] * stores


@pytest.mark.parametrize("code", (0, 23, 24, 255))
def test_the_test_bit(cpu: Cpu, run: Run, code: int) -> None:
    cpu.gr[0] = RUBBISH | 0x100 | code
    run(cpu, "PLO", r1=3, b2=8, d2=1, r3=3, b4=9, d4=1)
    assert cpu.cc == (0 if code < 24 else 3)


@pytest.mark.parametrize("controls", (24, 0xFF, 0x200, 0x8000_0000, 0x301))
def test_reserved_bits_and_function_codes(cpu: Cpu, run: Run, expect: Expect, controls: int) -> None:
    cpu.gr[0] = controls
    with expect(Code.SPECIFICATION):
        run(cpu, "PLO", r1=2, b2=8, r3=6, b4=9)


@FORM
@pytest.mark.parametrize("operation", OPERATIONS)
def test_registers_and_boundaries(bench: Callable[[int], Bench], expect: Expect, form: int, operation: str) -> None:
    b = bench(form)
    with expect(Code.SPECIFICATION):
        b.execute(operation, d2=b.width // 2)
    if operation != "CS" or not b.in_registers:
        with expect(Code.SPECIFICATION):
            b.execute(operation, d4=min(b.width, 8) // 2)
    needs_pair = b.in_registers and operation != "CL"
    if needs_pair:
        with expect(Code.SPECIFICATION):
            b.execute(operation, r1=3)
        if operation == "DCS":
            with expect(Code.SPECIFICATION):
                b.execute(operation, r3=5)
    else:
        b.execute(operation, r1=3, r3=5)


def test_an_address_in_the_list_is_on_a_boundary(bench: Callable[[int], Bench], expect: Expect) -> None:
    b = bench(3)
    b.cpu.configuration.storage.write_integer(LIST + 72, 8, 0x5008)
    with expect(Code.SPECIFICATION):
        b.execute("CL")


@pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING))
def test_addresses_are_cut_by_the_mode(bench: Callable[[int], Bench], mode: int) -> None:
    b = bench(1)
    b.cpu.load_psw(Psw(mode, b.cpu.instruction_address))
    b.cpu.gr[8], b.cpu.gr[9] = RUBBISH | 0x8000_0000 | SECOND, RUBBISH | 0x8000_0000 | LIST
    b.cpu.configuration.storage.write_integer(LIST + 72, 8, RUBBISH | 0x8000_5000)
    b.put(SECOND, 5)
    b.first(5, 6)
    b.put_in_list(48, 7)
    assert b.execute("CSST") == 0
    assert (b.get(SECOND), b.get(0x5000)) == (6, 7)


@pytest.mark.parametrize("refused", (SECOND, *PLACES.values()))
def test_nothing_is_stored_unless_everything_can_be(
    bench: Callable[[int], Bench], expect: Expect, refused: int
) -> None:
    b = bench(2)
    b.put(SECOND, 5)
    b.first(5, 6)
    for slot in (48, 80, 112):
        b.put_in_list(slot, 7)
    b.cpu.key = 3
    for page in range(16):
        b.cpu.configuration.keys.bytes[page] = 0x30
    b.cpu.configuration.keys.bytes[refused >> 12] = 0x40
    with expect(Code.PROTECTION):
        b.execute("CSTST")
    assert b.get(SECOND) == 5
    assert all(b.get(place) == 0 for place in PLACES.values())


@pytest.mark.parametrize("steps", (False, True))
def test_on_the_machine(machine: Machine, cpu: Cpu, steps: bool) -> None:
    machine.storage.write(cpu.instruction_address, bytes.fromhex("ee20 8000 9000 0700"))
    machine.storage.write_integer(SECOND, 4, 0)
    cpu.gr[0], cpu.gr[2], cpu.gr[3], cpu.gr[8] = 4, 0, 9, SECOND
    if steps:
        assert machine.step() is None
    else:
        machine.run(1)
    assert machine.storage.read_integer(SECOND, 4) == 9
