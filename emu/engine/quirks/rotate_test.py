# SPDX-License-Identifier: GPL-2.0-or-later
"""RNSBG, ROSBG and RXSBG with the test-results control can kill the process when they are translated (seen in 2.1.4).

Their results go to a register of the translator's that was never written.  If no other instruction of the block has
left something in it, as in CGIT 0,0,8 and RXSBG 6,4,X'80',63,0 (hexadecimal EC0000008070 EC64803F0057), the translator
aborts.  A block is translated before it is announced, so it is too late then to intercept the form.

So the function that prepares the result of these three, which is the first that their entries of the translator's table
name, is replaced by one that takes the control away before it does the same: a form that will be intercepted when the
block is announced is translated as if it were an ordinary one.  The control is in the decoded I3 field, which lies in a
structure of the translator's; where, is found by an experiment.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any, Final

from unicorn import s390x_const as reg
from unicorn import unicorn_const as uc_const

from emu.engine.library import EngineError, InterruptCallback, Unicorn
from emu.engine.quirks.translator_table import translator_table
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE

_FORMS: Final = ((0xEC54, "RNSBG"), (0xEC56, "ROSBG"), (0xEC57, "RXSBG"))
_PREPARE: Final = 32
"""Offset in an entry of the address of the function that prepares the result."""
_TEST_RESULTS: Final = 0x80
_PROBES: Final = (0x21, 0x2D)
_STRUCTURE_BYTES: Final = 512
_Prepare: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


@cache
def mend() -> None:
    """Replace the function, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    table = translator_table()
    places = [table.entry(*form) + _PREPARE for form in _FORMS]
    functions = {ctypes.c_uint64.from_address(place).value for place in places}
    if len(functions) != 1:
        raise EngineError("Unicorn prepares results of RNSBG, ROSBG and RXSBG differently; this project needs 2.1.4")
    original = _Prepare(functions.pop())
    seen: list[bytes] = []

    def look(translator: Any, operands: Any) -> None:
        seen.append(ctypes.string_at(translator, _STRUCTURE_BYTES))
        original(translator, operands)

    _replace(places, _Prepare(look))
    _translate_probes()
    offset = _field_offset(seen)

    def prepare(translator: Any, operands: Any) -> None:
        field = ctypes.c_uint32.from_address(translator + offset)
        field.value &= ~_TEST_RESULTS
        original(translator, operands)

    _replace(places, _Prepare(prepare))


_kept: Final[list[Any]] = []
"""Functions that the table names."""


def _replace(places: list[int], function: Any) -> None:
    _kept.append(function)
    with translator_table().writable():
        for place in places:
            ctypes.c_uint64.from_address(place).value = ctypes.cast(function, ctypes.c_void_p).value or 0


def _translate_probes() -> None:
    """Have RXSBG translated with each probe as its I3 field."""
    unicorn = Unicorn()
    unicorn.uc.ctl_set_tlb_mode(uc_const.UC_TLB_CPU)
    unicorn.uc.mem_map(0, 4096)
    unicorn.hook(uc_const.UC_HOOK_INTR, InterruptCallback(lambda *_: unicorn.stop()))
    unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | PROBLEM_STATE)
    code = "".join(f"ec34{probe:02x}3f0057" for probe in _PROBES)
    unicorn.uc.mem_write(0x100, bytes.fromhex(code + "0000"))
    unicorn.start(0x100)


def _field_offset(seen: list[bytes]) -> int:
    """Where in the translator's structure the decoded I3 field is.

    :raises EngineError: if it is not found.
    """
    found = [
        offset
        for offset in range(0, _STRUCTURE_BYTES, 4)
        if tuple(int.from_bytes(each[offset : offset + 4], "little") for each in seen) == _PROBES
    ]
    if len(found) != 1:
        raise EngineError("Unicorn decodes RXSBG to other places; this project needs Unicorn 2.1.4")
    return found[0]
