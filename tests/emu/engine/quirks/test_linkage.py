# SPDX-License-Identifier: GPL-2.0-or-later
"""Words of the procedure linkage: each is found by the name of the function."""

from __future__ import annotations

import ctypes

import pytest

from emu.engine.library import EngineError, Unicorn, exported_address
from emu.engine.quirks.linkage import slot_of


def test_a_word_leads_to_its_function_once_that_was_called() -> None:
    unicorn = Unicorn()
    unicorn.uc.mem_map(0, 0x1000)
    unicorn.start(0)
    place = slot_of("tcg_func_start_s390x")
    assert ctypes.c_uint64.from_address(place).value == exported_address("tcg_func_start_s390x")


def test_what_the_library_does_not_call_by_its_name_has_none() -> None:
    with pytest.raises(EngineError, match="through 0 words"):
        slot_of("helper_check_exit_request_s390x")
