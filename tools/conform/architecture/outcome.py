# SPDX-License-Identifier: GPL-2.0-or-later
"""What an image has left in its result block, in words."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tools.conform.architecture import harness, layout, telling
from tools.conform.architecture.case import Class, code_name
from tools.conform.architecture.checks import ImageCheck
from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.image import CaseImage

ReadStorage = Callable[[int, int], bytes]
"""Gives bytes of absolute storage: address and length."""


class Compared(NamedTuple):
    """What came of one comparison."""

    verdict: str
    """PASS, FAIL, or SKIP if the value was no more there."""
    text: str = ""
    """What was expected and what was found, unless it passed."""


RIGHT: Final = Compared("PASS")
_GONE: Final = Compared("SKIP", "what ends the program had written over it when it was looked at")


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What came of one case on one machine; *text* says why, unless it passed."""

    verdict: CaseVerdict
    text: str = ""
    findings: tuple[Compared, ...] = field(default=(), compare=False)
    """Of the checks of its image, in their order, as far as it has come to them."""
    instructions: int = field(default=0, compare=False)
    """That were executed, as far as that is known."""
    console: str = field(default="", compare=False)
    """What it wrote, as far as that is known."""


def read_outcome(
    image: CaseImage, read: ReadStorage, ending: str = "it did not end", *, is_whole: bool = False
) -> CaseOutcome:
    """What came of *image*, on the machine whose storage *read* gives, and that stopped for the reason *ending*.

    :param is_whole: whether what comes behind the first difference is looked at, which the image itself does not do.
    """
    magic, verdict, number, expected, found, _ = struct.unpack(
        f">{layout.RESULT_WORDS}Q", read(layout.RESULT, 8 * layout.RESULT_WORDS)
    )
    if magic != layout.RESULT_MAGIC:
        return CaseOutcome(CaseVerdict.NONE, f"there is no result block: {ending}")
    if verdict == CaseVerdict.PASSED:
        return CaseOutcome(CaseVerdict.PASSED, findings=(RIGHT,) * len(image.checks))
    if verdict == CaseVerdict.SKIPPED:
        return CaseOutcome(CaseVerdict.SKIPPED, f"needs {image.case.needs[number].name}")
    if verdict == CaseVerdict.FAILED:
        if number >= len(image.checks):
            return CaseOutcome(CaseVerdict.FAILED, "the state in the end could not be looked at")
        first = image.checks[number]
        findings = [RIGHT] * number + [_difference(first, expected, found, read)]
        if is_whole:
            findings += [_finding(check, read) for check in image.checks[number + 1 :]]
        return CaseOutcome(CaseVerdict.FAILED, f"{first.name}: {findings[number].text}", tuple(findings))
    return CaseOutcome(CaseVerdict.NONE, _with_log(ending, read))


def _finding(check: ImageCheck, read: ReadStorage) -> Compared:
    """What *check* comes to when it is made after the end of the program."""
    if any(start < check.address + 8 and check.address < start + length for start, length in telling.WRITTEN):
        return _GONE
    found = int.from_bytes(read(check.address, 8), "big") & check.mask
    return RIGHT if found == check.expected else _difference(check, check.expected, found, read)


def _difference(check: ImageCheck, expected: int, found: int, read: ReadStorage) -> Compared:
    text = f"expected {check.text(expected)}, found {check.text(found)}"
    return Compared("FAIL", _with_log(text, read) if check.address == harness.EVENTS else text)


def _with_log(text: str, read: ReadStorage) -> str:
    """*text*, and the interruptions that there have been."""
    count = int.from_bytes(read(harness.EVENTS, 8), "big")
    last = min(count, layout.LOG_ENTRIES)
    if not last:
        return f"{text}; no interruption was taken"
    entry = read(layout.LOG + layout.LOG_ENTRY * (last - 1), layout.LOG_ENTRY)
    return f"{text}; the last of {count} interruptions was {_interruption(entry)}"


def _interruption(entry: bytes) -> str:
    kind = int.from_bytes(entry[:8], "big")
    low_core = entry[layout.LOG_LOW_CORE :]
    address = int.from_bytes(entry[layout.LOG_OLD_PSW + 8 : layout.LOG_OLD_PSW + 16], "big")
    code = {
        Class.PROGRAM: int.from_bytes(low_core[0x0E:0x10], "big"),
        Class.SUPERVISOR_CALL: int.from_bytes(low_core[0x0A:0x0C], "big"),
        Class.EXTERNAL: int.from_bytes(low_core[0x06:0x08], "big"),
    }.get(Class(kind))
    name = Class(kind).name.lower().replace("_", " ")
    named = f" ({code_name(code)})" if kind == Class.PROGRAM and code is not None else ""
    return f"{name}{'' if code is None else f' {code:04x}'}{named} with the old PSW at {address:x}"
