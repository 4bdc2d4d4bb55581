# SPDX-License-Identifier: GPL-2.0-or-later
"""Executes a vector instruction by the machine and by the reference model, from the same state, and compares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from emu import lowcore
from emu.bits import MASK_64
from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.cpu import CpuState
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, Psw
from tests.support.vector import floating, integers, moving, storage, strings, whole
from tests.support.vector.formats import encode, fields
from tests.support.vector.numbers import LONG, SHORT, Form, multiply
from tests.support.vector.state import VECTOR_PROCESSING, Fields, Recognised, State, VectorInstruction, join, split

PARTS: Final = (floating, integers, moving, storage, strings, whole)
"""Imported for what they define."""
FLOATING: Final = (
    *("VFA", "VFS", "VFM", "VFD", "VFMA", "VFMS", "VFSQ", "VFI", "VCDG", "VCDLG", "VCGD", "VCLGD", "VLED", "VLDE"),
    *("VFPSO", "VFTCI", "VFCE", "VFCH", "VFCHE", "WFC", "WFK"),
)
_PROGRAM: Final = 0x10000
_LOAD_FPC: Final = bytes.fromhex("b29d0ff0")
_FPC: Final = 0xFF0
_END: Final = bytes.fromhex("b22200e0 b2b20800")
"""IPM 14, which saves the condition code; LPSWE."""
_END_PSW: Final = 0x800
_WAIT: Final = 0x0002_0001_8000_0000 << 64
_AREA: Final = 0x2000
_AREA_BYTES: Final = 0x400
_BASE: Final = 12
"""The register that addresses storage; it and those behind it are no operands."""
_ALL_MASKS: Final = 0xF8


@dataclass
class Example:
    """An instruction and the state in which it is executed."""

    instruction: VectorInstruction
    fields: Fields
    state: State

    def __str__(self) -> str:
        code = encode(self.instruction.opcode, self.instruction.form, self.fields).hex()
        registers = {name: f"{self.state.v[number]:032x}" for name, number in self.fields.items() if name[0] == "v"}
        return f"{self.instruction.name} {code}, FPC {self.state.fpc:08x}, {registers}"


@dataclass
class Ended:
    """How an instruction ended: the interruption code or None, and the state then."""

    code: int | None
    vxc: int | None
    state: State


# Examples


def any_elements(random: Random) -> int:
    """A register of elements of one size, many of them at a boundary."""
    if random.random() < 0.25:
        return random.getrandbits(128)
    es = random.randrange(4)
    width = 8 << es
    pool = (0, 1, -1, 2, 1 << width - 1, (1 << width - 1) - 1, random.getrandbits(width), random.getrandbits(8))
    return join([random.choice(pool) for _ in range(128 // width)], es)


def any_datum(random: Random, form: Form) -> int:
    """A floating-point datum of every class, many of them at a boundary."""
    sign = random.choice((0, form.sign))
    fraction = random.getrandbits(form.fraction)
    one = (1 << form.exponent - 1) - 1
    return sign | random.choice(
        (
            random.choice((0, form.infinity, form.nan, form.infinity | 1)),
            form.nan | random.getrandbits(10),
            form.infinity | 1 << random.randrange(form.fraction - 1),
            form.nan | fraction,
            fraction >> random.randrange(form.fraction),
            form.infinity - 1 - random.choice((0, 1, fraction)),
            (random.randrange(1, 3) << form.fraction) + random.choice((-1, 0, 1, fraction >> 30)),
            *[one + random.randrange(-4, 70) << form.fraction | random.choice((0, 1, fraction, form.quiet))] * 8,
            random.getrandbits(form.exponent + form.fraction),
        )
    )


def any_register(random: Random, name: str) -> int:
    if name not in FLOATING or name in ("VCDG", "VCDLG"):
        return any_elements(random)
    es, form = (2, SHORT) if name == "VLDE" else (3, LONG)
    return join([any_datum(random, form) for _ in range(16 >> es)], es)


def example(instruction: VectorInstruction, random: Random) -> Example:
    """An example of *instruction*; one in seven has any value in its size field, most others a valid one."""
    values: Fields = {}
    for name, (_, width) in fields(instruction.form).items():
        values[name] = random.randrange(32) if name[0] == "v" else random.getrandbits(width)
        if name[0] in "rx":
            values[name] = random.randrange(_BASE)
    if instruction.size and random.random() < 6 / 7:
        values[instruction.size] = random.choice(instruction.sizes)
    state = State(
        [any_register(random, instruction.name) for _ in range(32)],
        [random.getrandbits(64) for _ in range(16)],
        storage={_AREA + at: random.choice((0, random.getrandbits(8))) for at in range(_AREA_BYTES)},
    )
    if instruction.name in FLOATING:
        _choose_floating(instruction, values, state, random)
    else:
        _choose_operands(instruction.name, values, state, random)
    if "d2" in values:
        _choose_address(instruction.name, values, state, random)
    return Example(instruction, values, state)


def _choose_floating(instruction: VectorInstruction, values: Fields, state: State, random: Random) -> None:
    state.fpc = random.choice((0, 0, 0, _ALL_MASKS, 0x80, 0x40, 0x20, 0x10, 0x08)) << 24 | random.getrandbits(5) << 19
    state.fpc |= random.choice((0, 1, 2, 3, 7))
    v = state.v
    if "v3" in values and random.random() < 0.2:
        v[values["v3"]] = v[values["v2"]] ^ random.choice((0, 1, 1 << 63, 1 << 127))
    if "v4" in values and random.random() < 0.5:
        pairs = zip(split(v[values["v2"]], 3), split(v[values["v3"]], 3), strict=True)
        products = [multiply(a, b, random.choice((4, 5)), 0)[0] ^ random.choice((0, LONG.sign)) for a, b in pairs]
        v[values["v4"]] = join(products, 3)
    if random.random() < 0.1:
        return
    single = random.choice((0, 8))
    if instruction.form == "VRR-a":
        rounds = instruction.name in ("VFI", "VLED", "VCDG", "VCDLG", "VCGD", "VCLGD")
        values["m4"] = single | random.choice((0, 4)) if rounds else single
        values["m5"] = random.choice((0, 1, 3, 4, 5, 6, 7)) if rounds else random.randrange(3)
        if instruction.name in ("WFC", "WFK"):
            values["m4"] = 0
    else:
        values["m5"] = single
        if instruction.form == "VRR-c":
            values["m6"] = random.randrange(2)


def _choose_operands(name: str, values: Fields, state: State, random: Random) -> None:
    v = state.v
    if name in ("VSL", "VSRA", "VSRL"):
        count = random.randrange(8)
        v[values["v3"]] = join([random.getrandbits(5) << 3 | count for _ in range(16)], 0)
    elif name in ("VFAE", "VFEE", "VFENE", "VSTRC", "VCEQ", "VCH", "VCHL", "VEC", "VECL"):
        first = values["v3"] if "v3" in values else values["v1"]
        if random.random() < 0.5:
            v[values["v2"]] = v[first] ^ random.choice((0, 1 << random.randrange(128)))
        elif random.random() < 0.5:
            v[values["v2"]] = join([random.choice((0, 1, 2)) for _ in range(16)], 0)
    elif name == "VTM" and random.random() < 0.6:
        v[values["v1"]] = v[values["v2"]] ^ random.choice((0, (1 << 128) - 1))
    elif name == "VREP":
        values["i2"] = random.choice((random.randrange(20), random.randrange(20), 0x100, 0x8000))
    elif name in ("VLM", "VSTM") and random.random() < 0.8:
        values["v3"] = min(31, values["v1"] + random.randrange(18))
    elif name in ("VLL", "VSTL"):
        number = random.choice((random.getrandbits(4), 0, 15, 16, random.getrandbits(32)))
        state.gr[values["r3"]] = random.getrandbits(32) << 32 | number


def _choose_address(name: str, values: Fields, state: State, random: Random) -> None:
    values["b2"], values["d2"], values["x2"] = _BASE, random.randrange(64), 0
    state.gr[_BASE] = _AREA + 0x40 + random.randrange(0x80)
    if name in ("VLVG", "VLGV"):
        state.gr[_BASE], values["d2"] = 0, random.randrange(18)
    elif name.startswith(("VES", "VERLL")):
        state.gr[_BASE] = random.getrandbits(64)
    elif name.startswith(("VGE", "VSCE")):
        es = 2 if name.endswith("F") else 3
        state.v[values["v2"]] = join([random.randrange(64) for _ in range(16 >> es)], es)


# Execution


def by_model(given: Example) -> Ended:
    """What the reference model makes of *given*."""
    state = replace(given.state, v=list(given.state.v), gr=list(given.state.gr), storage=dict(given.state.storage))
    try:
        given.instruction.execute(state, given.fields)
    except Recognised as condition:
        fpc = given.state.fpc
        if condition.vxc is not None:
            fpc = fpc & ~0xFF00 | condition.vxc << 8
        return Ended(condition.code, condition.vxc, replace(given.state, fpc=fpc))
    return Ended(None, None, state)


class Comparison:
    """A machine that executes one instruction after the other."""

    def __init__(self, *, is_free: bool) -> None:
        self._machine = Machine(4 * MEGABYTE)
        self._is_free = is_free

    def difference(self, given: Example) -> str:
        """How machine and model differ on *given*; empty if they do not."""
        got, want = self._execute(given), by_model(given)
        if got.code != want.code:
            return f"interruption {got.code}, not {want.code}"
        if got.vxc != want.vxc:
            return f"VXC {got.vxc}, not {want.vxc}"
        a, b = got.state, want.state
        if a.cc != b.cc:
            return f"condition code {a.cc}, not {b.cc}"
        if a.fpc != b.fpc:
            return f"FPC {a.fpc:08x}, not {b.fpc:08x}"
        if a.storage != b.storage:
            return "storage"
        for number in range(32):
            open_bits = 0
            if number == given.fields.get("v1"):
                open_bits = sum(0xFF << 8 * (15 - place) for place in b.unpredictable if place >= 0)
            if (a.v[number] ^ b.v[number]) & ~open_bits:
                return f"V{number} {a.v[number]:032x}, not {b.v[number]:032x}"
        for number in range(14):
            if a.gr[number] != b.gr[number] and not (-1 in b.unpredictable and number == given.fields["r1"]):
                return f"GR{number} {a.gr[number]:016x}, not {b.gr[number]:016x}"
        return ""

    def _execute(self, given: Example) -> Ended:
        machine, state = self._machine, given.state
        cpu, write = machine.cpus[0], machine.storage.write
        cpu.state = CpuState.OPERATING
        cpu.load_psw(Psw(ADDRESSING_MODE, _PROGRAM))
        cpu.psw_loaded = False
        cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)
        for number, value in enumerate(state.v):
            cpu.vr[2 * number], cpu.vr[2 * number + 1] = value >> 64, value & MASK_64
        for number, value in enumerate(state.gr):
            cpu.gr[number] = value
        write(_FPC, state.fpc.to_bytes(4, "big"))
        write(_PROGRAM, _LOAD_FPC + encode(given.instruction.opcode, given.instruction.form, given.fields) + _END)
        write(_AREA, bytes(state.storage.values()))
        write(_END_PSW, _WAIT.to_bytes(16, "big"))
        write(lowcore.PROGRAM_NEW_PSW, (_WAIT | 1 << 16).to_bytes(16, "big"))
        if self._is_free:
            assert machine.run(1000) is not None
        else:
            while machine.step() is None:
                pass
        data = machine.storage.read(_AREA, _AREA_BYTES)
        ended = State(
            [cpu.vr[2 * number] << 64 | cpu.vr[2 * number + 1] for number in range(32)],
            list(cpu.gr),
            cpu.registers.fpc,
            storage={_AREA + at: byte for at, byte in enumerate(data)},
        )
        if not cpu.instruction_address:
            ended.cc = cpu.gr[14] >> 28 & 3
            return Ended(None, None, ended)
        code = int.from_bytes(machine.storage.read(lowcore.PROGRAM_ILC + 2, 2), "big")
        old = Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16))
        ended.cc = old.mask >> 44 & 3
        vxc = machine.storage.read(lowcore.DATA_EXCEPTION_CODE, 4)[3] if code == VECTOR_PROCESSING else None
        return Ended(code, vxc, ended)
