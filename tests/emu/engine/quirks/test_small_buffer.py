# SPDX-License-Identifier: GPL-2.0-or-later
"""Where Unicorn's own buffers are: what it does can be seen there."""

from __future__ import annotations

import ctypes
from dataclasses import replace

import numpy as np
import pytest
from unicorn import s390x_const as reg
from unicorn import unicorn_const as uc_const

from emu.engine.library import EngineError, InterruptCallback, Unicorn
from emu.engine.quirks import small_buffer
from emu.engine.quirks.register_file import EngineRegisters
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE


def word(address: int) -> int:
    return ctypes.c_uint64.from_address(address).value


@pytest.mark.parametrize("address", (0x1000, 0x3F7E, 0x40002, 0x1234568))
def test_a_block_is_found_by_a_word_of_its_page(address: int) -> None:
    unicorn = Unicorn()
    unicorn.uc.mem_map(address & -0x1000, 0x1000)
    unicorn.uc.mem_write(address, bytes.fromhex("1812 0000"))
    unicorn.hook(uc_const.UC_HOOK_INTR, InterruptCallback(lambda *_: unicorn.stop()))
    registers = EngineRegisters(unicorn)
    unicorn.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | PROBLEM_STATE)
    unicorn.flush_tlb()
    unicorn.start(address)
    blocks = registers.base + small_buffer.buffer_places().blocks
    first = small_buffer.first_word_of_page(address >> 12)
    used = [number for number in range(small_buffer.BLOCK_WORDS) if word(blocks + 8 * number)]
    assert used
    assert all(first <= number < first + small_buffer.WORDS_OF_PAGE for number in used)
    # A block begins with its address.
    assert address in {word(word(blocks + 8 * number)) for number in used}


def test_other_memory_is_not_taken_for_the_buffers() -> None:
    words = np.zeros(5000, dtype=np.uint64)
    with pytest.raises(EngineError, match=r"2\.1\.4"):
        small_buffer._find_tables(words)
    with pytest.raises(EngineError, match=r"2\.1\.4"):
        small_buffer._find_blocks(words, words)


@pytest.mark.parametrize("offset", ("used", "descriptions", "tables"))
def test_places_that_do_not_hold_are_refused(offset: str) -> None:
    found = small_buffer.buffer_places()
    words = np.zeros(5000, dtype=np.uint64)
    with pytest.raises(EngineError, match=r"2\.1\.4"):
        small_buffer._check(replace(found, **{offset: getattr(found, offset) - 8}), words, words)
