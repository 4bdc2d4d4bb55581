# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory of a process and of the guest in it."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from tools.benchmarks.memory import boot_and_look, main, resident_bytes
from tools.benchmarks.trial_boot import trial_boot
from tools.usage.errors import UsageError


def test_pages_that_are_touched_are_resident() -> None:
    before = resident_bytes()
    # Not an array, for which memory may be used again that is there.
    with mmap.mmap(-1, 64 << 20) as touched:
        touched[:] = bytes(len(touched))
        assert resident_bytes() - before > 60 << 20


def test_without_a_kernel_there_is_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main() == 2
    assert "essa fetch debian" in capsys.readouterr().err


@pytest.mark.timeout(300)
def test_the_guest_is_in_the_process() -> None:
    try:
        trial_boot(256 << 20)
    except UsageError as reason:
        pytest.skip(str(reason))
    found = boot_and_look(1_000_000)
    # The kernel, some five megabytes, and the RAM disk have been loaded.
    assert 5 << 20 < found["guest"] < found["process"]
