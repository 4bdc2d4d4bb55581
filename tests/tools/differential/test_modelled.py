# SPDX-License-Identifier: GPL-2.0-or-later
"""Execution by the model: what it has is left to it, and what is wrong in every other way is found beside it."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu, CpuState
from emu.engine.engine import Engine
from emu.engine.exits import Declared, Stepped
from emu.engine.quirks import register_file, sums
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE
from tools.differential.layout import CODE
from tools.differential.modelled import ModelledEngine, code_of_signed_sum
from tools.differential.program import RandomProgram
from tools.differential.ways import Comparison

LEAST_32, LEAST_64 = 1 << 31, 1 << 63
MOST_32, MOST_64 = LEAST_32 - 1, LEAST_64 - 1


def program(*instructions: str, **given: object) -> RandomProgram:
    return RandomProgram(seed=1, instructions=instructions, start=CODE, mask=ADDRESSING_MODE, **given)  # type: ignore[arg-type]


@pytest.fixture
def modelled() -> Machine:
    machine = Machine(4 * MEGABYTE, engine=ModelledEngine)
    machine.cpus[0].state = CpuState.OPERATING
    return machine


@pytest.mark.parametrize(
    ("instruction", "kind"),
    (
        # BRC 15,*+4 is declared since it may be the target of an EXECUTE, LR 1,2 is not.
        ("a7f40002", Declared),
        ("1812", Stepped),
        # EX 0,0(3), whose target is BRC 15,*+4, and EX 0,8(3), whose target is LR 1,2
        ("44003000", Declared),
        ("44003008", Stepped),
        # An EXECUTE of itself: the model finds out that it must not be.
        ("44004000", Declared),
    ),
)
def test_what_is_left_to_the_model(modelled: Machine, instruction: str, kind: type) -> None:
    cpu = modelled.cpus[0]
    modelled.load_storage(0x1000, bytes.fromhex(instruction))
    modelled.load_storage(0x2000, bytes.fromhex("a7f40002 00000000 1812"))
    cpu.gr[3], cpu.gr[4], cpu.instruction_address = 0x2000, 0x1000, 0x1000
    cpu.registers.psw[0] |= ADDRESSING_MODE
    engine = modelled._engines[0]
    assert isinstance(engine.step(bytes.fromhex(instruction)), kind)


@pytest.mark.parametrize(
    ("instruction", "first", "second", "code"),
    (
        ("1a12", LEAST_32, LEAST_32, 3),
        ("1a12", MOST_32, 1, 3),
        ("1a12", 1, (1 << 64) - 1, 0),
        ("1a12", 1 << 32, 5, 2),
        ("1b12", 0, LEAST_32, 3),
        ("1b12", LEAST_32, LEAST_32, 0),
        ("1b12", 1, 2, 1),
        ("b9080012", LEAST_64, LEAST_64, 3),
        ("b9080012", LEAST_32, LEAST_32, 2),
        ("b9090012", 0, LEAST_64, 3),
        # AGFR and SGFR
        ("b9180012", MOST_64, 1, 3),
        ("b9180012", 1, LEAST_32, 1),
        ("b9190012", 0, LEAST_32, 2),
        # ARK, SRK, AGRK and SGRK 7,1,2
        ("b9f82071", LEAST_32, LEAST_32, 3),
        ("b9f92071", 1, 2, 1),
        ("b9f92071", 0, LEAST_32, 3),
        ("b9e82071", LEAST_64, LEAST_64, 3),
        ("b9e92071", 2, 1, 2),
        # ALR and LR
        ("1e12", 1, 2, None),
        ("1812", 1, 2, None),
    ),
)
def test_code_of_a_signed_sum(cpu: Cpu, instruction: str, first: int, second: int, code: int | None) -> None:
    cpu.gr[1], cpu.gr[2] = first, second
    assert code_of_signed_sum(cpu, bytes.fromhex(instruction)) == code


@pytest.mark.parametrize("mask", (0, 1 << 43))
@pytest.mark.parametrize("instruction", ("1a11", "b9f81071"))
def test_overflows_are_the_same_in_every_way(instruction: str, mask: int) -> None:
    tried = RandomProgram(
        seed=1,
        instructions=(instruction, "0700"),
        start=CODE,
        mask=ADDRESSING_MODE | mask,
        registers=(0, LEAST_32, *range(14)),
    )
    assert Comparison().find(tried) == []


# Rules of the engine that are the same freely and stepped


def test_wrong_code_of_a_sum_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "condition_code", lambda *_: 1)
    found = Comparison().find(program("1a11", registers=(0, LEAST_32, *range(14))))
    assert any(each.startswith("modelled: ") for each in found)


def test_wrong_breaking_event_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine notes another address than that of the branch, however it runs."""
    run, step = Engine.run, Engine.step

    def noted(engine: Engine, ended: object) -> object:
        if engine.registers.breaking_event_address == CODE:
            engine.registers.breaking_event_address = CODE + 2
        return ended

    monkeypatch.setattr(Engine, "run", lambda engine, *given: noted(engine, run(engine, *given)))
    monkeypatch.setattr(Engine, "step", lambda engine, given: noted(engine, step(engine, given)))
    # BRC 15,*+4
    found = Comparison().find(program("a7f40002", budget=1))
    assert found
    assert all(each.startswith("modelled: ") for each in found)


def test_wrong_rounding_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rounding mode that the engine is not told of: MEEBR 0,1 of numbers whose product is too large."""
    huge = 0x7F00_0000 << 96
    tried = program("b3170001", vectors=(huge, huge, *(0,) * 30), fpc=3, cr0=CR0_AFP)
    assert Comparison().find(tried) == []
    monkeypatch.setattr(register_file, "_ROUNDING_OF", {})
    assert any(each.startswith("modelled: ") for each in Comparison().find(tried))
