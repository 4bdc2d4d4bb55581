# SPDX-License-Identifier: GPL-2.0-or-later
"""What the engine makes of BFP data is what the model makes of them, whichever of the two executes an instruction."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import pytest

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu import interruption, lowcore
from emu.control_registers import CR0_AFP
from emu.cpu import Cpu, CpuState
from emu.engine.interception import intercept
from emu.engine.library import EngineError
from emu.engine.quirks import helpers, ieee
from emu.isa.binary_floating_point import EXTENDED, LONG, SHORT, BfpFormat
from emu.isa.declaration import INSTRUCTIONS, Instruction, Reason, decode
from emu.machine import Machine
from emu.program_interruption import Ending, ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, Psw

EXAMPLES = 60
CODE, DATA, DONE, INTERRUPTED = 0x10000, 0x20000, 0x7000, 0x8000
FPC = DATA + 0x100
DISABLED_WAIT = 0x0002_0001_8000_0000
END_PSW = 0x800
LOAD_FPC = "b29d3100"
"""LFPC 0x100(3): Unicorn keeps the rounding mode beside the register."""
END = "b2220050 b2b20800"
"""IPM 5, which saves the condition code; LPSWE."""
FORMATS = {"short": SHORT, "long": LONG, "extended": EXTENDED}
CODES = {
    "RRE": "{0}0048",
    "RRD": "{0}4018",
    "RXE": "ed40300000{1}",
    "RXF": "ed10300040{1}",
    "RRF-e": "{0}{2:x}{3:x}4{4}",
}
INTEGERS = (0, 1, 5, (1 << 24) + 1, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 1 << 31, 0x7FFF_FF81)


@dataclass(frozen=True)
class Case:
    """An instruction, and what it finds."""

    code: str
    form: BfpFormat
    operands: tuple[int, int, int]
    integer: int
    fpc: int


def data(form: BfpFormat) -> list[int]:
    """Data of every class, the numbers about the ends of this format and of the shorter ones."""
    magnitudes = [0, 1, 3, form.quiet, 2 * form.quiet - 1, form.infinity, form.infinity - 1]
    magnitudes += [
        form.default_nan | 1,
        form.default_nan | 0x22 << form.fraction - 20,
        form.infinity | 1,
        form.infinity + 5,
    ]
    for exponent in (-1074, -1023, -1022, -150, -149, -127, -126, -64, -24, -1, 0, 1, 24, 31, 53, 63, 127, 128, 1023):
        biased = exponent + form.bias
        if 0 < biased < 2 * form.bias + 1:
            magnitudes += [biased << form.fraction, (biased << form.fraction) + 1, biased << form.fraction | form.quiet]
    magnitudes += [1 << form.fraction, (1 << form.fraction) + 1, 2 * form.bias << form.fraction]
    return [sign << form.width - 1 | each for each in magnitudes for sign in (0, 1)]


def make_case(declared: Instruction, rng: random.Random) -> Case:
    first = re.findall("short|long|extended", declared.title)[0]
    form = FORMATS[first]
    is_from_integer = "FROM" in declared.title
    m3 = rng.choice((0, 0, 0, 1, 3, 4, 5, 6, 7, 2, 8))
    code = CODES[declared.format.name].format(
        declared.opcode_text, declared.opcode_text[2:], m3, rng.choice((0, 4, 15)), 2 if is_from_integer else 8
    )
    choices = data(form)
    operands = [rng.choice(choices) for _ in range(3)]
    if rng.random() < 0.2:
        operands[1] = operands[0] ^ rng.choice((0, 1, 1 << form.width - 1))
    if rng.random() < 0.2:
        operands[0] = rng.getrandbits(form.width)
    masks = rng.choice((0, 0, 0xF8, 0xF8, 1 << rng.randrange(3, 8), rng.getrandbits(5) << 3))
    fpc = masks << 24 | rng.getrandbits(5) << 19 | rng.choice((0, 0, 1, 2, 3, 7))
    return Case(code, form, (operands[0], operands[1], operands[2]), rng.choice(INTEGERS), fpc)


def prepare(machine: Machine, cpu: Cpu, case: Case) -> None:
    for number in range(64):
        cpu.vr[number] = 0x1111 * number
    for register, value in zip((4, 8, 1), case.operands, strict=True):
        cpu.vr[2 * register] = value << 64 - case.form.width if case.form is not EXTENDED else value >> 64
        if case.form is EXTENDED:
            cpu.vr[2 * register + 4] = value & (1 << 64) - 1
    cpu.gr[2], cpu.gr[3], cpu.gr[4] = case.integer, DATA, 0x4444
    machine.storage.write(DATA, case.operands[1].to_bytes(case.form.width // 8, "big"))
    machine.storage.write_integer(FPC, 4, case.fpc)
    cpu.registers.fpc = 0
    # Condition code 1, which tells whether it is left as it was.
    cpu.load_psw(Psw(ADDRESSING_MODE | 1 << 44, CODE))
    cpu.psw_loaded = False


def outcome(cpu: Cpu, condition_code: int, condition: tuple[int, int, bool] | None) -> tuple[object, ...]:
    """All that is compared: the interruption is a code, a DXC, and whether the instruction was executed."""
    return [*cpu.vr[:32:2]], [*cpu.gr[2:5]], cpu.registers.fpc, condition_code, condition


def by_machine(machine: Machine, cpu: Cpu, case: Case) -> tuple[object, ...]:
    prepare(machine, cpu, case)
    machine.storage.write(CODE, bytes.fromhex(LOAD_FPC + case.code + END))
    before = cpu.executed
    assert machine.run(10) is not None
    if cpu.instruction_address == DONE:
        return outcome(cpu, cpu.gr[5] >> 28 & 3, None)
    assert cpu.instruction_address == INTERRUPTED
    old = Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16))
    assert old.address == CODE + len(bytes.fromhex(LOAD_FPC + case.code))
    code = machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2)
    is_data = code == ProgramInterruptionCode.DATA
    data_exception_code = machine.storage.read_integer(lowcore.DATA_EXCEPTION_CODE, 4) if is_data else 0
    return outcome(cpu, old.mask >> 44 & 3, (code, data_exception_code, cpu.executed - before == 2))


def by_model(machine: Machine, cpu: Cpu, case: Case) -> tuple[object, ...]:
    prepare(machine, cpu, case)
    cpu.registers.fpc = case.fpc
    decoded = decode(bytes.fromhex(case.code))
    assert decoded is not None
    declared, operands = decoded
    try:
        declared.execute(cpu, operands)
    except ProgramInterruption as found:
        condition = (int(found.code), found.data_exception_code or 0, found.ending is Ending.COMPLETION)
        condition_code = cpu.cc
        interruption.program(cpu, found, CODE, declared.format.length)
        return outcome(cpu, condition_code, condition)
    return outcome(cpu, cpu.cc, None)


def is_compared(declared: Instruction) -> bool:
    return declared.opcode_text.startswith(("B3", "ED")) and declared.reason in (Reason.REFUSED, Reason.CORRECTION)


@pytest.mark.parametrize("declared", tuple(filter(is_compared, INSTRUCTIONS)), ids=lambda declared: declared.mnemonic)
def test_engine_and_model(machine: Machine, cpu: Cpu, declared: Instruction) -> None:
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)
    for psw, address in ((END_PSW, DONE), (lowcore.PROGRAM_NEW_PSW, INTERRUPTED)):
        machine.storage.write(psw, DISABLED_WAIT.to_bytes(8, "big") + address.to_bytes(8, "big"))
    rng = random.Random(declared.opcode)
    for _ in range(EXAMPLES):
        case = make_case(declared, rng)
        cpu.state = CpuState.OPERATING
        assert by_machine(machine, cpu, case) == by_model(machine, cpu, case), case


def test_the_helpers_are_replaced() -> None:
    intercept()
    for name in ieee.HELPERS:
        with pytest.raises(EngineError, match="called through 0 words"):
            helpers._pointers(name)


@pytest.mark.parametrize(
    "code", ("b3840020", "b29d3000", "b3850020", "b2bd3000"), ids=("SFPC", "LFPC", "SFASR", "LFAS")
)
@pytest.mark.parametrize("value", (0x0200_0000, 0x0001_0000, 0x80, 0x08, 4, 5, 6))
def test_what_the_fpc_register_cannot_have(machine: Machine, cpu: Cpu, code: str, value: int) -> None:
    """PoP 9, "Floating-Point-Control Register": reserved bits and rounding modes."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)
    machine.storage.write(lowcore.PROGRAM_NEW_PSW, DISABLED_WAIT.to_bytes(8, "big") + INTERRUPTED.to_bytes(8, "big"))
    machine.storage.write(CODE, bytes.fromhex(code + END))
    machine.storage.write_integer(DATA, 4, value)
    cpu.gr[2], cpu.gr[3] = value, DATA
    cpu.load_psw(Psw(ADDRESSING_MODE, CODE))
    cpu.psw_loaded = False
    assert machine.run(10) is not None
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == ProgramInterruptionCode.SPECIFICATION
    assert cpu.registers.fpc == 0


@pytest.mark.parametrize("code", ("b3850020", "b2bd3000"), ids=("SFASR", "LFAS"))
@pytest.mark.parametrize(
    ("flags", "masks", "data_exception_code"),
    (
        (0x80, 0x80, 0x83),
        (0x40, 0xF8, 0x43),
        (0x20, 0x20, 0x23),
        (0x28, 0x28, 0x2B),
        (0x18, 0xF8, 0x1B),
        (8, 8, 0x0B),
        (0xF8, 0, 0),
    ),
)
def test_load_fpc_and_signal(
    machine: Machine, cpu: Cpu, code: str, flags: int, masks: int, data_exception_code: int
) -> None:
    """The flags that there are, with the masks that are loaded, make a simulated IEEE exception (PoP 9)."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)
    for psw, address in ((END_PSW, DONE), (lowcore.PROGRAM_NEW_PSW, INTERRUPTED)):
        machine.storage.write(psw, DISABLED_WAIT.to_bytes(8, "big") + address.to_bytes(8, "big"))
    machine.storage.write(CODE, bytes.fromhex(LOAD_FPC + code + END))
    machine.storage.write_integer(DATA, 4, masks << 24 | 1)
    machine.storage.write_integer(FPC, 4, flags << 16)
    cpu.gr[2], cpu.gr[3] = masks << 24 | 1, DATA
    cpu.load_psw(Psw(ADDRESSING_MODE, CODE))
    cpu.psw_loaded = False
    assert machine.run(10) is not None
    assert cpu.instruction_address == (INTERRUPTED if data_exception_code else DONE)
    assert cpu.registers.fpc == masks << 24 | flags << 16 | data_exception_code << 8 | 1
    if data_exception_code:
        assert machine.storage.read_integer(lowcore.DATA_EXCEPTION_CODE, 4) == data_exception_code
