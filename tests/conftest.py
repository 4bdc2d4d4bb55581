# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures for all tests; their vocabulary is expect, act, check."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from emu.cpu import Cpu, CpuState
from emu.isa.declaration import INSTRUCTIONS
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, Psw
from emu.running import execution
from tests.support.seed_of_the_day import seed_of_the_day

PROGRAM_ADDRESS = 0x10000


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option by which what takes minutes is tried too."""
    parser.addoption("--long", action="store_true", help="Try the long cases too.")


def pytest_configure() -> None:
    """Let Ctrl-C be heard: whoever starts the tests in the background may have had it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Twenty thousand tests stay for as long as the process: nobody need look for garbage among them.

    Machines are garbage in circles of few objects and many megabytes, and tests make a thousand: what is old is looked
    through more often than by default, or gigabytes of them would come together.
    """
    gc.disable()
    result = yield
    gc.freeze()
    gc.set_threshold(700, 3, 1)
    gc.enable()
    return result


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long cases."""
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which random programs were tried today."""
    terminalreporter.write_line(f"random programs of the day: essa differ --seed {seed_of_the_day()}")


Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], AbstractContextManager["pytest.ExceptionInfo[ProgramInterruption]"]]


def make_ready(cpu: Cpu) -> None:
    """Put *cpu* in the operating state: supervisor state, key 0, 64-bit addressing, DAT off."""
    cpu.state = CpuState.OPERATING
    cpu.load_psw(Psw(ADDRESSING_MODE, PROGRAM_ADDRESS))
    cpu.psw_loaded = False


@pytest.fixture
def machine() -> Machine:
    """A machine of 4 MB with one CPU, ready to execute."""
    machine = Machine(4 * MEGABYTE)
    make_ready(machine.cpus[0])
    return machine


@pytest.fixture
def cpu(machine: Machine) -> Cpu:
    """The CPU of :func:`machine`."""
    return machine.cpus[0]


@pytest.fixture
def run() -> Run:
    """Executes one declared instruction, given by its mnemonic and operand fields, at the current PSW address.

    Program interruptions come out as exceptions, so that the old PSW is not in the way.
    """

    def run(cpu: Cpu, mnemonic: str, **operands: int) -> None:
        declared = INSTRUCTIONS.by_mnemonic(mnemonic)
        fields = {field.name: 0 for field in declared.format.fields} | operands
        raw = declared.format.compose(declared.opcode, fields)
        length = declared.format.length
        execution.execute(cpu, raw.to_bytes(length, "big"), cpu.instruction_address, length)

    return run


@pytest.fixture
def expect() -> Expect:
    """A context in which exactly the given program interruption must be raised; ``.value`` is the condition."""

    def expect(code: ProgramInterruptionCode) -> AbstractContextManager[pytest.ExceptionInfo[ProgramInterruption]]:
        return pytest.raises(ProgramInterruption, check=lambda condition: condition.code is code)

    return expect
