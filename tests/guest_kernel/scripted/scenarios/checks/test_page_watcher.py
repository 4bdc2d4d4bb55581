# SPDX-License-Identifier: GPL-2.0-or-later
"""Events of pages in words."""

from __future__ import annotations

from guest_kernel.scripted.scenarios.checks.page_watcher import StateEvent


def test_events_in_words() -> None:
    assert str(StateEvent(6, "Vr", "Sr")) == "ESSA 6 (set stable if not discarded)"
    assert str(StateEvent(None, "Vr", "Vz")) == "by the host Vr -> Vz"
