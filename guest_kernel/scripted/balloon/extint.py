# SPDX-License-Identifier: GPL-2.0-or-later
"""External interruptions of the kernel (arch/s390/kernel/s390_ext.c).

Scripts run disabled; a CPU is enabled where it opens a window, between two of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import EnableSubclass, OpenWindow, ReturnFromExternal

if TYPE_CHECKING:
    from collections.abc import Callable

    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel


def register_external_interrupt(
    kernel: Kernel, code: int, subclass_mask: int, handler: Callable[[Kernel], Script[None]]
) -> Script[None]:
    """Have *handler* called for the interruption *code*, and this CPU enabled for its subclass."""
    kernel.external_handlers[code] = handler
    yield EnableSubclass(subclass_mask)


def do_extint(kernel: Kernel, code: int) -> Script[None]:
    """What the kernel does in the external interruption *code*.

    :raises KernelBug: if nobody has registered for it.
    """
    handler = kernel.external_handlers.get(code)
    if handler is None:
        raise KernelBug(f"external interruption {code:#06x}: nobody handles it")
    yield from handler(kernel)


def take_external_interruptions(kernel: Kernel) -> Script[None]:
    """Be enabled until nothing is pending any more."""
    code = yield OpenWindow()
    while code is not None:
        yield from do_extint(kernel, code)
        code = yield ReturnFromExternal()
