# SPDX-License-Identifier: GPL-2.0-or-later
"""Executes one instruction on the machine and in the reference model, on the same state, and says how they differ."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from emu import lowcore
from emu.cpu import CpuState
from emu.instruction_length import instruction_length
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw
from tests.support.general import SPIN
from tests.support.reference import arithmetic, branches, characters, conversions, multiply_shift, registers, strings
from tests.support.reference.formats import encode, random_fields, random_number
from tests.support.reference.registers import condition
from tests.support.reference.state import (
    FIXED_POINT_OVERFLOW,
    GENERAL,
    Fields,
    General,
    Interruption,
    State,
    UnpredictableError,
    ones,
)

PARTS: Final = (arithmetic, branches, characters, conversions, multiply_shift, registers, strings)
CODE: Final = 0x10000
TARGET: Final = CODE + 0x800
_EXECUTE: Final = bytes.fromhex("c60000000400")
"""EXRL 0,TARGET"""
AFTER_INTERRUPTION: Final = 0x18000
WINDOW: Final = 0x20000
WINDOW_BYTES: Final = 0x800
MIDDLE: Final = WINDOW + WINDOW_BYTES // 2
OVERFLOW_MASK: Final = 1 << 63 - 20
MODES: Final = {24: 0, 31: BASIC_ADDRESSING, 64: ADDRESSING_MODE}

BRANCHES: Final = frozenset(
    name
    for name, each in GENERAL.items()
    if each.function.__module__ == branches.__name__ and not (name.startswith("C") and name.endswith("T"))
)
CONVERSIONS: Final = frozenset(("CU21", "CU24", "CU41", "CU42"))
STRINGS: Final = CONVERSIONS | frozenset(
    name
    for name, each in GENERAL.items()
    if each.function.__module__ == strings.__name__ and name not in ("MVCL", "CLCL")
)
"""Those that may give condition code 3 to be executed again."""
PAIRS_OF_LENGTH: Final = (
    {"CKSM": ("r2",), "TRE": ("r1",)}
    | dict.fromkeys(("MVCL", "CLCL"), ("r1", "r2"))
    | dict.fromkeys(("MVCLE", "CLCLE", "MVCLU", "CLCLU"), ("r1", "r3"))
)
_MOST_EXECUTED: Final = 400
_CHARACTERS: Final = (
    0,
    0x7F,
    0x80,
    0x7FF,
    0x800,
    0xD7FF,
    0xD800,
    0xDBFF,
    0xDC00,
    0xDFFF,
    0xE000,
    0xFFFF,
    0x10000,
    0x10FFFF,
    0x110000,
)
"""Those at the boundaries of what is encoded, or is none."""


@dataclass(frozen=True)
class Example:
    """An instruction and the state that it finds."""

    instruction: General
    fields: Fields
    state: State
    mask: int | None = None
    """Of a BRANCH RELATIVE ON CONDITION that follows, which the engine translates together with the instruction."""
    is_target: bool = False
    """Whether EXECUTE RELATIVE LONG executes it."""

    @property
    def code(self) -> bytes:
        """The bytes of the instruction."""
        return encode(self.instruction, self.fields)

    def __str__(self) -> str:
        s = self.state
        numbers = " ".join(f"{number:x}:{value:x}" for number, value in enumerate(s.gr))
        state = f"mode {s.mode} cc {s.cc} overflow {s.overflow_mask} gr {numbers}"
        how = "EXRL of " if self.is_target else ""
        return f"{how}{self.instruction.mnemonic} {self.code.hex()}, BRC {self.mask}: {state}"


def example(instruction: General, chance: Random, mode: int = 64) -> Example:
    """Any example of *instruction* whose operands, if they are in storage, lie in the window."""
    is_target = chance.random() < 0.2
    place = TARGET if is_target else CODE
    fields = _aimed(instruction, random_fields(instruction, chance), place, chance)
    gr = [random_number(chance, chance.choice((32, 64, 64))) for _ in range(16)]
    _aim_registers(instruction, fields, gr, chance)
    storage = bytearray(chance.choice((0, 0xFF, chance.getrandbits(8))) for _ in range(WINDOW_BYTES))
    if instruction.mnemonic in CONVERSIONS:
        size = 4 if instruction.mnemonic.startswith("CU4") else 2
        text = b"".join(chance.choice(_CHARACTERS).to_bytes(4, "big")[-size:] for _ in range(24))
        storage[0x200 : 0x200 + len(text)] = text
    state = State(
        gr=gr,
        cc=chance.randrange(4),
        address=CODE,
        window=WINDOW,
        storage=storage,
        mode=mode,
        overflow_mask=chance.random() < 0.25,
        length=len(_EXECUTE) if is_target else instruction_length(encode(instruction, fields)[0]),
        place=place,
    )
    mask = chance.randrange(16) if instruction.mnemonic not in BRANCHES | STRINGS and chance.random() < 0.5 else None
    return Example(instruction, fields, state, mask, is_target)


def _place(instruction: General, chance: Random) -> int:
    """An address that an operand may have."""
    if instruction.mnemonic in BRANCHES:
        return CODE + 4 * chance.randrange(4, 64)
    return MIDDLE + chance.choice((0, 0, 0, 0, 8, 16, 1, 2, 4, -1)) + 16 * chance.randrange(8)


def _aimed(instruction: General, fields: Fields, place: int, chance: Random) -> Fields:
    """*fields*, with relative operands that lead somewhere from *place*."""
    if instruction.format in ("RSY", "RS") and instruction.mnemonic in BRANCHES:
        # The base must be none of the registers that are added and compared.
        return replace(fields, r1=2, r3=4, b2=chance.choice((7, 8, 15)), d2=0)
    if instruction.format == "RIL" and (instruction.opcode >> 4 in (0xC4, 0xC6)):
        return replace(fields, i=(_place(instruction, chance) - place) // 2 & ones(32))
    if instruction.mnemonic in BRANCHES and instruction.format not in ("RRS", "RIS", "RX", "RX-m"):
        target = 2 * chance.randrange(4, 64)
        name = "i4" if instruction.format == "RIE-c" else "i"
        return replace(fields, **{name: target}) if instruction.format[:2] in ("RI", "RS") else fields
    return fields


def _aim_registers(instruction: General, fields: Fields, gr: list[int], chance: Random) -> None:
    """Put addresses and lengths where *fields* will look for them."""
    is_branch, name = instruction.mnemonic in BRANCHES, instruction.mnemonic
    if fields.x2 and fields.x2 != fields.b2:
        gr[fields.x2] = chance.choice((0, 4, 8, 16))
    if is_branch:
        fields = replace(fields, d2=0)
    for base in (fields.b1, fields.b2):
        if base:
            gr[base] = _place(instruction, chance)
    if is_branch and instruction.format in ("RR", "RR-m", "RRE") and fields.r2:
        gr[fields.r2] = _place(instruction, chance)
    if instruction.mnemonic in CONVERSIONS:
        gr[fields.r1], gr[fields.r2] = WINDOW + 0x100, WINDOW + 0x200
        gr[(fields.r1 + 1) % 16], gr[(fields.r2 + 1) % 16] = (chance.randrange(40) for _ in range(2))
    if instruction.function.__module__ != strings.__name__:
        return
    if chance.random() < 0.8:
        gr[0] = chance.choice((0, 0xFF, 0x41, 0x40))
    for register in (fields.r1, fields.r3 if instruction.format in ("RS", "RSY") else fields.r2):
        gr[register] = _place(instruction, chance)
    for pair in PAIRS_OF_LENGTH.get(name, ()):
        register = getattr(fields, pair)
        length = chance.choice((0, 1, 2, 3, 4, 7, 8, 32, 100, 255, 256))
        keeps = chance.getrandbits(8) << 24 if name in ("MVCL", "CLCL") else 0
        gr[(register + 1) % 16] = keeps | length


def expected(found: Example) -> tuple[State, int]:
    """What the model makes of an example: the state, and the code of an interruption or zero.

    :raises UnpredictableError: if it cannot say.
    """
    state = copy.deepcopy(found.state)
    state.next = state.wrap(state.address + state.length)
    try:
        found.instruction.function(state, found.fields)
    except Interruption as interruption:
        return state, interruption.code
    is_free = CODE + 24 <= state.next < TARGET or TARGET + 8 <= state.next < CODE + 0x1000
    is_spin = is_free and state.next % 4 == 0
    if not is_spin and state.next != found.state.address + found.state.length:
        raise UnpredictableError
    return state, 0


class Comparison:
    """A machine on which examples are executed."""

    def __init__(self, *, is_free: bool) -> None:
        """Execute them freely, behind them a branch in the same block; or in single steps."""
        self._is_free = is_free
        self.machine = machine = Machine(4 * MEGABYTE)
        self.cpu = machine.cpus[0]
        self.cpu.state = CpuState.OPERATING
        machine.storage.write(CODE, SPIN * 1024)
        machine.storage.write(AFTER_INTERRUPTION, SPIN)
        new = (ADDRESSING_MODE).to_bytes(8, "big") + AFTER_INTERRUPTION.to_bytes(8, "big")
        machine.storage.write(lowcore.PROGRAM_NEW_PSW, new)
        self._code = b""

    def difference(self, found: Example) -> str:
        """In what the machine differs from the model; nothing if it does not, or if the model cannot say."""
        try:
            wanted, code = expected(found)
        except UnpredictableError:
            return ""
        self._execute(found)
        return " ".join(self._differences(found, wanted, code))

    def _execute(self, found: Example) -> None:
        machine, cpu, state = self.machine, self.cpu, found.state
        is_repeated = found.instruction.mnemonic in STRINGS
        code = found.code
        if found.is_target:
            machine.storage.write(TARGET, code.ljust(8, b"\0"))
            code = _EXECUTE
        if is_repeated:
            code += b"\xa7\x14" + (-state.length // 2 & 0xFFFF).to_bytes(2, "big")
        if found.mask is not None:
            # To the second of two branches to themselves.
            code += bytes((0xA7, found.mask << 4 | 4, 0, 4))
        if code != self._code:
            machine.storage.write(CODE, (code + SPIN + SPIN).ljust(24, b"\0"))
            self._code = code
        machine.storage.write(WINDOW, bytes(state.storage))
        machine.storage.write(lowcore.PROGRAM_ILC, bytes(4))
        mask = MODES[state.mode] | state.cc << 44 | (OVERFLOW_MASK if state.overflow_mask else 0)
        cpu.load_psw(Psw(mask, CODE))
        cpu.psw_loaded = False
        for number, value in enumerate(state.gr):
            cpu.gr[number] = value
        if self._is_free:
            machine.run(_MOST_EXECUTED if is_repeated else 2 if found.mask is None else 3)
            return
        for _ in range(_MOST_EXECUTED if is_repeated else 1):
            machine.step()
            if is_repeated and (cpu.instruction_address & ~1) not in (CODE, CODE + state.length):
                break
        if cpu.instruction_address == AFTER_INTERRUPTION:
            # Interruptions with nothing between them are a loop.
            machine.step()

    def _differences(self, found: Example, wanted: State, code: int) -> list[str]:
        machine, cpu = self.machine, self.cpu
        differences = []
        interruption = int.from_bytes(machine.storage.read(lowcore.PROGRAM_ILC + 2, 2), "big")
        if interruption != code:
            return [f"interruption {interruption:x}, not {code:x}"]
        psw = cpu.psw
        if code:
            psw = Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16))
        is_repeated = found.instruction.mnemonic in STRINGS
        behind = wanted.next + (4 if is_repeated else 0)
        if found.mask is not None and self._is_free:
            behind += 8 if condition(wanted, found.mask) else 4
        if psw.address != (wanted.wrap(found.state.address + found.state.length) if code else behind):
            differences.append(f"address {psw.address:x}, not {behind:x}")
        if code and code != FIXED_POINT_OVERFLOW and is_repeated:
            return differences
        condition_code = psw.mask >> 44 & 3
        if condition_code != wanted.cc:
            differences.append(f"cc {condition_code}, not {wanted.cc}")
        for number, value in enumerate(wanted.gr):
            if cpu.gr[number] != value:
                differences.append(f"gr{number} {cpu.gr[number]:x}, not {value:x}")
        storage = machine.storage.read(WINDOW, WINDOW_BYTES)
        for number, byte in enumerate(storage):
            right = wanted.touched.get(WINDOW + number, found.state.storage[number])
            if byte != right:
                differences.append(f"{WINDOW + number:x} {byte:02x}, not {right:02x}")
                break
        return differences
