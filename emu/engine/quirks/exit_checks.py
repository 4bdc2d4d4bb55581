# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether somebody wants to stop is asked after each access to storage (seen in Unicorn 2.1.4): not here.

The four functions by which the translator makes loads and stores let a call of helper_check_exit_request follow, for
the sake of hooks of accesses that stop the engine.  There are none here: what is refused leaves translated code at
once, and budgets are kept at the beginning of blocks.  The calls took an eighth of a Linux kernel's boot, and more for
the registers that must be in storage when they are made.  Behind a hook of an instruction the question is still asked.

Each of the four functions, and that one which makes the call, is called through a word of the procedure linkage.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from unicorn import s390x_const as reg
from unicorn import unicorn_const as uc_const

from emu.engine import compiled
from emu.engine.library import EngineError, Unicorn, exported_address
from emu.engine.quirks.linkage import slot_of
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE

_ACCESSES: Final = tuple(f"tcg_gen_qemu_{each}_s390x" for each in ("ld_i32", "ld_i64", "st_i32", "st_i64"))
_ASK: Final = "check_exit_request_s390x"
_SOURCE: Final = f"""
@is_access = internal global i8 0
declare void @{_ASK}(i64)
define void @our_{_ASK}(i64 %context) {{
    %now = load i8, i8* @is_access
    %is_other = icmp eq i8 %now, 0
    br i1 %is_other, label %ask, label %done
ask:
    call void @{_ASK}(i64 %context)
    ret void
done:
    ret void
}}
""" + "".join(
    f"""
declare void @{name}(i64, i64, i64, i64, i64)
define void @our_{name}(i64 %context, i64 %value, i64 %address, i64 %space, i64 %kind) {{
    store i8 1, i8* @is_access
    call void @{name}(i64 %context, i64 %value, i64 %address, i64 %space, i64 %kind)
    store i8 0, i8* @is_access
    ret void
}}
"""
    for name in _ACCESSES
)
# LG 1,0(0,2); LGHI 3,1
_CODE: Final = bytes.fromhex("e31020000004 a7390001 0000")
_START: Final = 0x1000
_DATA: Final = 0x2000
_AccessCallback = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64, ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
)


_ours: Final[dict[int, int]] = {}
"""The functions that replace others, by the addresses of the words that lead to them; none before :func:`mend`."""
_originals: Final[dict[int, int]] = {}
"""Those that they replace."""


@cache
def mend() -> None:
    """Replace the functions, once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    names = (*_ACCESSES, _ASK)
    addresses = compiled.functions("exit_checks", _SOURCE, names, [f"our_{name}" for name in names])
    _ours.update(zip(map(slot_of, names), addresses, strict=True))
    _originals.update(zip(_ours, map(exported_address, names), strict=True))
    _write(_ours)
    _check()


@contextmanager
def as_before() -> Iterator[None]:
    """Let what is translated meanwhile be as Unicorn makes it, for who compares this machine with it."""
    _write(_originals)
    try:
        yield
    finally:
        _write(_ours)


def _write(functions: dict[int, int]) -> None:
    for slot, function in functions.items():
        ctypes.c_uint64.from_address(slot).value = function


def _check() -> None:
    """Stop the engine at a load, and see that the block goes on.

    :raises EngineError: if it does not.
    """
    unicorn = Unicorn()
    unicorn.uc.mem_map(0, 0x3000)
    unicorn.uc.mem_write(_START, _CODE)
    unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | PROBLEM_STATE)
    unicorn.uc.reg_write(reg.UC_S390X_REG_R2, _DATA)

    def stop(*_: Any) -> None:
        unicorn.stop()

    unicorn.hook(uc_const.UC_HOOK_MEM_READ, _AccessCallback(stop))
    unicorn.start(_START)
    if unicorn.uc.reg_read(reg.UC_S390X_REG_R3) != 1:
        raise EngineError("Unicorn asks otherwise whether to stop; this project needs Unicorn 2.1.4")
