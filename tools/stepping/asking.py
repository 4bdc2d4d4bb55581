# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that ask: where a translation leads, what is pending, why something happened, what is known of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.debugging.history import HistoryError
from emu.debugging.watched import OfPage
from emu.debugging.why import explain, interruption_name
from emu.inspection.lookaside import lookaside_entries
from emu.inspection.low_core import read_low_core
from emu.inspection.pages import KeyView, view_page
from emu.inspection.pending import pending_interruptions
from emu.inspection.storage import Space, address_space
from emu.inspection.teid import in_words
from emu.page_states import name
from emu.running.stopping.kinds import INTERRUPTION_CLASSES
from tools.stepping import addresses, showing
from tools.stepping.commands import CommandError, command, count, expect_nothing, split

if TYPE_CHECKING:
    from tools.stepping.stepper import Stepper

_TOPIC: Final = "asking"
_SPACES: Final = {"primary": Space.PRIMARY, "secondary": Space.SECONDARY, "home": Space.HOME}
_LISTED: Final = 20
_LISTED_CHANGES: Final = 5
_LATE: Final = 100_000_000
"""Instructions: so far back something is looked for that nobody has asked for by a number."""


@command(
    "dat",
    arguments="ADDR [SPACE]",
    does="the walk through the translation tables for ADDR, bits named; SPACE is primary, secondary or home",
    topic=_TOPIC,
)
def translation(stepper: Stepper, argument: str) -> None:
    """Show the walk through the tables."""
    words = split(argument)
    if not words or len(words) > 2 or (len(words) == 2 and words[1] not in _SPACES):
        raise CommandError(f"dat: expected an address, and primary, secondary or home; not {argument!r}")
    session = stepper.session
    address = addresses.address(session, "dat", words[0])
    space = address_space(session.cpu, _SPACES[words[1]] if len(words) == 2 else Space.LOGICAL)
    if space is None:
        stepper.write("DAT is off: the address is real; this is how it would be translated in the primary space")
    for line in session.translate(address, space).lines():
        stepper.write(line)


@command(
    "int",
    "ipending",
    does="what is pending, and for each CPU whether it is enabled or which bit forbids it",
    topic=_TOPIC,
)
def interruptions(stepper: Stepper, argument: str) -> None:
    """Show pending interruptions."""
    expect_nothing("int", argument)
    for cpu in stepper.session.machine.cpus:
        for each in pending_interruptions(cpu):
            stepper.write(f"cpu {cpu.address}: {each}")


@command(
    "lowcore",
    arguments="[CLASS]",
    does="the assigned locations by name, of one class of interruption or all",
    topic=_TOPIC,
)
def low_core(stepper: Stepper, argument: str) -> None:
    """Show the low core."""
    if argument and argument not in INTERRUPTION_CLASSES:
        raise CommandError(f"lowcore: expected one of {', '.join(INTERRUPTION_CLASSES)}, not {argument!r}")
    for each in read_low_core(stepper.session.cpu, argument or None):
        stepper.write(str(each))


@command(
    "teid",
    arguments="[VALUE CODE]",
    does="the translation-exception identification by name: that of the low core, or VALUE for interruption CODE",
    topic=_TOPIC,
)
def translation_exception(stepper: Stepper, argument: str) -> None:
    """Show a TEID in words."""
    words = split(argument)
    if words:
        if len(words) != 2:
            raise CommandError(f"teid: expected a value and an interruption code, not {argument!r}")
        value, code = (addresses.address(stepper.session, "teid", word) for word in words)
    else:
        fields = {each.location.name: int.from_bytes(each.value, "big") for each in read_low_core(stepper.session.cpu)}
        value, code = fields["translation exception"], fields["program ILC and code"] & 0xFFFF
    said = in_words(value, code)
    stepper.write(f"{value:016x}: {', '.join(said) if said else f'none is stored for code {code:#06x}'}")


@command(
    "why",
    does="why the CPU is where it is: its last interruption explained, and what waits and is not taken",
    topic=_TOPIC,
)
def why(stepper: Stepper, argument: str) -> None:
    """Explain."""
    expect_nothing("why", argument)
    for line in explain(stepper.session):
        stepper.write(line)


@command("log", arguments="[N]", does=f"the last N interruptions ({_LISTED})", topic=_TOPIC)
def log(stepper: Stepper, argument: str) -> None:
    """List interruptions."""
    number = count("log", argument) if argument else _LISTED
    session = stepper.session
    for taken in session.log.taken()[-number:] if number else ():
        stepper.write(
            f"{taken.executed:,} cpu {taken.cpu}: {taken.kind} {taken.code:04x} {interruption_name(taken)}, "
            f"old PSW {session.symbols.psw_text(taken.old)}"
        )


@command(
    "bt", "backtrace", "where", does="the functions that have not ended, by the back chain of the stack", topic=_TOPIC
)
def back_trace(stepper: Stepper, argument: str) -> None:
    """Show the back trace."""
    expect_nothing("bt", argument)
    session = stepper.session
    for line in session.back_trace().lines(session.symbols, is_problem_state=session.cpu.problem_state):
        stepper.write(line)


@command(
    "key",
    arguments="ADDR[=KEY]",
    does="the storage key of the page of absolute ADDR; with =KEY, change it",
    topic="storage",
)
def key(stepper: Stepper, argument: str) -> None:
    """Show or change a storage key."""
    where, sign, typed = argument.partition("=")
    page = addresses.page(stepper.session, "key", where)
    if sign:
        try:
            stepper.session.set_key(page << PAGE_SHIFT, addresses.address(stepper.session, "key", typed))
        except ValueError as reason:
            raise CommandError(f"key: {reason}") from None
    view = KeyView(stepper.session.machine.keys.bytes[page])
    stepper.write(f"page {page:x} ({page * PAGE_SIZE:x}): {view}")


@command(
    "page",
    arguments="ADDR [N]",
    does="the page of absolute ADDR: state, place, key, and its last N changes of state (five, of late)",
    topic="storage",
)
def page(stepper: Stepper, argument: str) -> None:
    """Show what is known of a page, and what has happened to it."""
    *words, last = split(argument) or [""]
    is_counted = bool(words) and last.isdecimal()
    if words and last[:1] == "-" and last[1:].isdecimal():
        raise CommandError(f"page: expected a number of changes, not {last!r}")
    text = " ".join(words) if is_counted else argument
    number = addresses.page(stepper.session, "page", text)
    show_page(stepper, number)
    session = stepper.session
    if session.history is None:
        return
    since = 0 if is_counted else session.machine.executed - _LATE
    try:
        with stepper.searching():
            changes = session.who(OfPage(number), int(last) if is_counted else _LISTED_CHANGES, since=since)
    except HistoryError as reason:
        raise CommandError(f"page: {reason}") from None
    for change in changes:
        stepper.write(f"  {showing.change_line(session, OfPage(number), change)}")
    if not changes:
        is_all = since <= session.history.first
        where = "since the history begins" if is_all else f"in the last {_LATE:,} instructions"
        stepper.write(f"  no change {where}")


def show_page(stepper: Stepper, number: int) -> None:
    """Show what absolute page *number* is now."""
    view = view_page(stepper.session.machine.configuration, number)
    stepper.write(f"page {number:x} ({number * PAGE_SIZE:x}): {name(view.state)}")
    stepper.write(f"  {view.state_in_words()}; {view.place}; {view.key}")


@command("table", does="how many pages are in which state", topic="storage")
def table(stepper: Stepper, argument: str) -> None:
    """Show the table of page states."""
    expect_nothing("table", argument)
    from host.accounting import count_pages, format_table

    for line in format_table(count_pages(stepper.session.machine.states.array)).splitlines():
        stepper.write(line)


@command(
    "tlb", does="the translations that the CPU remembers, each with the space and key that it was made in", topic=_TOPIC
)
def lookaside(stepper: Stepper, argument: str) -> None:
    """Show the translation-lookaside buffer."""
    expect_nothing("tlb", argument)
    entries = lookaside_entries(stepper.session.cpu)
    for each in entries:
        stepper.write(str(each))
    if not entries:
        stepper.write("nothing is remembered")
