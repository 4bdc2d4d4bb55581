# SPDX-License-Identifier: GPL-2.0-or-later
"""The program ``pressure``: it passes on a host that does its duty, and finds out one that does not.

Hosts that take frames away are tested with it elsewhere; here its pages are discarded, and spoilt, from outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from emu.devices.console import ConsoleBuffer
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import CONTENT_MASK, DISCARDED, USAGE_MASK, Content, Profile, Usage
from emu.program import read_program
from emu.storage_keys import CHANGE
from guest_kernel.native import build

PASSED = 0xFFF
FAILED = 0
SMALL = "pages=200 rounds=1"
BUDGET = 20_000_000
TURN = 3_000
"""Instructions between two interventions from outside."""


class Kind(IntEnum):
    """What the guest does with a page: ``enum kind`` of the program."""

    FREE = 0
    ANONYMOUS = 1
    CACHE = 2
    MAPPED = 3
    SWAPPED = 4


CACHED = 0x04
"""In the flags: the page has a copy of its file page."""
GIVEN = 0x10
"""In the flags: the frame was given to the hypervisor."""
RECORD = 24
"""The size of ``struct page``; kind, key and flags are its bytes 20, 22 and 23."""


@dataclass(frozen=True)
class Page:
    """What the guest knows of one of its pages."""

    number: int
    """The absolute page number."""
    kind: Kind
    flags: int


class Guest:
    """A machine that runs the program."""

    def __init__(self, command_line: str, *, cpus: int = 1, profile: Profile = Profile.ZVM, memory: int = 4) -> None:
        self.machine = Machine(memory * MEGABYTE, cpus=cpus, profile=profile)
        self.console = self.machine.sclp.console = ConsoleBuffer()
        read_program(build.image_path("pressure")).load(self.machine, command_line)
        self.address: int | None = None
        """Where it waits in the end; None as long as it runs."""

    def go_on(self, instructions: int = BUDGET) -> bool:
        """Run on; say whether the program is still running."""
        stop = self.machine.run(instructions)
        if stop.kind is not StopKind.BUDGET:
            assert stop.kind is StopKind.DISABLED_WAIT, f"{stop}\n{self.text}"
            self.address = stop.psw.address
        return self.address is None

    def run(self, outside: Callable[[], None] = lambda: None, turn: int = BUDGET) -> None:
        """Run to the end, calling *outside* every *turn* instructions."""
        for _ in range(BUDGET // turn):
            if not self.go_on(turn):
                return
            outside()
        pytest.fail(f"the program does not end:\n{self.text}")

    def run_until(self, phase: str) -> None:
        """Run until *phase* has ended."""
        while f"{phase}: " not in self.text.partition("\n")[2]:
            assert self.go_on(TURN), self.text

    @property
    def text(self) -> str:
        return bytes(self.console.data).decode("ascii")

    @property
    def failures(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.startswith("  FAIL")]

    @property
    def figures(self) -> dict[str, int]:
        """The totals at the end, by name."""
        return {name: int(number) for name, number in re.findall(r"^([a-z-]+) (\d+)$", self.text, re.MULTILINE)}

    def pages(self) -> list[Page]:
        """The pages, as the guest's table has them."""
        read = self.machine.storage.read_integer
        table, area = (read(symbol(name), 8) for name in ("pages", "area"))
        count = int(self.text.split()[1])
        records = [self.machine.storage.read(table + RECORD * number, RECORD) for number in range(count)]
        return [Page((area >> 12) + number, Kind(data[20]), data[23]) for number, data in enumerate(records)]

    def flip(self, page: int, offset: int = 0x123) -> None:
        """Change a bit of the content of *page*."""
        storage = self.machine.storage
        address = (page << 12) + offset
        storage.write_integer(address, 1, storage.read_integer(address, 1) ^ 0x10)

    def set_state(self, page: int, state: int) -> None:
        self.machine.states.bytes[page] = state
        self.machine.configuration.translations.flush_all()

    def squeeze(self) -> None:
        """Take away what the guest has allowed to be taken: unused, volatile, and unchanged potentially volatile."""
        states, keys = self.machine.states.bytes, self.machine.keys.bytes
        for page in range(MEGABYTE >> 12, len(states)):
            if states[page] & CONTENT_MASK:
                continue
            usage = states[page] & USAGE_MASK
            if usage == Usage.UNUSED:
                states[page] |= Content.ZERO
            elif usage == Usage.VOLATILE or (usage == Usage.POTENTIALLY_VOLATILE and not keys[page] & CHANGE):
                states[page] = DISCARDED
        self.machine.configuration.translations.flush_all()


def symbol(name: str) -> int:
    with build.image_path("pressure").open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        found = table.get_symbol_by_name(name)
        assert found is not None
        return int(found[0]["st_value"])


# Without pressure


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("cpus", (1, 2))
def test_it_passes(profile: Profile, cpus: int) -> None:
    guest = Guest(f"{SMALL} cpus={cpus}", cpus=cpus, profile=profile)
    guest.run()
    assert guest.address == PASSED, guest.text
    figures = guest.figures
    assert not figures["errors"]
    assert not guest.failures
    assert figures["pages"] == 200
    assert figures["verified-pages"] > 200
    assert figures["guest-re-reads"] == figures["discard-faults"] == figures["addressing-faults"] == 0
    assert figures["swapped-in"] == figures["swapped-out"] > 0
    assert (figures["essa"] == 0) == (profile is Profile.OFF)


def test_it_takes_all_storage_there_is() -> None:
    guest = Guest("rounds=0 hints=off", memory=6)
    guest.run()
    assert guest.address == PASSED
    last = guest.pages()[-1].number
    assert last == (6 * MEGABYTE >> 12) - 1


def test_every_line_says_which_phase_it_is() -> None:
    guest = Guest("pages=50 rounds=3")
    guest.run()
    phases = re.findall(r"^(\w+): \d+ guest reads", guest.text, re.MULTILINE)
    assert phases == ["fill", "round", "round", "round", "swap", "verify"]


def test_the_work_is_the_same_with_and_without_hints() -> None:
    """So that what it costs under pressure can be compared."""
    figures = []
    for hints in ("on", "off"):
        guest = Guest(f"{SMALL} hints={hints}")
        guest.run()
        figures.append(guest.figures)
    for name in ("guest-reads", "guest-writes", "allocated", "freed", "swapped-out", "verified-parts"):
        assert figures[0][name] == figures[1][name] > 0, name


def test_another_seed_gives_other_work() -> None:
    runs = [Guest(f"{SMALL} seed={seed}") for seed in (1, 2)]
    for guest in runs:
        guest.run()
    assert runs[0].figures != runs[1].figures


@pytest.mark.parametrize(
    ("command_line", "profile", "message"),
    (
        ("hints=on", Profile.OFF, "there is no ESSA on this machine"),
        ("cpus=2", Profile.ZVM, "there is no CPU 1, or it is not stopped"),
        ("cpus=0", Profile.ZVM, "1 to 8 CPUs can be used"),
        ("cpus=9", Profile.ZVM, "1 to 8 CPUs can be used"),
        ("pages=15", Profile.ZVM, "there must be at least 16 pages"),
        ("pages=100000", Profile.ZVM, "there is room for 763 pages only"),
    ),
)
def test_refused_options(command_line: str, profile: Profile, message: str) -> None:
    guest = Guest(command_line, profile=profile)
    guest.run()
    assert guest.address == FAILED
    assert guest.text == f"pressure: {message}\n"


# A host that takes what it may


@pytest.mark.parametrize("cpus", (1, 2))
def test_discarded_pages_are_read_again(cpus: int) -> None:
    guest = Guest(f"{SMALL} cpus={cpus}", cpus=cpus)
    guest.run(guest.squeeze, TURN)
    assert guest.address == PASSED, guest.text
    figures = guest.figures
    assert not figures["errors"]
    assert figures["discard-faults"] > 100
    assert figures["found-discarded"] > 50
    # What the last phase found discarded was not read again.
    assert figures["discard-faults"] < figures["guest-re-reads"]
    assert figures["guest-re-reads"] <= figures["discard-faults"] + figures["found-discarded"]


def test_pages_discarded_all_the_time() -> None:
    """A page that is discarded again before the instruction was retried stays stable for it: there is no live-lock."""
    guest = Guest("pages=20 rounds=1")
    guest.run_until("fill")
    guest.run(guest.squeeze, 500)
    assert guest.address == PASSED, guest.text


def test_discarded_pages_without_discard_faults() -> None:
    guest = Guest(SMALL, profile=Profile.KVM)
    guest.run(guest.squeeze, TURN)
    assert guest.address == PASSED, guest.text
    assert guest.figures["discard-faults"] == 0
    assert guest.figures["guest-re-reads"] > 50


# The balloon


@pytest.mark.parametrize("profile", (Profile.ZVM, Profile.OFF))
@pytest.mark.parametrize("cpus", (1, 2))
def test_the_balloon(profile: Profile, cpus: int) -> None:
    """The guest gives what it is asked for, by DIAGNOSE 0x010, and reads again what it needs of it later."""
    guest = Guest(f"{SMALL} cpus={cpus} balloon=on", cpus=cpus, profile=profile)
    guest.run_until("fill")
    for _ in range(2):
        assert guest.machine.messages.send("SHRINK 11")
    given: list[int] = []
    while len(given) < 5:
        assert guest.go_on(1000)
        given = [page.number for page in guest.pages() if page.flags & GIVEN]
    states = guest.machine.states.bytes
    assert all(states[page] & CONTENT_MASK for page in given)
    guest.run()
    assert guest.address == PASSED, guest.text
    assert "balloon on" in guest.text
    assert guest.figures["balloon-pages"] == 22
    assert 0 < guest.figures["guest-re-reads"] <= 22
    assert (guest.figures["discard-faults"], guest.figures["found-discarded"]) == (0, 0)


def test_a_guest_gives_no_more_than_it_can() -> None:
    guest = Guest(f"{SMALL} balloon=on")
    guest.run_until("fill")
    guest.machine.messages.send("SHRINK 100000")
    guest.run()
    assert guest.address == PASSED, guest.text
    assert 20 < guest.figures["balloon-pages"] < 150


def test_other_messages_are_ignored() -> None:
    guest = Guest(f"{SMALL} balloon=on")
    guest.run_until("fill")
    guest.machine.messages.send("HELLO 5")
    guest.run()
    assert guest.address == PASSED, guest.text
    assert guest.figures["balloon-pages"] == 0


def test_without_the_balloon_no_message_is_taken() -> None:
    guest = Guest(SMALL)
    guest.run_until("fill")
    assert not guest.machine.messages.send("SHRINK 5")


# A host that does not do its duty


def chosen(guest: Guest, kind: Kind) -> list[int]:
    """Some pages of *kind* that have their content."""
    pages = [page for page in guest.pages() if page.kind == kind]
    return [page.number for page in pages if kind is Kind.ANONYMOUS or page.flags & CACHED]


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("kind", (Kind.ANONYMOUS, Kind.CACHE, Kind.MAPPED))
@pytest.mark.parametrize("cpus", (1, 2))
def test_one_wrong_bit_is_found(kind: Kind, profile: Profile, cpus: int) -> None:
    guest = Guest(f"{SMALL} cpus={cpus}", cpus=cpus, profile=profile)
    guest.run_until("round")
    page = chosen(guest, kind)[-1]
    guest.flip(page)
    guest.run()
    assert guest.address == FAILED
    name = {Kind.ANONYMOUS: "anonymous", Kind.CACHE: "page cache", Kind.MAPPED: "mapped file"}[kind]
    found = re.search(
        rf"FAIL  CPU {cpus - 1}, {name} page {page << 12:08x}, offset 120: content.*: expected (\w+), found (\w+)",
        guest.text,
    )
    assert found is not None, guest.text
    assert int(found[1], 16) ^ int(found[2], 16) == 0x10 << 8 * 4


def test_every_byte_is_looked_at() -> None:
    for offset in (0, 0x3FF, 0x400, 0xBFF, 0xFFF):
        guest = Guest("pages=40 rounds=0")
        guest.run_until("swap")
        guest.flip(chosen(guest, Kind.ANONYMOUS)[0], offset)
        guest.run()
        assert guest.address == FAILED, offset
        assert f"offset {offset & -8:03x}: content" in guest.text


@pytest.mark.parametrize("change", (0x10, 0x08, CHANGE))
def test_a_wrong_storage_key_is_found(change: int) -> None:
    guest = Guest(SMALL)
    guest.run_until("swap")
    page = chosen(guest, Kind.ANONYMOUS)[0]
    guest.machine.keys.bytes[page] ^= change
    guest.run()
    assert guest.address == FAILED
    assert f"anonymous page {page << 12:08x}, offset 000: storage key: " in guest.text


def test_a_lost_reference_is_found() -> None:
    guest = Guest(SMALL)
    guest.run_until("swap")
    for page in chosen(guest, Kind.ANONYMOUS):
        guest.machine.keys.bytes[page] &= ~0x04
    guest.run()
    assert guest.address == FAILED
    assert "reference bit" in guest.text


def test_a_changed_page_must_not_be_discarded() -> None:
    guest = Guest(SMALL)
    guest.run_until("round")
    for page in chosen(guest, Kind.MAPPED):
        guest.set_state(page, DISCARDED)
    guest.run()
    assert guest.address == FAILED
    assert "page discarded that was changed" in guest.text
    assert guest.figures["errors"] < len(chosen(guest, Kind.MAPPED)), "unchanged pages may be discarded"


def test_a_stable_page_must_not_be_discarded() -> None:
    guest = Guest(SMALL)
    guest.run_until("round")
    page = chosen(guest, Kind.ANONYMOUS)[0]
    guest.set_state(page, DISCARDED)
    guest.run()
    assert guest.address == FAILED
    assert f"{page << 12:08x}, offset 000: page discarded that is stable" in guest.text


@pytest.mark.parametrize(("kind", "state"), ((Kind.CACHE, 0x00), (Kind.ANONYMOUS, 0x0C), (Kind.FREE, 0x0C)))
def test_a_changed_usage_state_is_found(kind: Kind, state: int) -> None:
    guest = Guest(SMALL)
    guest.run_until("swap")
    page = next(page.number for page in guest.pages() if page.kind == kind)
    guest.set_state(page, state)
    guest.run()
    assert guest.address == FAILED
    assert f"page {page << 12:08x}, offset 000: usage state" in guest.text


def test_what_belongs_to_others_is_found_in_unused_pages() -> None:
    guest = Guest(SMALL)
    guest.run_until("round")
    for page in [page.number for page in guest.pages() if page.kind is Kind.FREE]:
        guest.set_state(page, Usage.STABLE)
        for part in range(4):
            guest.machine.storage.write_integer((page << 12) + 1024 * part, 8, 0xDEADBEEF)
        guest.set_state(page, Usage.UNUSED)
    guest.run()
    assert guest.address == FAILED
    assert "content of a page not in use" in guest.text


def test_a_fault_where_none_can_be_ends_the_run() -> None:
    """On the second CPU, too: it gives up, and the first one reports it."""
    for cpus in (1, 2):
        guest = Guest(f"{SMALL} cpus={cpus}", cpus=cpus)
        guest.run_until("fill")
        guest.set_state(chosen(guest, Kind.ANONYMOUS)[-1], Usage.UNUSED)
        guest.run()
        assert guest.address == FAILED
        assert f"FAIL  CPU {cpus - 1}, no page 00000000, offset 000: program interruption: code, PSW: " in guest.text
        assert "expected 0000000000000005" in guest.text
        assert guest.figures["addressing-faults"] == 1
