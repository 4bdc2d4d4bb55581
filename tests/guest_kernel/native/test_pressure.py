# SPDX-License-Identifier: GPL-2.0-or-later
"""The program ``pressure``: it passes on a host that does its duty, and finds out one that does not.

Hosts that take frames away are tested with it elsewhere; here its pages are discarded, and spoilt, from outside.
"""

from __future__ import annotations

import re

import pytest

from emu.machine import MEGABYTE
from emu.page_states import CONTENT_MASK, DISCARDED, Profile, Usage
from emu.storage_keys import CHANGE
from tests.support.pressure_guest import FAILED, GIVEN, PASSED, SMALL, TURN, Guest, Kind, chosen

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
