# SPDX-License-Identifier: GPL-2.0-or-later
"""From a case to its image: an ELF64 executable for s390x, linked at absolute addresses, low core included."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from emu.addresses import PAGE_SIZE
from emu.psw import ADDRESSING_MODE
from tools.conform.architecture import harness, layout
from tools.conform.architecture.case import TWO_CPUS, Case, Going
from tools.conform.architecture.checks import ImageCheck, checks_of
from tools.conform.architecture.page_states import making
from tools.conform.architecture.source import assemble_parts, evaluate
from tools.conform.architecture.telling import failure_line

_CONTROLS: Final = {0: 0xE0, 14: 0xC200_0000}
"""What control registers hold if a case does not say: what they have after an initial CPU reset."""
_SET_KEY: Final = 9
_STORE: Final = 10
_PRESS: Final = 11
_SCCB_HEADER: Final = 8
_EVENT_HEADER: Final = 6
"""Bytes before the text of an event, in the SCCB and in the event."""
_NEW_PSWS: Final = {
    0x1A0: "start",
    0x1B0: "external_handler",
    0x1C0: "supervisor_call_handler",
    0x1D0: "missing",
    0x1E0: "machine_check_handler",
    0x1F0: "input_output_handler",
}


class CaseError(ValueError):
    """A case cannot be made into an image; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class CaseImage:
    """An image, and what is needed to understand what comes of it."""

    case: Case
    segments: tuple[tuple[int, bytes], ...]
    """Addresses and contents, ascending, one a page."""
    entry: int
    checks: tuple[ImageCheck, ...]
    labels: Mapping[str, int]

    def elf(self) -> bytes:
        """The ELF file."""
        return elf_file(self.entry, self.segments)

    def raw(self) -> bytes:
        """Storage from absolute address 0 to the end of the image."""
        (last, content) = self.segments[-1]
        storage = bytearray(last + len(content))
        for address, part in self.segments:
            storage[address : address + len(part)] = part
        return bytes(storage)


def make_image(case: Case, title: str | None = None) -> CaseImage:
    """The image of *case*, which has this *title* on the console; by default its name.

    :raises CaseError: naming the case and what is wrong.
    """
    try:
        return _make(case, case.name if title is None else title)
    except ValueError as reason:
        raise CaseError(f"{case.name}: {reason}") from None


def _make(case: Case, title: str) -> CaseImage:
    own, inner = _harness()
    text = {layout.CODE: f"{case.code}\nend_of_case: SVC {harness.END_CALL}"} | dict(case.parts)
    handlers = {name: address for name, address in inner.items() if name.endswith("_handler")}
    code, symbols = assemble_parts(text, layout.SYMBOLS | handlers)
    checks = checks_of(case, symbols)
    for event in case.outside:
        evaluate(event.at, symbols)
    if len(checks) > layout.MOST_CHECKS:
        raise ValueError(f"at most {layout.MOST_CHECKS} values can be compared, not {len(checks)}")
    preparations = list(_preparations(case, symbols))
    pages = [evaluate(page, symbols) for page in case.end.pages]
    keys = [evaluate(page, symbols) for page in case.end.keys]
    parts = {
        **own,
        **{address: _psw(inner[name]) for address, name in _NEW_PSWS.items()},
        # For who loads it as IPL would: a short PSW, in 31-bit mode.
        0: struct.pack(">Q", 0x0008_0000_8000_0000 | inner["start"]),
        layout.RESULT: _words(layout.RESULT_MAGIC, *(0,) * (layout.RESULT_WORDS - 1)),
        layout.COUNTS: _words(
            len(case.needs),
            len(preparations),
            len(keys),
            len(pages),
            len(checks),
            int(TWO_CPUS in case.needs),
            layout.SCCB_FAILED + _SCCB_HEADER + _EVENT_HEADER + failure_line(title)[1],
        ),
        harness.EVENTS: _words(0),
        layout.CONTINUATIONS: _words(*_continuations(case, symbols)),
        layout.NEEDS: _words(*(word for need in case.needs for word in (need.kind, need.number))),
        layout.PREPARATIONS: _words(*(word for each in preparations for word in each)),
        layout.KEYS: _words(*keys),
        layout.STATES: _words(*pages),
        layout.INITIAL_CONTROLS: _words(*(case.controls.get(n, _CONTROLS.get(n, 0)) for n in range(16))),
        layout.INITIAL_REGISTERS: _words(*(evaluate(case.registers.get(n, 0), symbols) for n in range(16))),
        layout.INITIAL_PSW: _words(case.mask, symbols["code"]),
        layout.OUTSIDE: _words(0),
        layout.CHECKS: _words(*(word for check in checks for word in (check.address, check.mask, check.expected))),
        layout.LOG: bytes(layout.LOG_ENTRY * layout.LOG_ENTRIES),
        layout.CHECK_NAMES: b"".join(_console_name(check) for check in checks),
        **_sccbs(case, title),
    }
    content = [(evaluate(place, symbols), _content(value)) for place, value in case.storage.items()]
    segments = tuple(merged([*parts.items(), *code.items(), *content]))
    return CaseImage(case, segments, inner["start"], checks, symbols)


@cache
def _harness() -> tuple[Mapping[int, bytes], Mapping[str, int]]:
    """The code around every case, and its labels."""
    return assemble_parts(harness.PARTS, harness.SYMBOLS)


def harness_labels() -> Mapping[str, int]:
    """The places in the code around every case, by their names."""
    return _harness()[1]


def _words(*values: int) -> bytes:
    return b"".join((value & (1 << 64) - 1).to_bytes(8, "big") for value in values)


def _psw(address: int) -> bytes:
    return _words(ADDRESSING_MODE, address)


def _content(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else _words(value)


def _continuations(case: Case, symbols: Mapping[str, int]) -> Iterator[int]:
    for event in case.events:
        yield event.going
        yield evaluate(event.to, symbols) if event.going in (Going.LABEL, Going.LABEL_AS_BEFORE) else 0


def _preparations(case: Case, symbols: Mapping[str, int]) -> Iterator[tuple[int, int, int]]:
    """Operation, address and value of what is done before the case begins."""
    for place, value in case.fill.items():
        yield _STORE, evaluate(place, symbols), value
    for page, state in case.pages.items():
        for operation in making(state):
            yield operation, evaluate(page, symbols), 0
    for page, key in case.keys.items():
        yield _SET_KEY, evaluate(page, symbols), key
    if case.is_pressed:
        yield _PRESS, 0, 0


def _console_name(check: ImageCheck) -> bytes:
    return check.name.encode("ascii", "replace")[: layout.CHECK_NAME].ljust(layout.CHECK_NAME)


def _sccbs(case: Case, title: str) -> dict[int, bytes]:
    """The blocks of the console: the event masks, and a line for each verdict and each need that may be missing."""
    mask = struct.pack(">HB3sH", 28, 0, bytes(3), 0) + struct.pack(">HHIIII", 0, 4, 0, 1 << 32 - 26, 0, 0)
    return {
        layout.SCCB_MASK: mask,
        layout.SCCB_PASSED: _line(f"PASS: {title}"),
        layout.SCCB_FAILED: _line(failure_line(title)[0]),
        **{
            layout.SCCB_SKIPPED + (number << layout.SKIPPED_SHIFT): _line(f"SKIP: {title}: needs {need.name}")
            for number, need in enumerate(case.needs)
        },
    }


def _line(text: str) -> bytes:
    """A block that writes *text* to the ASCII console (event type 26)."""
    data = text.encode("ascii", "replace") + b"\r\n"
    event = struct.pack(">HBBH", _EVENT_HEADER + len(data), 26, 0, 0) + data
    return struct.pack(">HB3sH", _SCCB_HEADER + len(event), 0, bytes(3), 0) + event


def elf_file(entry: int, segments: Sequence[tuple[int, bytes]], *, aligned: bool = False) -> bytes:
    """An executable, entered at *entry*, in which *segments* are loaded at their addresses.

    :param aligned: let the one segment that there is begin at a page of the file, as who maps it needs it.
    """
    offset = PAGE_SIZE if aligned else 64 + 56 * len(segments)
    ident = b"\x7fELF" + bytes((2, 2, 1, 0)) + bytes(8)
    header = struct.pack(">16sHHIQQQIHHHHHH", ident, 2, 22, 1, entry, 64, 0, 0, 64, 56, len(segments), 64, 0, 0)
    table, data = b"", b""
    for address, content in segments:
        # Whoever loads a segment puts zeros behind what the file has of it.
        kept = content.rstrip(b"\0")
        table += struct.pack(">IIQQQQQQ", 1, 7, offset + len(data), address, address, len(kept), len(content), 1)
        data += kept
    return (header + table).ljust(offset, b"\0") + data


def merged(segments: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """*segments* in order, those that lie in the same page made one.

    :raises ValueError: if two of them overlap.
    """
    merged: list[tuple[int, bytes]] = []
    for address, content in sorted(each for each in segments if each[1]):
        if merged:
            start, before = merged[-1]
            gap = address - start - len(before)
            if gap < 0:
                raise ValueError(f"two parts overlap at {address:#x}")
            if address >> 12 == start + len(before) - 1 >> 12:
                merged[-1] = start, before + bytes(gap) + content
                continue
        merged.append((address, content))
    return merged
