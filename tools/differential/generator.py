# SPDX-License-Identifier: GPL-2.0-or-later
"""Random programs from seeds."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final

from emu import per
from emu import psw as psw_bits
from emu.addresses import PAGE_SIZE
from emu.bits import bit
from tools.differential.layout import CODE, DATA, FIFTH, INVALID, LAST_24, LAST_31, PAGES, SIXTH, TARGETS, UNMAPPED
from tools.differential.opcodes import delicate, random_instruction
from tools.differential.program import RandomProgram

_CR0_BITS: Final = tuple(bit(number) for number in (33, 35, 36, 37, 38, 39, 40, 43, 49, 52, 53, 54))
_CR0_FLOATING: Final = bit(45) | bit(46)
"""AFP-register control and vector-enablement control."""
_EVENTS: Final = (per.BRANCHING, per.FETCHING, per.ALTERATION, per.NULLIFICATION)
_MODES: Final = (psw_bits.ADDRESSING_MODE, psw_bits.ADDRESSING_MODE, psw_bits.BASIC_ADDRESSING, 0)
_OFFSETS: Final = (
    0,
    0,
    1,
    4,
    8,
    0x10,
    0x100,
    0x1FF,
    0x200,
    0x7F8,
    0x7FE,
    0x800,
    0xFF0,
    0xFF7,
    0xFF8,
    0xFFC,
    0xFFE,
    0xFFF,
)
_REFUSED: Final = (INVALID, INVALID, INVALID, UNMAPPED, UNMAPPED, FIFTH, SIXTH, LAST_31 + PAGE_SIZE)
"""Pages behind one that is mostly there: the first two are refused with DAT, and others by their states and keys."""
_BEFORE: Final = (0, 0, 0, 1, 2, 3, 4, 4, 7, 8, 8, 12, 16)
"""Bytes before such a page: fewer than many operands have."""
_BEFORE_IN_DOUBLEWORDS: Final = (8, 8, 16, 24)
_LOW_STARTS: Final = (0x400, 0x7F8, 0xFE8, 0xFFA, 0x1000, 0x11FE, 0x1800, 0x1E00)
"""Where programs begin that lie in the prefix area."""
_SPECIAL: Final = (
    0, 1, 2, 7, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63, (1 << 63) - 1, (1 << 64) - 1, 0x7F80_0000_0000_0000,
    0x7FC0_0000_0000_0000, 0x7FA0_0000_0000_0000, 0x7FF0_0000_0000_0000, 0x7FF8_0000_0000_0000, 0x7FF4_0000_0000_0001,
    0x3FF0_0000_0000_0000, 0x3F80_0000_0000_0000, 0x0010_0000_0000_0000, 0x0000_0001_0000_0000, 0x123C_0000_0000_123D,
)  # fmt: skip
_NEVER: Final = (1 << 63, 1 << 60)
"""Timers that do not interrupt."""
_STATES: Final = (0, 0, 4, 8, 0xC, 7, 0xF, 3)


def random_program(seed: int) -> RandomProgram:
    """The program of *seed*."""
    random = Random(seed)
    mode = random.choice(_MODES)
    often = random.sample(delicate(), 3) if random.random() < 0.6 else []
    has_dat = random.random() < (0.85 if often else 0.6)
    space = random.choice((0, 0, 2, 3)) if has_dat else 0
    mask = (
        mode
        | (psw_bits.DAT if has_dat else 0)
        | (psw_bits.PROBLEM_STATE if random.random() < 0.2 else 0)
        | random.choice((0, 0, 0, 1, 9)) << 52
        | space << 46
        | random.randrange(4) << 44
        | random.choice((0, 0, random.randrange(16))) << 40
        | random.choice((0, 0, 0, psw_bits.EXTERNAL_MASK, psw_bits.IO_MASK))
    )
    length = random.choice((3, 4, 5, 6, 8, 12) if often else (1, 2, 3, 4, 6, 8, 12))
    instructions = [random_instruction(random, often) for _ in range(length)]
    if random.random() < 0.25:
        instructions.insert(random.randrange(length + 1), _execute(random))
    if random.random() < 0.15:
        instructions.append(bytes.fromhex("a7f4") + random.choice((-3, -5, -8)).to_bytes(2, "big", signed=True))
    targets = tuple(random_instruction(random, often).hex() for _ in range(4))
    start = CODE + random.choice((0, 0, 2, 0x100, 0xFE8, 0xFF0, 0xFF8, 0xFFA, 0xFFC, 0xFFE))
    plain = random.random() < (0.7 if often else 0.35)
    # What ends the free run within a few instructions has them executed alone.
    is_undisturbed = bool(often) and random.random() < 0.8
    program = RandomProgram(
        seed=seed,
        instructions=tuple(each.hex() for each in instructions),
        start=start,
        targets=targets,
        mask=mask,
        registers=tuple(_register(random, mode, start, ends=0.6 if often else 0.1) for _ in range(16)),
        vectors=tuple(_value(random) << 64 | _value(random) for _ in range(32)),
        access=tuple(random.choice((0, 0, 1, 2, random.getrandbits(32))) for _ in range(16)),
        fpc=random.choice((0, 0, 0xF800_0000, random.getrandbits(5) << 27, random.randrange(4))),
        cr0=(_CR0_FLOATING if random.random() < 0.85 else 0)
        | sum(set(random.choices(_CR0_BITS, k=random.choice((0, 0, 1, 3))))),
        keys={} if plain else {page >> 12: random.choice((0, 0, 6, 0x10, 0x18, 0x1E, 0x90)) for page in PAGES},
        states={} if plain else {page >> 12: random.choice(_STATES) for page in PAGES if page >= DATA},
        data={
            (random.choice(PAGES[2:]) | random.choice(_OFFSETS)) & ~7: _value(random).to_bytes(8, "big").hex()
            for _ in range(random.choice((0, 4, 8)))
        },
        cpus=random.choice((1, 1, 1, 2, 3)),
        profile=random.choice(("zvm", "zvm", "kvm")),
        frames=random.choice((None, None, None, 3)),
        turn=0 if is_undisturbed else random.choice((0, 0, 3, 7, 20)),
        timers=_NEVER
        if is_undisturbed
        else (
            random.choice((1 << 63, 1 << 63, random.randrange(200))),
            random.choice((1 << 60, 1 << 60, random.randrange(-4, 200))),
        ),
        budget=random.choice((40, 2 * length + 4) if is_undisturbed else (2 * length + 4, 2 * length + 4, 3, 40)),
    )
    if random.random() < (0.05 if is_undisturbed else 0.24):
        program = _recorded(program, random)
    program = _clearing(program, random) if random.random() < 0.04 else program
    return replace(program, start=random.choice(_LOW_STARTS)) if random.random() < 0.05 else program


def _clearing(program: RandomProgram, random: Random) -> RandomProgram:
    """The same behind an XC of a field with itself, whose last doublewords are on a page that is mostly refused."""
    base, length = random.randrange(1, 16), random.choice((9, 16, 17, 24, 31, 32))
    instruction = bytes((0xD7, length - 1, base << 4, 0, base << 4, 0))
    registers = list(program.registers)
    registers[base] = random.choice(_REFUSED) - random.choice(_BEFORE_IN_DOUBLEWORDS)
    return replace(program, instructions=(instruction.hex(), *program.instructions), registers=tuple(registers))


def _recorded(program: RandomProgram, random: Random) -> RandomProgram:
    """The same while PER is on, or about to be turned on: some events, and those of a few bytes or of many."""
    if random.random() < 0.4:
        events = per.ALTERATION << 24
    else:
        events = sum({code for code in _EVENTS if random.random() < 0.4}) << 24
    controls = random.choice((0, 0, bit(40), bit(42), per.REAL_STORE << 24))
    first = random.choice((_address(random) & (1 << 64) - 1, program.start + random.randrange(0, 16, 2)))
    last = random.choice((first, first + 7, first + 0x1000, first - 1, (1 << 64) - 1)) & (1 << 64) - 1
    is_on = random.random() < 0.9
    return replace(program, mask=program.mask | (psw_bits.PER if is_on else 0), events=(events | controls, first, last))


def _execute(random: Random) -> bytes:
    """EXECUTE or EXECUTE RELATIVE LONG of one of the targets."""
    register = random.randrange(16)
    if random.random() < 0.5:
        return bytes((0x44, register << 4, 0xE0, 8 * random.randrange(4)))
    distance = (TARGETS - CODE) // 2 + random.randrange(-2048, 2048)
    return bytes((0xC6, register << 4)) + distance.to_bytes(4, "big")


def _address(random: Random) -> int:
    if random.random() < 0.1:
        return CODE + random.randrange(0, 0x40, 2)
    return random.choice((*PAGES, LAST_24, LAST_31)) + random.choice(_OFFSETS) - random.choice((0, 0, 0, 1, 3, 16))


def _register(random: Random, mode: int, start: int, ends: float) -> int:
    """A value; a part *ends* of those that are addresses are of the last bytes before a page that is refused."""
    chance = random.random()
    if chance < 0.5 * ends:
        value = random.choice(_REFUSED) - random.choice(_BEFORE)
    elif chance < 0.5:
        value = _address(random)
    elif chance < 0.8:
        return random.choice((0, 1, 2, 3, 5, 8, 16, 31, 64, 255, 300))
    elif chance < 0.85:
        value = start + random.choice((0, 4, 8, 12))
    elif chance < 0.88:
        value = TARGETS
    else:
        return _value(random)
    if mode == psw_bits.ADDRESSING_MODE:
        return value & (1 << 64) - 1
    high = random.choice((0, random.getrandbits(32))) << 32
    bit_32 = random.choice((0, 1)) << 31
    if mode == psw_bits.BASIC_ADDRESSING:
        return high | bit_32 | value & 0x7FFF_FFFF
    return high | random.choice((0, random.getrandbits(8))) << 24 | value & 0xFF_FFFF


def _value(random: Random) -> int:
    chance = random.random()
    if chance < 0.5:
        return random.choice(_SPECIAL)
    if chance < 0.6:
        return random.choice(_SPECIAL) | random.getrandbits(8)
    return random.getrandbits(64)
