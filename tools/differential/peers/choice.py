# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions streams have: all but those that are left out, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from emu.coverage.architecture import is_expected
from emu.facilities import DEFAULT_FACILITIES
from emu.isa.opcodes import Opcode, parse_list
from tools.differential.opcodes import opcodes

LEFT_OUT: Final[Mapping[str, str]] = {
    "it replaces the PSW, its system mask or the address space, and with that what holds a stream in its pages": (
        "80 82 AC AD B219 B279 B277 B2B2 EB71 0101 B218 B228 B240 B25A B258 01FF B2FF B214 0A"
    ),
    "it changes control registers, the prefix, the key or the tables of a stream": (
        "B7 EB2F B210 E500 B20A B221 B98E B98F B98A B250 B9AA B280 B225"
    ),
    "it stores at a real address, or by another key": "B246 B925 DA DB D9 E50E E50F C80",
    "storage keys: not every machine has them": "B229 B22A B22B B9AE B98B B9AF B9AB B22C B252",
    "what it gives depends on the time": "B204 B205 B206 B207 B208 B209 B278 B27C 0104 0107 EB8B C81",
    "what it gives depends on the machine": (
        "83 AE B202 B212 B213 B211 B220 B27D B2B0 B2B1 B25F EB17 B9A2 B284 B285 B28E B2E0 B2E1"
        " B2E4 B2E5 B2ED 99 EB0F EB4C"
    ),
    "the generator makes it of one of the targets": "44 C60",
    "channel subsystem": "B230-B23C B260 B274 B276",
    "its functions are those of the machine": "B91E B928-B92F B938-B93C B93E B93F B9A0 B9A1 B9AC",
    "transactions are not executed to the same place twice": "B2EC B2F8 B2FC E325 E560 E561",
}


@cache
def left_out() -> Mapping[Opcode, str]:
    """Why an opcode is left out."""
    return {opcode: reason for reason, text in LEFT_OUT.items() for opcode in parse_list(text)}


@cache
def usual() -> tuple[bytes, ...]:
    """The instructions that streams have, all operands zero, in order: those that are here."""
    return tuple(
        each
        for each in opcodes()
        if Opcode.of(each) not in left_out() and is_expected(Opcode.of(each), DEFAULT_FACILITIES)
    )
