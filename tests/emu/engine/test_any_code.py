# SPDX-License-Identifier: GPL-2.0-or-later
"""No code that a guest can have ends the process: all opcodes, in blocks of several kinds, each in a child process."""

from __future__ import annotations

import subprocess
import sys

import pytest

OPCODES = 256
SEEDS = range(2)


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("seed", SEEDS)
def test_every_opcode(seed: int, *, stepping: bool) -> None:
    """Every instruction that Unicorn's translator knows, and each first byte, with operands by *seed*."""
    program = f"from {__name__} import run_all; run_all({seed}, stepping={stepping})"
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=110)
    assert ended.returncode == 0, (ended.stdout[-500:], ended.stderr[-2000:])


@pytest.mark.parametrize("size", (2, 3, 4, 5, 7, 8, 16))
@pytest.mark.parametrize("stepping", (False, True))
def test_a_store_that_reaches_beyond_the_last_frame(size: int, *, stepping: bool) -> None:
    """STH, ST, STG, STCM ... of so many bytes, one of them in storage: stepping, it once read behind the pool."""
    from emu.machine import MEGABYTE, Machine
    from tests.conftest import make_ready

    codes = {2: "40102000", 3: "be172000", 4: "50102000", 5: "d20420003000", 7: "d20620003000", 8: "e31020000024"}
    machine = Machine(MEGABYTE)
    make_ready(machine.cpus[0])
    machine.storage.write(0x10000, bytes.fromhex(codes.get(size, "eb1220000024")))
    machine.cpus[0].gr[2], machine.cpus[0].gr[3] = MEGABYTE - 1, 0x20000
    if stepping:
        machine.step()
    else:
        machine.run(2)
    assert machine.storage.read(MEGABYTE - 1, 1) == bytes(1)


def run_all(seed: int, *, stepping: bool) -> None:
    """Execute all of it, in this process; print what is executed before it is."""
    import random

    from emu.control_registers import CR0_AFP, CR0_VECTOR
    from emu.engine.quirks.translator_table import translator_table
    from emu.instruction_length import instruction_length
    from emu.machine import MEGABYTE, Machine
    from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, WAIT, Psw
    from tests.conftest import make_ready

    rng = random.Random(seed)
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    make_ready(cpu)

    def instruction(first: int, rest: bytes, opcode: int | None = None) -> bytes:
        raw = bytearray((first, *rest))[: instruction_length(first)]
        if opcode is not None:
            second = opcode & 0xFF
            if first in (0xE3, 0xE6, 0xE7, 0xEB, 0xEC, 0xED):
                raw[5] = second
            elif first in (0xA5, 0xA7, 0xC0, 0xC2, 0xC4, 0xC6, 0xC8, 0xCC):
                raw[1] = raw[1] & 0xF0 | second
            elif first in (0x01, 0xB2, 0xB3, 0xB9, 0xE5):
                raw[1] = second
        return bytes(raw)

    opcodes: list[tuple[int, int | None]] = [(opcode >> 8, opcode) for opcode in translator_table().opcodes]
    opcodes += [(first, None) for first in range(OPCODES)]
    rng.shuffle(opcodes)
    before = b""
    for number, (first, opcode) in enumerate(opcodes):
        kind = number % 5
        rest = bytes(rng.choice((0, 0xFF, 0x0F, 0xF0, 0x80, rng.getrandbits(8))) for _ in range(5))
        code = instruction(first, rest, opcode)
        block = code if kind == 0 else code * 3 if kind == 1 else code * 200 if number % 50 == 2 else before + code
        before = code
        sys.stdout.write(f"{block.hex()[:80]}\n")
        sys.stdout.flush()
        machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, 0).to_bytes())
        machine.storage.write(0x10000, block + bytes(2))
        for register in range(16):
            cpu.gr[register] = rng.choice((0, 0x40000 - rng.getrandbits(5), MEGABYTE - 1, rng.getrandbits(64)))
        cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR if kind else 0)
        cpu.load_psw(Psw(BASIC_ADDRESSING if kind == 3 else ADDRESSING_MODE, 0x10000))
        cpu.psw_loaded = False
        if stepping:
            for _ in range(4):
                machine.step()
        else:
            machine.run(210)
