# SPDX-License-Identifier: GPL-2.0-or-later
"""Every general instruction that the engine executes, against the reference model of tests/support/reference.

GENERAL_EXAMPLES=1000 makes it a long run.
"""

from __future__ import annotations

import os
from random import Random
from typing import Final

import pytest

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.engine.interception import intercept
from emu.engine.quirks.translator_table import translator_table
from emu.isa.declaration import INSTRUCTIONS
from tests.support.reference.comparison import PARTS, Comparison, example
from tests.support.reference.state import GENERAL

EXAMPLES: Final = int(os.environ.get("GENERAL_EXAMPLES", "4"))
MODES: Final = (64, 31, 24)
assert PARTS


@pytest.fixture(scope="module", params=("free", "steps"))
def comparison(request: pytest.FixtureRequest) -> Comparison:
    """A machine for all instructions."""
    return Comparison(is_free=request.param == "free")


@pytest.mark.parametrize("mnemonic", GENERAL)
def test_machine_and_model_agree(comparison: Comparison, mnemonic: str) -> None:
    differences = []
    for number in range(EXAMPLES):
        found = example(GENERAL[mnemonic], Random(f"{mnemonic} {number}"), MODES[number % len(MODES)])
        difference = comparison.difference(found)
        if difference:
            differences.append(f"{found}: {difference}")
    assert not differences, "\n".join(differences)


FLOATING_POINT_OR_VECTOR: Final = frozenset((0xB3, 0xE7, 0xED))
"""First bytes of opcodes."""
ELSEWHERE: Final = (
    {
        "BRXHLE": "what Unicorn calls BRXLG",
        "EX": "test_engine.py",
        "EXRL": "test_engine.py",
        "SVC": "test_interruption.py",
        "SAM24": "it changes the addressing mode",
        "SAM31": "it changes the addressing mode",
        "SAM64": "it changes the addressing mode",
        "BPP": "a hint, without an effect",
        "BPRP": "a hint, without an effect",
        "PFD": "a hint, without an effect",
        "PFDRL": "a hint, without an effect",
        "NIAI": "a hint, without an effect",
        "PPA": "a hint, without an effect",
        "ECAG": "what it gives is the model's own",
    }
    | dict.fromkeys(("EAR", "SAR", "LAM", "LAMY", "STAM", "STAMY"), "access registers")
    | dict.fromkeys(
        ("LDR", "LER", "LD", "LE", "STD", "STE", "SRNM", "SRNMB", "SRNMT", "STFPC", "LFPC", "LFAS"), "floating point"
    )
    | dict.fromkeys(("TROO", "TROT", "TRTO", "TRTT"), "test_translate.py")
)


def test_every_instruction_that_the_engine_executes_is_in_the_model() -> None:
    intercept()
    table = translator_table()
    ours = {each.mnemonic for each in INSTRUCTIONS}
    missing = {
        name
        for opcode, (name, entry) in table._entries.items()
        if not table.traps(entry) and opcode >> 8 not in FLOATING_POINT_OR_VECTOR and name not in GENERAL
    }
    assert missing - ours - ELSEWHERE.keys() == set()
    assert ELSEWHERE.keys() & GENERAL.keys() == set()
