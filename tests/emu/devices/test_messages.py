# SPDX-License-Identifier: GPL-2.0-or-later
"""Special messages: header and text in the buffer, the interruption, the queue, and buffers that have gone."""

from __future__ import annotations

import pytest

from emu import snapshot
from emu.configuration import SLICE
from emu.cpu import Cpu, CpuState
from emu.devices.messages import SpecialMessages
from emu.hypervisor import FirstTouchHypervisor, FrameShortage
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Content, Usage
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, WAIT, Psw

BUFFER = 0x30000
VMCF_MASK = 0x0000_0000_0000_0001
"""Bit 63 of control register 0, which was bit 31 when it had 32."""
EXTERNAL_OLD, EXTERNAL_NEW, EXTERNAL_CODE, EXTERNAL_CPU = 0x130, 0x1B0, 0x86, 0x84
HANDLER = 0x50000
LOOP = bytes.fromhex("a7f40000")
SHRINK_64 = bytes.fromhex("e2c8d9c9d5d240f6f4")
"""The text SHRINK 64 in EBCDIC."""


def make_ready(machine: Machine, length: int = 169, *, special: bool = True, enabled: bool = True) -> SpecialMessages:
    """Authorize a buffer, and have every CPU loop, with an interruption handler that loops as well."""
    machine.messages.authorize(BUFFER, length, special=special)
    machine.storage.write(EXTERNAL_NEW, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    machine.storage.write(HANDLER, LOOP)
    machine.storage.write(0x10000, LOOP)
    for cpu in machine.cpus:
        cpu.state = CpuState.OPERATING
        enable(cpu, enabled=enabled)
    return machine.messages


def enable(cpu: Cpu, *, enabled: bool = True, address: int = 0x10000) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, address))
    cpu.set_control_register(0, cpu.cr[0] | VMCF_MASK if enabled else cpu.cr[0] & ~VMCF_MASK)


def buffer(machine: Machine, offset: int, length: int) -> bytes:
    return machine.storage.read(BUFFER + offset, length)


def test_header_and_text(machine: Machine) -> None:
    messages = make_ready(machine)
    machine.storage.write(BUFFER, b"\xff" * 169)
    assert messages.send("SHRINK 64")
    machine.step()
    assert buffer(machine, 0, 2) == bytes(2)  # VMCMSTAT, VMCMEFLG: neither response nor error
    assert buffer(machine, 2, 2) == bytes.fromhex("0004")  # VMCMFUNC: SENDX
    assert buffer(machine, 4, 4) == bytes.fromhex("00000001")  # VMCMMID
    assert buffer(machine, 8, 8) == bytes.fromhex("e2e8e2e3c5d44040")  # VMCMUSER: SYSTEM
    assert buffer(machine, 16, 8) == bytes.fromhex("0000000000000009")  # VMCMVADA, VMCMLENA
    assert buffer(machine, 24, 8) == bytes(8)  # VMCMVADB, VMCMLENB
    assert buffer(machine, 32, 8) == bytes.fromhex("e5d4d9d4e2e5d440")  # VMCMUSE: VMRMSVM
    assert buffer(machine, 40, 9) == SHRINK_64
    assert buffer(machine, 49, 120) == b"\xff" * 120


def test_the_interruption(machine: Machine, cpu: Cpu) -> None:
    messages = make_ready(machine)
    machine.storage.write(0x80, b"\xff" * 8)
    messages.send("SHRINK 64")
    machine.step()
    assert machine.storage.read_integer(EXTERNAL_CODE, 2) == 0x4001
    assert machine.storage.read_integer(EXTERNAL_CPU, 2) == 0
    assert machine.storage.read_integer(0x80, 4) == 0xFFFF_FFFF  # no external parameter
    assert Psw.from_bytes(machine.storage.read(EXTERNAL_OLD, 16)) == Psw(ADDRESSING_MODE | EXTERNAL_MASK, 0x10000)
    assert cpu.instruction_address == HANDLER
    assert messages.waiting == 0


def test_it_ends_a_wait(machine: Machine, cpu: Cpu) -> None:
    messages = make_ready(machine)
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK | WAIT, 0x10000))
    messages.send("SHRINK 64")
    machine.step()
    assert cpu.instruction_address == HANDLER


def test_it_waits_for_the_subclass_mask(machine: Machine, cpu: Cpu) -> None:
    messages = make_ready(machine, enabled=False)
    messages.send("SHRINK 64")
    machine.step()
    assert (cpu.instruction_address, messages.waiting) == (0x10000, 1)
    enable(cpu)
    machine.step()
    assert (cpu.instruction_address, messages.waiting) == (HANDLER, 0)


def test_it_waits_for_the_psw(machine: Machine, cpu: Cpu) -> None:
    messages = make_ready(machine)
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    messages.send("SHRINK 64")
    machine.step()
    assert (cpu.instruction_address, messages.waiting) == (0x10000, 1)


def test_an_enabled_cpu_takes_it(machine: Machine) -> None:
    machine = Machine(4 * MEGABYTE, cpus=2)
    messages = make_ready(machine)
    enable(machine.cpus[0], enabled=False)
    messages.send("SHRINK 64")
    machine.run(max_instructions=SLICE + 1000)
    assert [cpu.instruction_address for cpu in machine.cpus] == [0x10000, HANDLER]


def test_the_service_signal_comes_first(machine: Machine, cpu: Cpu) -> None:
    messages = make_ready(machine)
    cpu.set_control_register(0, cpu.cr[0] | 0x200)
    machine.storage.write(0x20000, bytes.fromhex("0008") + bytes(6))
    machine.sclp.service_call(cpu, 0x0002_0001, 0x20000)
    messages.send("SHRINK 64")
    machine.step()
    assert machine.storage.read_integer(EXTERNAL_CODE, 2) == 0x2401
    assert messages.waiting == 1


def test_messages_wait_for_each_other_in_order(machine: Machine, cpu: Cpu) -> None:
    messages = make_ready(machine)
    for text in ("FIRST", "SECOND"):
        assert messages.send(text)
    machine.step()
    assert buffer(machine, 40, 5).decode("cp037") == "FIRST"
    machine.step()
    assert buffer(machine, 40, 5).decode("cp037") == "FIRST"  # the handler is disabled
    enable(cpu)
    machine.step()
    assert buffer(machine, 4, 4) == bytes.fromhex("00000002")
    assert buffer(machine, 40, 6).decode("cp037") == "SECOND"
    assert messages.waiting == 0


def test_as_many_wait_as_may(machine: Machine) -> None:
    messages = make_ready(machine)
    assert all(messages.send("SHRINK 64") for _ in range(50))
    assert not messages.send("SHRINK 64")
    assert messages.waiting == 50


def test_the_longest_text(machine: Machine) -> None:
    messages = make_ready(machine)
    assert messages.send("X" * 129)
    machine.step()
    assert buffer(machine, 40, 129) == b"\xe7" * 129
    with pytest.raises(ValueError, match="129 characters, not 130"):
        messages.send("X" * 130)


@pytest.mark.parametrize("sender", ("", "NINECHARS"))
def test_senders_that_are_no_user(machine: Machine, sender: str) -> None:
    messages = make_ready(machine)
    with pytest.raises(ValueError, match="1 to 8 characters"):
        messages.send("SHRINK 64", sender)


def test_text_without_ebcdic(machine: Machine) -> None:
    with pytest.raises(ValueError, match="codec"):
        make_ready(machine).send("SHRINK €")


def test_another_sender(machine: Machine) -> None:
    messages = make_ready(machine)
    messages.send("SHRINK 64", "OPERATOR")
    machine.step()
    assert buffer(machine, 32, 8).decode("cp037") == "OPERATOR"


def test_a_buffer_too_short_for_the_text(machine: Machine) -> None:
    messages = make_ready(machine, 48)
    assert not messages.send("SHRINK 64")
    assert messages.send("SHRINK 6")


def test_without_the_special_message_option(machine: Machine) -> None:
    assert not make_ready(machine, special=False).send("SHRINK 64")


# Where the buffer is


def test_a_buffer_across_a_page_boundary_and_the_keys(machine: Machine) -> None:
    messages = make_ready(machine)
    start = BUFFER + 0x1000 - 48
    messages.authorize(start, 169, special=True)
    machine.keys.bytes[BUFFER >> 12] = 0x30
    messages.send("SHRINK 64")
    machine.step()
    assert machine.storage.read(start + 40, 9) == SHRINK_64
    # Reference and change are recorded, the protection is not looked at.
    assert machine.keys.bytes[BUFFER >> 12] == 0x36
    assert machine.keys.bytes[(BUFFER >> 12) + 1] == 0x06


def test_only_what_is_stored_is_recorded(machine: Machine) -> None:
    messages = make_ready(machine)
    messages.authorize(BUFFER + 0x1000 - 56, 169, special=True)
    messages.send("SHRINK 64")
    machine.step()
    assert machine.keys.bytes[BUFFER >> 12] == 0x06
    assert machine.keys.bytes[(BUFFER >> 12) + 1] == 0


def test_the_buffer_is_at_a_real_address(machine: Machine, cpu: Cpu) -> None:
    messages = make_ready(machine)
    cpu.set_prefix(BUFFER)
    machine.storage.write(BUFFER + EXTERNAL_NEW, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    messages.authorize(BUFFER + 0x800, 169, special=True)
    messages.send("SHRINK 64")
    machine.step()
    # The real page at the prefix is absolute page 0.
    assert machine.storage.read(0x800 + 40, 9) == SHRINK_64


@pytest.mark.parametrize("state", (Usage.UNUSED | Content.ZERO, Usage.VOLATILE | Content.ZERO))
def test_a_buffer_that_cannot_be_stored_into(machine: Machine, cpu: Cpu, state: int) -> None:
    messages = make_ready(machine)
    start = BUFFER + 0x1000 - 48
    messages.authorize(start, 169, special=True)
    machine.storage.write(start, b"\xaa" * 48)
    machine.states.bytes[(BUFFER >> 12) + 1] = state
    messages.send("SHRINK 64")
    machine.step()
    assert cpu.instruction_address == 0x10000
    assert (messages.waiting, messages.dropped) == (0, 1)
    assert machine.storage.read(start, 48) == b"\xaa" * 48


def test_a_lost_message_leaves_a_waiting_cpu_waiting(machine: Machine, cpu: Cpu) -> None:
    messages = make_ready(machine)
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK | WAIT, 0x10000))
    machine.states.bytes[BUFFER >> 12] = Usage.UNUSED | Content.ZERO
    messages.send("SHRINK 64")
    stop = machine.run(max_instructions=10)
    assert stop.kind is StopKind.NOTHING_TO_WAIT_FOR
    assert messages.dropped == 1


@pytest.mark.parametrize(("length", "special"), ((48, True), (169, False)))
def test_a_buffer_authorized_anew_that_cannot_have_it(machine: Machine, length: int, special: bool) -> None:
    messages = make_ready(machine)
    messages.send("SHRINK 64")
    messages.authorize(BUFFER, length, special=special)
    machine.step()
    assert (messages.waiting, messages.dropped) == (0, 1)
    assert buffer(machine, 0, 49) == bytes(49)


class ShortOnce(FirstTouchHypervisor):
    """A host without a free frame for one page, until it is asked to supply some."""

    short: int | None = None
    supplied = 0

    def frame_for_store(self, page: int) -> int:
        if page == self.short:
            raise FrameShortage
        return super().frame_for_store(page)

    def supply(self, attempt: int) -> None:
        self.short = None
        self.supplied += 1


@pytest.mark.parametrize("short", (BUFFER >> 12, (BUFFER >> 12) + 1))
def test_want_of_a_frame_delays_it(short: int) -> None:
    machine = Machine(4 * MEGABYTE, hypervisor=ShortOnce)
    messages = make_ready(machine)
    start = BUFFER + 0x1000 - 48
    messages.authorize(start, 169, special=True)
    messages.send("SHRINK 64")
    host = machine.hypervisor
    assert isinstance(host, ShortOnce)
    host.short = short
    machine.run(max_instructions=2)
    assert host.supplied == 1
    assert machine.cpus[0].instruction_address == HANDLER
    assert machine.storage.read(start + 40, 9) == SHRINK_64
    assert (messages.waiting, messages.dropped) == (0, 0)


# State


def test_snapshots_tell_what_waits(machine: Machine) -> None:
    messages = make_ready(machine)
    before = snapshot.take(machine)
    messages.send("SHRINK 64")
    after = snapshot.take(machine)
    assert snapshot.differences(before, after) == ["devices[1]._queue", "devices[1]._sent"]
    messages.reset()
    assert "devices[1]._buffer" in snapshot.differences(before, snapshot.take(machine))
