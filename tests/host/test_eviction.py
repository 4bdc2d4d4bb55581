# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of a page whose frame is taken (reference 5.1; KVM 6.2), and that nothing is lost on the way."""

from __future__ import annotations

import numpy as np
import pytest

from emu.hypervisor import HostFailure
from emu.page_states import Profile, Usage
from emu.storage_keys import CHANGE
from host import eviction
from host.outcomes import EvictionOutcome
from host.paging_device import PagingDevice
from tests.host.conftest import MakeHost

PAGE = 0x40
UNUSED, POTENTIAL, VOLATILE = Usage.UNUSED, Usage.POTENTIALLY_VOLATILE, Usage.VOLATILE


@pytest.mark.parametrize(
    ("usage", "changed", "after", "written"),
    (
        (Usage.STABLE, False, "Sp", 1),
        (Usage.STABLE, True, "Sp", 1),
        (UNUSED, False, "Uz", 0),
        (UNUSED, True, "Uz", 0),
        (VOLATILE, False, "Vz", 0),
        (VOLATILE, True, "Vz", 0),
        (POTENTIAL, False, "Vz", 0),
        (POTENTIAL, True, "Sp", 1),
    ),
)
def test_a_victim_goes_where_its_state_says(
    make_host: MakeHost, usage: int, changed: bool, after: str, written: int
) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 0x1122334455667788)
    hosted.set_state(PAGE, usage)
    hosted.machine.keys.bytes[PAGE] = CHANGE if changed else 0
    assert hosted.manager.evict(0, PAGE)
    assert hosted.state(PAGE) == after
    assert hosted.guest.statistics.page_outs == written
    assert hosted.guest.statistics.discards == 1 - written
    hosted.check()


@pytest.mark.parametrize(
    ("usage", "after", "written"),
    ((Usage.STABLE, "Sp", 1), (UNUSED, "Up", 0), (VOLATILE, "Vp", 1), (POTENTIAL, "Pp", 1)),
)
def test_kvm_drops_only_unused_pages(make_host: MakeHost, usage: int, after: str, written: int) -> None:
    hosted = make_host(profile=Profile.KVM)
    hosted.fill(PAGE, 1)
    hosted.set_state(PAGE, usage)
    assert hosted.manager.evict(0, PAGE)
    assert hosted.state(PAGE) == after
    assert hosted.guest.statistics.page_outs == written
    hosted.check()


def test_a_stable_page_of_zeros_is_not_written(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 0)
    assert hosted.manager.evict(0, PAGE)
    assert hosted.state(PAGE) == "Sz"
    assert (hosted.guest.statistics.page_outs, hosted.guest.statistics.zero_evictions) == (0, 1)
    hosted.check()


def test_no_dat_survives_eviction(make_host: MakeHost) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 5)
    hosted.machine.states.bytes[PAGE] |= 0x20
    hosted.manager.evict(0, PAGE)
    assert hosted.state(PAGE) == "Sp+NT"


def test_a_batch_flushes_once_and_drops_translated_code(make_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = make_host()
    machine = hosted.machine
    for page in range(0x20, 0x40):
        hosted.fill(page, page)
    machine.storage.code_pages[0x20] = 1
    flushes: list[None] = []
    written: list[int] = []
    monkeypatch.setattr(machine.configuration.translations, "flush_all", lambda: flushes.append(None))
    monkeypatch.setattr(machine.configuration.translations, "code_written", written.append)
    hosted.manager.reclaim(16)
    assert len(flushes) == 1
    assert written == [0x20]


def test_a_failing_write_keeps_its_page_and_reclaim_goes_elsewhere(make_host: MakeHost) -> None:
    hosted = make_host()
    for page in range(0x20, 0x28):
        hosted.fill(page, page)
    hosted.manager.lists.sweep(hosted.manager.pool.referenced)
    hosted.manager.device.faults.fail_write(2)
    assert hosted.manager.reclaim(3) == 3
    states = [hosted.state(page) for page in range(0x20, 0x26)]
    assert states == ["Sp", "Sr", "Sp", "Sp", "Sr", "Sr"]
    assert hosted.guest.statistics.failed_writes == 1
    hosted.check()


def test_with_a_full_device_only_what_needs_no_slot_goes(make_host: MakeHost) -> None:
    hosted = make_host(slots=2)
    for page in range(0x20, 0x28):
        hosted.fill(page, page)
    hosted.set_state(0x27, VOLATILE)
    assert hosted.manager.reclaim(8) == 3
    assert hosted.state(0x27) == "Vz"
    assert hosted.manager.device.used == 2
    hosted.check()


def test_dropping_what_exists_nowhere_else_fails_the_run(make_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    broken = {profile: np.full(32, EvictionOutcome.DROP, dtype=np.uint8) for profile in Profile}
    monkeypatch.setattr(eviction, "OUTCOMES", broken)
    with pytest.raises(HostFailure, match=r"data loss: guest 0, page 0x40: .* dropped in state Sr"):
        hosted.manager.evict(0, PAGE)


def write_something_else(device: PagingDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have other pages written than are to be preserved."""
    write_many = device.write_many
    other = memoryview(bytes(4095) + b"\x01")
    monkeypatch.setattr(device, "write_many", lambda pages: write_many([other] * len(pages)))


def test_writing_something_else_fails_the_run(make_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = make_host()
    hosted.fill(PAGE, 1)
    write_something_else(hosted.manager.device, monkeypatch)
    with pytest.raises(HostFailure, match=r"data loss: guest 0, page 0x40: .* slot 0 holds something else"):
        hosted.manager.evict(0, PAGE)


def test_pages_of_a_batch_that_fails_stay_where_they_were(make_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = make_host(guests=2)
    for guest in (0, 1):
        for page in range(PAGE, PAGE + 4):
            hosted.fill(page, page, guest)
    write_something_else(hosted.manager.device, monkeypatch)
    with pytest.raises(HostFailure, match="data loss"):
        hosted.manager.reclaim(6)
    hosted.check()
    monkeypatch.undo()
    for page in range(PAGE, PAGE + 4):
        assert hosted.machines[1].storage.read(page << 12, 8) == page.to_bytes(8, "big")
    assert hosted.manager.reclaim(6) == 6
    hosted.check()
