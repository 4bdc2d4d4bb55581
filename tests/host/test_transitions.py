# SPDX-License-Identifier: GPL-2.0-or-later
"""Every transition of page states, by an instruction that the machine executes or by what the host does.

Each is looked at from the guest's side (what ESSA gives, what storage reads) and from the host's (where the content is,
which I/O there was).  Reference: 2.3, 1.4 and 5.1 for z/VM; 6.4 and 6.2 for KVM.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from emu.isa.assembler import encode
from emu.machine import MEGABYTE, StopKind
from emu.page_states import Profile
from emu.program_interruption import ProgramInterruptionCode as Code
from tests.host.conftest import PROGRAM_ADDRESS, Hosted, MakeHost
from tests.support.general import lg, stg

PAGE = 0x40
PATTERN = 0x1122_3344_5566_7788
KEY_CHANGED, KEY_CLEAN = 0x56, 0x54
STATE = {
    "Sr": 0x00, "Sp": 0x02, "Sz": 0x03, "Ur": 0x04, "Up": 0x06, "Uz": 0x07,
    "Pr": 0x08, "Pp": 0x0A, "Vr": 0x0C, "Vp": 0x0E, "Vz": 0x0F,
}  # fmt: skip
GET, STABLE, UNUSED, VOLATILE, POTENTIAL, RESIDENT, CONDITIONAL, NO_DAT = range(8)
VALID = {"Sr", "Sp", "Sz", "Ur", "Uz", "Pr", "Vr", "Vz"}
"""Reference 2.2: the others do not occur."""


class World:
    """One guest, which executes one instruction at a time, and its host; after each step the invariants hold."""

    def __init__(self, hosted: Hosted) -> None:
        self.hosted = hosted
        self.machine, self.guest, self.manager = hosted.machine, hosted.guest, hosted.manager
        self.cpu = self.machine.cpus[0]

    def execute(self, instruction: bytes, *, page: int = PAGE, value: int = 0) -> int:
        """Execute *instruction* with the page's address in register 2; give register 1, which was *value*."""
        self.machine.load_storage(PROGRAM_ADDRESS, instruction)
        self.cpu.instruction_address = PROGRAM_ADDRESS
        self.cpu.gr[1], self.cpu.gr[2] = value, page << 12
        stop = self.machine.run(1)
        assert stop.kind is StopKind.BUDGET, stop.text
        self.check()
        return self.cpu.gr[1]

    def essa(self, request: int, page: int = PAGE) -> str:
        """Execute ESSA; give the state that it shows."""
        shown = self.execute(encode("ESSA", r1=1, r2=2, m3=request), page=page, value=0xFFFF_FFFF_FFFF_FFFF)
        assert shown & ~0x2F == 0
        return {byte: name for name, byte in STATE.items()}[shown & 0x0F] + ("+NT" if shown & 0x20 else "")

    def load(self, page: int = PAGE) -> int:
        """Load the doubleword at the end of the page."""
        return self.execute(lg(1, 0xFF8, 2), page=page)

    def store(self, value: int, page: int = PAGE) -> None:
        """Store a doubleword at the end of the page."""
        self.execute(stg(1, 0xFF8, 2), page=page, value=value)

    def set_key(self, key: int, page: int = PAGE) -> None:
        """Execute SSKE."""
        self.execute(encode("SSKE", r1=1, r2=2), page=page, value=key)

    def key(self, page: int = PAGE) -> int:
        """Execute ISKE."""
        return self.execute(encode("ISKE", r1=1, r2=2), page=page)

    def evict(self, page: int = PAGE) -> None:
        """Have the host take the frame."""
        assert self.manager.evict(0, page)
        self.check()

    def state(self, page: int = PAGE) -> str:
        """The state as the host sees it."""
        return self.hosted.state(page)

    def place(self, page: int = PAGE) -> str:
        """Where the content is: frame, slot or nowhere."""
        if not self.guest.locations[page]:
            return "nowhere"
        return "slot" if self.guest.states.bytes[page] & 3 else "frame"

    def faults(self) -> dict[int, int]:
        """Program interruptions taken, by code."""
        return {code: count for code, count in self.machine.counts.program_interruptions.items() if count}

    def check(self) -> None:
        """The invariants, and in the z/VM profile that nothing but the eight valid states occurs."""
        self.hosted.check()
        if self.machine.configuration.profile is Profile.ZVM:
            assert {self.state(page).removesuffix("+NT") for page in range(len(self.guest.locations))} <= VALID

    def reach(self, state: str) -> None:
        """Bring the page into *state*; what is in it or preserved is PATTERN."""
        usage, content = state[0], state[1]
        if content == "z":
            self.reach_zero(usage)
            return
        self.store(PATTERN)
        request = {"S": None, "U": UNUSED, "V": VOLATILE, "P": POTENTIAL}[usage]
        if request is not None:
            self.essa(request)
        if content == "p":
            self.evict()
        assert self.state() == state

    def reach_zero(self, usage: str) -> None:
        """The same for the states without content."""
        if self.machine.configuration.profile is Profile.KVM or usage == "V":
            # KVM shows untouched pages as preserved; only what was listed is zero.
            self.store(PATTERN)
            self.essa(VOLATILE)
            self.evict()
            if self.machine.configuration.profile is Profile.KVM:
                self.essa(VOLATILE)
            if usage != "V":
                self.essa(UNUSED if usage == "U" else STABLE)
        elif usage == "U":
            self.essa(UNUSED)
        assert self.state() == usage + "z"


@pytest.fixture
def world(make_host: MakeHost) -> World:
    """A guest of the z/VM profile."""
    return ready(make_host())


def ready(hosted: Hosted) -> World:
    """The world of *hosted*, where a program interruption leads to a branch to itself in the pinned prefix area."""
    hosted.machine.load_storage(0x1D0, bytes.fromhex("0000000180000000 0000000000000300"))
    hosted.machine.load_storage(0x300, bytes.fromhex("a7f40000"))
    return World(hosted)


def counters(world: World) -> tuple[int, int, int, int, int]:
    """Page-outs, page-ins, zero fills, discards, and what the guest has given up."""
    statistics = world.guest.statistics
    return (
        statistics.page_outs,
        statistics.page_ins,
        statistics.zero_fills,
        statistics.discards,
        statistics.released,
    )


# ESSA (reference 1.4): what becomes of the page, and of its content


@dataclass(frozen=True)
class Cell:
    """What one request does to a page in one state."""

    before: str
    request: int
    after: str
    changed: bool = True
    reads: int | None = None
    """What the page reads when it can be read; None: no promise, or not at all."""
    io: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """What is counted: page-outs, page-ins, zero fills, discards, given up."""

    def __str__(self) -> str:
        return f"{self.before}-{self.request}-{self.after}-{'changed' if self.changed else 'clean'}"


def cells() -> list[Cell]:
    """Table 1.4, with where the content goes."""
    resident = [
        Cell(before, request, after, changed, reads)
        for before in ("Sr", "Ur", "Pr", "Vr")
        for changed in (True, False)
        for request, after, reads in (
            (GET, before, PATTERN if before != "Ur" else None),
            (STABLE, "Sr", PATTERN),
            (UNUSED, "Ur", None),
            (VOLATILE, "Vr", PATTERN),
            (POTENTIAL, "Pr", PATTERN),
            (RESIDENT, "Sr", PATTERN),
            (CONDITIONAL, "Sr", PATTERN),
            (NO_DAT, "Sr+NT", PATTERN),
        )
    ]
    freed, paged_in, zero_filled = (0, 0, 0, 0, 1), (0, 1, 0, 0, 0), (0, 0, 1, 0, 0)
    preserved = [
        Cell("Sp", GET, "Sp", reads=PATTERN),
        Cell("Sp", STABLE, "Sp", reads=PATTERN),
        Cell("Sp", UNUSED, "Uz", io=freed),
        Cell("Sp", VOLATILE, "Vz", io=freed),
        Cell("Sp", POTENTIAL, "Sp", changed=True, reads=PATTERN),
        Cell("Sp", POTENTIAL, "Vz", changed=False, io=freed),
        Cell("Sp", RESIDENT, "Sr", reads=PATTERN, io=paged_in),
        Cell("Sp", CONDITIONAL, "Sp", reads=PATTERN),
        Cell("Sp", NO_DAT, "Sp+NT", reads=PATTERN),
    ]
    zero = [
        Cell(before, request, after, changed, 0 if after.startswith("S") else None, io)
        for before in ("Sz", "Uz", "Vz")
        for changed in (True, False)
        for request, after, io in (
            (GET, before, (0,) * 5),
            (STABLE, "Sz", (0,) * 5),
            (UNUSED, "Uz", (0,) * 5),
            (VOLATILE, "Vz", (0,) * 5),
            (POTENTIAL, "Vz", (0,) * 5),
            (RESIDENT, "Sr", zero_filled),
            (CONDITIONAL, "Vz" if before == "Vz" else "Sz", (0,) * 5),
            (NO_DAT, "Sz+NT", (0,) * 5),
        )
    ]
    return resident + preserved + zero


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_every_request_in_every_state(world: World, cell: Cell) -> None:
    key = KEY_CHANGED if cell.changed else KEY_CLEAN
    world.reach(cell.before)
    world.set_key(key)
    before = counters(world)
    slots = world.manager.device.used
    assert world.essa(cell.request) == cell.before
    assert world.essa(GET) == world.state() == cell.after
    assert tuple(now - then for now, then in zip(counters(world), before, strict=True)) == cell.io
    assert world.place() == {"r": "frame", "p": "slot", "z": "nowhere"}[cell.after[1]]
    assert world.manager.device.used == slots - (cell.before == "Sp" and cell.after[1] != "p")
    assert world.key() == key
    assert not world.faults()
    if cell.reads is not None:
        assert world.load() == cell.reads
        assert world.state().removesuffix("+NT")[1] == "r"


def test_a_preserved_page_that_becomes_unused_or_volatile_gives_its_slot_to_another(make_host: MakeHost) -> None:
    world = ready(make_host(slots=1))
    for request in (UNUSED, VOLATILE):
        world.store(PATTERN)
        world.evict()
        world.store(5, PAGE + 1)
        assert not world.manager.evict(0, PAGE + 1)
        world.essa(request)
        world.evict(PAGE + 1)
        assert world.load(PAGE + 1) == 5
        world.essa(STABLE)


# What accesses do (reference 2.3, 2.4)


def test_the_first_touch_of_a_zero_page_supplies_a_frame_of_zeros(world: World) -> None:
    assert world.essa(GET) == "Sz"
    # Some frame that held something else before.
    world.store(PATTERN, PAGE + 1)
    world.essa(VOLATILE, PAGE + 1)
    world.evict(PAGE + 1)
    filled = world.guest.statistics.zero_fills
    assert world.load() == 0
    assert world.essa(GET) == "Sr"
    assert world.machine.hypervisor.content(PAGE) == bytes(4096)
    assert (world.guest.statistics.zero_fills, world.guest.statistics.page_ins) == (filled + 1, 0)


def test_a_touch_pages_in_once(world: World) -> None:
    world.reach("Sp")
    slots = world.manager.device.used
    assert world.load() == PATTERN
    assert world.load() == PATTERN
    assert world.essa(GET) == "Sr"
    assert world.guest.statistics.page_ins == 1
    assert world.manager.device.used == slots - 1


def test_a_store_is_a_touch_too(world: World) -> None:
    world.reach("Sp")
    world.execute(stg(1, 0, 2), value=9)
    assert world.load() == PATTERN
    assert world.execute(lg(1, 0, 2)) == 9


@pytest.mark.parametrize("state", ("Vr", "Pr", "Sr"))
def test_accesses_leave_a_resident_page_as_it_is(world: World, state: str) -> None:
    world.reach(state)
    assert world.load() == PATTERN
    world.store(7)
    assert world.load() == 7
    assert world.essa(GET) == state
    assert not world.faults()


@pytest.mark.parametrize(
    ("state", "code"), (("Ur", Code.ADDRESSING), ("Uz", Code.ADDRESSING), ("Vz", Code.DISCARD_FAULT))
)
def test_refused_accesses_leave_the_page_as_it_is(world: World, state: str, code: Code) -> None:
    world.reach(state)
    place = world.place()
    for instruction in (lg(1, 0, 2), stg(1, 0, 2)):
        # One instruction ends: the first in the interruption handler.
        world.execute(instruction, value=3)
        assert world.cpu.instruction_address == 0x300
        assert world.cpu.gr[1] == 3
    assert world.faults() == {code: 2}
    assert world.essa(GET) == state
    assert world.place() == place
    statistics = world.guest.statistics
    assert (statistics.discard_faults, statistics.addressing_exceptions) == (
        (2, 0) if code is Code.DISCARD_FAULT else (0, 2)
    )


def test_resident_unused_pages_may_be_let_through_by_a_switch(make_host: MakeHost) -> None:
    world = ready(make_host(resident_unused_traps=False))
    world.reach("Ur")
    assert world.load() == PATTERN
    assert world.essa(GET) == "Ur"
    world.evict()
    world.execute(lg(1, 0, 2))
    assert world.faults() == {Code.ADDRESSING: 1}


# What the host does (reference 5.1)


@pytest.mark.parametrize(
    ("before", "changed", "after", "io"),
    (
        ("Sr", True, "Sp", (1, 0, 0, 0, 0)),
        ("Sr", False, "Sp", (1, 0, 0, 0, 0)),
        ("Ur", True, "Uz", (0, 0, 0, 1, 0)),
        ("Ur", False, "Uz", (0, 0, 0, 1, 0)),
        ("Vr", True, "Vz", (0, 0, 0, 1, 0)),
        ("Vr", False, "Vz", (0, 0, 0, 1, 0)),
        ("Pr", True, "Sp", (1, 0, 0, 0, 0)),
        ("Pr", False, "Vz", (0, 0, 0, 1, 0)),
    ),
)
def test_eviction(world: World, before: str, changed: bool, after: str, io: tuple[int, ...]) -> None:
    world.reach(before)
    world.set_key(KEY_CHANGED if changed else KEY_CLEAN)
    at_first = counters(world)
    writes = world.manager.device.writes
    world.evict()
    assert tuple(now - then for now, then in zip(counters(world), at_first, strict=True)) == io
    assert world.manager.device.writes == writes + io[0]
    assert world.essa(GET) == after
    assert world.place() == ("slot" if after == "Sp" else "nowhere")
    assert world.key() == (KEY_CHANGED if changed else KEY_CLEAN)
    if after == "Sp":
        assert world.load() == PATTERN


@pytest.mark.parametrize("request_code", (None, POTENTIAL))
def test_eviction_of_a_page_of_zeros_writes_nothing(world: World, request_code: int | None) -> None:
    world.store(0)
    if request_code is not None:
        world.essa(request_code)
    world.evict()
    assert world.essa(GET) == "Sz"
    assert counters(world)[:2] == (0, 0)
    assert world.guest.statistics.zero_evictions == 1
    assert world.load() == 0


def test_a_store_makes_a_potentially_volatile_page_worth_keeping(world: World) -> None:
    world.reach("Pr")
    world.set_key(KEY_CLEAN)
    # A load does not.
    world.load()
    assert world.key() & 0x02 == 0
    world.store(77)
    world.evict()
    assert world.essa(GET) == "Sp"
    assert world.load() == 77


def test_a_store_through_a_translation_made_before_the_key_was_cleared_counts(world: World) -> None:
    world.store(1)
    world.essa(POTENTIAL)
    # Two stores, between which the key is cleared, in one free run.
    program = stg(1, 0, 2) + encode("SSKE", r1=3, r2=2) + stg(1, 8, 2) + bytes.fromhex("a7f40000")
    world.machine.load_storage(PROGRAM_ADDRESS, program)
    world.cpu.instruction_address = PROGRAM_ADDRESS
    world.cpu.gr[1], world.cpu.gr[2], world.cpu.gr[3] = 0xAA, PAGE << 12, 0
    world.machine.run(20)
    assert world.key() & 0x02
    world.evict()
    assert world.essa(GET) == "Sp"
    assert world.execute(lg(1, 8, 2)) == 0xAA


def test_make_stable_before_the_change_bit_is_cleared_or_lose_the_page(world: World) -> None:
    # Reference 2.6, hazard 1.
    world.reach("Pr")
    assert world.key() & 0x02
    world.set_key(0)
    world.evict()
    assert world.essa(GET) == "Vz"
    world.essa(STABLE)
    world.store(PATTERN)
    world.essa(POTENTIAL)
    world.essa(STABLE)
    world.set_key(0)
    world.evict()
    assert world.essa(GET) == "Sp"


GIVEN_UP = (
    ("Sr", "Sz"), ("Sp", "Sz"), ("Sz", "Sz"), ("Ur", "Uz"), ("Uz", "Uz"), ("Vr", "Vz"), ("Vz", "Vz"), ("Pr", "Vz"),
)  # fmt: skip
"""Usage stays; only Pz does not occur, and Vz takes its place."""


@pytest.mark.parametrize(("before", "after"), GIVEN_UP)
def test_diagnose_10_gives_the_content_up(world: World, before: str, after: str) -> None:
    world.reach(before)
    world.execute(encode("DIAG", r1=2, r3=2, d2=0x10))
    assert world.essa(GET) == after
    assert world.place() == "nowhere"
    assert world.manager.device.used == 0
    world.essa(STABLE)
    assert world.load() == 0


def test_no_dat_stays_through_eviction_and_page_in(world: World) -> None:
    world.store(PATTERN)
    world.essa(NO_DAT)
    world.evict()
    assert world.essa(GET) == "Sp+NT"
    assert world.load() == PATTERN
    assert world.essa(GET) == "Sr+NT"
    world.essa(VOLATILE)
    world.evict()
    assert world.essa(GET) == "Vz+NT"


# Round trips, with every step looked at


def test_the_life_of_a_page_of_the_page_cache(world: World) -> None:
    steps: list[str] = []

    def note() -> None:
        steps.append(world.essa(GET))

    world.essa(UNUSED)
    note()
    world.essa(STABLE)
    note()
    world.store(PATTERN)
    note()
    world.essa(VOLATILE)
    note()
    assert world.load() == PATTERN
    world.evict()
    note()
    assert world.essa(CONDITIONAL) == "Vz"
    note()
    world.essa(UNUSED)
    note()
    world.essa(STABLE)
    assert world.load() == 0
    note()
    assert steps == ["Uz", "Sz", "Sr", "Vr", "Vz", "Vz", "Uz", "Sr"]
    assert world.manager.device.writes == world.manager.device.reads == 0


# KVM (reference 6.4, 6.2)


@pytest.fixture
def kvm(make_host: MakeHost) -> World:
    """A guest of the KVM profile, of 4 MB."""
    return ready(make_host(profile=Profile.KVM, memory=4 * MEGABYTE))


KVM_ROWS = {
    "Sr": "Sr Sr Ur  Vr  Pr     Sr Sr Sr",
    "Sp": "Sp Sp Uz* Vz* Vz*/Sp Sp Sp Sp",
    "Sz": "Sz Sz Uz* Vz* Vz     Sz Sz Sz",
    "Ur": "Ur Sr Ur  Vr  Pr     Sr Sr Sr",
    "Up": "Up Sp Uz* Vz* Vz*/Sp Sp Up Sp",
    "Uz": "Uz Sz Uz* Vz* Vz     Sz Uz Sz",
    "Pr": "Pr Sr Ur  Vr  Pr     Sr Sr Sr",
    "Pp": "Pp Sp Uz* Vz* Vz*/Sp Sp Pp Sp",
    "Vr": "Vr Sr Ur  Vr  Pr     Sr Sr Sr",
    "Vp": "Vp Sp Uz* Vz* Vz*/Sp Sp Vp Sp",
    "Vz": "Vz Sz Uz* Vz* Vz     Sz Vz Sz",
}
"""Reference 6.4 without Pz, which nothing leads to: only listing makes z, and what is listed is U or V."""
KVM_CELLS = [
    (before, request, changed, (cell.split("/") * 2)[1 if changed and "/" in cell else 0])
    for before, row in KVM_ROWS.items()
    for request, cell in enumerate(row.split())
    for changed in (False, True)
]


def listed(world: World) -> list[int]:
    """What is on the release list of CPU 0."""
    release_list = world.guest._release_lists.get(0)
    return [] if release_list is None else list(release_list._pages)


@pytest.mark.parametrize(("before", "request_code", "changed", "cell"), KVM_CELLS)
def test_every_request_in_every_state_of_kvm(
    kvm: World, before: str, request_code: int, changed: bool, cell: str
) -> None:
    kvm.reach(before)
    kvm.set_key(KEY_CHANGED if changed else KEY_CLEAN)
    entries = len(listed(kvm))
    slots, at_first = kvm.manager.device.used, counters(kvm)
    assert kvm.essa(request_code) == before
    after = cell.rstrip("*") + ("+NT" if request_code == NO_DAT else "")
    assert kvm.essa(GET) == kvm.state() == after
    assert listed(kvm)[entries:] == ([PAGE] if cell.endswith("*") else [])
    # Nothing is brought in, and nothing given up before the list is worked off.
    assert counters(kvm) == at_first
    assert kvm.manager.device.used == slots
    assert not kvm.faults()


@pytest.mark.parametrize(
    ("before", "after", "io"),
    (
        ("Sr", "Sp", (1, 0, 0, 0, 0)),
        ("Ur", "Up", (0, 0, 0, 1, 0)),
        ("Vr", "Vp", (1, 0, 0, 0, 0)),
        ("Pr", "Pp", (1, 0, 0, 0, 0)),
    ),
)
@pytest.mark.parametrize("changed", (False, True))
def test_eviction_in_kvm_reads_only_unused(
    kvm: World, before: str, after: str, io: tuple[int, ...], changed: bool
) -> None:
    kvm.reach(before)
    kvm.set_key(KEY_CHANGED if changed else KEY_CLEAN)
    at_first = counters(kvm)
    kvm.evict()
    assert tuple(now - then for now, then in zip(counters(kvm), at_first, strict=True)) == io
    assert kvm.essa(GET) == after
    assert kvm.load() == (0 if before == "Ur" else PATTERN)
    assert kvm.essa(GET) == before
    assert kvm.guest.statistics.zero_fills - at_first[2] == (before == "Ur")
    assert not kvm.faults()


@pytest.mark.parametrize("state", ("Up", "Vp", "Pp", "Uz", "Vz", "Ur", "Vr"))
def test_no_access_is_refused_in_kvm(kvm: World, state: str) -> None:
    kvm.reach(state)
    kvm.load()
    kvm.store(8)
    assert kvm.load() == 8
    assert kvm.essa(GET) == state[0] + "r"
    assert not kvm.faults()


def test_an_untouched_page_of_kvm_is_shown_as_preserved_and_reads_as_zeros(kvm: World) -> None:
    assert kvm.essa(GET) == "Sp"
    assert kvm.load() == 0
    assert kvm.guest.statistics.page_ins == 0


def test_code_5_does_not_make_resident_in_kvm(kvm: World) -> None:
    kvm.reach("Sp")
    assert kvm.essa(RESIDENT) == "Sp"
    assert kvm.place() == "slot"


def test_an_unused_page_in_a_slot_is_not_paged_in(kvm: World) -> None:
    kvm.reach("Sp")
    kvm.essa(UNUSED)
    assert (kvm.state(), kvm.place()) == ("Uz", "slot")
    reads = kvm.manager.device.reads
    assert kvm.load() == 0
    assert kvm.manager.device.reads == reads
    assert kvm.manager.device.used == 0
    assert kvm.essa(GET) == "Ur"


def fill_list(world: World, entries: int) -> None:
    """Add so many entries of pages that were never touched, one each."""
    for page in range(0x100, 0x100 + entries):
        world.essa(UNUSED, page)


def test_the_list_is_worked_off_when_the_512th_entry_is_needed(kvm: World) -> None:
    pages = _discarded, stable, touched, touched_again, unused = range(PAGE, PAGE + 5)
    for page in pages:
        kvm.store(PATTERN + page, page)
        kvm.evict(page)
        kvm.essa(UNUSED if page == unused else VOLATILE, page)
    assert listed(kvm) == list(pages)
    assert kvm.manager.device.used == 5
    for page in (stable, touched, touched_again):
        assert kvm.essa(STABLE, page) == "Vz"
        assert kvm.state(page) == "Sz"
    # What was touched is somewhere else when the list is looked at: in a frame, or in a slot of its own again.
    for page in (touched, touched_again):
        assert kvm.load(page) == PATTERN + page
    kvm.store(99, touched_again)
    kvm.evict(touched_again)
    assert kvm.state(touched_again) == "Sp"
    used = kvm.manager.device.used
    fill_list(kvm, 511 - len(pages))
    assert len(listed(kvm)) == 511
    assert kvm.guest.statistics.list_interceptions == 0
    assert kvm.guest.statistics.released == 0
    assert [kvm.place(page) for page in pages] == ["slot", "slot", "frame", "slot", "slot"]
    kvm.essa(VOLATILE, 0x300)
    assert kvm.guest.statistics.list_interceptions == 1
    assert listed(kvm) == [0x300]
    assert kvm.guest.statistics.released == 3
    assert kvm.manager.device.used == used - 3
    assert [kvm.place(page) for page in pages] == ["nowhere", "nowhere", "frame", "slot", "nowhere"]
    # Zapping changes no state that the guest can see.
    assert [kvm.essa(GET, page) for page in pages] == ["Vz", "Sz", "Sr", "Sp", "Uz"]
    assert [kvm.load(page) for page in pages] == [0, 0, PATTERN + touched, 99, 0]
    assert not kvm.faults()


def test_a_listed_page_keeps_its_content_until_it_is_zapped(kvm: World) -> None:
    kvm.reach("Sp")
    kvm.essa(VOLATILE)
    assert (kvm.state(), kvm.place()) == ("Vz", "slot")
    assert kvm.load() == PATTERN
    assert kvm.essa(GET) == "Vr"


def test_a_page_can_be_listed_often(kvm: World) -> None:
    kvm.reach("Sp")
    for _ in range(3):
        kvm.essa(UNUSED)
    assert listed(kvm) == [PAGE] * 3
    fill_list(kvm, 509)
    assert kvm.manager.device.used == 0
    assert kvm.guest.statistics.released == 1


# Without hints


@pytest.mark.parametrize("changed", (False, True))
def test_without_hints_everything_is_paged_out(make_host: MakeHost, changed: bool) -> None:
    world = ready(make_host(profile=Profile.OFF))
    world.store(PATTERN)
    world.set_key(KEY_CHANGED if changed else KEY_CLEAN)
    # ESSA is no instruction there.
    world.execute(encode("ESSA", r1=1, r2=2, m3=UNUSED), value=4)
    assert world.faults() == {Code.OPERATION: 1}
    assert world.cpu.gr[1] == 4
    world.evict()
    assert world.state() == "Sp"
    assert counters(world) == (1, 0, world.guest.statistics.zero_fills, 0, 0)
    assert world.load() == PATTERN
    assert world.state() == "Sr"


def test_without_hints_nothing_can_be_discarded(make_host: MakeHost) -> None:
    world = ready(make_host(profile=Profile.OFF))
    for page in range(PAGE, PAGE + 8):
        world.store(page, page)
        world.set_key(KEY_CLEAN, page)
    assert world.manager.discard_volatile() == 0
    world.manager.reclaim(100)
    world.check()
    assert {world.state(page) for page in range(PAGE, PAGE + 8)} == {"Sp"}
    for page in range(PAGE, PAGE + 8):
        assert world.load(page) == page
