# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of a scenario: which values each field may have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guest_kernel.scripted.scenarios.scenario import (
    File,
    HostSettings,
    KernelSettings,
    MachineSettings,
    ScenarioError,
    Tree,
)

IMPOSSIBLE: tuple[tuple[Callable[[], object], str], ...] = (
    (lambda: MachineSettings(pages=0), "pages"),
    (lambda: MachineSettings(pages=257), "pages"),
    (lambda: MachineSettings(pages=1 << 40), "pages"),
    (lambda: MachineSettings(pages=-(10**5000)), "pages"),
    (lambda: MachineSettings(pages=256, cpus=249), "cpus"),
    (lambda: KernelSettings(patches=(1, 7)), "patches"),
    (lambda: KernelSettings(image_pages=-1), "image_pages"),
    (lambda: HostSettings(frames=0), "frames"),
    (lambda: HostSettings(paging_pages=-1), "paging_pages"),
    (lambda: HostSettings(policy=""), "policy"),
    (lambda: File(name="", pages=1), "name"),
    (lambda: File(name="a\nb", pages=1), "name"),
    (lambda: File(name="a", pages=0), "pages"),
    (lambda: Tree(name="a", files=0, median_bytes=1), "files"),
    (lambda: Tree(name="a", files=1, directories=2, median_bytes=1), "directories"),
    (lambda: Tree(name="a", files=1, median_bytes=0), "median_bytes"),
    (lambda: Tree(name="a", files=1, median_bytes=1, sigma=float("nan")), "sigma"),
    (lambda: Tree(name="a", files=1, median_bytes=100, largest_bytes=99), "largest_bytes"),
    (lambda: Tree(name="a", files=1, median_bytes=1, seed=-1), "seed"),
)


def test_a_value_that_cannot_be() -> None:
    for make, field in IMPOSSIBLE:
        with pytest.raises(ScenarioError) as raised:
            make()
        assert raised.value.field == field
        assert "expected" in str(raised.value)
        assert "\n" not in str(raised.value)
