# SPDX-License-Identifier: GPL-2.0-or-later
"""Where Unicorn's register file lies in memory, found by experiment when the first engine is made.

Unicorn hands over an interruption's class but neither its code nor its length, and copies a register at a microsecond
a call.  All of it lies in one structure inside Unicorn, so the engine finds that structure and reads it there.  Nothing
is taken on trust: known values are written through Unicorn's interface and searched for, every field that is used is
checked by an experiment, and a library that does not fit is refused with a clear error.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from unicorn import s390x_const as reg
from unicorn import unicorn_const as uc_const

from emu.bits import bit
from emu.engine.library import EngineError, InterruptCallback, Unicorn
from emu.engine.quirks import sums
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE

_PATTERN: Final = tuple(0x5A17_0000_0000_C3E1 + number * 0x0101_0000_0000 for number in range(16))
_WANTED: Final = struct.pack("=16Q", *_PATTERN)
_NOT_FOUND: Final = "Unicorn's register file was not found in memory; this project needs Unicorn 2.1.4"
_INSTANCES: Final = 4
_STRUCTURE_BYTES: Final = 4096
_REGISTER_FILE_BYTES: Final = 2048
_CPU_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Layout:
    """Byte offsets from the general registers, which come first in the structure."""

    vector: int
    access: int
    fpc: int
    cc_operation: int
    cc_operands: int
    mask: int
    address: int
    execute_value: int
    program_code: int
    program_length: int
    svc_code: int
    svc_length: int
    control: int
    breaking_event: int = 0
    """Where Unicorn notes the address of each branch that it takes."""

    @property
    def end(self) -> int:
        """Just behind the last field that is used: what must be copied to move a CPU to another engine."""
        return self.breaking_event + 8


def _writable_regions() -> list[tuple[int, int]]:
    regions = []
    with Path("/proc/self/maps").open(encoding="ascii") as maps:
        for line in maps:
            span, permissions, *_ = line.split()
            if permissions.startswith("rw"):
                low, high = span.split("-")
                regions.append((int(low, 16), int(high, 16)))
    return regions


def find_environment(unicorn: Unicorn) -> int:
    """The address of the structure that begins with the general registers of *unicorn*.

    :raises EngineError: if it is not found.
    """
    _write_pattern(unicorn)
    address = _follow(unicorn, _way_to_environment())
    if ctypes.string_at(address, len(_WANTED)) != _WANTED:
        raise EngineError(_NOT_FOUND)
    return address


def _write_pattern(unicorn: Unicorn) -> None:
    for number, value in enumerate(_PATTERN):
        unicorn.uc.reg_write(reg.UC_S390X_REG_R0 + number, value)


@cache
def _way_to_environment() -> tuple[int, int]:
    """Where in Unicorn's own structure the pointer to its CPU lies, and how far behind that the registers are.

    Other pointers lead near the registers by accident, from a neighbour on the heap.  So it must hold of several
    instances that exist at a time, and be the shortest way: whatever lies before the CPU is farther from its registers.

    :raises EngineError: if there is no such way.
    """
    instances = [Unicorn() for _ in range(_INSTANCES)]
    for unicorn in instances:
        _write_pattern(unicorn)
    regions = _writable_regions()
    ways = [way for way in _ways(instances[0], regions) if all(_leads(unicorn, way, regions) for unicorn in instances)]
    if not ways:
        raise EngineError(_NOT_FOUND)
    return min(ways, key=lambda way: way[1])


def _ways(unicorn: Unicorn, regions: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """All pairs of a pointer's place in Unicorn's structure and how far behind its target the pattern stands."""
    for number, (pointer,) in enumerate(struct.iter_unpack("=Q", ctypes.string_at(unicorn.address, _STRUCTURE_BYTES))):
        for low, high in regions:
            if low <= pointer < high:
                content = ctypes.string_at(pointer, min(high - pointer, _CPU_BYTES))
                place = content.find(_WANTED)
                while place >= 0:
                    yield 8 * number, place
                    place = content.find(_WANTED, place + 1)


def _leads(unicorn: Unicorn, way: tuple[int, int], regions: list[tuple[int, int]]) -> bool:
    """Whether *way* leads to the registers of *unicorn*."""
    address = _follow(unicorn, way)
    if not any(low <= address and address + len(_WANTED) <= high for low, high in regions):
        return False
    return ctypes.string_at(address, len(_WANTED)) == _WANTED and _is_environment(unicorn, address)


def _follow(unicorn: Unicorn, way: tuple[int, int]) -> int:
    """Where *way*, a pointer's place and a distance, leads."""
    slot, offset = way
    return ctypes.c_uint64.from_address(unicorn.address + slot).value + offset


def _is_environment(unicorn: Unicorn, address: int) -> bool:
    """Whether the registers at *address* are those that *unicorn* works with, and no copy."""
    unicorn.uc.reg_write(reg.UC_S390X_REG_R0, 1)
    is_it = ctypes.c_uint64.from_address(address).value == 1
    unicorn.uc.reg_write(reg.UC_S390X_REG_R0, _PATTERN[0])
    return is_it


@cache
def layout() -> Layout:
    """The layout of the structure in the installed library, found once a process.

    :raises EngineError: if a field is not where it must be.
    """
    unicorn = Unicorn()
    base = find_environment(unicorn)
    uc = unicorn.uc
    values = {
        reg.UC_S390X_REG_F0: 0x1111_F0F0_0F0F_2222,
        reg.UC_S390X_REG_A0: 0xA1B2_C3D4,
        reg.UC_S390X_REG_FPC: 0x00F1_0203,
        reg.UC_S390X_REG_CR0 + 3: 0x3333_0C0C_C0C0_4444,
        reg.UC_S390X_REG_PC: 0x0000_0077_1234_5678,
    }
    for register, value in values.items():
        uc.reg_write(register, value)
    mask = ADDRESSING_MODE | PROBLEM_STATE | bit(5)
    uc.reg_write(reg.UC_S390X_REG_PSWM, mask)
    memory = ctypes.string_at(base, _REGISTER_FILE_BYTES)

    def place(name: str, pattern: bytes) -> int:
        offset = memory.find(pattern)
        if offset < 0:
            raise EngineError(f"Unicorn's {name} was not found in its register file; this project needs Unicorn 2.1.4")
        return offset

    fpc = place("floating-point control register", struct.pack("=I", values[reg.UC_S390X_REG_FPC]))
    psw = place("PSW", struct.pack("=QQ", mask, values[reg.UC_S390X_REG_PC]))
    control = place("control registers", struct.pack("=Q", values[reg.UC_S390X_REG_CR0 + 3])) - 24
    found = Layout(
        vector=place("vector registers", struct.pack("=Q", values[reg.UC_S390X_REG_F0])),
        access=place("access registers", struct.pack("=I", values[reg.UC_S390X_REG_A0])),
        fpc=fpc,
        cc_operation=fpc + 4,
        cc_operands=psw + 16,
        mask=psw,
        address=psw + 8,
        execute_value=psw + 40,
        program_code=control - 32,
        program_length=control - 28,
        svc_code=control - 24,
        svc_length=control - 20,
        control=control,
    )
    _check_condition_code(unicorn, base, found)
    _check_interruption_words(unicorn, base, found)
    found = replace(found, breaking_event=_find_breaking_event(unicorn, base, found))
    _check_sums(unicorn, base, found)
    return found


def _check_condition_code(unicorn: Unicorn, base: int, found: Layout) -> None:
    for code in range(4):
        unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | code << 44)
        if ctypes.c_uint32.from_address(base + found.cc_operation).value != code:
            raise EngineError("Unicorn keeps the condition code elsewhere; this project needs Unicorn 2.1.4")


def _check_sums(unicorn: Unicorn, base: int, found: Layout) -> None:
    """Execute each of the probes, and an invalid instruction behind it."""
    unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | PROBLEM_STATE)
    for number, (code, operation) in enumerate(sums.PROBES):
        address = 0x800 + 16 * number
        unicorn.uc.mem_write(address, bytes.fromhex(code + "0000"))
        unicorn.start(address)
        if ctypes.c_uint32.from_address(base + found.cc_operation).value != operation:
            raise EngineError("Unicorn notes sums and differences otherwise; this project needs Unicorn 2.1.4")


def _check_interruption_words(unicorn: Unicorn, base: int, found: Layout) -> None:
    """Execute an invalid four-byte instruction and SVC 0x5A, and EXECUTE of an instruction that traps."""
    unicorn.uc.ctl_set_tlb_mode(uc_const.UC_TLB_VIRTUAL)
    unicorn.uc.mem_map(0, 4096)
    stop = InterruptCallback(lambda *_: unicorn.stop())
    unicorn.hook(uc_const.UC_HOOK_INTR, stop)
    unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | PROBLEM_STATE)
    unicorn.uc.mem_write(0x100, bytes.fromhex("B0000000 0A5A"))
    unicorn.start(0x100)
    first = [ctypes.c_uint32.from_address(base + at).value for at in (found.program_code, found.program_length)]
    unicorn.start(0x104)
    second = [ctypes.c_uint32.from_address(base + at).value for at in (found.svc_code, found.svc_length)]
    if first != [1, 4] or second != [0x5A, 2]:
        raise EngineError("Unicorn keeps interruption codes elsewhere; this project needs Unicorn 2.1.4")


def _find_breaking_event(unicorn: Unicorn, base: int, found: Layout) -> int:
    """Where Unicorn notes branches: execute two of them, each to an SVC, and look for their addresses."""
    places: set[int] = set(range(found.control + 128, _REGISTER_FILE_BYTES, 8))
    for address in (0x200, 0x340):
        # BRC 15,*+8; SVC 0x5A
        unicorn.uc.mem_write(address, bytes.fromhex("A7F40004 00000000 0A5A"))
        unicorn.start(address)
        places &= {at for at in places if ctypes.c_uint64.from_address(base + at).value == address}
    if len(places) != 1:
        raise EngineError("Unicorn notes its branches elsewhere; this project needs Unicorn 2.1.4")
    return places.pop()
