# SPDX-License-Identifier: GPL-2.0-or-later
"""Why: the last interruption explained, and why a pending one is not taken, or a machine has stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import lowcore
from emu import psw as psw_bits
from emu.addresses import PAGE_SHIFT
from emu.cpu import CpuState
from emu.inspection import low_core
from emu.inspection import psw as psw_words
from emu.inspection import teid as teid_words
from emu.inspection.pending import pending_interruptions
from emu.inspection.sources import source_of
from emu.interruption import EXTERNAL_SERVICE_SIGNAL, machine_check_fields, program_fields
from emu.machine_checks import REGISTERS_VALID, VECTORS_VALID
from emu.page_states import name
from emu.program_interruption import Ending, ProgramInterruptionCode
from emu.running.stopping import looking
from emu.symbols.listing import instruction_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.cpu import Cpu
    from emu.debugging.interruption_log import TakenInterruption
    from emu.debugging.session import Session

_ENDINGS: Final = {
    Ending.COMPLETION: "completion: the instruction has ended, and the old PSW is behind it",
    Ending.SUPPRESSION: "suppression: nothing was done, and the old PSW is behind the instruction",
    Ending.NULLIFICATION: "nullification: nothing was done, and the old PSW is at the instruction",
    Ending.TERMINATION: "termination: what was done is unpredictable",
}
_OF_INSTRUCTIONS: Final = ("program", "svc")
_EARLY: Final = "completion: the PSW was loaded, is not valid, and is the old PSW"
_SECTIONS: Final = {
    "svc": 'PoP 6, "Supervisor-Call Interruption"; PoP 7, "SUPERVISOR CALL"',
    "external": 'PoP 6, "External Interruption"',
    "io": 'PoP 6, "Input/Output Interruption"; PoP 16',
    "machine-check": 'PoP 11, "Machine-Check Handling"',
    "restart": 'PoP 6, "Restart Interruption"',
}


def explain(session: Session) -> list[str]:
    """Why the CPU is where it is: its last interruption, and what waits for it and is not taken."""
    cpu = session.cpu
    lines = [*_why_not_running(cpu)]
    taken = [each for each in session.log.taken() if each.cpu == cpu.address]
    if taken:
        lines += explain_interruption(session, taken[-1])
    else:
        lines.append(f"cpu {cpu.address}: no interruption has been taken since it is being watched")
    waiting = [each for each in pending_interruptions(cpu) if each.is_pending]
    lines += [f"waits: {each}" for each in waiting]
    return lines


def _why_not_running(cpu: Cpu) -> Iterator[str]:
    if cpu.state is CpuState.CHECK_STOP:
        yield f"cpu {cpu.address}: in the check-stop state: {cpu.configuration.check_stop_reason}"
    elif cpu.state is not CpuState.OPERATING:
        yield f"cpu {cpu.address}: in the {cpu.state.value} state"
    elif cpu.is_waiting:
        masks = cpu.psw.mask & psw_bits.ANY_INTERRUPTION
        kind = "enabled: an interruption will end it" if masks else "disabled: nothing but a restart can end it"
        yield f"cpu {cpu.address}: waits, {kind} (PSW {cpu.psw})"


def explain_interruption(session: Session, taken: TakenInterruption) -> list[str]:
    """What was taken and why: cause, ending, instruction length, what was stored where, and where that is written."""
    cpu = session.machine.cpus[taken.cpu]
    ago = session.machine.executed - taken.executed
    when = "just now" if not ago else f"{ago:,} instructions ago"
    lines = [f"cpu {taken.cpu}: {taken.kind} interruption {taken.code:#06x} {interruption_name(taken)}, {when}"]
    lines += [f"  cause: {text}" for text in _cause(session, cpu, taken)]
    if taken.condition is not None:
        lines.append(f"  ending: {_EARLY if taken.is_early else _ENDINGS[taken.condition.ending]}")
        lines.append(f"  instruction length: {taken.length} bytes (instruction-length code {taken.length // 2})")
    lines += [f"  stored: {each}" for each in _stored(cpu, taken)]
    if taken.kind == "machine-check":
        lines += [f"  stored: {each}" for each in _saved(taken)]
    for what, psw in (("old", taken.old), ("new", taken.new)):
        lines.append(f"  {what} PSW: {session.symbols.psw_text(psw)}")
        lines.append(f"    {psw_words.in_words(psw)}")
    lines.append(f"  rule: {_source(taken)}")
    return lines


def interruption_name(taken: TakenInterruption) -> str:
    """What the manual calls it."""
    if taken.kind == "program":
        return low_core.program_name(taken.code)
    if taken.kind == "external":
        return low_core.external_name(taken.code)
    if taken.kind == "machine-check":
        return low_core.machine_check_name(taken.code)
    return {"svc": f"number {taken.code}", "io": f"of subchannel {taken.code & 0xFFFF}"}.get(taken.kind, "")


def _stored(cpu: Cpu, taken: TakenInterruption) -> Iterator[str]:
    """The fields that it stored, as they were then."""
    if taken.kind == "machine-check":
        addresses = {lowcore.MACHINE_CHECK_OLD_PSW, *(address for address, _, _ in machine_check_fields(0))}
    elif taken.condition is None:
        addresses = {each.address for each in low_core.LOCATIONS if each.class_ == taken.kind}
        if taken.kind == "external" and taken.code != EXTERNAL_SERVICE_SIGNAL:
            addresses.discard(lowcore.EXTERNAL_PARAMETER)
    else:
        fields = program_fields(cpu, taken.condition, taken.length)
        addresses = {lowcore.PROGRAM_OLD_PSW, *(address for address, _, _ in fields)}
    return (str(each) for each in low_core.decode(taken.low_core) if each.location.address in addresses)


def _saved(taken: TakenInterruption) -> Iterator[str]:
    """Which registers a machine check has stored, as its code says."""
    at = lowcore.MACHINE_CHECK_CODE
    code = int.from_bytes(taken.low_core[at : at + 8], "big")
    if code & REGISTERS_VALID:
        yield f"{lowcore.STORE_STATUS_AREA:x} registers, in their save areas"
    if code & VECTORS_VALID:
        yield f"vector registers, where the designation at {lowcore.EXTENDED_SAVE_AREA:x} says"


def _cause(session: Session, cpu: Cpu, taken: TakenInterruption) -> Iterator[str]:
    if taken.is_early and not taken.length:
        yield _early_cause(session, cpu, taken)
        return
    is_problem_state = bool(taken.old.mask & psw_bits.PROBLEM_STATE)
    # No instruction makes another one.
    instruction = taken.instruction(cpu) if taken.kind in _OF_INSTRUCTIONS else b""
    if instruction:
        text = instruction_text(instruction, taken.address, session.symbols, is_problem_state=is_problem_state)
        label = session.symbols.label(taken.address, is_problem_state=is_problem_state)
        yield " ".join(filter(None, (f"{taken.address:x}", label, text)))
    condition = taken.condition
    if condition is None:
        return
    if condition.instruction_fetch:
        yield "met while the instruction was fetched"
    if condition.unused_page is not None:
        yield f"page {condition.unused_page:x} was touched, which the guest has declared unused"
    if condition.translation_exception is not None:
        words = teid_words.in_words(condition.translation_exception, condition.code)
        if words:
            yield ", ".join(words)
    if condition.code is ProgramInterruptionCode.DISCARD_FAULT and condition.translation_exception is not None:
        page = condition.translation_exception >> PAGE_SHIFT
        state = name(cpu.configuration.states.bytes[page])
        yield f"page {page:x} was touched, which the host has discarded; its state is {state} now"


def _early_cause(session: Session, cpu: Cpu, taken: TakenInterruption) -> str:
    """What has loaded the whole of a PSW that is not valid: an interruption, or an instruction, which has branched."""
    same = [each for each in session.log.taken() if (each.cpu, each.executed) == (taken.cpu, taken.executed)]
    before = next((each for each in same if each is not taken and each.new == taken.old), None)
    if before is not None:
        return f"the new PSW of the {before.kind} interruption {before.code:#06x} is not valid"
    at = lowcore.BREAKING_EVENT_ADDRESS
    address = int.from_bytes(taken.low_core[at : at + 8], "big")
    label = session.symbols.label(address, is_problem_state=False)
    instruction = looking.code_by(cpu, address, taken.asce)
    text = instruction_text(instruction, address, session.symbols, is_problem_state=False) if instruction else ""
    # Where that PSW has another space, something else may be there.
    shown = text if text.startswith("LPSW") else ""
    return " ".join(filter(None, (f"{address:x}", label, shown))) + " has loaded a PSW that is not valid"


def _source(taken: TakenInterruption) -> str:
    condition = taken.condition
    if condition is None:
        return _SECTIONS.get(taken.kind, "PoP 6")
    return 'PoP 6, "Early Exception Recognition"' if taken.is_early else source_of(condition)
