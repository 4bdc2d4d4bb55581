# SPDX-License-Identifier: GPL-2.0-or-later
"""What Unicorn does not cut or keep in the 24- and 31-bit addressing modes (seen in 2.1.4).

Its translator cuts the address of a storage operand to the addressing mode.  It does not:

* cut the branch address that BCR, BALR, BASR, BCTR and BCTGR take from a register (a link in the 31-bit mode has bit 32
  one), so that the instruction address becomes one of 64 bits;
* cut the address that LARL makes;
* keep bits 0-31 of the register that LA, LAY and LARL load.  (LAE and LAEY are wrong otherwise, too: they are for the
  model.)

Each of these instructions is translated by functions that its entry in the translator's table names.  Those that do
wrong are replaced by compiled ones (``branch_operand`` and its like in :mod:`emu.engine.translation_callbacks`), which
call the functions that other entries have for the same purpose: so the translated code is right, and nothing is
intercepted.  Where the addressing mode, the address, the operands and the table's entry lie in the translator's
structures was seen by reading the x86-64 wheel; it is the same for every processor of 64 bits, and an experiment shows
whether it holds.

What is left is seen by the engine: a page behind the last one of the mode is asked for when an operand or the code goes
on there, or when a relative branch leads there (:mod:`emu.engine.answers`).
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Final

from unicorn import s390x_const as reg
from unicorn import unicorn_const as uc_const

from emu.engine.library import EngineError, InterruptCallback, Unicorn
from emu.engine.quirks.translator_table import translator_table
from emu.psw import BASIC_ADDRESSING, PROBLEM_STATE

FLAGS: Final = 0x10
"""Offset in the block that is translated, to whose description the translator's structure points first."""
MODE_64: Final = 2
MODE_31: Final = 1
"""The flags of the addressing modes; none means 24 bits."""
ADDRESS: Final = 0x10
"""Offset in the translator's structure of the address of the instruction."""
RELATIVE_OPERAND: Final = 0x44
"""There, of its RI2 field, 32 bits."""
SECOND_OPERAND: Final = 0x20
"""Offset in the structure of operands: zero if there is no second operand."""

_SECOND: Final = 24
_RESULT: Final = 40
"""Offsets in an entry of the functions that prepare the second operand and write the result."""

_BRANCHES: Final = ((0x0500, "BALR"), (0x0600, "BCTR"), (0x0700, "BCR"), (0x0D00, "BASR"), (0xB946, "BCTGR"))
_RELATIVE: Final = (0xC000, "LARL")
_LOADS: Final = ((0x4100, "LA"), (0xE371, "LAY"), _RELATIVE)
_TAKES_ADDRESS_IN_REGISTER: Final = ((0xB241, "CKSM"),)
_TAKES_RELATIVE: Final = (_RELATIVE, (0xC408, "LGRL"))
_WRITES_64_BITS: Final = (*_LOADS, (0xB904, "LGR"))
_WRITES_32_BITS: Final = ((0x5800, "L"), (0x4800, "LH"))
_NOT_AS_KNOWN: Final = "Unicorn translates {} otherwise; this project needs Unicorn 2.1.4"

ORIGINALS: Final = {
    "translate_register_2": (_SECOND, _BRANCHES),
    "translate_address_in_register_2": (_SECOND, _TAKES_ADDRESS_IN_REGISTER),
    "translate_relative_2": (_SECOND, _TAKES_RELATIVE),
    "translate_result_64": (_RESULT, _WRITES_64_BITS),
    "translate_result_32": (_RESULT, _WRITES_32_BITS),
}
"""The functions that compiled code calls: a name for each, and which entries name it, where."""


@cache
def original(name: str) -> int:
    """The address of the function of Unicorn's that is called *name* here; to be asked for before :func:`mend`.

    :raises EngineError: if the library is not as it is known.
    """
    offset, forms = ORIGINALS[name]
    table = translator_table()
    found = {ctypes.c_uint64.from_address(table.entry(*form) + offset).value for form in forms}
    if len(found) != 1 or not min(found):
        raise EngineError(_NOT_AS_KNOWN.format(", ".join(name for _, name in forms)))
    return found.pop()


@cache
def mend(branch_operand: int, relative_operand: int, address_result: int) -> None:
    """Replace the functions by the compiled ones at these addresses, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    for name in ORIGINALS:
        original(name)
    table = translator_table()
    replaced = [(form, _SECOND, branch_operand) for form in _BRANCHES]
    replaced.append((_RELATIVE, _SECOND, relative_operand))
    replaced += [(form, _RESULT, address_result) for form in _LOADS]
    with table.writable():
        for form, offset, function in replaced:
            ctypes.c_uint64.from_address(table.entry(*form) + offset).value = function
    _check()


_START: Final = 0x400
_EXPERIMENT: Final = bytes.fromhex(
    "c020ffff0000"  # LARL 2,*-131072
    "41330001"  # LA 3,1(3)
    "0774"  # BCR 7,4, which is not taken
    "0700"  # NOPR
    "07f5"  # BR 5
)
_TARGET: Final = 0x500


def _check() -> None:
    """Translate an example of each in the 31-bit mode, and see what it does.

    :raises EngineError: if that is not what the manual says.
    """
    unicorn = Unicorn()
    unicorn.uc.ctl_set_tlb_mode(uc_const.UC_TLB_CPU)
    unicorn.uc.mem_map(0, 4096)
    unicorn.hook(uc_const.UC_HOOK_INTR, InterruptCallback(lambda *_: unicorn.stop()))
    unicorn.uc.mem_write(_START, _EXPERIMENT)
    before = {2: -1, 3: 0xAAAA_AAAA_FFFF_FFFF, 4: 0, 5: 0xBBBB_BBBB_8000_0000 | _TARGET}
    for number, value in before.items():
        unicorn.uc.reg_write(reg.UC_S390X_REG_R0 + number, value & (1 << 64) - 1)
    unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, BASIC_ADDRESSING | PROBLEM_STATE)
    unicorn.start(_START)
    found = [unicorn.uc.reg_read(reg.UC_S390X_REG_R0 + number) for number in (2, 3)]
    found.append(unicorn.uc.reg_read(reg.UC_S390X_REG_PC))
    wanted = [0xFFFF_FFFF_0000_0000 | (_START - 0x20000) & 0x7FFF_FFFF, 0xAAAA_AAAA_0000_0000, _TARGET]
    if found != wanted:
        raise EngineError(_NOT_AS_KNOWN.format("in the 31-bit addressing mode"))
