# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults of the paging device, made to order.

They are injected where the system calls are made, so that a fault made to order and a real one take the same way
through the paging device and everything above it.  Nothing is random: operations are counted.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from emu.state import Section, typed


class _Effect(Enum):
    FAIL = auto()
    CORRUPT = auto()
    SHORTEN = auto()


@dataclass
class _Injection:
    effect: _Effect
    passing: int
    """How many operations are still left alone."""
    times: int
    """How many operations are hit after them."""
    error: int = 0


class Faults:
    """The faults that the next operations of a paging device meet.

    Every injection counts on its own, from the moment it is made: 1 is the next operation of its kind.  An operation
    that fails is an operation, too.  Several injections may be pending; one operation may be hit by all of them.
    """

    STATE: ClassVar = Section(
        "faults to order", typed("_of_writes", list[_Injection]), typed("_of_reads", list[_Injection])
    )

    def __init__(self) -> None:
        self._of_writes: list[_Injection] = []
        self._of_reads: list[_Injection] = []

    def fail_write(self, nth: int, times: int = 1, error: int = errno.EIO) -> None:
        """Let the *nth* write from now, and the *times* - 1 after it, fail with *error*; nothing is written.

        :raises ValueError: if *nth* or *times* is less than 1, or *error* is no error number.
        """
        self._of_writes.append(_injection(_Effect.FAIL, nth, times, error))

    def fail_read(self, nth: int, times: int = 1, error: int = errno.EIO) -> None:
        """Let the *nth* read from now, and the *times* - 1 after it, fail with *error*.

        :raises ValueError: as :meth:`fail_write`.
        """
        self._of_reads.append(_injection(_Effect.FAIL, nth, times, error))

    def corrupt_read(self, nth: int, times: int = 1) -> None:
        """Flip a bit in the middle of what the *nth* read from now, and the *times* - 1 after it, find.

        What is in the file stays right.

        :raises ValueError: if *nth* or *times* is less than 1.
        """
        self._of_reads.append(_injection(_Effect.CORRUPT, nth, times))

    def short_read(self, nth: int, times: int = 1) -> None:
        """Let the *nth* read from now, and the *times* - 1 after it, find only the first half.

        :raises ValueError: if *nth* or *times* is less than 1.
        """
        self._of_reads.append(_injection(_Effect.SHORTEN, nth, times))

    @property
    def pending(self) -> int:
        """How many operations are still to be hit; counted more than once if by several injections."""
        return sum(injection.times for injection in self._of_writes + self._of_reads)

    @property
    def hit_writes(self) -> bool:
        """Whether a write is still to be hit."""
        return bool(self._of_writes)

    def pwrite(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
        """The system call: write *data* at *offset* of the file, give the number of bytes written.

        :raises OSError: if the system call or an injection says so.
        """
        if self._of_writes:
            _hit(self._of_writes)
        return os.pwrite(descriptor, data, offset)

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        """The system call: read *length* bytes at *offset* of the file; fewer if there are no more.

        :raises OSError: if the system call or an injection says so.
        """
        if not self._of_reads:
            return os.pread(descriptor, length, offset)
        effects = _hit(self._of_reads)
        data = os.pread(descriptor, length, offset)
        for effect in effects:
            data = _spoilt(data, effect)
        return data


def _injection(effect: _Effect, nth: int, times: int, error: int = 0) -> _Injection:
    if nth < 1:
        raise ValueError(f"operations count from 1, the next one: {nth}")
    if times < 1:
        raise ValueError(f"a fault happens at least once: {times} times")
    if effect is _Effect.FAIL and error not in errno.errorcode:
        raise ValueError(f"{error} is no error number")
    return _Injection(effect, nth - 1, times, error)


def _hit(pending: list[_Injection]) -> list[_Effect]:
    """What one operation meets beside failing; every pending injection counts it.

    :raises OSError: if it fails.
    """
    hit = [injection for injection in pending if not injection.passing]
    for injection in pending:
        if injection.passing:
            injection.passing -= 1
        else:
            injection.times -= 1
    pending[:] = [injection for injection in pending if injection.times]
    for injection in hit:
        if injection.effect is _Effect.FAIL:
            raise OSError(injection.error, os.strerror(injection.error))
    return [injection.effect for injection in hit]


def _spoilt(data: bytes, effect: _Effect) -> bytes:
    middle = len(data) // 2
    if effect is _Effect.SHORTEN:
        return data[:middle]
    return data[:middle] + bytes([data[middle] ^ 0x01]) + data[middle + 1 :] if data else data
