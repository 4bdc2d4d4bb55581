# SPDX-License-Identifier: GPL-2.0-or-later
"""The ballooner's monitor: how much is asked of whom, and when nobody is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.devices.messages import SpecialMessages
from emu.machine import MEGABYTE, Machine
from host.monitor import Monitor, Observation, requests
from host.statistics import GuestStatistics

if TYPE_CHECKING:
    from host.page_manager import PageManager

# Whom to ask for how much


def test_nobody_is_asked_while_there_is_room() -> None:
    assert requests({0: Observation(10_000)}, free=100, target=100) == {}


def test_what_is_missing_is_asked_for() -> None:
    assert requests({0: Observation(10_000)}, free=100, target=400) == {0: 300}


def test_more_is_missing_from_a_pool_that_was_shrunk() -> None:
    assert requests({0: Observation(10_000)}, free=-100, target=400) == {0: 500}


def test_the_guests_share_by_what_is_resident() -> None:
    asked = requests({0: Observation(30_000), 1: Observation(10_000)}, free=0, target=400)
    assert asked == {0: 300, 1: 100}


def test_shares_are_rounded_up() -> None:
    asked = requests({0: Observation(20_000), 1: Observation(10_000)}, free=0, target=400)
    assert asked == {0: 267, 1: 134}


def test_at_least_16_pages() -> None:
    assert requests({0: Observation(10_000)}, free=99, target=100) == {0: 16}


def test_at_most_an_eighth() -> None:
    assert requests({0: Observation(807)}, free=0, target=1000) == {0: 100}


def test_a_small_guest_is_left_alone() -> None:
    assert requests({0: Observation(127), 1: Observation(128)}, free=0, target=1000) == {1: 16}


def test_paging_alone_makes_the_pool_tight() -> None:
    assert requests({0: Observation(10_000, page_ins=200)}, free=500, target=400) == {0: 200}
    assert requests({0: Observation(10_000, page_outs=200)}, free=500, target=400) == {0: 200}


def test_a_page_that_came_for_one_that_went_counts_once() -> None:
    busy = Observation(10_000, page_ins=200, page_outs=150)
    assert requests({0: busy}, free=500, target=400) == {0: 200}
    # Not by guest: one guest's page went for the other's.
    asked = requests({0: Observation(10_000, page_ins=200), 1: Observation(10_000, page_outs=200)}, 500, 400)
    assert asked == {0: 100, 1: 100}


def test_paging_adds_to_what_is_missing() -> None:
    assert requests({0: Observation(10_000, page_ins=200)}, free=300, target=400) == {0: 300}


def test_the_one_that_pages_is_not_the_one_that_pays() -> None:
    asked = requests({0: Observation(10_000, page_ins=400), 1: Observation(30_000)}, free=400, target=400)
    assert asked == {0: 100, 1: 300}


def test_without_guests_or_pages() -> None:
    assert requests({}, free=0, target=100) == {}
    assert requests({0: Observation(0)}, free=0, target=100) == {}


@given(
    st.dictionaries(
        st.integers(0, 5),
        st.builds(Observation, st.integers(0, 100_000), st.integers(0, 5000), st.integers(0, 5000)),
    ),
    st.integers(-1000, 10_000),
    st.integers(0, 10_000),
)
def test_bounds(observations: dict[int, Observation], free: int, target: int) -> None:
    asked = requests(observations, free, target)
    assert all(16 <= pages <= observations[number].resident // 8 for number, pages in asked.items())
    has_paged = any(each.page_ins or each.page_outs for each in observations.values())
    is_tight = free < target or has_paged
    assert set(asked) == {number for number, each in observations.items() if is_tight and each.resident >= 128}


# Looking and asking


@dataclass
class Messages:
    """A guest's messages."""

    is_authorized: bool = True
    waiting: int = 0
    accepts: bool = True
    sent: list[str] = field(default_factory=list)

    def send(self, text: str) -> bool:
        if self.accepts:
            self.sent.append(text)
        return self.accepts


@dataclass
class StandInConfiguration:
    messages: Messages = field(default_factory=Messages)

    def device(self, kind: type) -> Messages:
        assert kind is SpecialMessages
        return self.messages


@dataclass
class StandInGuest:
    number: int
    resident: int
    statistics: GuestStatistics = field(default_factory=GuestStatistics)
    configuration: StandInConfiguration = field(default_factory=StandInConfiguration)

    @property
    def messages(self) -> Messages:
        return self.configuration.messages


@dataclass
class StandInPool:
    free_count: int
    capacity: int = 16_000


@dataclass
class StandInManager:
    pool: StandInPool
    guests: list[StandInGuest]


def watch(free: int, *guests: StandInGuest, **options: Any) -> tuple[Monitor, StandInManager]:
    manager = StandInManager(StandInPool(free), list(guests))
    return Monitor(cast("PageManager", manager), 1000, **options), manager


def test_it_comes_again_after_the_interval() -> None:
    guest = StandInGuest(0, 10_000)
    monitor, _ = watch(5000, guest)
    assert monitor.attend(cast("Any", guest), 12_345) == 13_345
    assert monitor.as_dict() == {"looks": 1, "requests": 0, "pages_asked": 0}
    assert guest.messages.sent == []


def test_the_interval_must_be_positive() -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        Monitor(cast("PageManager", StandInManager(StandInPool(0), [])), 0)


def test_all_guests_are_looked_at_and_asked() -> None:
    first, second = StandInGuest(0, 7500), StandInGuest(1, 2500)
    monitor, _ = watch(600, first, second)
    monitor.attend(cast("Any", second), 0)
    # One frame in 16 of the 16,000 should be free; 400 of these 1000 are missing.
    assert first.messages.sent == ["SHRINK 300"]
    assert second.messages.sent == ["SHRINK 100"]
    assert monitor.as_dict() == {"looks": 1, "requests": 2, "pages_asked": 400}


def test_the_default_target_follows_the_pool() -> None:
    guest = StandInGuest(0, 10_000)
    monitor, manager = watch(600, guest)
    manager.pool.capacity = 9600
    monitor.look()
    assert guest.messages.sent == []


def test_another_target() -> None:
    guest = StandInGuest(0, 10_000)
    monitor, _ = watch(600, guest, target=700)
    monitor.look()
    assert guest.messages.sent == ["SHRINK 100"]


def test_who_takes_no_messages_is_not_asked() -> None:
    deaf, other = StandInGuest(0, 5000), StandInGuest(1, 5000)
    deaf.messages.is_authorized = False
    monitor, _ = watch(600, deaf, other)
    monitor.look()
    assert deaf.messages.sent == []
    # It has its share of what is resident all the same.
    assert other.messages.sent == ["SHRINK 200"]
    assert monitor.requests == 1


def test_nobody_is_asked_twice_before_answering() -> None:
    guest = StandInGuest(0, 10_000)
    guest.messages.waiting = 1
    monitor, _ = watch(600, guest)
    monitor.look()
    assert guest.messages.sent == []
    guest.messages.waiting = 0
    monitor.look()
    assert guest.messages.sent == ["SHRINK 400"]


def test_a_message_that_could_not_be_sent_is_no_request() -> None:
    guest = StandInGuest(0, 10_000)
    guest.messages.accepts = False
    monitor, _ = watch(600, guest)
    monitor.look()
    assert monitor.as_dict() == {"looks": 1, "requests": 0, "pages_asked": 0}


def test_paging_counts_once_from_look_to_look() -> None:
    guest = StandInGuest(0, 10_000)
    monitor, _ = watch(2000, guest)
    guest.statistics.page_ins, guest.statistics.page_outs = 300, 100
    monitor.look()
    monitor.look()
    guest.statistics.page_outs = 350
    monitor.look()
    assert guest.messages.sent == ["SHRINK 300", "SHRINK 250"]


def test_a_true_machine_is_asked() -> None:
    machine = Machine(4 * MEGABYTE)
    guest = StandInGuest(0, 10_000, configuration=cast("Any", machine.configuration))
    monitor, _ = watch(600, guest)
    monitor.look()
    assert machine.messages.waiting == monitor.requests == 0
    machine.messages.authorize(0x30000, 169, special=True)
    monitor.look()
    assert machine.messages.waiting == monitor.requests == 1
