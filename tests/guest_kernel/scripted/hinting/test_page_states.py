# SPDX-License-Identifier: GPL-2.0-or-later
"""The primitives on ESSA: nothing happens where there is none, and nothing discarded becomes stable."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.hinting.volatile import page_make_stable
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from guest_kernel.scripted.state.rules import ALL_PATCHES
from tests.guest_kernel.scripted.conftest import MakeKernel, cached_page, discard, state


@pytest.mark.parametrize("options", ({"patches": ALL_PATCHES - {1}}, {"cmma": False}), ids=("no patch 1", "cmma=off"))
def test_switched_off_nothing_becomes_volatile_or_unused(
    make_kernel: MakeKernel, file: AddressSpace, options: dict[str, object]
) -> None:
    kernel = make_kernel(**options)
    page = cached_page(kernel, file, 0)
    assert state(kernel, page) == "Sr"
    assert kernel.machine.counts.instructions["ESSA"] <= 1


def test_a_discarded_page_is_not_made_stable(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    assert not run(kernel, page_make_stable(kernel, page))
    assert state(kernel, page) == "Vz"
