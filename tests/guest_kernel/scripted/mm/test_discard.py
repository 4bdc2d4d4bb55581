# SPDX-License-Identifier: GPL-2.0-or-later
"""Removing a discarded page, from everywhere, once."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import Store
from guest_kernel.scripted.cpu.schedule import Running
from guest_kernel.scripted.mm.discard import page_discard
from guest_kernel.scripted.mm.memory_map import mmap, munmap
from guest_kernel.scripted.process.user_access import user_load
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from tests.guest_kernel.scripted.conftest import MakeKernel, discard
from tests.support.mapped_files import at_point, first_doubleword, mapped
from tests.support.processes import BASE, check_file_page, load, process


def test_two_cpus_discard_the_same_page_at_once(make_kernel: MakeKernel, file: AddressSpace) -> None:
    kernel = make_kernel(cpus=2)
    first, page = mapped(kernel, file)
    second = process(kernel)
    mmap(second, BASE, 1, file=file)
    check_file_page(kernel, second, BASE, file.inode, 0)
    discard(kernel, page)
    one = Running(kernel, user_load(kernel, first, BASE))
    one.until(at_point("page_discard: is the first"))
    two = Running(kernel, user_load(kernel, second, BASE), cpu=1)
    two.until(lambda operation: type(operation).__name__ == "Relax")
    assert one.finish() == two.finish() == first_doubleword(file, 0)
    assert kernel.discarded == 1
    assert page.count == 0


def test_a_discarded_page_with_a_change_is_a_bug(kernel: Kernel, file: AddressSpace) -> None:
    mm, page = mapped(kernel, file)
    # A store that nobody has noticed, as through a writable entry to a page that is V.
    kernel.machine.keys.bytes[page.frame] |= 0x02
    discard(kernel, page)
    with pytest.raises(KernelBug, match="the host has discarded a page that was changed"):
        load(kernel, mm, BASE)


def test_a_discard_is_not_held_up_by_a_fault(make_kernel: MakeKernel, file: AddressSpace) -> None:
    # page_discard by a reader, which waits for the page_table_lock of a process that is being unmapped.
    kernel = make_kernel(cpus=2)
    mm, page = mapped(kernel, file)
    running = Running(kernel, munmap(kernel, mm, BASE, 1))
    running.until(lambda operation: isinstance(operation, Store))
    assert mm.table.locked
    discard(kernel, page)
    page.count += 1
    other = Running(kernel, page_discard(kernel, page), cpu=1)
    other.until(lambda operation: type(operation).__name__ == "Relax")
    running.finish()
    other.finish()
    assert (page.count, page.mapcount) == (0, 0)
