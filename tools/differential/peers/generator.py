# SPDX-License-Identifier: GPL-2.0-or-later
"""Random streams from seeds."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from emu import psw as psw_bits
from emu.bits import bit
from emu.instruction_length import instruction_length
from emu.isa.opcodes import Opcode, parse_list
from tools.differential.opcodes import with_operands
from tools.differential.peers import layout
from tools.differential.peers.choice import left_out
from tools.differential.peers.stream import Stream

CONTROL_0: Final = bit(43) | bit(45) | bit(46) | bit(53)
"""Instruction-execution protection, AFP-register and vector-enablement control, and the mask of the CPU timer."""
_FLOATING: Final = bit(45) | bit(46)
_MODES: Final = (psw_bits.ADDRESSING_MODE,) * 3 + (psw_bits.BASIC_ADDRESSING, 0)
_LENGTHS: Final = (1, 2, 2, 3, 3, 4, 5, 6, 8, 12)
_STARTS: Final = (0,) * 6 + (2, 0x100, 0xFE8, 0xFFA, 0xFFC, 0xFFE)
_OFFSETS: Final = (0, 0, 0, 1, 2, 4, 7, 8, 0x10, 0x18, 0x40, 0x100, 0x200, 0x7FC, 0x800, 0xFF0, 0xFF8, 0xFFC, 0xFFF)
_BASES: Final = (0x20000,) * 4 + (0x21000,) * 3 + (0x22000, 0, 0x1000, layout.PROTECTED, layout.INVALID)
_LAST: Final = (0xFF_F000, 0x7FFF_F000)
_SMALL: Final = (0, 1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 33, 63, 64, 255, 256, 300)
_SPECIAL: Final = (
    0, 1, 2, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63, (1 << 63) - 1, (1 << 64) - 1, 0xFFFF_FFFF_0000_0000,
    0x0000_0001_0000_0000, 0x123C_0000_0000_123D, 0x0000_0000_0123_456C, 0x8080_8080_8080_8080, 0x0101_0101_0101_0101,
)  # fmt: skip
_LONG: Final = (
    0x0000, 0x8000, 0x0010, 0x3FF0, 0xBFF0, 0x4000, 0x3FE0, 0x4008, 0x7FF0, 0xFFF0, 0x7FF8, 0x7FF4, 0x7FEF, 0x0001,
    0x43E0, 0xC3E0, 0x41E0, 0x3CA0, 0x4340,
)  # fmt: skip
"""The first halfwords of numbers of the long BFP format that are of interest."""
_SHORT: Final = (
    0x0000,
    0x8000,
    0x0080,
    0x3F80,
    0xBF80,
    0x4000,
    0x3F00,
    0x7F80,
    0xFF80,
    0x7FC0,
    0x7FA0,
    0x7F7F,
    0x0040,
    0x4F00,
    0xCF00,
    0x4B80,
)
_EXTENDED: Final = (0x0000, 0x8000, 0x3FFF, 0xBFFF, 0x4000, 0x7FFF, 0xFFFF, 0x0001, 0x7FFE, 0x403E, 0x3FFE)
_HEXADECIMAL: Final = (0x4110, 0xC110, 0x4120, 0x40FF, 0x4E00, 0x7FFF, 0x0010, 0x4600, 0x4800, 0xC808, 0x4080, 0x3F10)


_PARTIAL: Final = parse_list(
    "A8 A9 EB8E EB8F B2A5 B990-B993 B2A6 B2A7 B9B0-B9B3 B25E B9BE B25D B255 B241 B9BD B9BF B257 B263"
)
"""Instructions that may set condition code 3 when they have processed a part."""
_WITH_CHARACTER: Final = parse_list("B2A5 B990-B993 B25E B9BE B25D B255 B263 B257")
_BRANCHES: Final = parse_list("84 85 A74-A77 C04 C05 CC6 EC44 EC45 EC64 EC65 EC76 EC77 EC7C-EC7F")
"""Relative branches: the distance begins in bit 16."""
_TARGETS_BASE: Final = 13
"""The general register that has the address of the targets where there is an EXECUTE."""


def random_stream(seed: int, known: Sequence[bytes], missing: frozenset[Opcode] = frozenset()) -> Stream:
    """The stream of *seed*, of instructions of *known*, whose operands are zero, and of none that is *missing*."""
    random = Random(seed)
    mode = random.choice(_MODES)
    often = random.sample(known, 3)
    chosen = [
        random.choice(often) if random.random() < 0.3 else random.choice(known) for _ in range(random.choice(_LENGTHS))
    ]
    instructions = [_instruction(each, random, missing) for each in chosen]
    # A relative branch would lead from there to what is no stream's, and nothing repeats what is processed in parts.
    plain = [each for each in known if Opcode.of(each) not in _BRANCHES | _PARTIAL]
    targets = [_instruction(random.choice(plain), random, missing) for _ in range(4)]
    executes = random.random() < 0.15
    if executes:
        instructions.insert(random.randrange(len(instructions) + 1), _execute(targets, random))
    instructions = [part for each in instructions for part in _to_its_end(each)]
    _aim_branches(instructions, random)
    mask = (
        psw_bits.DAT
        | psw_bits.EXTERNAL_MASK
        | mode
        | (psw_bits.PROBLEM_STATE if random.random() < 0.25 else 0)
        | random.randrange(4) << 44
        | random.choice((0, 0, random.randrange(16))) << 40
    )
    registers = [_register(random, mode) for _ in range(16)]
    if executes:
        registers[_TARGETS_BASE] = layout.TARGETS
    return Stream(
        seed=seed,
        instructions=tuple(each.hex() for each in instructions),
        start=layout.CODE + random.choice(_STARTS),
        targets=tuple(each.hex() for each in targets) if executes else (),
        mask=mask,
        registers=tuple(registers),
        vectors=tuple(_vector(random) for _ in range(32)),
        access=tuple(random.choice((0, 0, 1, random.getrandbits(32))) for _ in range(16)),
        fpc=random.choice((0, 0, 0, random.getrandbits(5) << 27, random.getrandbits(5) << 19, random.randrange(4))),
        cr0=CONTROL_0 if random.random() < 0.95 else CONTROL_0 & ~random.choice((_FLOATING, bit(46))),
        data={
            random.choice(_BASES[:-1]) | random.choice(_OFFSETS) & ~7: _doubleword(random).hex()
            for _ in range(random.choice((0, 3, 6)))
        },
    )


def _instruction(template: bytes, random: Random, missing: frozenset[Opcode]) -> bytes:
    if random.random() < 0.01:
        return _any_instruction(random, missing)
    code = bytearray(with_operands(template, random))
    if random.random() < 0.6:
        _make_valid(code, random)
    if Opcode.of(template) in _PARTIAL and len(code) == 4:
        _part_registers(code)
    return bytes(code)


def _any_instruction(random: Random, missing: frozenset[Opcode]) -> bytes:
    """Any bytes, also of no instruction that there is."""
    avoided = left_out().keys() | missing | _BRANCHES | _PARTIAL
    while True:
        first = random.randrange(256)
        code = bytes((first,)) + random.randbytes(instruction_length(first) - 1)
        if Opcode.of(code) not in avoided:
            return code


def _part_registers(code: bytearray) -> None:
    """Let the operands of *code* be in different registers: what comes of it otherwise is not predictable.

    General registers 0 and 1 may have a test character and the address of a table.
    """
    first, second = code[3] >> 4, code[3] & 0x0F
    if Opcode.of(bytes(code)) in _WITH_CHARACTER:
        first, second = first if first > 1 else first + 6, second if second > 1 else second + 10
    if first == second:
        second ^= 4
    code[3] = first << 4 | second


def _to_its_end(code: bytes) -> tuple[bytes, ...]:
    """*code*, and behind it a branch back while it has processed a part only, of which the CPU determines the size."""
    if Opcode.of(code) not in _PARTIAL:
        return (code,)
    return code, b"\xa7\x14" + (-len(code) // 2).to_bytes(2, "big", signed=True)


def _aim_branches(instructions: list[bytes], random: Random) -> None:
    """Let each relative branch lead forward to where an instruction begins, or to the end."""
    for number, code in enumerate(instructions):
        if code[:2] == b"\xa7\x14" and code[2] == 0xFF:
            continue
        if _is_relative_branch(code):
            behind = instructions[number:]
            distance = sum(map(len, behind[: random.randrange(1, len(behind) + 1)])) // 2
            length = 4 if code[0] in (0xC0, 0xCC) else 2
            instructions[number] = code[:2] + distance.to_bytes(length, "big") + code[2 + length :]


def _is_relative_branch(code: bytes) -> bool:
    return Opcode.of(code) in _BRANCHES


def _make_valid(code: bytearray, random: Random) -> None:
    """Let register numbers be multiples of four, which are right for pairs, and masks what most instructions have."""
    first = code[0]
    if first == 0xE7:
        code[3] = random.choice((0, 0, 1, 8, 0x10, 0x18))
        is_floating = 0xE2 <= code[5] <= 0xEF or code[5] in (0x8E, 0x8F) or 0xC0 <= code[5] <= 0xCC
        code[4] = code[4] & 0x0F | (3 if is_floating else random.randrange(5)) << 4
    elif first in (0xB2, 0xB3, 0xB9):
        code[3] &= 0xCC
        code[2] &= 0x4F if random.random() < 0.5 else 0
    elif first in (0xEB, 0xE3, 0xED) or (first < 0xC0 and not (0x90 <= first <= 0x97 or first == 0xA7)):
        code[1] &= 0xCF


def _execute(targets: Sequence[bytes], random: Random) -> bytes:
    """EXECUTE of one of the *targets*, by the address in general register :data:`_TARGETS_BASE`."""
    number = random.randrange(len(targets))
    # A modified opcode could be one that is left out.
    is_modified = any(first < 16 < 8 + first + width for first, width in Opcode.of(targets[number]).pieces)
    register = 0 if is_modified else random.randrange(16)
    return bytes((0x44, register << 4, _TARGETS_BASE << 4, 8 * number))


def _address(random: Random) -> int:
    base = random.choice(_BASES) if random.random() < 0.9 else random.choice(_LAST)
    return base + random.choice(_OFFSETS) - random.choice((0, 0, 0, 0, 1, 3, 8))


def _register(random: Random, mode: int) -> int:
    chance = random.random()
    if chance < 0.55:
        value = _address(random)
    elif chance < 0.8:
        return random.choice(_SMALL)
    else:
        return int.from_bytes(_doubleword(random), "big")
    if mode == psw_bits.ADDRESSING_MODE:
        return value & (1 << 64) - 1
    high = random.choice((0, random.getrandbits(32))) << 32
    if mode == psw_bits.BASIC_ADDRESSING:
        return high | random.choice((0, 1)) << 31 | value & 0x7FFF_FFFF
    return high | random.choice((0, random.getrandbits(8))) << 24 | value & 0xFF_FFFF


def _vector(random: Random) -> int:
    if random.random() < 0.1:
        return _floating(_EXTENDED, random) << 112 | random.choice((0, 0, 1, random.getrandbits(112)))
    if random.random() < 0.2:
        return int.from_bytes(_doubleword(random) * 2, "big")
    return int.from_bytes(_doubleword(random) + _doubleword(random), "big")


def _floating(numbers: Sequence[int], random: Random) -> int:
    return random.choice(numbers)


def _doubleword(random: Random) -> bytes:
    """Eight bytes: a number of some kind."""
    chance = random.random()
    if chance < 0.2:
        number = random.choice(_SPECIAL)
    elif chance < 0.35:
        number = random.choice(_LONG) << 48 | random.choice((0, 0, 1, random.getrandbits(48), (1 << 48) - 1))
    elif chance < 0.5:
        number = random.choice(_SHORT) << 48 | random.choice((0, 0, 1 << 32, random.getrandbits(48)))
    elif chance < 0.6:
        number = random.choice(_HEXADECIMAL) << 48 | random.choice((0, 1, random.getrandbits(48)))
    elif chance < 0.68:
        digits = "".join(random.choice("0123456789") for _ in range(15)) + random.choice("cdcdfab")
        number = int(digits, 16)
    elif chance < 0.75:
        number = random.choice(_SMALL)
    else:
        number = random.getrandbits(64)
    return number.to_bytes(8, "big")
