# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads and stores of the processes of a scenario, checked against what they must find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.process.user_access import user_load, user_store
from guest_kernel.scripted.scenarios.settings import ScenarioError
from guest_kernel.scripted.scenarios.steps.page_name import mapped_page
from guest_kernel.scripted.state.history import wrong_content

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.scenarios.world import World

OFFSET: Final = 24
"""Where in each page: there the content of a page of a file depends on inode, index and version."""
_STORED: Final = 0x5354_4F52 << 32
"""The letters STOR; the lower half counts."""


def checked_load(world: World, process: str, address: int) -> Script[None]:
    """Let *process* load the doubleword at *address*, and check it.

    :raises ScenarioError: if it must get a signal, and does.
    :raises KernelBug: if it finds what it must not find.
    """
    kernel = world.kernel
    # If it is suspended, and somebody else stores meanwhile, it may find the one or the other.
    expected = [_expected_load(world, process, address)]
    try:
        found = yield from user_load(kernel, world.processes[process], address)
    except Signal as signal:
        _require_signal(signal, expected)
        raise ScenarioError(f"{process}: {signal}", "at") from None
    expected.append(_expected_load(world, process, address))
    if found not in expected:
        page = mapped_page(kernel, world.processes[process], address)
        where = f"process {process}, address {address:#x}"
        wanted = expected[-1]
        if isinstance(wanted, str):
            raise KernelBug(f"{where}: {found:#x} was loaded, but {wanted} was expected")
        if page is None:
            raise KernelBug(f"wrong content: {where}: {found:#x}, not {wanted:#x}")
        raise wrong_content(kernel.history, page, where, found=found, expected=wanted)


def checked_store(world: World, process: str, address: int) -> Script[None]:
    """Let *process* store another doubleword at *address*.

    :raises ScenarioError: if it must get a signal, and does.
    :raises KernelBug: if it must get one, and does not, or the other way round.
    """
    world.stores += 1
    value = _STORED | world.stores
    refusal = world.expected.refusal(process, address, is_store=True)
    try:
        yield from user_store(world.kernel, world.processes[process], address, value)
    except Signal as signal:
        _require_signal(signal, [refusal or value])
        raise ScenarioError(f"{process}: {signal}", "at") from None
    if refusal is not None:
        raise KernelBug(f"process {process}, address {address:#x}: it could store, but {refusal} was expected")
    world.expected.store(process, address, value)


def _expected_load(world: World, process: str, address: int) -> int | str:
    """The doubleword, or the name of the signal."""
    return world.expected.refusal(process, address) or world.expected.load(process, address)


def _require_signal(signal: Signal, expected: list[int | str]) -> None:
    if signal.name not in expected:
        raise KernelBug(f"{signal}, which was not expected")
