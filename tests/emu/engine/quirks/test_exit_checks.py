# SPDX-License-Identifier: GPL-2.0-or-later
"""Accesses do not ask whether to stop; hooks of instructions still do."""

from __future__ import annotations

import ctypes

import pytest
from unicorn import s390x_const as reg
from unicorn import unicorn_const as uc_const

from emu.engine.library import Unicorn
from emu.engine.quirks import exit_checks
from emu.engine.quirks.register_file import EngineRegisters
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE

START, DATA = 0x1000, 0x2000
CodeCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p)
AccessCallback = exit_checks._AccessCallback


@pytest.fixture
def unicorn() -> Unicorn:
    exit_checks.mend()
    unicorn = Unicorn()
    unicorn.uc.mem_map(0, 0x3000)
    unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | PROBLEM_STATE)
    unicorn.uc.reg_write(reg.UC_S390X_REG_R2, DATA)
    return unicorn


@pytest.mark.parametrize(
    ("code", "kind"),
    (
        ("e31020000004", uc_const.UC_HOOK_MEM_READ),  # LG 1,0(2)
        ("58102000", uc_const.UC_HOOK_MEM_READ),  # L 1,0(2)
        ("e31020000024", uc_const.UC_HOOK_MEM_WRITE),  # STG 1,0(2)
        ("50102000", uc_const.UC_HOOK_MEM_WRITE),  # ST 1,0(2)
        ("42102000", uc_const.UC_HOOK_MEM_WRITE),  # STC 1,0(2)
    ),
)
def test_an_access_does_not_end_its_block(unicorn: Unicorn, code: str, kind: int) -> None:
    # LGHI 3,1 behind it
    unicorn.uc.mem_write(START, bytes.fromhex(code + "a7390001 0000"))
    asked = []

    def stop(*_: object) -> None:
        asked.append(1)
        unicorn.stop()

    unicorn.hook(kind, AccessCallback(stop))
    unicorn.start(START)
    assert asked == [1]
    assert unicorn.uc.reg_read(reg.UC_S390X_REG_R3) == 1


def test_unicorn_as_it_is_by_itself_stops_at_an_access(unicorn: Unicorn) -> None:
    # LG 1,0(2); LGHI 3,1
    unicorn.uc.mem_write(START, bytes.fromhex("e31020000004 a7390001 0000"))
    unicorn.hook(uc_const.UC_HOOK_MEM_READ, AccessCallback(lambda *_: unicorn.stop()))
    with exit_checks.as_before():
        unicorn.start(START)
    assert unicorn.uc.reg_read(reg.UC_S390X_REG_R3) == 0
    exit_checks._check()


def test_the_hook_of_an_instruction_stops_before_it(unicorn: Unicorn) -> None:
    # LG 1,0(2); LGHI 3,1; LGHI 3,2
    unicorn.uc.mem_write(START, bytes.fromhex("e31020000004 a7390001 a7390002 0000"))
    unicorn.hook(uc_const.UC_HOOK_CODE, CodeCallback(lambda *_: unicorn.stop()), first=START + 10, last=START + 10)
    unicorn.start(START)
    assert unicorn.uc.reg_read(reg.UC_S390X_REG_R3) == 1
    assert EngineRegisters(unicorn).psw[1] == START + 10
