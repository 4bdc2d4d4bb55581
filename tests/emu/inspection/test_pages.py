# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of a page: state, place, key."""

from __future__ import annotations

from emu.inspection.pages import KeyView, view_page
from emu.machine import MEGABYTE, Machine
from emu.page_states import NO_DAT, Content, Usage
from host.page_manager import PageManager
from host.paging_device import PagingDevice


def test_a_page_in_words(machine: Machine) -> None:
    machine.load_storage(0x150000, b"x")
    machine.states.bytes[0x150] |= Usage.POTENTIALLY_VOLATILE | NO_DAT
    machine.keys.bytes[0x150] = 0x3C
    assert str(view_page(machine.configuration, 0x150)) == (
        "page 150 (150000): Pr+NT: potentially volatile, resident, no-DAT; frame 150; "
        "key 3c: access 3, fetch protection 1, reference 1, change 0"
    )
    view = view_page(machine.configuration, 0x151)
    assert (view.usage, view.content, view.place) == (Usage.STABLE, Content.ZERO, "nowhere")


def test_where_a_host_has_it() -> None:
    with PagingDevice(None, 256) as device:
        manager = PageManager(256, device=device)
        machine = Machine(MEGABYTE, hypervisor=manager.guest())
        machine.load_storage(0x20000, b"\x5a" * 4096)
        assert view_page(machine.configuration, 0x20).place == f"frame {manager.guests[0].frame_of(0x20):x}"
        assert manager.evict(0, 0x20)
        assert view_page(machine.configuration, 0x20).place == f"slot {manager.guests[0].locations[0x20] - 1:x}"
        assert view_page(machine.configuration, 0x21).place == "nowhere"


def test_in_a_notebook(machine: Machine) -> None:
    assert "<code>Sz</code>" in view_page(machine.configuration, 0x151)._repr_html_()
    assert "<th>reference</th>" in KeyView(0x04)._repr_html_()
