# SPDX-License-Identifier: GPL-2.0-or-later
"""Cooperative memory management, the balloon (arch/s390/mm/cmm.c): what a host without hints has to rely on.

A monitor outside tells the guest by a special message how many pages to give up.  The guest allocates them, so that
nobody else in it has them, and gives each to the host by DIAGNOSE 0x010.  That it has to guess which pages it can do
without, and to run in order to give them, is what guest page hinting is meant to be better than.

It differs from Linux in the requests that it understands: ``CMM SHRINK n`` for *n* pages in all, as there, and ``SHRINK
n`` for *n* more.  There are no pages that come back after a time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.balloon.extint import take_external_interruptions
from guest_kernel.scripted.balloon.smsg import smsg_init
from guest_kernel.scripted.cpu.instructions import ReleasePage
from guest_kernel.scripted.mm.page_alloc import OutOfMemory, alloc_pages, put_page
from guest_kernel.scripted.state.balloon import Cmm

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel

SENDER: Final = "VMRMSVM"
"""The user whose requests are honoured; Linux has a parameter for it."""
OOM_PAGES: Final = 256
"""What comes back if the guest runs out of memory."""
_REQUEST: Final = re.compile(r"(CMM )?SHRINK ([0-9]{1,9}) *", re.ASCII)


def cmm_init(kernel: Kernel) -> Script[None]:
    """Begin to honour requests, if this machine has special messages at all."""
    if (yield from smsg_init(kernel, {"CMM": cmm_smsg_target, "SHRINK": cmm_smsg_target})):
        kernel.cmm = Cmm()
        kernel.oom_notifiers.append(cmm_oom_notify)


def cmm_smsg_target(kernel: Kernel, sender: str, text: str) -> None:
    """Note what is asked for; the thread does it, since an interruption handler cannot wait for pages."""
    request = _REQUEST.fullmatch(text)
    cmm = kernel.cmm
    if cmm is None or request is None or sender != SENDER:
        return
    cmm.requests += 1
    cmm.pages_target = int(request[2]) + (0 if request[1] else cmm.pages_target)


def cmm_thread(kernel: Kernel) -> Script[None]:
    """What the kernel thread does until the balloon is as large as it should be, or cannot grow any more."""
    cmm = kernel.cmm
    if cmm is None:
        return
    if cmm.pages < cmm.pages_target and (yield from cmm_alloc_pages(kernel, cmm.pages_target - cmm.pages)):
        cmm.pages_target = cmm.pages
    if cmm.pages > cmm.pages_target:
        yield from cmm_free_pages(kernel, cmm.pages - cmm.pages_target)


def cmm_alloc_pages(kernel: Kernel, wanted: int) -> Script[int]:
    """Give the host *wanted* more pages, of whatever the guest can spare; return how many it could not find."""
    assert kernel.cmm is not None
    while wanted:
        try:
            page = yield from alloc_pages(kernel, may_fail=True)
        except OutOfMemory:
            break
        yield ReleasePage(page.address)
        kernel.cmm.page_list.append(page)
        wanted -= 1
    return wanted


def cmm_free_pages(kernel: Kernel, wanted: int) -> Script[int]:
    """Take *wanted* pages back, the last ones first; return how many it could not find."""
    assert kernel.cmm is not None
    page_list = kernel.cmm.page_list
    while wanted and page_list:
        yield from put_page(kernel, page_list.pop())
        wanted -= 1
    return wanted


def cmm_oom_notify(kernel: Kernel) -> Script[int]:
    """The guest has no memory left: take some pages back, and return how many."""
    assert kernel.cmm is not None
    missing = yield from cmm_free_pages(kernel, OOM_PAGES)
    kernel.cmm.pages_target = kernel.cmm.pages
    return OOM_PAGES - missing


def between_scripts(kernel: Kernel) -> Script[None]:
    """A CPU has done what it had to: it takes what is pending, and the balloon's thread gets its turn."""
    yield from take_external_interruptions(kernel)
    yield from cmm_thread(kernel)
