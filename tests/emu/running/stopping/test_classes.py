# SPDX-License-Identifier: GPL-2.0-or-later
"""Words for sets of instructions."""

from __future__ import annotations

import pytest

from emu.running.stopping.classes import classes, mnemonics_of


@pytest.mark.parametrize("word", ("essa", "ESSA", "Essa"))
def test_a_mnemonic_in_any_case(word: str) -> None:
    assert mnemonics_of(word) == {"ESSA"}


def test_a_mnemonic_that_only_the_engine_executes() -> None:
    assert mnemonics_of("ahi") == {"AHI"}


def test_classes_are_chapters_of_the_manual() -> None:
    assert {"SSKE", "ISKE", "RRBE", "PFMF", "IVSK"} <= mnemonics_of("keys")
    assert {"IPTE", "IDTE", "PTLB", "LRA"} <= mnemonics_of("dat")
    assert {"ESSA", "LPSWE", "SSKE", "LCTLG"} <= mnemonics_of("privileged")
    assert "AHI" not in mnemonics_of("privileged")
    assert all(classes().values())


def test_another_word_is_told_what_is_near() -> None:
    with pytest.raises(ValueError, match=r"not 'esa': did you mean .*essa"):
        mnemonics_of("esa")
    with pytest.raises(ValueError, match=r"expected a mnemonic or one of keys, .* not 'qqqqqqq'$"):
        mnemonics_of("qqqqqqq")
