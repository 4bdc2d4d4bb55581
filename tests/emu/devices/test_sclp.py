# SPDX-License-Identifier: GPL-2.0-or-later
"""SERVICE CALL and the SCLP: checks, information, events, and control blocks that make no sense.

The layouts are written out here byte by byte, as a guest would lay them out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.cpu import Cpu
from emu.devices.console import ConsoleBuffer
from emu.devices.sclp import Sclp
from emu.identification import SystemIdentification
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, PROBLEM_STATE, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

SCCB = 0x20000
READ_SCP_INFO, READ_SCP_INFO_FORCED, READ_CPU_INFO = 0x0002_0001, 0x0012_0001, 0x0001_0001
WRITE_EVENT, READ_EVENT, EVENT_MASK = 0x0076_0005, 0x0077_0005, 0x0078_0005
COMMANDS = (READ_SCP_INFO, READ_SCP_INFO_FORCED, READ_CPU_INFO, WRITE_EVENT, READ_EVENT, EVENT_MASK)

# Event type n is bit n - 1 of a mask, from the left.
OPERATOR_COMMAND, MESSAGE, ASCII = 0x8000_0000, 0x4000_0000, 0x0000_0040


@pytest.fixture
def sclp(machine: Machine) -> Sclp:
    """The SCLP of :func:`machine`."""
    return machine.sclp


def call(cpu: Cpu, run: Run, command: int, sccb: bytes, address: int = SCCB) -> int:
    """Do a service call with a control block, and take its service signal; give the response code."""
    cpu.configuration.storage.write(address, sccb)
    cpu.gr[1], cpu.gr[2] = command, address
    run(cpu, "SERVC", r1=1, r2=2)
    assert cpu.cc == 0
    assert cpu.configuration.device(Sclp).is_signal_pending
    assert cpu.configuration.device(Sclp).take_signal() & ~7 == address
    return stored(cpu, 6, 2)


def stored(cpu: Cpu, offset: int, length: int) -> int:
    return cpu.configuration.storage.read_integer(SCCB + offset, length)


def block(length: int, function: int = 0, control: int = 0) -> bytes:
    """A header and zeros, *length* bytes in all."""
    header = length.to_bytes(2, "big") + bytes((function, 0, 0, control)) + bytes(2)
    return header.ljust(length, b"\0")


def events(*buffers: bytes) -> bytes:
    data = b"".join(buffers)
    return (8 + len(data)).to_bytes(2, "big") + bytes(6) + data


def event(kind: int, data: bytes) -> bytes:
    return (6 + len(data)).to_bytes(2, "big") + bytes((kind, 0, 0, 0)) + data


def message(*lines: str) -> bytes:
    """A line-mode message: header, general object, and a text object for each line."""
    general = (0x38).to_bytes(2, "big") + b"\0\x01" + bytes(0x34)
    objects = b"".join(
        (10 + len(line)).to_bytes(2, "big") + b"\0\x04\x10\0\0\0\0\0" + line.encode("cp037") for line in lines
    )
    content = general + objects
    return (12 + len(content)).to_bytes(2, "big") + b"\0\x01" + b"\xd4\xc4\xc2\x40" + b"\0\0\0\x01" + content


def set_masks(cpu: Cpu, run: Run, receive: int, send: int = MESSAGE | ASCII) -> None:
    sccb = block(28)[:10] + b"\0\x04" + receive.to_bytes(4, "big") + send.to_bytes(4, "big") + bytes(8)
    assert call(cpu, run, EVENT_MASK, sccb) == 0x20


# SERVICE CALL


def test_privileged_operation(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, 0x10000))
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "SERVC", r1=1, r2=2)


def attempt(cpu: Cpu, run: Run, address: int) -> None:
    cpu.gr[1], cpu.gr[2] = READ_SCP_INFO, address
    run(cpu, "SERVC", r1=1, r2=2)


@pytest.mark.parametrize("offset", range(1, 8))
def test_sccb_must_be_on_a_doubleword_boundary(cpu: Cpu, run: Run, expect: Expect, offset: int) -> None:
    with expect(Code.SPECIFICATION):
        attempt(cpu, run, SCCB + offset)


@pytest.mark.parametrize("length", range(8))
def test_sccb_must_hold_its_header(cpu: Cpu, run: Run, expect: Expect, length: int) -> None:
    cpu.configuration.storage.write_integer(SCCB, 2, length)
    with expect(Code.SPECIFICATION):
        attempt(cpu, run, SCCB)


@pytest.mark.parametrize("address", (0, 8, 0x1FF8, 0x30000, 0x31FF8))
def test_sccb_must_not_lie_in_a_prefix_area(cpu: Cpu, run: Run, expect: Expect, address: int) -> None:
    cpu.set_prefix(0x30000)
    cpu.configuration.storage.write_integer(address, 2, 8)
    with expect(Code.SPECIFICATION):
        attempt(cpu, run, address)


@pytest.mark.parametrize("address", (0x400000, 0x7FFF_FFF8, 0x8000_0000, 0xFFFF_FFFF_FFFF_FFF8))
def test_sccb_outside_storage(cpu: Cpu, run: Run, expect: Expect, address: int) -> None:
    with expect(Code.ADDRESSING):
        attempt(cpu, run, address)
    assert not cpu.configuration.device(Sclp).is_signal_pending


def test_sccb_above_2_gb_in_storage(run: Run, expect: Expect) -> None:
    cpu = Machine(2049 * MEGABYTE).cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    cpu.configuration.storage.write_integer(0x8000_0000, 2, 8)
    with expect(Code.SPECIFICATION):
        attempt(cpu, run, 0x8000_0000)


def test_a_second_command_finds_the_sclp_busy(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    cpu.configuration.storage.write(SCCB, block(16))
    attempt(cpu, run, SCCB)
    assert cpu.cc == 0
    cpu.configuration.storage.write(SCCB, block(16))
    attempt(cpu, run, SCCB)
    assert cpu.cc == 2
    assert stored(cpu, 6, 2) == 0
    assert sclp.take_signal() == SCCB
    assert not sclp.is_signal_pending


@pytest.mark.parametrize("command", (0xDEAD_0001, 0x0002_0002, 0x0002_0000, 0))
def test_commands_that_are_none(cpu: Cpu, run: Run, command: int) -> None:
    assert call(cpu, run, command, block(4096)) == 0x01F0


def test_invalid_command_is_found_before_the_boundary(cpu: Cpu, run: Run) -> None:
    assert call(cpu, run, 0xDEAD_0001, block(8), SCCB) == 0x01F0
    cpu.configuration.storage.write_integer(SCCB, 2, 0xFFFF)
    assert call(cpu, run, 0xDEAD_0001, b"\xff\xff" + bytes(6)) == 0x01F0


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("offset", "length"), ((0, 4097), (0, 0xFFFF), (4088, 16), (4056, 41)))
def test_sccb_must_not_cross_a_page(cpu: Cpu, run: Run, command: int, offset: int, length: int) -> None:
    cpu.configuration.storage.write(SCCB + offset, length.to_bytes(2, "big") + bytes(6))
    cpu.gr[1], cpu.gr[2] = command, SCCB + offset
    run(cpu, "SERVC", r1=1, r2=2)
    assert cpu.cc == 0
    assert stored(cpu, offset + 6, 2) == 0x0100


def test_a_service_signal_interrupts_with_the_address(machine: Machine, cpu: Cpu, run: Run) -> None:
    machine.storage.write(0x1B0, Psw(ADDRESSING_MODE, 0x50000).to_bytes())
    machine.storage.write(0x50000, b"\x07\x00")
    machine.storage.write(SCCB, block(8))
    attempt(cpu, run, SCCB)
    cpu.set_control_register(0, 1 << 63 - 54)
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, 0x10000))
    machine.step()
    assert machine.storage.read_integer(0x80, 4) == SCCB
    assert machine.storage.read_integer(0x86, 2) == 0x2401
    assert not machine.sclp.is_signal_pending


# Information


@pytest.mark.parametrize("command", (READ_SCP_INFO, READ_SCP_INFO_FORCED))
def test_scp_information(cpu: Cpu, run: Run, command: int) -> None:
    cpu.configuration.identification = SystemIdentification(max_cpus=8)
    sccb = block(4096)[:8] + b"\xff" * 4088
    assert call(cpu, run, command, sccb) == 0x0010
    assert stored(cpu, 8, 2) * stored(cpu, 10, 1) == 4  # increments times their size in MB
    assert stored(cpu, 100, 4) * stored(cpu, 104, 8) == 4
    assert (stored(cpu, 16, 2), stored(cpu, 18, 2)) == (1, 128)
    assert stored(cpu, 24, 8) == 0x4040_4040_4040_4040
    assert stored(cpu, 120, 2) == 7
    assert stored(cpu, 128, 16) == 0
    assert stored(cpu, 4088, 8) == 0


def test_no_feature_of_an_interpreting_host_is_shown(cpu: Cpu, run: Run) -> None:
    call(cpu, run, READ_SCP_INFO, block(4096))
    assert not stored(cpu, 116, 1) & 0x40  # CMMA
    assert not stored(cpu, 128 + 2, 1) & 0x08  # SIEF2


def test_scp_information_of_much_storage(cpu: Cpu, run: Run) -> None:
    cpu.configuration.memory = 65536 * MEGABYTE
    call(cpu, run, READ_SCP_INFO, block(4096))
    # The number does not fit its halfword: zero says, look at the doubleword.
    assert stored(cpu, 8, 2) == 0
    assert (stored(cpu, 100, 4), stored(cpu, 104, 8)) == (1, 65536)


@pytest.mark.parametrize("length", (8, 24, 128, 143))
def test_scp_information_needs_room(cpu: Cpu, run: Run, length: int) -> None:
    assert call(cpu, run, READ_SCP_INFO, block(length)) == 0x0300
    assert call(cpu, run, READ_SCP_INFO, block(144)) == 0x0010


def test_cpu_information(run: Run) -> None:
    cpu = Machine(4 * MEGABYTE, cpus=3).cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    assert call(cpu, run, READ_CPU_INFO, block(4096)) == 0x0010
    assert [stored(cpu, offset, 2) for offset in (8, 10, 12, 14)] == [3, 24, 0, 24 + 3 * 16]
    assert [stored(cpu, 24 + 16 * index, 1) for index in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("length", (8, 24, 39))
def test_cpu_information_needs_room(cpu: Cpu, run: Run, length: int) -> None:
    assert call(cpu, run, READ_CPU_INFO, block(length)) == 0x0300
    assert call(cpu, run, READ_CPU_INFO, block(40)) == 0x0010


# Event masks


def test_event_masks_show_what_the_sclp_takes_and_sends(cpu: Cpu, run: Run) -> None:
    set_masks(cpu, run, 0)
    assert stored(cpu, 20, 4) == MESSAGE | ASCII
    assert stored(cpu, 24, 4) == OPERATOR_COMMAND | ASCII


def test_event_masks_may_be_longer_or_shorter_than_a_word(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    sclp.type(b"x")
    sccb = block(12 + 4 * 6)[:10] + b"\0\x06" + (ASCII << 16).to_bytes(6, "big") + bytes(18)
    assert call(cpu, run, EVENT_MASK, sccb) == 0x20
    assert stored(cpu, 12 + 12, 6) == (MESSAGE | ASCII) << 16
    assert call(cpu, run, READ_EVENT, block(4096)) == 0x20
    sccb = block(16)[:10] + b"\0\x01" + bytes(4)
    assert call(cpu, run, EVENT_MASK, sccb) == 0x20
    assert stored(cpu, 12, 4) == 0x0000_4080


@pytest.mark.parametrize("length", (0, 1022, 0xFFFF))
def test_event_mask_lengths_that_are_none(cpu: Cpu, run: Run, length: int) -> None:
    sccb = block(4096)[:10] + length.to_bytes(2, "big") + bytes(4084)
    assert call(cpu, run, EVENT_MASK, sccb) == 0x74F0


def test_event_masks_need_room(cpu: Cpu, run: Run) -> None:
    assert call(cpu, run, EVENT_MASK, block(11)) == 0x0300
    assert call(cpu, run, EVENT_MASK, block(27)[:10] + b"\0\x04" + bytes(15)) == 0x0300


# Writing


def written(sclp: Sclp) -> bytes:
    assert isinstance(sclp.console, ConsoleBuffer)
    return bytes(sclp.console.data)


def test_ascii_data_is_written_as_it_is(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    assert call(cpu, run, WRITE_EVENT, events(event(0x1A, b"hello\n\xff\0"))) == 0x20
    assert written(sclp) == b"hello\n\xff\0"
    assert stored(cpu, 8 + 3, 1) == 0x80  # accepted


def test_a_message_is_written_line_by_line(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    assert call(cpu, run, WRITE_EVENT, events(event(2, message("Hello, world", "", "{[|]}")))) == 0x20
    assert written(sclp) == b"Hello, world\n\n{[|]}\n"


def test_several_events_in_one_block(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    assert call(cpu, run, WRITE_EVENT, events(event(2, message("one")), event(0x1A, b"two"))) == 0x20
    assert written(sclp) == b"one\ntwo"


def test_what_goes_to_both_consoles_is_seen_once(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    call(cpu, run, WRITE_EVENT, events(event(0x1A, b"one\n")))
    call(cpu, run, WRITE_EVENT, events(event(2, message("one"))))
    assert written(sclp) == b"one\n"


def test_messages_go_to_their_own_console_if_there_is_one(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    sclp.line_console = ConsoleBuffer()
    call(cpu, run, WRITE_EVENT, events(event(0x1A, b"one\n")))
    call(cpu, run, WRITE_EVENT, events(event(2, message("two"))))
    assert written(sclp) == b"one\n"
    assert sclp.line_console.data == b"two\n"


@pytest.mark.parametrize("kind", (0, 1, 4, 6, 0x1D, 0xFF))
def test_events_of_other_types_are_refused(cpu: Cpu, run: Run, sclp: Sclp, kind: int) -> None:
    assert call(cpu, run, WRITE_EVENT, events(event(kind, b"x"), event(0x1A, b"y"))) == 0x40F0
    assert stored(cpu, 8 + 3, 1) == 0
    assert written(sclp) == b"y"


def test_functions_other_than_writing_are_refused(cpu: Cpu, run: Run) -> None:
    assert call(cpu, run, WRITE_EVENT, block(32, function=0x80)) == 0x40F0


@pytest.mark.parametrize(
    "buffers",
    (
        b"\0\x05\x1a\0\0\0",
        b"\0\0\x1a\0\0\0",
        b"\0\x08\x1a\0\0\0x",
        b"\xff\xff\x1a\0\0\0",
        event(0x1A, b"x") + b"\0\x06",
    ),
)
def test_event_lengths_must_agree_with_the_block(cpu: Cpu, run: Run, sclp: Sclp, buffers: bytes) -> None:
    assert call(cpu, run, WRITE_EVENT, events(buffers)) == 0x72F0
    assert written(sclp) == b""


def test_a_message_without_its_tag_writes_nothing(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    assert call(cpu, run, WRITE_EVENT, events(event(2, message("x").replace(b"\xd4", b"\0")))) == 0x20
    assert written(sclp) == b""


def test_a_message_ends_where_an_object_is_wrong(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    data = message("x") + b"\0\x03\0\x04" + message("y")
    call(cpu, run, WRITE_EVENT, events(event(2, data)))
    assert written(sclp) == b"x\n"


# Reading


def test_nothing_typed_is_nothing_read(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    set_masks(cpu, run, ASCII)
    assert call(cpu, run, READ_EVENT, block(4096)) == 0x60F0


def test_ascii_input(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    set_masks(cpu, run, ASCII | OPERATOR_COMMAND)
    sclp.type(b"ls\n")
    assert sclp.is_signal_pending
    assert sclp.take_signal() == 1  # no SCCB, event pending
    assert call(cpu, run, READ_EVENT, block(4096, control=0x80)) == 0x20
    assert (stored(cpu, 8, 2), stored(cpu, 10, 1)) == (10, 0x1A)
    assert cpu.configuration.storage.read(SCCB + 14, 4) == b"\0ls\n"
    assert stored(cpu, 0, 2) == 8 + 10  # variable-length response
    assert stored(cpu, 5, 1) == 0
    assert call(cpu, run, READ_EVENT, block(4096)) == 0x60F0


def test_the_length_of_the_block_stays_unless_asked_for(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    set_masks(cpu, run, ASCII)
    sclp.type(b"x")
    call(cpu, run, READ_EVENT, block(4096))
    assert stored(cpu, 0, 2) == 4096


def test_input_that_does_not_fit_is_read_in_pieces(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    set_masks(cpu, run, ASCII)
    sclp.type(b"abcdef")
    read = b""
    while call(cpu, run, READ_EVENT, block(8 + 6 + 1 + 4, control=0x80)) == 0x20:
        read += cpu.configuration.storage.read(SCCB + 15, stored(cpu, 8, 2) - 7)
    assert read == b"abcdef"


def test_a_completion_tells_of_what_is_left(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    set_masks(cpu, run, ASCII)
    sclp.type(b"abcdef")
    cpu.configuration.storage.write(SCCB, block(18))
    cpu.gr[1], cpu.gr[2] = READ_EVENT, SCCB
    run(cpu, "SERVC", r1=1, r2=2)
    assert sclp.take_signal() == SCCB | 1


def test_input_waits_until_it_is_wanted(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    sclp.type(b"x")
    assert not sclp.is_signal_pending
    assert call(cpu, run, READ_EVENT, block(4096)) == 0x60F0
    set_masks(cpu, run, ASCII)
    assert call(cpu, run, READ_EVENT, block(4096)) == 0x20


def test_line_mode_input_is_an_operator_command(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    set_masks(cpu, run, OPERATOR_COMMAND)
    sclp.type(b"ls -l\nnext")
    assert call(cpu, run, READ_EVENT, block(4096)) == 0x20
    assert stored(cpu, 10, 1) == 0x01
    length = stored(cpu, 8, 2)
    data = cpu.configuration.storage.read(SCCB + 14, length - 6)
    text = "ls -l".encode("cp037")
    inner = b"\x09\x31\x07\x30" + text
    assert data == b"\0\x15\x13\x10" + b"\0\x11\x12\x12" + b"\0\x0d\x13\x20" + inner
    assert call(cpu, run, READ_EVENT, block(4096)) == 0x20
    assert cpu.configuration.storage.read(SCCB + 14 + 16, 4) == "next".encode("cp037")


def test_selective_reading(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    set_masks(cpu, run, ASCII)
    sclp.type(b"x")

    def select(mask: int) -> int:
        return call(cpu, run, READ_EVENT, block(4096, function=1)[:14] + mask.to_bytes(4, "big") + bytes(4078))

    assert select(0) == 0x70F0
    assert select(OPERATOR_COMMAND) == 0x70F0
    assert select(ASCII) == 0x20
    assert call(cpu, run, READ_EVENT, block(17, function=1)) == 0x0300


def test_reading_functions_that_are_none(cpu: Cpu, run: Run) -> None:
    assert call(cpu, run, READ_EVENT, block(4096, function=2)) == 0x40F0


@pytest.mark.parametrize(("mask", "length"), ((ASCII, 15), (ASCII, 8), (OPERATOR_COMMAND, 30)))
def test_reading_needs_room(cpu: Cpu, run: Run, sclp: Sclp, mask: int, length: int) -> None:
    set_masks(cpu, run, mask)
    sclp.type(b"xyz\n")
    assert call(cpu, run, READ_EVENT, block(length)) == 0x0300


def test_a_long_line_is_cut_and_nothing_is_lost(cpu: Cpu, run: Run, sclp: Sclp) -> None:
    set_masks(cpu, run, OPERATOR_COMMAND)
    sclp.type(b"a" * 500 + b"\n")
    read = 0
    while call(cpu, run, READ_EVENT, block(4096)) == 0x20:
        read += stored(cpu, 8, 2) - 6 - 16
    assert read == 500


# Anything at all


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_control_block_is_an_error_of_the_machine(machine: Machine, data: st.DataObject) -> None:
    cpu, sclp = machine.cpus[0], machine.sclp
    sclp.type(data.draw(st.binary(max_size=20)))
    command = data.draw(st.sampled_from(COMMANDS))
    body = data.draw(st.binary(min_size=6, max_size=64))
    length = data.draw(st.one_of(st.integers(0, 0xFFFF), st.just(2 + len(body))))
    page = bytearray(4096)
    page[: 2 + len(body)] = length.to_bytes(2, "big") + body
    if command == WRITE_EVENT and data.draw(st.booleans()):
        page[2] = 0
        page[8:14] = (len(body) - 6).to_bytes(2, "big", signed=False) + bytes((2, 0, 0, 0))
        page[18:22] = b"\xd4\xc4\xc2\x40"
    machine.storage.write(SCCB, bytes(page))
    if length < 8:
        with pytest.raises(ProgramInterruption):
            sclp.service_call(cpu, command, SCCB)
    else:
        assert sclp.service_call(cpu, command, SCCB) == 0
        sclp.take_signal()
