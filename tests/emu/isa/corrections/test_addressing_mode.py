# SPDX-License-Identifier: GPL-2.0-or-later
"""SET ADDRESSING MODE (PoP 7), freely and in single steps; also as the target of an EXECUTE."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw

MODES = {"010c": 0, "010d": BASIC_ADDRESSING, "010e": ADDRESSING_MODE}


@pytest.mark.parametrize("before", MODES.values())
@pytest.mark.parametrize("code", MODES)
@pytest.mark.parametrize("executed", (False, True))
def test_the_mode_is_set(execute, cpu, code: str, before: int, executed: bool) -> None:
    start = cpu.instruction_address
    cpu.load_psw(Psw(before, start))
    # Behind it an invalid instruction.
    outcome = execute("c60000000080 0000", x10100=code) if executed else execute(code + "0000")
    assert outcome.interruption is ProgramInterruptionCode.OPERATION
    assert outcome.old_psw == Psw(MODES[code], start + (8 if executed else 4))


@pytest.mark.parametrize(
    ("code", "address"), (("010c", 1 << 24), ("010d", 1 << 31), ("010d", 1 << 24), ("010e", 1 << 31))
)
def test_the_instruction_must_lie_where_the_mode_can_address(run, cpu, expect, code: str, address: int) -> None:
    mnemonic = {"010c": "SAM24", "010d": "SAM31", "010e": "SAM64"}[code]
    cpu.load_psw(Psw(ADDRESSING_MODE, address))
    if MODES[code] == ADDRESSING_MODE or (MODES[code] == BASIC_ADDRESSING and address < 1 << 31):
        run(cpu, mnemonic)
        assert cpu.psw == Psw(MODES[code], address + 2)
    else:
        with expect(ProgramInterruptionCode.SPECIFICATION):
            run(cpu, mnemonic)
        assert cpu.psw == Psw(ADDRESSING_MODE, address)


@pytest.mark.parametrize(("mnemonic", "last"), (("SAM24", (1 << 24) - 2), ("SAM31", (1 << 31) - 2)))
def test_the_next_instruction_is_in_the_mode(run, cpu, mnemonic: str, last: int) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE, last))
    run(cpu, mnemonic)
    assert cpu.instruction_address == 0
