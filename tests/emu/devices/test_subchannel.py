# SPDX-License-Identifier: GPL-2.0-or-later
"""A subchannel alone: PoP 14, condition codes of the I/O instructions; 15, "Path-Management-Control Word"; 16,
"Subchannel-Status Word"."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu.devices import channel_program
from emu.devices.channel_program import DataArea
from emu.devices.channel_storage import ChannelStorage
from emu.devices.subchannel import Subchannel

CCWS = 0x21000
ENABLED = 1 << 23
FORMAT_1, SUSPEND_CONTROL, SUPPRESS_SUSPENDED = 1 << 31 - 8, 1 << 31 - 4, 1 << 31 - 12
SUSPEND, SUPPRESS_LENGTH, CHAIN_COMMAND = 0x02, 0x20, 0x40
# Word 0 of the subchannel-status word: function control, activity control, status control.
START, HALT, CLEAR = 1 << 31 - 17, 1 << 31 - 18, 1 << 31 - 19
RESUME_PENDING, START_PENDING, HALT_PENDING, CLEAR_PENDING = (1 << 31 - number for number in range(20, 24))
ACTIVE = 1 << 31 - 24 | 1 << 31 - 25
SUSPENDED = 1 << 31 - 26
ALERT, INTERMEDIATE, PRIMARY, SECONDARY, PENDING = (1 << 31 - number for number in range(27, 32))
CHANNEL_END, DEVICE_END, UNIT_CHECK = 0x08, 0x04, 0x02


class Unit:
    """Ends every command with the same status, without moving data."""

    def __init__(self) -> None:
        self.status = CHANNEL_END | DEVICE_END
        self.commands = 0
        self.moves = self.is_told = False

    def execute(self, command: int, data: DataArea) -> int:
        self.commands += 1
        if self.moves:
            data.receive(1)
        return self.status

    def enable(self) -> None:
        self.is_told = True


class Place:
    """Subchannel 2, enabled, with device 0123."""

    def __init__(self, storage: ChannelStorage) -> None:
        self.storage = storage
        self.unit = Unit()
        self.subchannel = Subchannel(2, 0x123, self.unit, storage)
        self.modify()

    def modify(self, word_1: int = ENABLED, path_mask: int = 0x80) -> int:
        words = (0x1234, word_1, path_mask << 24, 5 << 16, 0, 0, 0)
        return self.subchannel.modify(b"".join(word.to_bytes(4, "big") for word in words))

    def start(self, *, control: int = FORMAT_1, path_mask: int = 0xFF, flags: int = 0) -> int:
        """Start a program of one CCW, followed by another if it is chained."""
        self.storage.store(CCWS, bytes.fromhex(f"03{flags | SUPPRESS_LENGTH:02x}0001 00022000 03200001 00022000"))
        words = (0x5678, control | path_mask << 8, CCWS)
        return self.subchannel.start(b"".join(word.to_bytes(4, "big") for word in words) + bytes(20))

    def suspend(self) -> None:
        """Have a program suspended, without an intermediate status."""
        assert self.start(control=FORMAT_1 | SUSPEND_CONTROL | SUPPRESS_SUSPENDED, flags=SUSPEND) == 0
        self.subchannel.perform()

    def make_status_pending(self) -> None:
        assert self.start() == 0
        self.subchannel.perform()


@pytest.fixture
def place(storage: ChannelStorage) -> Place:
    return Place(storage)


def block(*words: int) -> bytes:
    return b"".join(word.to_bytes(4, "big") for word in words)


def functions(subchannel: Subchannel) -> int:
    """Function, activity and status control."""
    return subchannel.control & 0x7FFF


# The subchannel-information block


def test_after_a_reset_it_is_valid_and_disabled_with_one_path(storage: ChannelStorage) -> None:
    subchannel = Subchannel(2, 0x123, Unit(), storage)
    # Parameter; valid (bit 15) and device number; logical, last-used and installed path 0; operational and available.
    expected = block(0, 0x0001_0123, 0x8000_8080, 0x0000_FF80, 0, 0, 0) + bytes(12) + bytes(12)
    assert subchannel.information_block() == expected
    assert not subchannel.is_enabled


def test_a_reset_undoes_everything(place: Place, storage: ChannelStorage) -> None:
    place.make_status_pending()
    place.subchannel.reset()
    assert place.subchannel.information_block() == Subchannel(2, 0x123, Unit(), storage).information_block()
    assert not place.subchannel.interruption_pending
    assert place.subchannel.program_state() is None


def test_modifying_sets_only_what_the_program_may_set(place: Place) -> None:
    words = (0x1234, 0xFFFF_FFFF, 0x40FF_FFFF, 0x0007_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0x8000_0001)
    assert place.subchannel.modify(block(*words)) == 0
    found = place.subchannel.information_block()
    # Interruption subclass (bits 2-4), enabled (8), limit mode (9-10), measurement mode (11-12), multipath (13).
    word_1 = 0x3800_0000 | 0x0080_0000 | 0x0060_0000 | 0x0018_0000 | 0x0004_0000
    assert found[:12] == block(0x1234, word_1 | 0x0001_0123, 0x4000_8080)
    assert found[12:14] == b"\0\7"
    assert found[24:28] == block(0x8000_0001)


def test_the_subclass_is_bits_2_to_4(place: Place) -> None:
    place.modify(ENABLED | 5 << 31 - 4)
    assert place.subchannel.subclass == 5


@pytest.mark.parametrize(("bit", "is_measured"), ((11, True), (12, False)))
def test_measurement_blocks_are_updated_if_the_first_mode_bit_is_one(place: Place, bit: int, is_measured: bool) -> None:
    place.modify(ENABLED | 1 << 31 - bit)
    assert place.subchannel.is_measured is is_measured
    place.subchannel.end_measurement()
    assert not place.subchannel.is_measured
    assert place.subchannel.is_enabled


# Condition codes

FUNCTIONS: dict[str, Callable[[Place], int]] = {
    "start": lambda place: place.start(),
    "clear": lambda place: place.subchannel.clear(),
    "halt": lambda place: place.subchannel.halt(),
    "resume": lambda place: place.subchannel.resume(),
    "cancel": lambda place: place.subchannel.cancel(),
}
NOT_OPERATIONAL, STATUS_PENDING, BUSY, DONE = 3, 1, 2, 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_subchannel_that_is_not_enabled_is_not_operational(place: Place, name: str) -> None:
    place.modify(0)
    assert FUNCTIONS[name](place) == NOT_OPERATIONAL
    assert place.subchannel.control == 0


@pytest.mark.parametrize("name", ("start", "halt", "resume", "cancel"))
def test_pending_status_is_to_be_taken_first(place: Place, name: str) -> None:
    place.make_status_pending()
    before = place.subchannel.status_word()
    assert FUNCTIONS[name](place) == STATUS_PENDING
    assert place.subchannel.status_word() == before


def test_a_subchannel_with_pending_status_is_not_modified(place: Place) -> None:
    place.make_status_pending()
    assert place.modify(0) == STATUS_PENDING
    assert place.subchannel.is_enabled


@pytest.mark.parametrize(
    ("first", "busy"),
    (
        ("start", ("start",)),
        ("halt", ("start", "halt", "resume", "cancel")),
        ("clear", ("start", "halt", "resume", "cancel")),
    ),
)
def test_what_a_function_in_progress_makes_busy(place: Place, first: str, busy: tuple[str, ...]) -> None:
    assert FUNCTIONS[first](place) == DONE
    assert {name for name in FUNCTIONS if name in busy and FUNCTIONS[name](place) != BUSY} == set()
    assert place.modify() == BUSY


def test_without_a_program_there_is_nothing_to_resume_or_cancel(place: Place) -> None:
    assert (place.subchannel.resume(), place.subchannel.cancel()) == (BUSY, BUSY)


# Start


def test_a_start_function_is_pending_with_the_controls_of_the_request(place: Place) -> None:
    # Key 9, suspend control, and bits 8-12: format, prefetch, initial status, address limit, suppress suspended.
    assert place.start(control=0x98F8_0000) == DONE
    assert place.subchannel.control == 0x98F8_0000 | START | START_PENDING
    assert place.subchannel.parameter == 0x5678
    assert place.subchannel.has_work
    assert place.subchannel.begins_program
    assert place.unit.commands == 0


@pytest.mark.parametrize(("of_subchannel", "of_request"), ((0x00, 0xFF), (0x80, 0x7F), (0x7F, 0xFF)))
def test_without_a_path_in_both_masks_the_device_is_not_operational(
    place: Place, of_subchannel: int, of_request: int
) -> None:
    place.modify(path_mask=of_subchannel)
    assert place.start(path_mask=of_request) == NOT_OPERATIONAL
    assert place.subchannel.parameter == 0x1234


@pytest.mark.parametrize(
    ("status", "pending"),
    (
        (CHANNEL_END | DEVICE_END, PRIMARY | SECONDARY),
        (CHANNEL_END, PRIMARY),
        (CHANNEL_END | DEVICE_END | UNIT_CHECK, ALERT | PRIMARY | SECONDARY),
    ),
)
def test_the_end_of_a_program_is_pending_status(place: Place, status: int, pending: int) -> None:
    place.unit.status = status
    place.make_status_pending()
    assert functions(place.subchannel) == START | pending | PENDING
    assert place.subchannel.status_word()[4:] == block(CCWS + 8) + bytes((status, 0, 0, 1))
    assert place.subchannel.interruption_pending
    assert not place.subchannel.has_work


def test_a_program_check_is_an_alert(place: Place) -> None:
    # The suspend flag without suspend control.
    assert place.start(flags=SUSPEND) == DONE
    place.subchannel.perform()
    assert functions(place.subchannel) == START | ALERT | PRIMARY | SECONDARY | PENDING
    assert place.subchannel.status_word()[8:] == bytes((0, 0x20, 0, 0))


def test_a_new_start_begins_with_empty_words(place: Place) -> None:
    place.make_status_pending()
    place.subchannel.take_status()
    assert place.start() == DONE
    assert place.subchannel.status_word()[4:] == bytes(8)


def test_an_endless_program_stays_active(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_program, "MOST_CCWS", 1)
    assert place.start(flags=CHAIN_COMMAND) == DONE
    place.subchannel.perform()
    assert functions(place.subchannel) == START | ACTIVE
    assert not place.subchannel.interruption_pending


# Suspend and resume


def test_a_suspended_program_is_intermediate_status(place: Place) -> None:
    assert place.start(control=FORMAT_1 | SUSPEND_CONTROL, flags=SUSPEND) == DONE
    place.subchannel.perform()
    assert functions(place.subchannel) == START | SUSPENDED | INTERMEDIATE | PENDING
    assert place.subchannel.interruption_pending
    place.subchannel.take_status()
    assert functions(place.subchannel) == START | SUSPENDED
    assert place.subchannel.resume() == DONE


def test_the_request_may_suppress_the_intermediate_status(place: Place) -> None:
    place.suspend()
    assert functions(place.subchannel) == START | SUSPENDED
    assert not place.subchannel.interruption_pending


def test_a_resumed_program_goes_on_with_the_suspended_ccw(place: Place) -> None:
    place.suspend()
    assert place.subchannel.resume() == DONE
    assert functions(place.subchannel) == START | RESUME_PENDING | SUSPENDED
    assert place.subchannel.begins_program
    assert place.subchannel.resume() == BUSY
    place.subchannel.perform()
    assert functions(place.subchannel) == START | PRIMARY | SECONDARY | PENDING
    assert place.unit.commands == 1


def test_a_restored_subchannel_resumes_the_program(place: Place) -> None:
    place.suspend()
    state = place.subchannel.program_state()
    place.subchannel.restore_program(None)
    assert place.subchannel.program_state() is None
    place.subchannel.restore_program(state)
    assert place.subchannel.resume() == DONE
    place.subchannel.perform()
    assert place.unit.commands == 1


# Halt, clear and cancel


def test_a_halt_ends_the_start_function_before_it_begins(place: Place) -> None:
    place.start()
    assert place.subchannel.halt() == DONE
    assert place.subchannel.control & (HALT | HALT_PENDING) == HALT | HALT_PENDING
    assert (place.subchannel.has_work, place.subchannel.begins_program) == (True, False)
    place.subchannel.perform()
    assert functions(place.subchannel) & ~START == HALT | PENDING
    assert place.unit.commands == 0
    assert place.subchannel.interruption_pending
    assert place.subchannel.program_state() is None


def test_a_clear_is_accepted_with_status_pending_and_withdraws_its_interruption(place: Place) -> None:
    place.make_status_pending()
    assert place.subchannel.clear() == DONE
    assert functions(place.subchannel) == CLEAR | CLEAR_PENDING
    assert not place.subchannel.interruption_pending
    assert (place.subchannel.has_work, place.subchannel.begins_program) == (True, False)


def test_a_clear_leaves_status_pending_alone(place: Place) -> None:
    place.make_status_pending()
    place.subchannel.clear()
    place.subchannel.perform()
    assert place.subchannel.status_word() == block(CLEAR | PENDING, 0, 0)
    assert place.subchannel.interruption_pending


def test_a_clear_forgets_the_program(place: Place) -> None:
    place.start()
    place.subchannel.clear()
    place.subchannel.perform()
    assert place.unit.commands == 0
    assert place.subchannel.program_state() is None


def test_a_start_that_has_not_begun_is_cancelled_without_status(place: Place) -> None:
    place.start()
    assert place.subchannel.cancel() == DONE
    assert functions(place.subchannel) == 0
    assert not place.subchannel.has_work
    place.subchannel.perform()
    assert place.unit.commands == 0
    assert place.start() == DONE


def test_a_start_that_is_being_halted_is_not_cancelled(place: Place) -> None:
    place.start()
    place.subchannel.halt()
    assert place.subchannel.cancel() == BUSY
    assert place.subchannel.program_state() is not None


def test_a_suspended_program_is_cancelled(place: Place) -> None:
    place.suspend()
    assert place.subchannel.cancel() == DONE
    assert functions(place.subchannel) == 0
    assert place.subchannel.resume() == BUSY


# Taking status


def test_taking_the_status_clears_functions_activity_and_status(place: Place) -> None:
    place.make_status_pending()
    place.subchannel.take_status()
    assert functions(place.subchannel) == 0
    assert not place.subchannel.is_status_pending
    assert not place.subchannel.interruption_pending


def test_taking_no_status_leaves_the_function(place: Place) -> None:
    place.start()
    place.subchannel.take_status()
    assert functions(place.subchannel) == START | START_PENDING


# Status that nobody asked for


@pytest.mark.parametrize("status", (0, 0x20))
def test_attention_is_an_alert_with_the_subchannel_status(place: Place, status: int) -> None:
    place.subchannel.attention(status)
    assert functions(place.subchannel) == ALERT | PENDING
    assert place.subchannel.status_word()[8:] == bytes((0, status, 0, 0))
    assert place.subchannel.interruption_pending


def test_attention_does_not_replace_pending_status(place: Place) -> None:
    place.make_status_pending()
    before = place.subchannel.status_word()
    place.subchannel.attention(0x20)
    assert place.subchannel.status_word() == before


def test_a_subchannel_that_is_not_enabled_presents_nothing(place: Place) -> None:
    place.modify(0)
    place.subchannel.attention()
    assert not place.subchannel.interruption_pending
    assert not place.subchannel.is_status_pending


# PoP 14, "HALT SUBCHANNEL": condition code 1 for status pending alone, or with alert, primary or secondary status.
def test_an_intermediate_status_does_not_keep_from_halting(place: Place) -> None:
    assert place.start(control=FORMAT_1 | SUSPEND_CONTROL, flags=SUSPEND) == 0
    place.subchannel.perform()
    assert place.subchannel.control & (INTERMEDIATE | PENDING) == INTERMEDIATE | PENDING
    assert place.subchannel.halt() == 0
    place.subchannel.perform()
    assert functions(place.subchannel) & (INTERMEDIATE | PRIMARY | PENDING | HALT) == HALT | PENDING


def test_the_path_operational_mask_is_what_the_program_makes_of_it(place: Place) -> None:
    assert place.subchannel.information_block()[14] == 0
    words = (0, ENABLED, 0x80 << 24, 5 << 16 | 0xA500, 0, 0, 0)
    assert place.subchannel.modify(block(*words)) == 0
    assert place.subchannel.information_block()[14] == 0xA5
    place.subchannel.reset()
    assert place.subchannel.information_block()[14] == 0xFF


# PoP 14, "RESUME SUBCHANNEL": condition code 2 without suspend control, 0 with it, suspended or not.
@pytest.mark.parametrize(("control", "code"), ((FORMAT_1, 2), (FORMAT_1 | SUSPEND_CONTROL, 0)))
def test_resume_of_a_program_that_is_not_suspended(
    place: Place, monkeypatch: pytest.MonkeyPatch, control: int, code: int
) -> None:
    monkeypatch.setattr(channel_program, "MOST_CCWS", 0)
    assert place.start(control=control) == 0
    place.subchannel.perform()
    assert place.subchannel.resume() == code
    assert not place.subchannel.has_work


def test_a_program_controlled_interruption_is_shown_with_the_end(place: Place) -> None:
    assert place.start(flags=0x08) == 0
    place.subchannel.perform()
    expected = START | INTERMEDIATE | PRIMARY | SECONDARY | PENDING
    assert functions(place.subchannel) == expected
    assert place.subchannel.status_word()[9] == 0x80
    place.subchannel.take_status()
    assert functions(place.subchannel) == 0


def test_a_program_controlled_interruption_of_a_program_that_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_program, "MOST_CCWS", 1)
    assert place.start(flags=0x08 | CHAIN_COMMAND) == 0
    place.subchannel.perform()
    assert functions(place.subchannel) == START | ACTIVE | INTERMEDIATE | PENDING
    assert place.subchannel.interruption_pending
    assert place.subchannel.status_word()[9] == 0x80
    place.subchannel.take_status()
    assert functions(place.subchannel) == START | ACTIVE
    assert place.subchannel.status_word()[9] == 0


@pytest.mark.parametrize(("moves", "zero"), ((True, 1 << 31 - 13), (False, 0)))
def test_the_initial_status(place: Place, moves: bool, zero: int) -> None:
    """PoP 15, "Initial-Status-Interruption Control": not of an immediate operation, whose status is not zero."""
    place.unit.moves = moves
    assert place.start(control=FORMAT_1 | 1 << 31 - 10) == 0
    place.subchannel.perform()
    assert place.subchannel.control & 1 << 31 - 13 == zero
    assert bool(place.subchannel.control & INTERMEDIATE) == moves
    place.subchannel.take_status()
    assert not place.subchannel.control & 1 << 31 - 13


def test_the_device_is_told_when_its_subchannel_is_enabled_or_disabled(place: Place) -> None:
    assert place.unit.is_told
    place.unit.is_told = False
    place.modify()
    assert not place.unit.is_told
    place.modify(0)
    assert place.unit.is_told
