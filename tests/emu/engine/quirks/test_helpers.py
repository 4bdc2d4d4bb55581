# SPDX-License-Identifier: GPL-2.0-or-later
"""Replacing helpers: both words are changed, once, and other libraries are refused."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from emu.engine.interception import intercept
from emu.engine.library import EngineError, exported_address
from emu.engine.quirks import helpers, string_comparison, sums


@pytest.mark.parametrize("name", (sums.HELPER, string_comparison.HELPER))
def test_no_word_leads_to_a_helper_that_was_replaced(name: str) -> None:
    intercept()
    with pytest.raises(EngineError, match="called through 0 words"):
        helpers._pointers(name)


def test_both_words_are_found_and_read_only() -> None:
    places = helpers._pointers("helper_cksm")
    assert [ctypes.c_uint64.from_address(place).value for place in places] == [exported_address("helper_cksm")] * 2
    assert [_permissions(place) for place in places] == ["r--p", "r--p"]


def _permissions(address: int) -> str:
    for line in Path("/proc/self/maps").read_text(encoding="ascii").splitlines():
        low, high = (int(each, 16) for each in line.split()[0].split("-"))
        if low <= address < high:
            return line.split()[1]
    raise LookupError


def test_a_helper_is_replaced_once_only() -> None:
    intercept()
    helpers.replace_helper(string_comparison.HELPER, helpers._replaced[string_comparison.HELPER])
    with pytest.raises(EngineError, match="replaced before"):
        helpers.replace_helper(string_comparison.HELPER, 0)


@pytest.mark.parametrize("name", ("helper_of_nothing", "calc_cc"))
def test_what_is_no_helper_is_refused(name: str) -> None:
    with pytest.raises(EngineError, match=r"2\.1\.4"):
        helpers.replace_helper(name, 0)


def test_words_are_changed_and_read_only_again() -> None:
    """In a process of its own: there is no way back."""
    program = (
        "import ctypes\n"
        "from emu.engine.quirks import helpers\n"
        "places = helpers._pointers('helper_cksm')\n"
        "helpers.replace_helper('helper_cksm', 0x1234)\n"
        "assert [ctypes.c_uint64.from_address(place).value for place in places] == [0x1234] * 2\n"
        "lines = [line.split() for line in open('/proc/self/maps')]\n"
        "ends = [([int(each, 16) for each in line[0].split('-')], line[1]) for line in lines]\n"
        "for place in places:\n"
        "    assert [kind for (low, high), kind in ends if low <= place < high] == ['r--p']\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
