# SPDX-License-Identifier: GPL-2.0-or-later
"""All pages of a guest at each sample, as what differs, and what happened to them in between."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.debugging.history import History
from emu.machine import MEGABYTE
from emu.page_states import Profile
from emu.program import read_program
from emu.program_interruption import ProgramInterruptionCode
from emu.saving import save
from emu.state import differences, restore_state, state_of
from host.accounting import Series
from host.page_events import PageEvent
from host.pages_over_time import PagesOverTime, pack, unpack
from tests.host.conftest import PROGRAM_ADDRESS, MakeHost
from tests.support.command import PRESSURE

PAGE = 0x20
CHANGE = 0x02


def marked(recorded: PagesOverTime) -> dict[int, PageEvent]:
    """What the last picture says has happened, by page."""
    runs = zlib.decompress(recorded.pictures[-1].runs)
    pages, events, _ = unpack(runs, unpack(runs)[2])
    return dict(zip(pages.tolist(), map(PageEvent, events.tolist()), strict=True))


class TestRuns:
    def test_the_form(self) -> None:
        packed = pack(np.array([2, 3, 4, 7]), np.array([0x0104, 0x0104, 0x0104, 0x0203], dtype=np.uint16))
        numbers = (2, 2, 2, 3, 1)  # runs; pages before each; pages in each
        assert packed == b"".join(number.to_bytes(4, "little") for number in numbers) + bytes((4, 3, 1, 2))

    def test_neighbours_that_differ_are_two_runs(self) -> None:
        packed = pack(np.array([0, 1]), np.array([5, 6], dtype=np.uint16))
        assert packed == b"".join(n.to_bytes(4, "little") for n in (2, 0, 0, 1, 1)) + bytes((5, 6, 0, 0))

    def test_nothing(self) -> None:
        nothing = np.empty(0, dtype=np.intp)
        assert pack(nothing, nothing.astype(np.uint16)) == bytes(4)

    @given(st.dictionaries(st.integers(0, 40), st.integers(0xFFFE, 0x10001).map(lambda value: value & 0xFFFF)))
    def test_back(self, values: dict[int, int]) -> None:
        pages = np.array(sorted(values), dtype=np.intp)
        packed = b"before" + pack(pages, np.array([values[page] for page in sorted(values)], dtype=np.uint16))
        found, given_back, end = unpack(packed, len(b"before"))
        assert dict(zip(found.tolist(), given_back.tolist(), strict=True)) == values
        assert end == len(packed)


def test_pictures_come_to_what_there_was(make_host: MakeHost) -> None:
    hosted = make_host()
    recorded = PagesOverTime(hosted.guest)
    states, keys = hosted.guest.states.array, hosted.guest.keys.array
    random = np.random.default_rng(16)
    expected = []
    for sample in range(6):
        for array in (states, keys):
            first, count = random.integers(0, 200), random.integers(0, 60)
            array[first : first + count] = random.integers(0, 4, count) * 4
        recorded.take(sample)
        expected.append((states.tolist(), keys.tolist()))
    state, key = ([0] * len(states) for _ in range(2))
    for sample, picture in enumerate(recorded.pictures):
        assert picture.sample == sample
        pages, values, _ = unpack(zlib.decompress(picture.runs))
        for page, value in zip(pages.tolist(), values.tolist(), strict=True):
            assert (state[page], key[page]) != (value & 0xFF, value >> 8)
            state[page], key[page] = value & 0xFF, value >> 8
        assert (state, key) == expected[sample]


@pytest.mark.parametrize(
    ("profile", "usage", "value", "key", "event"),
    (
        (Profile.ZVM, 0x00, 7, 0, PageEvent.WRITTEN),
        (Profile.ZVM, 0x00, 0, 0, None),
        (Profile.ZVM, 0x04, 7, 0, PageEvent.DROPPED),
        (Profile.ZVM, 0x0C, 7, 0, PageEvent.DISCARDED),
        (Profile.ZVM, 0x08, 7, 0, PageEvent.DISCARDED),
        (Profile.ZVM, 0x08, 7, CHANGE, PageEvent.WRITTEN),
        (Profile.KVM, 0x04, 7, 0, PageEvent.DROPPED),
        (Profile.KVM, 0x0C, 7, 0, PageEvent.WRITTEN),
        (Profile.OFF, 0x00, 7, 0, PageEvent.WRITTEN),
    ),
)
def test_what_the_host_does_to_a_page(
    make_host: MakeHost, profile: Profile, usage: int, value: int, key: int, event: PageEvent | None
) -> None:
    """The rows of the table of evictions (host/README.md)."""
    hosted = make_host(profile=profile)
    recorded = PagesOverTime(hosted.guest)
    hosted.fill(PAGE, value)
    hosted.fill(PAGE + 1, value)
    hosted.set_state(PAGE, usage)
    hosted.guest.keys.bytes[PAGE] = key
    recorded.take(0)
    assert marked(recorded) == {}
    assert hosted.manager.evict(0, PAGE)
    recorded.take(1)
    assert marked(recorded) == ({} if event is None else {PAGE: event})
    counts = dict(zip(PageEvent, recorded.pictures[-1].counts, strict=True))
    assert counts == {each: int(each is event) for each in PageEvent}
    # It belongs to that picture only.
    recorded.take(2)
    assert marked(recorded) == {}


def test_a_page_that_is_read_again(make_host: MakeHost) -> None:
    hosted = make_host()
    recorded = PagesOverTime(hosted.guest)
    hosted.fill(PAGE, 7)
    hosted.manager.evict(0, PAGE)
    recorded.take(0)
    hosted.guest.frame(PAGE)
    # A page that was nowhere is given zeros, and read from nowhere.
    hosted.guest.frame(PAGE + 1)
    recorded.take(1)
    assert marked(recorded) == {PAGE: PageEvent.READ}
    assert recorded.pictures[-1].counts == (0, 0, 1, 1, 0)


def run_into_a_discarded_page(hosted: Any) -> None:
    """Have an instruction, which runs freely, fetch from PAGE, which has been discarded."""
    machine = hosted.machine
    hosted.fill(PAGE, 7)
    hosted.set_state(PAGE, 0x0C)
    hosted.manager.evict(0, PAGE)
    new_psw = 0x0002000180000000.to_bytes(8, "big") + 0xFFF.to_bytes(8, "big")
    machine.load_storage(0x1D0, new_psw)
    cpu = machine.cpus[0]
    cpu.gr[2] = PAGE << 12
    machine.load_storage(PROGRAM_ADDRESS, bytes.fromhex("e31020080004"))  # LG 1,8(2)
    machine.run(10)
    assert machine.counts.program_interruptions == {ProgramInterruptionCode.DISCARD_FAULT: 1}


def test_a_discard_fault(make_host: MakeHost) -> None:
    hosted = make_host()
    recorded = PagesOverTime(hosted.guest)
    run_into_a_discarded_page(hosted)
    recorded.take(0)
    assert marked(recorded) == {PAGE: PageEvent.DISCARDED | PageEvent.FAULT}
    assert recorded.pictures[-1].counts == (1, 0, 0, 0, 1)


def test_a_guest_that_nobody_follows_is_the_same(make_host: MakeHost) -> None:
    followed, other = make_host(), make_host()
    PagesOverTime(followed.guest)
    for hosted in (followed, other):
        run_into_a_discarded_page(hosted)
    states = [save(hosted.machine, host=hosted.manager) for hosted in (followed, other)]
    assert differences(*states) == []


class TestState:
    def series(self, hosted: Any, *, is_followed: bool = True) -> Series:
        series = Series(None)
        if is_followed:
            series.follow_pages(hosted.guest)
        return series

    def test_it_goes_on_where_it_was(self, make_host: MakeHost) -> None:
        first, second = make_host(), make_host()
        series, restored = self.series(first), self.series(second)
        first.fill(PAGE, 7)
        series.sample(first.guest, "")
        first.manager.evict(0, PAGE)
        # Something else has been recorded there that is not true any more.
        second.fill(PAGE + 9, 7)
        second.manager.evict(0, PAGE + 9)
        restored.sample(second.guest, "")
        restore_state(restored, state_of(series))
        second.guest.states.array[:] = first.guest.states.array
        second.guest.keys.array[:] = first.guest.keys.array
        second.guest.statistics.page_outs = 1
        for each, hosted in ((series, first), (restored, second)):
            each.sample(hosted.guest, "")
        assert restored.followed[0].pictures == series.followed[0].pictures
        assert marked(restored.followed[0]) == {PAGE: PageEvent.WRITTEN}

    def test_of_what_nobody_followed_there_is_nothing(self, make_host: MakeHost) -> None:
        first, second = make_host(), make_host()
        series, restored = self.series(first, is_followed=False), self.series(second)
        series.sample(first.guest, "before")
        restored.sample(second.guest, "gone")
        restore_state(restored, state_of(series))
        restored.sample(second.guest, "after")
        assert [sample.label for sample in restored.samples] == ["before", "after"]
        (picture,) = restored.followed[0].pictures
        assert picture.sample == 1
        pages, _, _ = unpack(zlib.decompress(picture.runs))
        assert len(pages) == np.count_nonzero(second.guest.states.array)

    def test_what_is_not_wanted_any_more_is_left_out(self, make_host: MakeHost) -> None:
        first, second = make_host(), make_host()
        series, restored = self.series(first), self.series(second, is_followed=False)
        series.sample(first.guest, "before")
        restore_state(restored, state_of(series))
        assert [sample.label for sample in restored.samples] == ["before"]
        assert restored.followed == {}


def test_what_is_gone_through_again_is_recorded_again(make_host: MakeHost) -> None:
    """Discard faults, too: compiled code, which tells nobody of them, must not take them the second time."""
    hosted = make_host(80, memory=4 * MEGABYTE)
    series = Series(20_000)
    series.follow_pages(hosted.guest)
    hosted.manager.add_attendant(series)
    read_program(Path(PRESSURE)).load(hosted.machine)
    history = History(hosted.machine, host=hosted.manager, interval=1_000_000)
    recorded = series.followed[0]
    faults = PageEvent.FAULT
    while not any(faults & event for event in (marked(recorded) if recorded.pictures else {}).values()):
        history.run(20_000)
    pictures, end = list(recorded.pictures), hosted.machine.executed
    history.go_to(1000)
    assert len(recorded.pictures) == 1
    history.go_to(end)
    assert recorded.pictures == pictures
