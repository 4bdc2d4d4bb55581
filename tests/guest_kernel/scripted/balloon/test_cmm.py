# SPDX-License-Identifier: GPL-2.0-or-later
"""The balloon of the scripted kernel: what it does when the host's monitor asks for pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu.machine import MEGABYTE, Machine
from emu.page_states import Profile, name
from guest_kernel.scripted.balloon import cmm
from guest_kernel.scripted.balloon.cmm import between_scripts, cmm_thread
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.cpu.script import Script
from guest_kernel.scripted.mm.file_read import read_page
from guest_kernel.scripted.mm.page_alloc import OutOfMemory, alloc_pages, put_page
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page
from host.monitor import Monitor
from host.page_manager import PageManager
from host.paging_device import PagingDevice

MakeKernel = Callable[..., Kernel]


@pytest.fixture
def kernel(make_kernel: MakeKernel) -> Kernel:
    """A kernel of 2 MB with the balloon."""
    return make_kernel(balloon=True)


def ask(kernel: Kernel, text: str, sender: str = cmm.SENDER) -> None:
    """Send the guest a special message, and let it be enabled once."""
    assert kernel.machine.messages.send(text, sender)
    run(kernel, between_scripts(kernel))


def given(kernel: Kernel) -> list[Page]:
    """The pages that the host has."""
    assert kernel.cmm is not None
    return kernel.cmm.page_list


def free_pages(kernel: Kernel) -> int:
    """Pages that can be allocated."""
    return kernel.zone.free_pages + sum(map(len, kernel.zone.per_cpu))


def allocate_for_ever(kernel: Kernel) -> Script[None]:
    """Take page after page."""
    while True:
        yield from alloc_pages(kernel)


def fill_cache(kernel: Kernel, file: AddressSpace, pages: int) -> Page:
    """Read so many pages of *file*; the buffer that they were read into."""
    buffer = run(kernel, alloc_pages(kernel))
    for index in range(pages):
        run(kernel, read_page(kernel, file, index, buffer))
    return buffer


def test_pages_that_were_used_are_given_to_the_host(kernel: Kernel, file: AddressSpace) -> None:
    free = free_pages(kernel)
    fill_cache(kernel, file, 3)
    before = free_pages(kernel)
    ask(kernel, "SHRINK 20")
    assert len(given(kernel)) == 20
    assert free_pages(kernel) == before - 20 < free
    for page in given(kernel):
        # The guest's own: allocated, so stable; and nothing of it is left.
        assert page.count == 1
        assert name(kernel.machine.states.bytes[page.frame]) == "Sz"
    # One DIAGNOSE for the buffer of the messages.
    assert kernel.machine.counts.instructions["DIAG"] == 1 + 20


def test_a_resident_page_loses_its_frame(kernel: Kernel) -> None:
    page = run(kernel, alloc_pages(kernel))
    kernel.machine.load_storage(page.address, b"\xff" * 4096)
    assert name(kernel.machine.states.bytes[page.frame]) == "Sr"
    run(kernel, put_page(kernel, page))
    free = free_pages(kernel)
    ask(kernel, f"SHRINK {free}")
    assert page in given(kernel)
    assert name(kernel.machine.states.bytes[page.frame]) == "Sz"
    assert kernel.machine.read_storage(page.address, 4096) == bytes(4096)


@pytest.mark.parametrize(
    ("texts", "pages"),
    (
        (("SHRINK 5", "SHRINK 7"), 12),
        (("CMM SHRINK 5", "CMM SHRINK 7"), 7),
        (("CMM SHRINK 9", "CMM SHRINK 4"), 4),
        (("SHRINK 9", "CMM SHRINK 0"), 0),
        (("CMM SHRINK 4", "SHRINK 2"), 6),
        (("SHRINK 0",), 0),
        (("SHRINK",), 0),
        (("SHRINK -5",), 0),
        (("SHRINK 5x",), 0),
        (("SHRINK 12345678901234567890",), 0),
        (("GROW 5",), 0),
        (("CMM REUSE 5",), 0),
        (("", "   ", "CMM"), 0),
    ),
)
def test_requests(kernel: Kernel, texts: tuple[str, ...], pages: int) -> None:
    free = free_pages(kernel)
    for text in texts:
        ask(kernel, text)
    assert len(given(kernel)) == pages
    assert free_pages(kernel) == free - pages


def test_only_the_monitor_is_heard(kernel: Kernel) -> None:
    ask(kernel, "SHRINK 5", "SOMEBODY")
    assert not given(kernel)


def test_pages_that_come_back_can_be_used(kernel: Kernel, file: AddressSpace) -> None:
    ask(kernel, f"SHRINK {free_pages(kernel)}")
    ask(kernel, "CMM SHRINK 100")
    fill_cache(kernel, file, 64)
    assert len(given(kernel)) == 100


def test_the_page_cache_shrinks_for_it(kernel: Kernel, file: AddressSpace) -> None:
    fill_cache(kernel, file, 64)
    free = free_pages(kernel)
    ask(kernel, f"SHRINK {free + 40}")
    assert len(given(kernel)) == free + 40
    assert len(file.pages) <= 64 - 40


def test_a_target_that_cannot_be_reached_is_given_up(kernel: Kernel, file: AddressSpace) -> None:
    buffer = fill_cache(kernel, file, 64)
    ask(kernel, "SHRINK 5000")
    assert kernel.cmm is not None
    assert kernel.cmm.pages_target == kernel.cmm.pages < 512
    assert not file.pages
    # Whoever needs memory now gets some of it back.
    before = kernel.cmm.pages
    run(kernel, read_page(kernel, file, 0, buffer))
    assert kernel.cmm.pages_target == kernel.cmm.pages == before - cmm.OOM_PAGES
    run(kernel, cmm_thread(kernel))
    assert kernel.cmm.pages == before - cmm.OOM_PAGES


def test_out_of_memory_when_the_balloon_is_empty(kernel: Kernel) -> None:
    ask(kernel, "SHRINK 300")
    for _ in range(450):
        run(kernel, alloc_pages(kernel))
    with pytest.raises(OutOfMemory):
        run(kernel, allocate_for_ever(kernel))
    assert not given(kernel)


def test_the_monitor_gets_frames_that_way() -> None:
    """Host and guest together: the guest reads a file larger than the pool, and the host would have to page."""
    with PagingDevice(None, 1024) as device:
        manager = PageManager(256, device=device)
        monitor = Monitor(manager, 5_000)
        machine = Machine(2 * MEGABYTE, profile=Profile.OFF, hypervisor=manager.guest())
        manager.add_attendant(monitor)
        kernel = Kernel(machine, balloon=True)
        run(kernel, mem_init(kernel))
        file = AddressSpace(7, 300)
        buffer = run(kernel, alloc_pages(kernel))
        for number in range(900):
            run(kernel, read_page(kernel, file, number % 300, buffer))
            run(kernel, between_scripts(kernel))
        statistics = manager.guests[0].statistics
        assert monitor.looks > 10
        assert kernel.cmm is not None
        assert monitor.requests == kernel.cmm.requests > 0
        assert kernel.cmm.pages > 0
        # Pages that had frames, and no others, are a gain for the host.
        assert 0 < statistics.released <= kernel.cmm.pages
        assert statistics.discards == 0
