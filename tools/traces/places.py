# SPDX-License-Identifier: GPL-2.0-or-later
"""Places in a trace, and things in it, as they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT
from emu.debugging.registers import find_register
from emu.errors import TraceError
from emu.traces import search
from emu.traces.schema import CLASSES_BY_WORD, AccessKind, DeviceEvent, Register
from tools.machines.address_ranges import range_of
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.traces.search import Wanted
    from tools.traces.opened import OpenedTrace

PLACE_HELP: Final = (
    "an instruction's number, time:N, a symbol or an address 0x... that is executed, console:TEXT, or end"
)
FIND_HELP: Final = (
    "executed:ADDRESS, store:ADDRESS or fetch:ADDRESS (A-B is a range, page:A the absolute page of address A, page[N] "
    "that with this number), essa[:REQUEST], program[:CODE], svc[:NUMBER], external[:CODE], io, machine-check, "
    "restart, host[:page:A], key[:page:A], register:NAME"
)


def number_of(trace: OpenedTrace, text: str, begin: int = 0) -> int:
    """The number of the instruction that *text* means (:data:`PLACE_HELP`), from *begin* on.

    :raises ValueError: if it means none.
    """
    kind, _, what = text.partition(":")
    if text == "end":
        return trace.file.end
    if text.replace(",", "").isdecimal():
        return int(text.replace(",", ""))
    if kind == "time":
        if not what.replace(",", "").isdecimal():
            raise ValueError(f"expected time:N, not {text!r}")
        return trace.search.number_at(int(what.replace(",", "")))
    if kind == "console":
        if not what:
            raise ValueError("expected console:TEXT")
        return _written(trace, what, begin)
    address = trace.symbols.address(text)
    trace.require("an address or a symbol", "flow")
    found = trace.search.next(trace.search.executed(address, address), begin)
    if found is None:
        raise ValueError(f"nothing was executed at {address:#x} from instruction {begin:,} on")
    return found.number


def _written(trace: OpenedTrace, text: str, begin: int) -> int:
    shown = ""
    for chunk in trace.file.chunks_between(begin, trace.file.end):
        for row in chunk.rows("devices"):
            if row["kind"] == DeviceEvent.OUTPUT and row["number"] >= begin:
                start = int(row["data"])
                data = chunk.blob[start : start + int(row["length"])]
                shown = shown[-len(text) :] + data.decode(errors="replace")
                if text in shown:
                    return int(row["number"])
    raise ValueError(f"{text!r} was not written from instruction {begin:,} on")


def place(flag: str, trace: OpenedTrace, text: str, begin: int = 0) -> int:
    """As :func:`number_of`.

    :raises UsageError: naming the option *flag*.
    """
    try:
        return number_of(trace, text, begin)
    except TraceError:
        raise
    except ValueError as reason:
        raise UsageError(f"{flag}: {reason}") from None


def wanted(trace: OpenedTrace, text: str) -> Wanted:
    """What is to be found (:data:`FIND_HELP`).

    :raises UsageError: if that means nothing.
    """
    found = _wanted(trace, text)
    trace.require(f"--find {text}", "flow" if found.stream == search.INSTRUCTIONS else found.stream)
    return found


def _wanted(trace: OpenedTrace, text: str) -> Wanted:
    kind, _, what = ("page", "", text) if text.startswith("page[") else text.partition(":")
    try:
        if kind in _OF_ADDRESSES and what:
            return _OF_ADDRESSES[kind](trace, what)
        if kind == "essa":
            return search.hinted(_number(what))
        if kind in CLASSES_BY_WORD:
            return search.interrupted(CLASSES_BY_WORD[kind], _number(what))
        if kind == "interruption":
            return search.interrupted(None, _number(what))
        if kind in _OF_PAGES:
            return search.of_page(_OF_PAGES[kind], _page(trace, what) if what else None)
        if kind == "register" and what:
            return search.changed(register_number(what))
    except TraceError:
        raise
    except ValueError as reason:
        raise UsageError(f"--find: {reason}") from None
    raise UsageError(f"--find: expected {FIND_HELP}; not {text!r}")


def _accessed(kind: AccessKind) -> Callable[[OpenedTrace, str], Wanted]:
    def make(trace: OpenedTrace, what: str) -> Wanted:
        if what.startswith(("page:", "page[")):
            first = _page(trace, what) << PAGE_SHIFT
            return search.accessed(kind, first, first | (1 << PAGE_SHIFT) - 1, "absolute")
        return search.accessed(kind, *range_of(trace.symbols, what))

    return make


def _executed(trace: OpenedTrace, what: str) -> Wanted:
    return trace.search.executed(*range_of(trace.symbols, what))


_OF_ADDRESSES: Final[dict[str, Callable[[OpenedTrace, str], Wanted]]] = {
    "executed": _executed,
    "store": _accessed(AccessKind.STORE),
    "fetch": _accessed(AccessKind.FETCH),
}
_OF_PAGES: Final = {"host": "host", "key": "keys", "page": "page_states"}


def _page(trace: OpenedTrace, what: str) -> int:
    if what.startswith("page["):
        # As it is shown.
        return int(what.removeprefix("page[").removesuffix("]"), 0)
    return trace.symbols.address(what.removeprefix("page:")) >> PAGE_SHIFT


def _number(text: str) -> int | None:
    if not text:
        return None
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f"expected a number such as 0x1a, not {text!r}") from None


def register_number(name: str) -> int:
    """The number that the register called *name* has in a trace (:class:`emu.traces.schema.Register`).

    :raises ValueError: if there is none.
    """
    found = find_register(name).name
    banks = {"gr": Register.GENERAL, "ar": Register.ACCESS, "cr": Register.CONTROL}
    if found[:2] in banks:
        return banks[found[:2]] + int(found[2:])
    if found[:2] in ("fr", "vr"):
        return Register.VECTOR + 2 * int(found[2:])
    singles = {
        "fpc": Register.FLOATING_POINT_CONTROL,
        "psw": Register.PSW_MASK,
        "pswm": Register.PSW_MASK,
        "cc": Register.PSW_MASK,
        "prefix": Register.PREFIX,
        "cputm": Register.CPU_TIMER,
        "ckc": Register.CLOCK_COMPARATOR,
        "todpr": Register.TOD_PROGRAMMABLE,
    }
    if found not in singles:
        raise ValueError(f"changes of {found} are not recorded")
    return singles[found]
