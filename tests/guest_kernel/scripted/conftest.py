# SPDX-License-Identifier: GPL-2.0-or-later
"""A scripted kernel that has booted on a small machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from emu.machine import MEGABYTE, Machine
from emu.page_states import name
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Script
from guest_kernel.scripted.mm import filemap
from guest_kernel.scripted.mm.file_read import readpage
from guest_kernel.scripted.mm.lru import pagevec_lru_add
from guest_kernel.scripted.mm.page_alloc import alloc_pages, put_page
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace, Page

MakeKernel = Callable[..., Kernel]
_T = TypeVar("_T")


@pytest.fixture
def make_kernel() -> MakeKernel:
    """Boot a kernel on a machine of 2 MB; options go to the kernel."""

    def make(*, cpus: int = 1, **options: Any) -> Kernel:
        kernel = Kernel(Machine(2 * MEGABYTE, cpus=cpus), **options)
        run(kernel, mem_init(kernel))
        return kernel

    return make


@pytest.fixture
def kernel(make_kernel: MakeKernel) -> Kernel:
    """A kernel with all patches on one CPU."""
    return make_kernel()


@pytest.fixture
def file() -> AddressSpace:
    """A file of 64 pages, nothing of it in the cache."""
    return AddressSpace(7, 64)


def state(kernel: Kernel, page: Page) -> str:
    """The state of *page* as the host sees it."""
    return name(kernel.machine.states.bytes[page.frame])


def discard(kernel: Kernel, page: Page) -> None:
    """Do what a host does that takes the frame of a volatile page."""
    assert state(kernel, page) in {"Vr", "Vz"}, "only what is volatile may be discarded"
    kernel.machine.states.bytes[page.frame] |= 0x03
    kernel.machine.configuration.translations.page_changed(page.frame)


def free(kernel: Kernel) -> int:
    """All free pages, also those on the lists of the CPUs."""
    return kernel.zone.free_pages + sum(len(pages) for pages in kernel.zone.per_cpu)


def cached_page(kernel: Kernel, file: AddressSpace, index: int) -> Page:
    """A page of *file* that has been read in, whose only reference is that of the cache, on the LRU list."""

    def script() -> Script[Page]:
        page = yield from alloc_pages(kernel)
        assert (yield from filemap.add_to_page_cache_lru(kernel, page, file, index))
        yield from readpage(kernel, file, page)
        yield from put_page(kernel, page)
        yield from pagevec_lru_add(kernel)
        return page

    return run(kernel, script())


def finish_within(kernel: Kernel, script: Script[_T] | Running[_T], operations: int = 2000) -> _T:
    """Run *script* to its end; fail if that takes more *operations*, where :func:`run` would go on for ever."""
    running = script if isinstance(script, Running) else Running(kernel, script)
    for _ in range(operations):
        if running.is_over:
            return running.result
        running.step()
    raise AssertionError(f"no end after {operations} operations, before {running.next}")
