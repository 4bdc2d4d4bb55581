# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets and their answers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hypervisor import HostFailure
from emu.machine import MEGABYTE, Machine
from emu.page_states import DISCARDED
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, Psw
from emu.snapshot import take
from tests.conftest import make_ready
from tests.support.elf import ENTRY, PROGRAM_NEW_PSW
from tests.support.gdb_session import AFTER, BRANCH, COUNT, DATA, LOAD, STORE, put_program, stub_of
from tools.gdb.stub import Leaving, Stub


@pytest.fixture
def stub(machine: Machine) -> Stub:
    put_program(machine)
    return stub_of(machine)


def ask(stub: Stub, *packets: str) -> list[str | None]:
    answers = (stub.answer(packet.encode("latin-1")) for packet in packets)
    return [None if answer is None else answer.decode("latin-1") for answer in answers]


def test_what_gdb_asks_first(stub: Stub) -> None:
    supported, unknown, alone, attached, thread, reason = ask(
        *(stub, "qSupported:multiprocess+;swbreak+;hwbreak+", "vMustReplyEmpty", "QStartNoAckMode", "qAttached"),
        *("qC", "?"),
    )
    assert supported is not None
    for feature in ("PacketSize=20000", "QStartNoAckMode+", "swbreak+", "hwbreak+", "qXfer:features:read+"):
        assert feature in supported.split(";")
    assert (unknown, alone, attached, thread, reason) == ("", "OK", "1", "QC1", "T05thread:1;")
    assert stub.is_without_acknowledgement


def test_documents_are_transferred(stub: Stub) -> None:
    whole, rest, memory, threads, name = ask(
        *(stub, "qXfer:features:read:target.xml:0,ffff", "qXfer:features:read:target.xml:10,5"),
        *("qXfer:memory-map:read::0,fff", "qXfer:threads:read::0,fff", "qXfer:exec-file:read:1:0,fff"),
    )
    assert whole is not None
    assert whole.startswith("l<?xml")
    assert rest == "m" + whole[17:22]
    assert memory is not None
    assert '<memory type="ram"' in memory
    assert threads is not None
    assert '<thread id="1">CPU 0: operating, supervisor state</thread>' in threads
    assert name == "l/essa/program"
    assert ask(stub, "qXfer:features:read:other.xml:0,ff", "qXfer:features:write:target.xml:0:x") == ["E00", ""]


def test_registers_are_read_and_written(machine: Machine, stub: Stub) -> None:
    everything, r2, acr0 = ask(stub, "g", "p4", "p12")
    assert everything is not None
    assert everything[4 * 16 : 5 * 16] == r2 == f"{DATA:016x}"
    assert acr0 == "00000000"
    assert ask(stub, "P4=0000000000001234", f"P1={LOAD:016x}") == ["OK", "OK"]
    assert (machine.cpus[0].gr[2], machine.cpus[0].instruction_address) == (0x1234, LOAD)
    changed = f"{everything[: 5 * 16]}{5:016x}{everything[6 * 16 :]}"
    assert ask(stub, "G" + changed) == ["OK"]
    assert (machine.cpus[0].gr[2], machine.cpus[0].gr[3]) == (DATA, 5)
    assert machine.cpus[0].instruction_address == ENTRY


@pytest.mark.parametrize(
    ("packet", "error"),
    (
        ("pffff", "E16"),
        ("p", "E16"),
        ("P4=12", "E16"),
        ("P4", "E16"),
        ("Pffff=00", "E16"),
        ("G00", "E16"),
        # int_class only shows something; there is no such prefix.
        ("P6b=00000001", "E10"),
        ("P66=0000000000000001", "E10"),
        # No PSW is like that.
        ("P0=ffffffffffffffff", "E10"),
        # Storage.
        ("m", "E16"),
        ("m0", "E16"),
        ("mffffffffffff,4", "E0e"),
        ("M10000,2:00", "E16"),
        ("Mffffffffffff,1:00", "E0e"),
        ("X10000,2:a", "E16"),
        # Threads.
        ("Hg9", "E16"),
        ("Hx1", "E16"),
        ("H", "E16"),
        ("T3", "E16"),
        ("qThreadExtraInfo,9", "E16"),
        # Points, going on.
        ("Z9,0,1", "E16"),
        ("Z0", "E16"),
        ("vCont", "E16"),
        ("vCont;x", "E16"),
        ("vCont;s:9", "E16"),
        ("vCont;r1:1", "E16"),
        ("sxyz", "E16"),
        ("qRcmd,f", "E16"),
        ("qRcmd,ff", "E16"),
        ("QNonStop:1", "E10"),
    ),
)
def test_errors(machine: Machine, stub: Stub, packet: str, error: str) -> None:
    before = take(machine)
    assert ask(stub, packet) == [error]
    assert take(machine) == before


@pytest.mark.parametrize("packet", ("", "qTStatus", "vMustReplyEmpty", "!", "R00", "bx", "Qxyz", "i", "\x00", "_"))
def test_what_is_not_known_is_answered_with_nothing(stub: Stub, packet: str) -> None:
    assert ask(stub, packet) == [""]


def test_storage_is_looked_at_and_not_touched(machine: Machine, stub: Stub) -> None:
    page = 0x30000 >> 12
    machine.states.bytes[page] = DISCARDED
    before = take(machine)
    assert ask(stub, "m10000,4", "m30000,2", "m0,0") == ["a7190007", "0000", ""]
    # Of what goes beyond the memory the beginning is given.
    assert ask(stub, f"m{4 * MEGABYTE - 2:x},8") == ["0000"]
    assert take(machine) == before


def test_storage_is_changed(machine: Machine, stub: Stub) -> None:
    assert ask(stub, "M20000,2:abcd", "X20002,3:}#a", "X0,0:") == ["OK", "OK", "OK"]
    assert machine.storage.read(DATA, 5) == b"\xab\xcd}#a"
    machine.states.bytes[DATA >> 12] = DISCARDED
    assert ask(stub, "M20000,2:abcd") == ["E0e"]


def test_a_page_that_the_host_cannot_read_is_an_error(
    machine: Machine, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(page: int) -> bytes:
        raise HostFailure("the paging device is gone")

    monkeypatch.setattr(machine.hypervisor, "content", fail)
    assert ask(stub, "m10000,4") == ["E05"]


def test_breakpoints_and_steps(machine: Machine, stub: Stub) -> None:
    cpu = machine.cpus[0]
    ask(stub, "qSupported:swbreak+;hwbreak+")
    assert ask(stub, f"Z0,{COUNT:x},2", "vCont;c") == ["OK", "T05swbreak:;thread:1;"]
    assert cpu.instruction_address == COUNT
    assert ask(stub, "vCont;s:1", "s", "vCont;r10014,10018:1", "?") == ["T05thread:1;"] * 4
    assert cpu.instruction_address == LOAD
    assert ask(stub, f"z0,{COUNT:x},2", f"Z1,{AFTER:x},2", "c") == ["OK", "OK", "T05hwbreak:;thread:1;"]
    assert (cpu.instruction_address, cpu.gr[1]) == (AFTER, 0)


def test_a_step_and_a_continue_from_elsewhere(machine: Machine, stub: Stub) -> None:
    assert ask(stub, f"s{BRANCH:x}") == ["T05thread:1;"]
    assert machine.cpus[0].instruction_address == AFTER
    assert ask(stub, f"Z0,{COUNT:x},2", f"c{LOAD:x}") == ["OK", "T05thread:1;"]
    assert (machine.cpus[0].instruction_address, machine.executed) == (COUNT, 2)
    assert ask(stub, f"C05;{STORE:x}", f"S05;{LOAD:x}") == ["T05thread:1;", "T05thread:1;"]


def test_the_end_of_the_machine_is_a_stop_that_can_be_looked_at(machine: Machine) -> None:
    put_program(machine)
    sent: list[bytes] = []
    stub = stub_of(machine, sent=sent)
    # The new PSW is zero: a wait that nothing ends would be no surprise, this one is.
    (reply,) = ask(stub, "c")
    assert reply is not None
    assert reply.startswith("T")
    assert sent[0].startswith(b"O")
    assert bytes.fromhex(sent[0][1:].decode()).decode().startswith("essa: ")
    assert ask(stub, "p3") == [f"{0:016x}"]


def test_watchpoints(machine: Machine, stub: Stub) -> None:
    assert ask(stub, f"Z2,{DATA:x},8", "c") == ["OK", f"T05watch:{DATA:x};thread:1;"]
    assert machine.cpus[0].instruction_address == LOAD
    assert ask(stub, f"z2,{DATA:x},8", f"Z3,{DATA + 4:x},4", "c") == ["OK", "OK", f"T05rwatch:{DATA + 4:x};thread:1;"]
    assert machine.cpus[0].instruction_address == COUNT


def test_ctrl_c_stops_it(machine: Machine) -> None:
    put_program(machine)
    machine.storage.write(AFTER, bytes.fromhex("a7f40000"))
    assert ask(stub_of(machine, is_wanted=lambda: True), "c") == ["T02thread:1;"]


def test_threads_are_cpus() -> None:
    machine = Machine(4 * MEGABYTE, cpus=3)
    for cpu in machine.cpus:
        make_ready(cpu)
    put_program(machine)
    machine.cpus[2].gr[2] = 0x33
    stub = stub_of(machine)
    assert ask(stub, "qfThreadInfo", "qsThreadInfo", "Hg3", "p4", "T3", "Hc1") == [
        *("m1,2,3", "l", "OK", f"{0x33:016x}", "OK", "OK"),
    ]
    assert ask(stub, "P4=0000000000000044", "qThreadExtraInfo,3") == [
        *("OK", b"CPU 2: operating, supervisor state".hex()),
    ]
    assert machine.cpus[2].gr[2] == 0x44
    assert ask(stub, "vCont;s:1;c", "qC") == ["T05thread:1;", "QC1"]


def test_monitor_commands(machine: Machine) -> None:
    sent: list[bytes] = []
    stub = stub_of(machine, sent=sent)
    assert ask(stub, "qRcmd," + b"psw".hex()) == ["OK"]
    assert sent == [b"O" + b"said psw\n".hex().encode()]


def test_leaving(machine: Machine) -> None:
    for packet, answer, how in (("D", "OK", Leaving.DETACHED), ("k", None, Leaving.KILLED), ("vKill;1", "OK", None)):
        stub = stub_of(machine)
        assert stub.left is None
        assert ask(stub, packet) == [answer]
        assert stub.left is (how or Leaving.KILLED)


def test_what_gdb_has_set_goes_with_it(machine: Machine, stub: Stub) -> None:
    ask(stub, f"Z0,{COUNT:x},2")
    stub.close()
    assert len(machine.stops) == 0


BEGINNINGS = (
    *("g", "G", "p", "P", "m", "M", "X", "Z0,", "Z2,", "z1,", "s", "S", "H", "Hg", "T", "D", "b", "bs", "?", "!"),
    *("qSupported", "qXfer:features:read:", "qXfer:", "qC", "qRcmd,", "qThreadExtraInfo,", "qSymbol:", "vFile:open:"),
    *(
        "vFile:pread:",
        "vFile:",
        "vCont;s",
        "vCont;r",
        "vCont?",
        "vCont;",
        "QNonStop:",
        "QStartNoAckMode",
        "q",
        "v",
        "Q",
    ),
)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=40) | st.text("0123456789abcdef,;:.-p=", max_size=30))
def test_no_packet_does_harm(beginning: str, rest: bytes | str) -> None:
    stub = _SHARED
    answer = stub.answer(beginning.encode() + (rest.encode() if isinstance(rest, str) else rest))
    assert answer is None or isinstance(answer, bytes)


def _shared() -> Stub:
    machine = Machine(MEGABYTE)
    make_ready(machine.cpus[0])
    machine.storage.write(ENTRY, bytes.fromhex("a7f40000"))
    return stub_of(machine, is_wanted=lambda: True)


_SHARED = _shared()


def test_mutilated_packets_do_no_harm(machine: Machine) -> None:
    put_program(machine)
    stub = stub_of(machine, is_wanted=lambda: True)
    generator = random.Random(14)
    good = [f"P1={ENTRY:016x}", "m10000,40", "M20000,4:01020304", "Z0,10004,2", "z0,10004,2", "vCont;s:1;c", "Hg1"]
    for _ in range(3000):
        packet = bytearray(generator.choice(good).encode())
        for _ in range(generator.randrange(1, 4)):
            where = generator.randrange(len(packet))
            match generator.randrange(3):
                case 0:
                    packet[where] = generator.randrange(256)
                case 1:
                    del packet[where:]
                    packet += b"0"
                case 2:
                    packet.insert(where, generator.randrange(256))
        answer = stub.answer(bytes(packet))
        assert answer is None or isinstance(answer, bytes)


def test_backward(machine: Machine, stub: Stub) -> None:
    cpu = machine.cpus[0]
    (features,) = ask(stub, "qSupported:swbreak+;hwbreak+")
    assert features is not None
    assert features.endswith(";ReverseStep+;ReverseContinue+")
    before = take(machine)
    ask(stub, "s", "s", "s")
    assert ask(stub, "bs") == ["T05thread:1;"]
    assert (cpu.instruction_address, machine.executed) == (LOAD, 2)
    assert ask(stub, f"Z0,{COUNT:x},2", "c", "c", "c", "bc") == ["OK", *["T05swbreak:;thread:1;"] * 4]
    assert (cpu.instruction_address, cpu.gr[1]) == (COUNT, 6)
    assert ask(stub, f"z0,{COUNT:x},2", "bc") == ["OK", "T05replaylog:begin;thread:1;"]
    assert take(machine) == before
    assert ask(stub, "bs") == ["T05replaylog:begin;thread:1;"]


def test_a_discard_fault_is_undone(machine: Machine, stub: Stub) -> None:
    """The load is nullified, and the step takes its interruption; the step back comes before both."""
    machine.storage.write(PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE, 0x12000).to_bytes())
    session_before = ask(stub, f"P1={LOAD:016x}", f"P4={0x30000:016x}")
    assert session_before == ["OK", "OK"]
    machine.states.bytes[0x30] = DISCARDED
    stub = stub_of(machine)
    before = take(machine)
    ask(stub, "s")
    assert machine.cpus[0].instruction_address == 0x12000
    assert machine.storage.read_integer(0x8E, 2) == ProgramInterruptionCode.DISCARD_FAULT
    ask(stub, "bs")
    assert take(machine) == before
    ask(stub, "s")
    assert machine.cpus[0].instruction_address == 0x12000
