# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of access to pages in every state, with the host under the machine.

A page that the host has paged out, or not supplied yet, must make no difference that the guest can see: such a run
must end like one in which the page was there.  A discarded page is a discard fault (nullified, with its absolute
address at real 168), an unused one an addressing exception (suppressed); neither changes anything (reference 2.4, 3.1).
And it must not matter whether the engine runs freely or instruction by instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from emu import snapshot
from emu.control_registers import CR0_SECONDARY_SPACE
from emu.isa.assembler import encode
from emu.machine import Machine, Stop, StopKind
from emu.page_states import Usage
from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT, Psw
from emu.storage_keys import CHANGE, REFERENCE
from tests.host.conftest import Hosted, MakeHost
from tests.support.general import SPIN, lg, rx, rxy, ss, stg

CODE = 0x10000
PAGE = 0x40
BASE = PAGE << 12
OTHER = 0x50000
WAIT = ADDRESSING_MODE | 1 << 49
INTERRUPTED, ENDED = 0xBAD, 0xE4D
LPSWE_INTERRUPTED, LPSWE_ENDED = (bytes.fromhex(f"b2b20{at}") for at in ("210", "220"))
KEY = 0x30
MAXIMUM_STEPS = 100
VIRTUAL = 1 << 40
"""A virtual address whose region-third-table entry is in the second page of that table."""
REGION_TABLE, SEGMENT_TABLE, PAGE_TABLE = 0x60000, 0x68000, 0x69000
LOW_SEGMENT_TABLE, LOW_PAGE_TABLE = 0x6C000, 0x6D000
PATTERN = bytes(range(1, 252)) * 17
"""No two doublewords near each other are equal."""

Setup = Callable[[Hosted], None]


@dataclass(frozen=True)
class Kind:
    """A kind of access: a program whose one instruction of interest accesses the page under test."""

    code: bytes
    registers: Mapping[int, int] = field(default_factory=dict)
    page: int = PAGE
    """The page under test."""
    content: bytes = PATTERN[:4096]
    """What is in it."""
    at: int = CODE
    """Where *code* lies."""
    instruction: int | None = None
    """Where the instruction of interest lies, if not there."""
    stores: bool = False
    fetches: bool = False
    """The instruction itself, or a part of it, lies in the page."""
    uses_dat: bool = False
    setup: Setup | None = None
    key_is_recorded: bool = True

    @property
    def length(self) -> int:
        """Of the instruction of interest."""
        return {0: 2, 1: 4, 2: 4, 3: 6}[self.code[0] >> 6]


def padded(data: bytes) -> bytes:
    """A page that begins with *data*."""
    return data.ljust(4096, b"\0")


def tables(hosted: Hosted) -> None:
    """Virtual storage in which the first 1 MB is mapped to itself and VIRTUAL to OTHER; VIRTUAL + 4096 to the page."""
    load = hosted.machine.load_storage

    def entry(address: int, value: int) -> None:
        load(address, value.to_bytes(8, "big"))

    for at, segment_table in ((0, LOW_SEGMENT_TABLE), (VIRTUAL, SEGMENT_TABLE)):
        # Table type 1, and of length 1: the segment table is a page.
        entry(REGION_TABLE + 8 * (at >> 31), segment_table | 0x04)
    for table, page_table in ((LOW_SEGMENT_TABLE, LOW_PAGE_TABLE), (SEGMENT_TABLE, PAGE_TABLE)):
        entry(table, page_table)
    load(LOW_PAGE_TABLE, b"".join((page << 12).to_bytes(8, "big") for page in range(256)))
    load(PAGE_TABLE, OTHER.to_bytes(8, "big") + BASE.to_bytes(8, "big"))
    cpu = hosted.machine.cpus[0]
    for register in (1, 7, 13):
        cpu.set_control_register(register, REGION_TABLE | 0x07)
    cpu.set_control_register(0, cpu.cr[0] | CR0_SECONDARY_SPACE)


TABLE_KINDS = {
    name: Kind(code, {2: VIRTUAL, 3: PAGE_TABLE}, page, uses_dat=True, key_is_recorded=False)
    for instruction, code in (
        ("LG", lg(1, 0x100, 2)),
        ("STG", stg(1, 0x100, 2)),
        ("LRAG", encode("LRAG", r1=1, b2=2)),
        ("MVCOS", encode("MVCOS", r3=4, b1=2, b2=2, d2=8)),
    )
    for name, page in (
        (f"{instruction}, region table", (REGION_TABLE >> 12) + 1),
        (f"{instruction}, segment table", SEGMENT_TABLE >> 12),
        (f"{instruction}, page table", PAGE_TABLE >> 12),
    )
}
"""Accesses whose translation goes through the page under test."""

OPERAND_KINDS = {
    # Executed by the engine
    "LG": Kind(lg(1, 0x100, 2), {2: BASE}),
    "LG, its beginning": Kind(lg(1, 0xFFC, 2), {2: BASE}),
    "LG, its end": Kind(lg(1, 0xFFC, 2), {2: BASE - 0x1000}),
    "STG": Kind(stg(1, 0x100, 2), {1: 77, 2: BASE}, stores=True),
    "STG, its beginning": Kind(stg(1, 0xFFC, 2), {1: 77, 2: BASE}, stores=True),
    "STG, its end": Kind(stg(1, 0xFFC, 2), {1: 77, 2: BASE - 0x1000}, stores=True),
    "LMG, its end": Kind(rxy(0xEB04, 4, 0xFE8, 2, 9), {2: BASE - 0x1000}),
    "STMG, its end": Kind(
        rxy(0xEB24, 4, 0xFE8, 2, 9), {2: BASE - 0x1000} | {number: number for number in range(4, 10)}, stores=True
    ),
    "STM, its end": Kind(rx(0x90, 4, 0xFF4, 2, 9), {2: BASE - 0x1000, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9}, stores=True),
    "STAM, its end": Kind(rx(0x9B, 4, 0xFF4, 2, 9), {2: BASE - 0x1000}, stores=True),
    "STMH, its end": Kind(rxy(0xEB26, 4, 0xFF4, 2, 9), {2: BASE - 0x1000, 5: 5 << 32, 6: 6 << 32}, stores=True),
    "STMY, its end": Kind(rxy(0xEB90, 4, 0xFF4, 2, 9), {2: BASE - 0x1000, 5: 5, 6: 6}, stores=True),
    "STAMY, its end": Kind(rxy(0xEB9B, 4, 0xFF4, 2, 9), {2: BASE - 0x1000}, stores=True),
    "LAM, its end": Kind(rx(0x9A, 4, 0xFF4, 2, 9), {2: BASE - 0x1000}),
    "LAMY, its end": Kind(rxy(0xEB9A, 4, 0xFF4, 2, 9), {2: BASE - 0x1000}),
    "STOC, its end": Kind(rxy(0xEBF3, 1, 0xFFE, 2, 15), {1: 77, 2: BASE - 0x1000}, stores=True),
    "STCM, its end": Kind(rx(0xBE, 1, 0xFFE, 2, 15), {1: 0x01020304, 2: BASE - 0x1000}, stores=True),
    "STCM of bytes apart, its end": Kind(rx(0xBE, 1, 0xFFF, 2, 10), {1: 0x01020304, 2: BASE - 0x1000}, stores=True),
    "STCMH of bytes apart, its end": Kind(rxy(0xEB2C, 1, 0xFFF, 2, 5), {1: 1 << 40, 2: BASE - 0x1000}, stores=True),
    "STCM of three bytes, its end": Kind(rx(0xBE, 1, 0xFFE, 2, 7), {1: 0x01020304, 2: BASE - 0x1000}, stores=True),
    "IC": Kind(rx(0x43, 1, 0, 2), {2: BASE}),
    "MVI": Kind(bytes.fromhex("92772000"), {2: BASE}, stores=True),
    "OI": Kind(bytes.fromhex("96f02000"), {2: BASE}, stores=True),
    "CSG": Kind(rxy(0xEB30, 4, 0, 2, 6), {2: BASE, 4: int.from_bytes(PATTERN[:8], "big"), 6: 66}, stores=True),
    "LAAG": Kind(rxy(0xEBE8, 4, 0, 2, 6), {2: BASE, 6: 66}, stores=True),
    "MVC, first operand": Kind(ss(0xD2, 200, 0x10, 2, 0, 3), {2: BASE, 3: OTHER}, stores=True),
    "MVC, second operand": Kind(ss(0xD2, 200, 0, 3, 0x10, 2), {2: BASE, 3: OTHER}),
    "MVC, end of the first operand": Kind(ss(0xD2, 256, 0xF80, 2, 0, 3), {2: BASE - 0x1000, 3: OTHER}, stores=True),
    "MVC, end of the second operand": Kind(ss(0xD2, 256, 0, 3, 0xF80, 2), {2: BASE - 0x1000, 3: OTHER}),
    "XC, first operand": Kind(ss(0xD7, 64, 0, 2, 0, 3), {2: BASE, 3: OTHER}, stores=True),
    "XC, end of the second operand": Kind(ss(0xD7, 64, 0, 3, 0xFF0, 2), {2: BASE - 0x1000, 3: OTHER}),
    "CLC, second operand": Kind(ss(0xD5, 100, 0, 3, 0, 2), {2: BASE, 3: OTHER}),
    "EX of MVC, first operand": Kind(
        rx(0x44, 1, 0x20, 4) + LPSWE_ENDED + bytes(24) + ss(0xD2, 1, 0, 2, 0, 3),
        {1: 0xFF, 2: BASE, 3: OTHER, 4: CODE},
        stores=True,
    ),
    "MVCL, first operand": Kind(bytes.fromhex("0e46"), {4: BASE, 5: 3000, 6: OTHER, 7: 3000}, stores=True),
    "MVCL, second operand": Kind(bytes.fromhex("0e46"), {4: OTHER, 5: 3000, 6: BASE, 7: 3000}),
    "MVCLE, first operand": Kind(bytes.fromhex("a8460000"), {4: BASE, 5: 2000, 6: OTHER, 7: 2000}, stores=True),
    "MVCLE, second operand": Kind(bytes.fromhex("a8460000"), {4: OTHER, 5: 2000, 6: BASE, 7: 2000}),
    "CLCL, second operand": Kind(bytes.fromhex("0f46"), {4: OTHER, 5: 3000, 6: BASE, 7: 3000}),
    # Executed in Python
    "CLC of 8 bytes, second operand": Kind(ss(0xD5, 8, 0, 3, 0, 2), {2: BASE, 3: OTHER}),
    "TR, table": Kind(ss(0xDC, 8, 0, 3, 0, 2), {2: BASE, 3: OTHER}),
    "LCTLG": Kind(encode("LCTLG", r1=3, r3=5, b2=2), {2: BASE}),
    "LCTLG, its end": Kind(encode("LCTLG", r1=3, r3=5, b2=2, d2=0xFF0), {2: BASE - 0x1000}),
    "STCTG": Kind(encode("STCTG", r1=0, r3=15, b2=2), {2: BASE}, stores=True),
    "STCTG, its end": Kind(encode("STCTG", r1=0, r3=15, b2=2, d2=0xFF0), {2: BASE - 0x1000}, stores=True),
    "LPSWE": Kind(
        encode("LPSWE", b2=2), {2: BASE}, content=padded(Psw(ADDRESSING_MODE, CODE + 4).to_bytes()), setup=None
    ),
    "SPX": Kind(encode("SPX", b2=2), {2: BASE}, content=padded(bytes(4) + b"\1")),
    "STPX": Kind(encode("STPX", b2=2), {2: BASE}, stores=True),
    "STSI": Kind(encode("STSI", b2=2), {0: 0x10000001, 1: 1, 2: BASE}, stores=True),
    "STFLE": Kind(encode("STFLE", b2=2), {0: 3, 2: BASE}, stores=True),
    "LURAG": Kind(encode("LURAG", r1=1, r2=2), {2: BASE}),
    "STURG": Kind(encode("STURG", r1=1, r2=2), {1: 99, 2: BASE}, stores=True),
    "MVPG, first operand": Kind(encode("MVPG", r1=2, r2=3), {2: BASE, 3: OTHER}, stores=True),
    "MVPG, second operand": Kind(encode("MVPG", r1=3, r2=2), {2: BASE, 3: OTHER}),
    "MVCSK, second operand": Kind(encode("MVCSK", b1=3, b2=2), {0: 99, 2: BASE, 3: OTHER}),
    # With DAT on: the address is reported as an absolute one
    "LG, virtual": Kind(lg(1, 0x100, 2), {2: VIRTUAL + 0x1000}, uses_dat=True),
    "STG, virtual": Kind(stg(1, 0x100, 2), {1: 77, 2: VIRTUAL + 0x1000}, uses_dat=True, stores=True),
    "MVC, virtual": Kind(ss(0xD2, 200, 0, 3, 0, 2), {2: VIRTUAL + 0x1000, 3: VIRTUAL}, uses_dat=True),
    "MVCP, first operand": Kind(
        encode("MVCP", r1=4, b1=2, r3=5, b2=3), {2: VIRTUAL + 0x1000, 3: VIRTUAL, 4: 100}, uses_dat=True, stores=True
    ),
    "MVCP, second operand": Kind(
        encode("MVCP", r1=4, b1=3, r3=5, b2=2), {2: VIRTUAL + 0x1000, 3: VIRTUAL, 4: 100}, uses_dat=True
    ),
    "MVCOS, first operand": Kind(
        encode("MVCOS", r3=4, b1=2, b2=3), {2: VIRTUAL + 0x1000, 3: VIRTUAL, 4: 100}, uses_dat=True, stores=True
    ),
    "MVCOS, second operand": Kind(
        encode("MVCOS", r3=4, b1=3, b2=2), {2: VIRTUAL + 0x1000, 3: VIRTUAL, 4: 100}, uses_dat=True
    ),
}

_LGHI = bytes.fromhex("a7190007")
_LGFI = bytes.fromhex("c01100000007")
FETCH_KINDS = {
    "branch to it": Kind(
        bytes.fromhex("07f2"), {2: BASE + 0x100}, content=padded(bytes(0x100) + _LGHI + LPSWE_ENDED),
        instruction=BASE + 0x100,
        fetches=True,
    ),
    "falling into it": Kind(
        _LGHI, {1: 7}, content=padded(_LGHI + LPSWE_ENDED), at=BASE - 4, instruction=BASE, fetches=True
    ),
    "falling into it, 4 bytes and 2": Kind(
        _LGHI + _LGFI[:4], {1: 7}, content=padded(_LGFI[4:] + LPSWE_ENDED), at=BASE - 8, instruction=BASE - 4,
        fetches=True,
    ),
    "4 bytes and 2": Kind(_LGFI[:4], content=padded(_LGFI[4:] + LPSWE_ENDED), at=BASE - 4, fetches=True),
    "2 bytes and 4": Kind(_LGFI[:2], content=padded(_LGFI[2:] + LPSWE_ENDED), at=BASE - 2, fetches=True),
    "2 bytes and 2": Kind(_LGHI[:2], content=padded(_LGHI[2:] + LPSWE_ENDED), at=BASE - 2, fetches=True),
    "a control instruction, 2 bytes and 2": Kind(
        LPSWE_ENDED[:2], content=padded(LPSWE_ENDED[2:]), at=BASE - 2, fetches=True
    ),
    "target of EX": Kind(
        rx(0x44, 1, 0x20, 2), {1: 3, 2: BASE}, content=padded(bytes(0x20) + _LGHI + LPSWE_ENDED), fetches=True
    ),
    "target of EX, its end": Kind(
        rx(0x44, 0, 0xFFE, 2), {2: BASE - 0x1000}, content=padded(_LGHI[2:]), fetches=True, setup=lambda hosted: (
            hosted.machine.load_storage(BASE - 2, _LGHI[:2])
        )
    ),
    "target of EX, SS": Kind(
        rx(0x44, 1, 0x20, 2), {1: 3, 2: BASE, 3: OTHER, 4: OTHER + 0x800},
        content=padded(bytes(0x20) + ss(0xD2, 1, 0, 3, 0, 4)), fetches=True,
    ),
    "target of EX, in Python": Kind(
        rx(0x44, 0, 0x20, 2), {2: BASE, 3: OTHER}, content=padded(bytes(0x20) + encode("STAP", b2=3)), fetches=True
    ),
    "target of EXRL": Kind(
        bytes.fromhex(f"c600{(BASE - CODE) // 2:08x}"), content=padded(_LGHI), fetches=True
    ),
}  # fmt: skip
KINDS = OPERAND_KINDS | TABLE_KINDS | FETCH_KINDS
NAMES = tuple(KINDS)


@dataclass(frozen=True)
class Observed:
    """What can be seen after a run."""

    stop: Stop
    machine: snapshot.Snapshot
    key: int
    state: str
    page_ins: int
    zero_fills: int
    faults: tuple[int, int]
    """As the host counts them: discard faults, addressing exceptions."""
    taken: Mapping[int, int]
    """Program interruptions by code."""
    code: int
    length: int
    identification: int
    old: Psw
    pages: tuple[bytes | None, ...]

    @property
    def ended(self) -> bool:
        """Whether the program came to its end."""
        return self.stop.psw.address == ENDED


def make_ready(hosted: Hosted, kind: Kind, state: str) -> None:
    """Load the program, and bring the page into *state*."""
    machine = hosted.machine
    machine.load_storage(0x1D0, Psw(ADDRESSING_MODE, 0x300).to_bytes())
    machine.load_storage(0x300, LPSWE_INTERRUPTED)
    machine.load_storage(0x210, Psw(WAIT, INTERRUPTED).to_bytes() + Psw(WAIT, ENDED).to_bytes())
    machine.load_storage(BASE - 0x1000, PATTERN[100 : 100 + 4096])
    machine.load_storage(BASE + 0x1000, PATTERN[120 : 120 + 4096])
    machine.load_storage(OTHER, PATTERN[:4096])
    if kind.uses_dat:
        tables(hosted)
    machine.load_storage(kind.at, kind.code)
    if not kind.fetches or kind.at == CODE:
        machine.load_storage(kind.at + len(kind.code), LPSWE_ENDED)
    if kind.setup is not None:
        kind.setup(hosted)
    address = kind.page << 12
    if not (kind.uses_dat and kind.page != PAGE):
        machine.load_storage(address, kind.content)
    if state.endswith("z") or state == "zeros":
        machine.load_storage(address, bytes(4096))
    hosted.set_state(
        kind.page, {"S": Usage.STABLE, "z": Usage.STABLE, "U": Usage.UNUSED, "V": Usage.VOLATILE}[state[0]]
    )
    machine.keys.array[:] = KEY
    if state[1] in "pz":
        assert hosted.manager.evict(0, kind.page)
        assert hosted.state(kind.page) == state
    cpu = machine.cpus[0]
    for register in range(16):
        cpu.gr[register] = kind.registers.get(register, 0x0101_0101_0101_0101 * register)
    cpu.gr[0] = kind.registers.get(0, 0)
    cpu.gr[4] = kind.registers.get(4, 100)
    cpu.gr[5] = kind.registers.get(5, 0)
    cpu.load_psw(Psw(ADDRESSING_MODE | (DAT if kind.uses_dat else 0) | 2 << 44, kind.at))
    cpu.psw_loaded = False


def finish(machine: Machine, *, stepping: bool) -> Stop:
    """Run to the end, freely or step by step."""
    if not stepping:
        return machine.run(MAXIMUM_STEPS)
    for _ in range(MAXIMUM_STEPS):
        stop = machine.step()
        if stop is not None:
            return stop
    raise AssertionError("the program does not end")


def observe(hosted: Hosted, kind: Kind, stop: Stop) -> Observed:
    """What there is to see."""
    machine, statistics = hosted.machine, hosted.guest.statistics
    low = hosted.guest.content(0)
    assert low is not None
    hosted.check()
    return Observed(
        stop,
        snapshot.guest_view(machine),
        machine.keys.bytes[kind.page],
        hosted.state(kind.page),
        statistics.page_ins,
        statistics.zero_fills,
        (statistics.discard_faults, statistics.addressing_exceptions),
        {code: count for code, count in machine.counts.program_interruptions.items() if count},
        int.from_bytes(low[0x8E:0x90], "big"),
        low[0x8D],
        int.from_bytes(low[0xA8:0xB0], "big"),
        Psw.from_bytes(low[0x150:0x160]),
        tuple(hosted.guest.content(page) for page in range(1, 0x80)),
    )


def attempt(make_host: MakeHost, kind: Kind, state: str, *, stepping: bool, traps: bool = True) -> Observed:
    """Run a kind of access to the page in *state*."""
    hosted = make_host(resident_unused_traps=traps)
    make_ready(hosted, kind, state)
    stop = finish(hosted.machine, stepping=stepping)
    return observe(hosted, kind, stop)


def both(make_host: MakeHost, kind: Kind, state: str, *, traps: bool = True) -> Observed:
    """The same freely and step by step, which must make no difference."""
    free, stepped = (attempt(make_host, kind, state, stepping=stepping, traps=traps) for stepping in (False, True))
    assert [name for name in snapshot.differences(free.machine, stepped.machine) if not is_time(name)] == []
    assert replace(free, machine={}) == replace(stepped, machine={})
    return free


def is_time(name: str) -> bool:
    """Whether *name*, of a difference, is of virtual time: instructions cost more when Python executes them."""
    return name.startswith("timing") or name.endswith("cpu_timer_origin")


def as_if_resident(observed: Observed) -> Observed:
    """The same without what only the host sees."""
    return replace(observed, page_ins=0, zero_fills=0)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_in_a_slot_makes_no_difference(make_host: MakeHost, name: str) -> None:
    kind = KINDS[name]
    resident, preserved = both(make_host, kind, "Sr"), both(make_host, kind, "Sp")
    assert resident.ended
    assert not resident.taken
    assert snapshot.differences(preserved.machine, resident.machine) == []
    assert as_if_resident(preserved) == as_if_resident(resident)
    assert (resident.page_ins, preserved.page_ins) == (0, 1)
    assert preserved.zero_fills == resident.zero_fills
    assert preserved.state == "Sr"
    if kind.key_is_recorded:
        assert preserved.key == KEY | REFERENCE | (CHANGE if kind.stores else 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_of_zeros_that_has_no_frame_makes_no_difference(make_host: MakeHost, name: str) -> None:
    kind = KINDS[name]
    resident, zero = both(make_host, kind, "zeros"), both(make_host, kind, "Sz")
    assert as_if_resident(zero) == as_if_resident(resident)
    assert (zero.page_ins, zero.zero_fills) == (0, resident.zero_fills + 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_discarded_page_is_a_discard_fault(make_host: MakeHost, name: str) -> None:
    kind = KINDS[name]
    observed = check_refused(make_host, kind, "Vz", Code.DISCARD_FAULT)
    assert observed.identification == kind.page << 12
    assert observed.old.address == (kind.at if kind.instruction is None else kind.instruction)
    assert observed.faults == (1, 0)
    if not kind.fetches:
        assert observed.length == kind.length


@pytest.mark.parametrize("state", ("Uz", "Ur"))
@pytest.mark.parametrize("name", NAMES)
def test_an_unused_page_is_an_addressing_exception(make_host: MakeHost, name: str, state: str) -> None:
    kind = KINDS[name]
    observed = check_refused(make_host, kind, state, Code.ADDRESSING)
    at = kind.at if kind.instruction is None else kind.instruction
    assert observed.old.address == at + observed.length
    assert observed.faults == (0, 1)
    if not kind.fetches:
        assert observed.length == kind.length


def check_refused(make_host: MakeHost, kind: Kind, state: str, code: Code) -> Observed:
    """Run into the page, and see that nothing but the interruption has happened."""
    hosted = make_host()
    make_ready(hosted, kind, state)
    before = observe(hosted, kind, Stop(StopKind.BUDGET, 0, Psw(0, 0), ""))
    after = both(make_host, kind, state)
    assert after.stop.psw.address == INTERRUPTED
    assert after.taken == {code: 1}
    assert after.code == code
    assert after.length in (2, 4, 6)
    assert after.old.mask == ADDRESSING_MODE | (DAT if kind.uses_dat else 0) | 2 << 44
    assert after.pages == before.pages
    assert (after.key, after.state) == (KEY, state)
    assert (after.page_ins, after.zero_fills) == (before.page_ins, before.zero_fills)
    for name in ("general", "access", "vector"):
        assert after.machine["cpus"][0]["registers"][name] == before.machine["cpus"][0]["registers"][name]
    for name in ("cr", "prefix"):
        assert after.machine["cpus"][0][name] == before.machine["cpus"][0][name]
    return after


@pytest.mark.parametrize("name", NAMES)
def test_resident_unused_pages_may_be_let_through(make_host: MakeHost, name: str) -> None:
    kind = KINDS[name]
    resident = both(make_host, kind, "Sr")
    unused = both(make_host, kind, "Ur", traps=False)
    assert unused.state == "Ur"
    assert snapshot.differences(unused.machine, resident.machine) == [f"states.array[{kind.page}]"]
    assert not unused.taken
    refused = both(make_host, kind, "Uz", traps=False)
    assert refused.taken == {Code.ADDRESSING: 1}


# Instructions that go on where they were interrupted


@pytest.mark.parametrize("opcode", ("0e46", "a8460000a714fffe"))
@pytest.mark.parametrize("state", ("Vz", "Uz"))
def test_an_interruptible_move_has_moved_what_it_could(make_host: MakeHost, opcode: str, state: str) -> None:
    # MVCL, or MVCLE until the condition code says that it is done: from OTHER to the last 0x800 bytes of one page and
    # the first of the page under test.
    start = BASE - 0x800
    kind = Kind(bytes.fromhex(opcode), {4: start, 5: 0x1000, 6: OTHER, 7: 0x1000}, stores=True)
    observed = both(make_host, kind, state)
    assert observed.stop.psw.address == INTERRUPTED
    assert list(observed.taken.values()) == [1]
    registers = observed.machine["cpus"][0]["registers"]["general"]
    done = registers[4] - start
    assert done == 0x800
    assert registers[4:8] == [start + done, 0x1000 - done, OTHER + done, 0x1000 - done]
    before = PATTERN[100 : 100 + 4096]
    assert observed.pages[PAGE - 2] == before[:0x800] + PATTERN[:done] + before[0x800 + done :]
    assert (observed.key, observed.state) == (KEY, state)
    if state == "Vz":
        assert observed.identification == BASE


def test_the_access_is_made_again_after_the_fault(make_host: MakeHost) -> None:
    hosted = make_host()
    kind = KINDS["LG"]
    make_ready(hosted, kind, "Vz")
    # The handler: ESSA 9,8 (stable); STG 9,0x100(8); LPSWE of the old PSW.
    handler = encode("ESSA", r1=9, r2=8, m3=1) + stg(9, 0x100, 8) + encode("LPSWE", d2=0x150)
    hosted.machine.load_storage(0x300, handler)
    hosted.machine.cpus[0].gr[8] = BASE
    stop = hosted.machine.run(MAXIMUM_STEPS)
    assert stop.psw.address == ENDED
    assert hosted.machine.cpus[0].gr[1] == 0x0F


# Prefixing


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize(
    ("prefix", "real", "absolute"),
    ((0x20000, 0x1000, 0x21000), (0x20000, 0x21000, 0x1000), (0x20000, BASE, BASE), (0, 0x1000, 0x1000)),
)
def test_the_address_is_absolute(make_host: MakeHost, prefix: int, real: int, absolute: int, stepping: bool) -> None:
    hosted = make_host()
    machine = hosted.machine
    cpu = machine.cpus[0]
    make_ready(hosted, KINDS["LG"], "Sr")
    if prefix:
        low = hosted.guest.content(0)
        assert low is not None
        machine.load_storage(prefix, low)
    page = absolute >> 12
    cpu.set_prefix(0x70000)
    machine.load_storage(absolute, b"x")
    hosted.set_state(page, Usage.VOLATILE)
    assert hosted.manager.evict(0, page)
    cpu.set_prefix(prefix)
    cpu.gr[2] = real
    stop = finish(machine, stepping=stepping)
    assert stop.psw.address == INTERRUPTED
    low = hosted.guest.content(prefix >> 12)
    assert low is not None
    assert int.from_bytes(low[0xA8:0xB0], "big") == absolute
    assert (low[0x8D], low[0x8F]) == (6, 0x1A)


# The low core itself


def low_core_elsewhere(hosted: Hosted, state: str) -> None:
    """A copy of the low core at BASE, which then is the prefix area, in *state*; SUPERVISOR CALL comes next."""
    make_ready(hosted, Kind(bytes.fromhex("0a2a")), "Sr")
    machine = hosted.machine
    machine.load_storage(0x1C0, Psw(ADDRESSING_MODE, 0x300).to_bytes())
    low = hosted.guest.content(0)
    assert low is not None
    machine.load_storage(BASE, low)
    hosted.set_state(PAGE, {"S": Usage.STABLE, "U": Usage.UNUSED, "V": Usage.VOLATILE}[state[0]])
    if state[1] != "r":
        assert hosted.manager.evict(0, PAGE)
    assert hosted.state(PAGE) == state
    machine.cpus[0].set_prefix(BASE)


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("state", ("Sr", "Sp"))
def test_an_interruption_pages_its_low_core_in(make_host: MakeHost, state: str, stepping: bool) -> None:
    hosted = make_host()
    low_core_elsewhere(hosted, state)
    stop = finish(hosted.machine, stepping=stepping)
    assert stop.psw.address == INTERRUPTED
    low = hosted.guest.content(PAGE)
    assert low is not None
    assert low[0x88:0x8C] == bytes.fromhex("0002002a")
    assert Psw.from_bytes(low[0x140:0x150]).address == CODE + 2
    assert hosted.guest.statistics.page_ins == (state == "Sp")
    hosted.check()


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("state", ("Vz", "Uz", "Ur"))
def test_without_a_low_core_an_interruption_is_a_check_stop(make_host: MakeHost, state: str, stepping: bool) -> None:
    hosted = make_host()
    low_core_elsewhere(hosted, state)
    pages = [hosted.guest.content(page) for page in range(0x80)]
    stop = finish(hosted.machine, stepping=stepping)
    assert stop.kind is StopKind.CHECK_STOP
    assert f"prefix area at {BASE:#x} cannot be accessed" in stop.text
    assert hosted.state(PAGE) == state
    assert [hosted.guest.content(page) for page in range(0x80)] == pages
    hosted.check()


def test_a_resident_unused_low_core_serves_if_it_is_let_through(make_host: MakeHost) -> None:
    hosted = make_host(resident_unused_traps=False)
    low_core_elsewhere(hosted, "Ur")
    assert finish(hosted.machine, stepping=False).psw.address == INTERRUPTED


@pytest.mark.parametrize("stepping", (False, True))
def test_a_discard_fault_that_finds_its_low_core_discarded_is_a_check_stop(make_host: MakeHost, stepping: bool) -> None:
    hosted = make_host()
    low_core_elsewhere(hosted, "Vz")
    hosted.machine.load_storage(CODE, lg(1, 0, 2))
    hosted.machine.cpus[0].gr[2] = 0
    assert finish(hosted.machine, stepping=stepping).kind is StopKind.CHECK_STOP


# Keys


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("state", ("Sr", "Sp", "Sz", "Ur", "Uz", "Vr", "Vz"))
def test_instructions_on_keys_and_states_are_never_refused_and_touch_nothing(
    make_host: MakeHost, state: str, stepping: bool
) -> None:
    program = (
        encode("SSKE", r1=1, r2=2)
        + encode("ISKE", r1=8, r2=2)
        + encode("RRBE", r2=2)
        + encode("ISKE", r1=9, r2=2)
        + encode("TPROT", b1=2)
        + encode("ESSA", r1=10, r2=2, m3=0)
        + encode("RRBM", r1=11, r2=2)
    )
    hosted = make_host()
    make_ready(hosted, Kind(program, {1: 0x56, 2: BASE}), state)
    places = hosted.guest.locations.copy()
    stop = finish(hosted.machine, stepping=stepping)
    assert stop.psw.address == ENDED
    cpu = hosted.machine.cpus[0]
    assert (cpu.gr[8] & 0xFF, cpu.gr[9] & 0xFF) == (0x56, 0x52)
    assert hosted.state(PAGE) == state
    assert not hosted.machine.counts.program_interruptions
    assert (hosted.guest.locations == places).all()
    assert hosted.guest.statistics.page_ins == 0


@pytest.mark.parametrize("stepping", (False, True))
def test_the_key_goes_on_after_page_in_as_if_nothing_had_been(make_host: MakeHost, stepping: bool) -> None:
    hosted = make_host()
    # The page comes in by a load, which records a reference and no change; then a store records that.
    program = (
        encode("ISKE", r1=5, r2=2)
        + lg(1, 0, 2)
        + encode("ISKE", r1=6, r2=2)
        + stg(1, 0, 2)
        + encode("ISKE", r1=7, r2=2)
        + encode("RRBE", r2=2)
        + lg(1, 0, 2)
        + encode("ISKE", r1=8, r2=2)
    )
    make_ready(hosted, Kind(program, {2: BASE}), "Sp")
    assert finish(hosted.machine, stepping=stepping).psw.address == ENDED
    keys = [hosted.machine.cpus[0].gr[register] & 0xFF for register in range(5, 9)]
    assert keys == [KEY, KEY | REFERENCE, KEY | REFERENCE | CHANGE, KEY | REFERENCE | CHANGE]


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("access_key", (0, 3, 5))
def test_the_key_protects_a_page_that_is_paged_out(make_host: MakeHost, access_key: int, stepping: bool) -> None:
    hosted = make_host()
    make_ready(hosted, KINDS["STG"], "Sp")
    hosted.machine.keys.bytes[CODE >> 12] = 0
    cpu = hosted.machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE | access_key << 52, CODE))
    cpu.psw_loaded = False
    stop = finish(hosted.machine, stepping=stepping)
    if access_key == 5:
        assert hosted.machine.counts.program_interruptions == {Code.PROTECTION: 1}
        # A refused access is no touch.
        assert hosted.state(PAGE) == "Sp"
        assert hosted.machine.keys.bytes[PAGE] == KEY
    else:
        assert stop.psw.address == ENDED
        assert hosted.machine.keys.bytes[PAGE] == KEY | REFERENCE | CHANGE


def test_protection_comes_before_what_the_state_gives(make_host: MakeHost) -> None:
    # PoP 6, "Priority of Access Exceptions"; the host's states come after everything that the guest can check itself.
    for state in ("Vz", "Uz"):
        hosted = make_host()
        make_ready(hosted, KINDS["STG"], state)
        hosted.machine.keys.bytes[CODE >> 12] = 0
        cpu = hosted.machine.cpus[0]
        cpu.load_psw(Psw(ADDRESSING_MODE | 5 << 52, CODE))
        cpu.psw_loaded = False
        finish(hosted.machine, stepping=False)
        assert hosted.machine.counts.program_interruptions == {Code.PROTECTION: 1}


# What the engines keep


@pytest.mark.parametrize("stepping", (False, True))
def test_code_that_was_discarded_is_not_executed_from_memory(make_host: MakeHost, stepping: bool) -> None:
    hosted = make_host()
    kind = FETCH_KINDS["branch to it"]
    make_ready(hosted, kind, "Sr")
    assert finish(hosted.machine, stepping=stepping).psw.address == ENDED
    hosted.set_state(PAGE, Usage.VOLATILE)
    assert hosted.manager.evict(0, PAGE)
    # Stable again, and zeros, which are no instruction.
    hosted.set_state(PAGE, Usage.STABLE)
    cpu = hosted.machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, CODE))
    cpu.psw_loaded = False
    assert finish(hosted.machine, stepping=stepping).psw.address == INTERRUPTED
    assert hosted.machine.counts.program_interruptions == {Code.OPERATION: 1}


def test_the_host_sees_references_again_after_a_sweep_that_took_nothing(make_host: MakeHost) -> None:
    hosted = make_host(slots=0)
    make_ready(hosted, Kind(lg(1, 0, 2) + SPIN, {2: BASE}), "Sr")
    referenced, frame = hosted.manager.pool.referenced, int(hosted.guest.locations[PAGE]) - 1
    for _ in range(2):
        hosted.machine.cpus[0].instruction_address = CODE
        hosted.machine.run(5)
        assert referenced[frame]
        assert hosted.manager.reclaim(1) == 0
        assert not referenced[frame]


@pytest.mark.parametrize("stepping", (False, True))
@pytest.mark.parametrize("request_code", (None, 2, 3))
def test_what_the_guest_gives_up_is_gone_at_once(make_host: MakeHost, request_code: int | None, stepping: bool) -> None:
    # The page is stored into and then released by DIAGNOSE 0x10, perhaps after ESSA; then it is loaded from.
    release = encode("DIAG", r1=2, r3=2, d2=0x10)
    hint = b"" if request_code is None else encode("ESSA", r1=9, r2=2, m3=request_code)
    hosted = make_host()
    make_ready(hosted, Kind(stg(1, 0, 2) + hint + release + lg(1, 0, 2), {1: 77, 2: BASE}), "Sr")
    stop = finish(hosted.machine, stepping=stepping)
    hosted.check()
    expected = {2: {Code.ADDRESSING: 1}, 3: {Code.DISCARD_FAULT: 1}}.get(request_code or 0, {})
    assert hosted.machine.counts.program_interruptions == expected
    assert hosted.machine.cpus[0].gr[1] == (77 if expected else 0)
    assert stop.psw.address == (INTERRUPTED if expected else ENDED)


@pytest.mark.parametrize("stepping", (False, True))
def test_a_page_that_becomes_unused_is_refused_at_once(make_host: MakeHost, stepping: bool) -> None:
    hosted = make_host()
    program = stg(1, 0, 2) + encode("ESSA", r1=9, r2=2, m3=2) + lg(1, 0, 2)
    make_ready(hosted, Kind(program, {1: 77, 2: BASE}), "Sr")
    assert finish(hosted.machine, stepping=stepping).psw.address == INTERRUPTED
    assert hosted.machine.counts.program_interruptions == {Code.ADDRESSING: 1}
