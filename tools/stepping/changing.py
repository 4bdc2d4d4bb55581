# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that change the machine from outside: page states, frames, interruptions, snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT
from emu.cpu import CpuState
from emu.page_states import OperationRequest
from emu.program_interruption import ProgramInterruption
from emu.running.stopping.kinds import INTERRUPTION_CLASSES
from tools.stepping import addresses, showing
from tools.stepping.asking import show_page
from tools.stepping.commands import CommandError, command, split
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.stepping.stepper import Stepper

_TOPIC: Final = "changing"
_KEY: Final = "interrupt-key"
_REQUESTS: Final = {
    "stable": OperationRequest.SET_STABLE,
    "unused": OperationRequest.SET_UNUSED,
    "volatile": OperationRequest.SET_VOLATILE,
    "potentially-volatile": OperationRequest.SET_POTENTIALLY_VOLATILE,
    "resident": OperationRequest.SET_STABLE_AND_MAKE_RESIDENT,
    "no-dat": OperationRequest.SET_STABLE_NO_DAT,
}


@command(
    "state",
    arguments="ADDR STATE",
    does=f"do to the page of absolute ADDR what ESSA does: {', '.join(_REQUESTS)}",
    topic=_TOPIC,
)
def state(stepper: Stepper, argument: str) -> None:
    """Change a page state."""
    words = split(argument)
    if len(words) != 2 or words[1] not in _REQUESTS:
        raise CommandError(f"state: expected an address and one of {', '.join(_REQUESTS)}; not {argument!r}")
    page = addresses.page(stepper.session, "state", words[0])
    try:
        stepper.session.request_state(page << PAGE_SHIFT, _REQUESTS[words[1]])
    except ProgramInterruption as condition:
        raise CommandError(f"state: ESSA gives {condition} here") from None
    except ValueError as reason:
        raise CommandError(f"state: {reason}") from None
    show_page(stepper, page)


@command(
    "evict",
    arguments="ADDR",
    does="have the host take the frame of that page now (needs a host: --host-memory)",
    topic=_TOPIC,
)
def evict(stepper: Stepper, argument: str) -> None:
    """Take a frame."""
    session = stepper.session
    page = addresses.page(session, "evict", argument)
    if stepper.manager is None:
        raise CommandError("evict: there is no host to take a frame; expected --host-memory")
    with session.changing():
        is_taken = stepper.manager.evict(0, page)
    if not is_taken:
        stepper.write(f"page {page:x}: has no frame, must stay, or cannot be written")
    show_page(stepper, page)


@command(
    "inject",
    arguments="CLASS [CODE [PARAMETER]]",
    does=f"have the CPU take an interruption now, masks or not: {', '.join(INTERRUPTION_CLASSES)}; hexadecimal",
    topic=_TOPIC,
)
def inject(stepper: Stepper, argument: str) -> None:
    """Inject an interruption."""
    words = split(argument)
    if not 1 <= len(words) <= 3 or words[0] not in INTERRUPTION_CLASSES:
        raise CommandError(f"inject: expected one of {', '.join(INTERRUPTION_CLASSES)}, and a code; not {argument!r}")
    numbers = [addresses.address(stepper.session, "inject", word) for word in words[1:]]
    try:
        stepper.session.inject(words[0], *numbers)
    except (ValueError, OverflowError) as reason:
        raise CommandError(f"inject: {reason}") from None
    if stepper.session.cpu.state is CpuState.CHECK_STOP:
        stepper.write(showing.check_stop(stepper.session.cpu))
    else:
        stepper.show_next()


@command(
    "pend",
    arguments=f"{_KEY}|machine-check CONDITIONS",
    does="press the operator's interrupt key, or let machine-check CONDITIONS (bits of the code, hexadecimal) become "
    "pending for the CPU; they are taken when a CPU is enabled",
    topic=_TOPIC,
)
def pend(stepper: Stepper, argument: str) -> None:
    """Let a condition become pending."""
    match split(argument):
        case [word] if word == _KEY:
            stepper.session.press_interrupt_key()
        case ["machine-check", conditions]:
            try:
                stepper.session.report_machine_check(addresses.address(stepper.session, "pend", conditions))
            except ValueError as reason:
                raise CommandError(f"pend: {reason}") from None
        case _:
            raise CommandError(f"pend: expected {_KEY}, or machine-check and its conditions; not {argument!r}")
    for each in stepper.session.pending():
        if each.is_pending:
            stepper.write(f"cpu {stepper.session.cpu.address}: {each}")


@command(
    "snapshot",
    arguments="save|restore FILE",
    does="save the whole machine in a file, or go on from one",
    topic="the rest",
)
def snapshot(stepper: Stepper, argument: str) -> None:
    """Save the machine, or restore it."""
    words = split(argument, 1)
    if len(words) != 2 or words[0] not in ("save", "restore"):
        raise CommandError(f"snapshot: expected save or restore, and a file; not {argument!r}")
    from emu.hypervisor import HostFailure
    from emu.save_file import SaveFileError
    from emu.state import StateError

    path = Path(words[1]).expanduser()
    try:
        if words[0] == "save":
            stepper.session.save(path)
        else:
            stepper.session.restore(path)
    except (SaveFileError, StateError, HostFailure, UsageError) as reason:
        raise CommandError(f"snapshot: {reason}") from None
    stepper.write(f"{'saved in' if words[0] == 'save' else 'restored from'} {path}")
    stepper.show_next()
