# SPDX-License-Identifier: GPL-2.0-or-later
"""Subchannels, channel programs and virtio-ccw, driven by the instructions, as a driver would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu import snapshot
from emu.cpu import Cpu
from emu.devices.disk_image import DiskImage
from emu.devices.virtio_block import VirtioBlock
from emu.devices.virtio_ccw import VirtioCcw
from emu.events import Observer
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, IO_MASK, WAIT, Psw

Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

SUBCHANNEL = 0x0001_0000
BLOCK = 0x20000
ORB = 0x20100
IRB = 0x20200
CCWS = 0x21000
DATA = 0x22000
RINGS = 0x24000
HEADER = 0x25000
STATUS = 0x25100
PAGE = 0x26000
INDICATORS = 0x27000
ENABLED = 0x0080_0000
SECTORS = 16


class Driver:
    """Executes I/O instructions, and holds the places of its blocks."""

    def __init__(self, machine: Machine, run: Run) -> None:
        self.machine, self.cpu, self.run = machine, machine.cpus[0], run

    def do(self, mnemonic: str, address: int = BLOCK, subchannel: int = SUBCHANNEL) -> int:
        self.cpu.gr[1], self.cpu.gr[3] = subchannel, address
        self.run(self.cpu, mnemonic, b2=3)
        return self.cpu.cc

    def put(self, address: int, text: str) -> None:
        self.machine.storage.write(address, bytes.fromhex(text))

    def enable(self, flags: int = ENABLED) -> None:
        assert self.do("STSCH") == 0
        self.machine.storage.write_integer(BLOCK + 4, 4, flags)
        assert self.do("MSCH") == 0

    def start(self, *ccws: str, control: str = "0080 8000") -> int:
        """Start a program of format-1 CCWs; gives the condition code."""
        self.put(ORB, "00001234" + control + f"{CCWS:08x}")
        self.put(CCWS, "".join(ccws))
        return self.do("SSCH", ORB)

    def end(self) -> bytes:
        """Let it be performed, and give the subchannel-status word."""
        self.machine.channels.perform()
        assert self.do("TSCH", IRB) == 0
        return self.machine.storage.read(IRB, 12)

    def execute(self, *ccws: str, control: str = "0080 8000") -> tuple[int, int, int]:
        """The device status, the subchannel status and the residual count of a program."""
        assert self.start(*ccws, control=control) == 0
        word = self.end()
        return word[8], word[9], int.from_bytes(word[10:], "big")

    def send(self, command: int, data: bytes) -> int:
        """Execute one virtio command; gives the device status."""
        self.machine.storage.write(DATA, data)
        return self.execute(f"{command:02x}20{len(data):04x}{DATA:08x}")[0]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    path.write_bytes(b"".join(bytes((number,)) * 512 for number in range(SECTORS)))
    return path


@pytest.fixture
def driver(machine: Machine, run: Run, image: Path) -> Driver:
    machine.channels.attach(VirtioCcw(VirtioBlock(DiskImage(image, is_writable=True), "disk 0")))
    return Driver(machine, run)


SENSE_ID = f"e4000008{DATA:08x}"


class Told(Observer):
    """Keeps what it is told of I/O."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def io_begins(self, subchannel: int, what: str) -> None:
        self.said.append(f"{subchannel} begins {what}")

    def io_ended(self, subchannel: int, what: str) -> None:
        self.said.append(f"{subchannel} ended {what}")


def test_observers_are_told_of_functions(driver: Driver) -> None:
    told = Told()
    driver.machine.observers.append(told)
    driver.enable()
    assert driver.execute(SENSE_ID)[:2] == (0x0C, 0)
    assert driver.do("CSCH") == 0
    driver.machine.channels.perform()
    # Start function, then primary and secondary status with status pending; the clear function with status pending.
    assert told.said == [
        f"0 begins start function, CCW at {CCWS:x}",
        f"0 ended start function, CCW at {CCWS:x}: subchannel status 00804007",
        "0 begins clear function",
        "0 ended clear function: subchannel status 00001001",
    ]


def test_store_and_modify_subchannel(driver: Driver) -> None:
    driver.enable(ENABLED | 0x1800_0000)
    driver.put(BLOCK, "00" * 52)
    assert driver.do("STSCH") == 0
    block = driver.machine.storage.read(BLOCK, 28)
    # Enabled, subclass 3, valid, device 0; one path, 0, installed and available.
    assert block[4:8] == bytes.fromhex("1881 0000")
    assert block[8:16] == bytes.fromhex("8000 80800000 ff80")
    assert driver.do("STSCH", subchannel=SUBCHANNEL + 1) == 3


@pytest.mark.parametrize("mnemonic", ("SSCH", "TSCH", "CSCH", "HSCH", "RSCH", "XSCH"))
def test_a_subchannel_that_is_not_enabled_is_not_operational(driver: Driver, mnemonic: str) -> None:
    assert driver.do(mnemonic) == 3


def test_start_then_status(driver: Driver) -> None:
    driver.enable()
    assert driver.start(SENSE_ID) == 0
    assert driver.start(SENSE_ID) == 2  # busy
    assert driver.do("MSCH") == 2
    driver.machine.channels.perform()
    assert driver.start(SENSE_ID) == 1  # status pending
    assert driver.do("HSCH") == driver.do("RSCH") == driver.do("XSCH") == driver.do("MSCH") == 1
    assert driver.do("TSCH", IRB) == 0
    # Format 1, start function, primary, secondary, pending; CCW address behind; channel end and device end.
    assert driver.machine.storage.read(IRB, 12) == bytes.fromhex(f"0080 4007 {CCWS + 8:08x} 0c00 0000")
    assert driver.machine.storage.read(DATA, 7) == bytes.fromhex("ff 3832 02 0000 00")
    assert driver.do("TSCH", IRB) == 1
    assert driver.machine.keys.bytes[DATA >> 12] & 6 == 6


def test_clear_halt_and_cancel(driver: Driver) -> None:
    driver.enable()
    assert driver.do("RSCH") == driver.do("XSCH") == 2
    driver.start(SENSE_ID)
    assert driver.do("XSCH") == 0
    assert driver.do("TSCH", IRB) == 1
    driver.start(SENSE_ID)
    assert driver.do("HSCH") == 0
    assert driver.do("HSCH") == 2
    assert driver.end()[:4] == bytes.fromhex("0080 6001")
    assert driver.do("CSCH") == 0
    assert driver.end() == bytes.fromhex("0000 1001") + bytes(8)


@pytest.mark.parametrize(
    ("ccws", "expected"),
    (
        ((f"e4000009{DATA:08x}",), (0x0C, 0x40, 1)),  # shorter: incorrect length
        ((f"e4200009{DATA:08x}",), (0x0C, 0, 1)),  # suppressed
        ((f"e4000004{DATA:08x}",), (0x0C, 0x40, 0)),  # longer
        ((f"e4800003{DATA:08x}", f"00000005{DATA + 64:08x}"), (0x0C, 0, 0)),  # data chaining
        ((f"03600001{DATA:08x}", SENSE_ID), (0x0C, 0, 0)),  # command chaining
        ((f"03600001{DATA:08x}", f"08000000{CCWS + 16:08x}", SENSE_ID), (0x0C, 0, 0)),
        ((f"08000000{CCWS + 8:08x}", SENSE_ID), (0, 0x20, 0)),  # begins with a transfer in channel
        ((f"03600001{DATA:08x}", f"08000000{CCWS + 8:08x}"), (0, 0x20, 0)),
        ((f"e0000001{DATA:08x}",), (0, 0x20, 0)),  # xxxx0000 is no command
        (("e400000780000000",), (0, 0x20, 0)),  # not a 31-bit address
        ((f"e4010007{DATA:08x}",), (0, 0x20, 0)),  # modified indirect addressing
        ((f"e4020008{DATA:08x}",), (0, 0x20, 0)),  # suspension is not allowed by the request
        (("e400000700800000",), (0x0C, 0x20, 7)),  # beyond storage
        ((f"ff000001{DATA:08x}",), (0x0E, 0, 1)),  # command reject
    ),
)
def test_channel_programs(driver: Driver, ccws: tuple[str, ...], expected: tuple[int, int, int]) -> None:
    driver.enable()
    assert driver.execute(*ccws) == expected


def test_skip_and_indirect_addresses(driver: Driver) -> None:
    driver.enable()
    assert driver.execute(f"e4900003{DATA:08x}", f"00000005{DATA + 64:08x}") == (0x0C, 0, 0)
    assert driver.machine.storage.read(DATA, 3) == bytes(3)
    assert driver.machine.storage.read(DATA + 64, 4) == bytes.fromhex("02 0000 00")
    driver.put(BLOCK, f"{DATA + 2045:08x} {PAGE:08x}")
    assert driver.execute(f"e4040008{BLOCK:08x}") == (0x0C, 0, 0)
    assert driver.machine.storage.read(DATA + 2045, 3) == bytes.fromhex("ff 3832")
    assert driver.machine.storage.read(PAGE, 4) == bytes.fromhex("02 0000 00")
    driver.put(BLOCK, f"{DATA + 2045:08x} {PAGE + 8:08x}")
    assert driver.execute(f"e4040008{BLOCK:08x}")[1] == 0x20


def test_format_0(driver: Driver) -> None:
    driver.enable()
    assert driver.execute(f"e4{DATA:06x} 0000 0008", control="0000 8000") == (0x0C, 0, 0)


def test_key_of_the_channel_program(driver: Driver) -> None:
    driver.enable()
    driver.machine.keys.bytes[DATA >> 12] = 0x30
    assert driver.execute(SENSE_ID, control="2080 8000")[1] == 0x10
    assert driver.execute(SENSE_ID, control="3080 8000")[1] == 0


def test_an_endless_program_stays_active_until_it_is_cleared(driver: Driver) -> None:
    driver.enable()
    assert driver.start(f"03600001{DATA:08x}", f"08000000{CCWS:08x}") == 0
    driver.machine.channels.perform()
    assert driver.do("TSCH", IRB) == 1
    assert driver.do("CSCH") == 0
    assert driver.end()[3] == 1


def test_suspend_and_resume(driver: Driver) -> None:
    driver.enable()
    assert driver.start(f"e4020008{DATA:08x}", control="0880 8000") == 0
    assert driver.end()[2:4] == bytes.fromhex("4029")  # suspended, intermediate status
    assert driver.do("RSCH") == 0
    assert driver.end()[3] == 7


def test_test_pending_interruption(driver: Driver) -> None:
    driver.enable(ENABLED | 0x1800_0000)
    driver.start(SENSE_ID)
    driver.machine.channels.perform()
    driver.cpu.cr[6] = 0xEF00_0000  # all but subclass 3
    assert driver.do("TPI") == 0
    driver.cpu.cr[6] = 0x1000_0000
    assert driver.do("TPI") == 1
    assert driver.machine.storage.read(BLOCK, 8) == bytes.fromhex("00010000 00001234")
    assert driver.do("TPI") == 0
    assert driver.do("TSCH", IRB) == 0


def test_interruption(driver: Driver) -> None:
    driver.enable(ENABLED | 0x1800_0000)
    machine, cpu = driver.machine, driver.cpu
    cpu.cr[6] = 0x1000_0000
    machine.storage.write(0x1F0, Psw(ADDRESSING_MODE | WAIT, 0x777).to_bytes())
    driver.start(SENSE_ID)
    cpu.load_psw(Psw(ADDRESSING_MODE | WAIT | IO_MASK, 0x10000))
    machine.run()
    assert cpu.psw.address == 0x777
    assert machine.storage.read(0xB8, 12) == bytes.fromhex("00010000 00001234 18000000")


def test_a_report_is_a_machine_check_until_it_has_been_looked_for_in_vain(driver: Driver) -> None:
    """The channel-report-pending condition is bit 9 of the machine-check-interruption code (PoP 11)."""
    floating = driver.machine.configuration.floating
    assert driver.do("RCHP", subchannel=0) == 0
    assert floating.machine_checks == 1 << 63 - 9
    floating.machine_checks = 0
    driver.do("RCHP", subchannel=0)
    assert (driver.do("STCRW"), driver.do("STCRW")) == (0, 0)
    driver.do("RCHP", subchannel=0)
    assert floating.machine_checks == 0
    assert (driver.do("STCRW"), driver.do("STCRW")) == (0, 1)
    driver.do("RCHP", subchannel=0)
    assert floating.machine_checks == 1 << 63 - 9
    driver.machine.report_machine_check(1 << 63 - 2)
    driver.machine.channels.reset()
    assert floating.machine_checks == 0
    assert driver.machine.cpus[0].machine_checks == 1 << 63 - 2
    assert driver.do("STCRW") == 1


def test_channel_path_and_report(driver: Driver) -> None:
    assert driver.do("RCHP", subchannel=0) == 0
    assert driver.do("STCRW") == 0
    assert driver.machine.storage.read(BLOCK, 4) == bytes.fromhex("0402 0000")
    assert driver.do("STCRW") == 1
    driver.put(BLOCK, "0010 0002 0000 0000 0000 0001 00000000")
    driver.cpu.gr[5] = BLOCK
    driver.run(driver.cpu, "CHSC", r1=5)
    assert driver.machine.storage.read(BLOCK + 16, 24) == bytes.fromhex(
        "0018 0001 00000000 80003200 00000000 00000001 00000000"
    )


# virtio


def set_up(driver: Driver) -> None:
    """Bring the device up with a queue of four in :data:`RINGS`."""
    driver.enable()
    assert driver.send(0x83, bytes.fromhex("0001 0000")) == 0x0C
    for index, features in ((0, 0), (1, 1)):
        assert driver.send(0x11, features.to_bytes(4, "little") + bytes((index,))) == 0x0C
    block = RINGS.to_bytes(8, "big") + bytes(4) + b"\0\0\0\4" + (RINGS + 256).to_bytes(8, "big")
    assert driver.send(0x13, block + (RINGS + 512).to_bytes(8, "big")) == 0x0C
    assert driver.send(0x43, INDICATORS.to_bytes(8, "big")) == 0x0C
    assert driver.send(0x31, b"\x0f") == 0x0C


def describe(driver: Driver, index: int, address: int, length: int, flags: int, following: int = 0) -> None:
    entry = address.to_bytes(8, "little") + length.to_bytes(4, "little") + flags.to_bytes(2, "little")
    driver.machine.storage.write(RINGS + 16 * index, entry + following.to_bytes(2, "little"))


def ring(driver: Driver, available: int = 1, queue: int = 0) -> int:
    storage = driver.machine.storage
    storage.write(RINGS + 258, available.to_bytes(2, "little"))
    driver.cpu.gr[1], driver.cpu.gr[2], driver.cpu.gr[3] = 3, SUBCHANNEL, queue
    driver.cpu.gr[4] = 0x500
    driver.run(driver.cpu, "DIAG", b2=4)
    driver.machine.channels.perform()
    return driver.cpu.gr[2]


def request(driver: Driver, kind: int, sector: int, length: int = 512, available: int = 1) -> int:
    """Make a request of the disk; gives its status byte, 255 if there is none."""
    storage = driver.machine.storage
    storage.write(HEADER, kind.to_bytes(4, "little") + bytes(4) + sector.to_bytes(8, "little"))
    storage.write(STATUS, b"\xff")
    describe(driver, 0, HEADER, 16, 1, 1)
    describe(driver, 1, PAGE, length, 1 if kind == 1 else 3, 2)
    describe(driver, 2, STATUS, 1, 2)
    assert ring(driver, available) == 0
    return storage.read(STATUS, 1)[0]


def test_read_write_flush_and_identification(driver: Driver, image: Path) -> None:
    set_up(driver)
    storage = driver.machine.storage
    assert request(driver, 0, 5) == 0
    assert storage.read(PAGE, 512) == b"\x05" * 512
    # One used buffer, the first, with 513 bytes; the indicator of queue 0; an interruption that nobody asked for.
    assert storage.read(RINGS + 512, 12) == bytes.fromhex("0000 0100 00000000 01020000")
    assert storage.read(INDICATORS, 8) == bytes(7) + b"\1"
    assert driver.do("TSCH", IRB) == 0
    assert storage.read(IRB, 4)[2:] == bytes.fromhex("0011")
    storage.write(PAGE, b"\xaa" * 512)
    assert request(driver, 1, 7, available=2) == 0
    assert image.read_bytes()[7 * 512 : 8 * 512] == b"\xaa" * 512
    assert request(driver, 4, 0, available=3) == 0
    assert request(driver, 8, 0, 20, available=4) == 0
    assert storage.read(PAGE, 20) == b"disk 0".ljust(20, b"\0")
    assert request(driver, 99, 0, available=5) == 2
    assert request(driver, 0, SECTORS, available=6) == 1
    assert ring(driver, 6, queue=1) == (1 << 64) - 22


def test_features_configuration_and_status(driver: Driver) -> None:
    driver.enable()
    assert driver.send(0x22, bytes(24)) == 0x0E  # no revision yet
    assert driver.send(0x83, bytes.fromhex("0003 0000")) == 0x0E
    assert driver.send(0x83, bytes.fromhex("0002 0000")) == 0x0C
    driver.send(0x22, bytes(24))
    assert driver.machine.storage.read(DATA, 24) == SECTORS.to_bytes(8, "little") + bytes(12) + b"\0\2\0\0"
    assert driver.execute(f"22000008{DATA:08x}") == (0x0C, 0, 0)
    driver.send(0x12, bytes(4) + b"\1")
    assert driver.machine.storage.read(DATA, 5) == b"\1\0\0\0\1"
    driver.send(0x32, bytes(4))
    assert driver.machine.storage.read(DATA, 4) == bytes.fromhex("0000 0080")
    assert driver.send(0x31, b"\x0b") == 0x0E  # VERSION_1 is not accepted
    assert driver.send(0x31, b"\x03") == 0x0C
    driver.send(0x72, b"\0")
    assert driver.machine.storage.read(DATA, 1) == b"\3"
    assert driver.send(0x73, bytes(25)) == 0x0E  # no adapter interruptions


def test_a_read_only_disk_refuses_writes(machine: Machine, run: Run, image: Path) -> None:
    machine.channels.attach(VirtioCcw(VirtioBlock(DiskImage(image))))
    driver = Driver(machine, run)
    set_up(driver)
    before = image.read_bytes()
    assert request(driver, 1, 7) == 1
    assert image.read_bytes() == before


def test_an_unused_page_is_an_error_of_the_request_or_of_the_ring(driver: Driver, cpu: Cpu) -> None:
    set_up(driver)

    def release(address: int) -> None:
        cpu.gr[6] = address
        driver.run(cpu, "ESSA", r1=7, r2=6, m3=2)

    release(PAGE)
    assert request(driver, 0, 5) == 1
    driver.do("TSCH", IRB)
    release(RINGS)
    cpu.gr[1], cpu.gr[2], cpu.gr[3], cpu.gr[4] = 3, SUBCHANNEL, 0, 0x500
    driver.run(cpu, "DIAG", b2=4)
    assert driver.end()[9] == 0x20


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=st.binary(min_size=8, max_size=64), control=st.integers(0, 0xFFFF_FFFF), commands=st.booleans())
def test_any_channel_program_ends(run: Run, image: Path, program: bytes, control: int, commands: bool) -> None:
    driver = Driver(_machine(image), run)
    driver.enable()
    if commands:
        program = bytes.fromhex(f"83600004{DATA:08x}") + program
    driver.machine.storage.write(DATA, bytes.fromhex("0001 0000"))
    assert driver.start(program.hex(), control=f"{control & 0xFFFF_7FC0 | 0x8000:08x}") == 0
    driver.machine.channels.perform()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rings=st.binary(min_size=64, max_size=300), available=st.integers(0, 0xFFFF))
def test_any_virtqueue_is_served_or_refused(run: Run, image: Path, rings: bytes, available: int) -> None:
    driver = Driver(_machine(image), run)
    set_up(driver)
    driver.machine.storage.write(RINGS, rings)
    assert ring(driver, available) == 0


def _machine(image: Path) -> Machine:
    machine = Machine(MEGABYTE)
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, 0x10000))
    machine.channels.attach(VirtioCcw(VirtioBlock(DiskImage(image))))
    return machine


def test_the_snapshot_knows_the_subchannel(driver: Driver) -> None:
    before = snapshot.take(driver.machine)
    driver.enable()
    assert "devices[2].subchannels[0]._flags" in snapshot.differences(before, snapshot.take(driver.machine))


def test_bit_5_of_the_path_management_control_word_is_ignored(driver: Driver) -> None:
    driver.enable(ENABLED | 0x0400_0000)
    assert driver.do("STSCH") == 0
    assert driver.machine.storage.read_integer(BLOCK + 4, 4) & 0x0480_0000 == ENABLED


# PoP 17, "Channel-Subsystem-Monitoring Facility"

MEASURED = ENABLED | 0x0010_0000
MEASUREMENT_BLOCKS = 0x28000
UPDATE = 0x2


def monitor(driver: Driver, controls: int = UPDATE, origin: int = MEASUREMENT_BLOCKS) -> None:
    driver.cpu.gr[1], driver.cpu.gr[2] = controls, origin
    driver.run(driver.cpu, "SCHM")


def counts(driver: Driver, index: int = 0) -> tuple[int, int]:
    block = driver.machine.storage.read(MEASUREMENT_BLOCKS + 32 * index, 4)
    return int.from_bytes(block[:2], "big"), int.from_bytes(block[2:], "big")


def test_starts_are_counted_in_the_measurement_block_of_the_index(driver: Driver) -> None:
    driver.enable(MEASURED)
    monitor(driver)
    driver.execute(SENSE_ID)
    driver.execute(SENSE_ID)
    assert counts(driver) == (2, 2)
    assert driver.do("STSCH") == 0
    driver.machine.storage.write_integer(BLOCK + 12, 2, 3)
    assert driver.do("MSCH") == 0
    driver.execute(SENSE_ID)
    assert (counts(driver), counts(driver, 3)) == ((2, 2), (1, 1))


@pytest.mark.parametrize(("flags", "controls"), ((ENABLED, UPDATE), (MEASURED, 0)))
def test_nothing_is_counted_unless_both_want_it(driver: Driver, flags: int, controls: int) -> None:
    driver.enable(flags)
    monitor(driver)
    monitor(driver, controls)
    driver.execute(SENSE_ID)
    assert counts(driver) == (0, 0)


def test_the_counts_of_a_measurement_block_wrap(driver: Driver) -> None:
    driver.enable(MEASURED)
    monitor(driver)
    driver.put(MEASUREMENT_BLOCKS, "ffff 0007")
    driver.execute(SENSE_ID)
    assert counts(driver) == (0, 8)


def test_the_measurement_block_key_is_looked_at(driver: Driver) -> None:
    driver.enable(MEASURED)
    driver.machine.keys.bytes[MEASUREMENT_BLOCKS >> 12] = 0x20
    monitor(driver, 0x3000_0000 | UPDATE)
    assert driver.execute(SENSE_ID)[0] == 0x0C
    assert counts(driver) == (0, 0)
    assert driver.do("STSCH") == 0
    assert driver.machine.storage.read_integer(BLOCK + 4, 4) & MEASURED == ENABLED
    driver.enable(MEASURED)
    monitor(driver, 0x2000_0000 | UPDATE)
    driver.execute(SENSE_ID)
    assert counts(driver) == (1, 1)


def test_a_measurement_block_beyond_storage_harms_nothing(driver: Driver) -> None:
    driver.enable(MEASURED)
    monitor(driver, UPDATE, 1 << 40)
    assert driver.execute(SENSE_ID)[0] == 0x0C


@pytest.mark.parametrize("how", ("disabled", "path reset"))
def test_a_revision_does_not_outlive_the_subchannel(driver: Driver, how: str) -> None:
    """Virtio 1.x, 4.3.2.1; RESET CHANNEL PATH signals "system reset" to the devices of the path (PoP 14)."""
    set_up(driver)
    if how == "disabled":
        driver.enable(0)
        driver.enable()
    else:
        assert driver.do("RCHP", subchannel=0) == 0
    assert driver.send(0x22, bytes(24)) == 0x0E
    assert driver.send(0x83, bytes.fromhex("0001 0000")) == 0x0C
