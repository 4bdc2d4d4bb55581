# SPDX-License-Identifier: GPL-2.0-or-later
"""The instructions around the one that comes next, with symbols and source lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from emu.debugging.session import NoStorageError
from emu.instruction_length import instruction_length
from emu.running.stopping.kinds import AtAddress
from emu.symbols.listing import instruction_text

if TYPE_CHECKING:
    from emu.debugging.session import Session
    from tools.screen.sources import SourceTexts

_FARTHEST: Final = 0x1000
"""How far before an instruction its function is looked through from its beginning on."""
_LONGEST: Final = 6


def draw(session: Session, height: int, sources: SourceTexts) -> Text:
    """*height* lines, the next instruction about a third from above, under the text of its source line."""
    cpu = session.cpu
    here = cpu.instruction_address
    lines: list[Text] = []
    at = 0
    address = start(session, height // 3)
    shown = ""
    while len(lines) < max(height, at + 1):
        heading = _heading(session, address)
        if heading and heading != shown:
            lines.append(Text(heading, "cyan"))
            lines += _source(session, address, sources)
            shown = heading
        code = session.instruction(address)
        if address == here:
            at = len(lines)
        lines.append(_line(session, address, code))
        if not code:
            break
        address = cpu.wrap(address + len(code))
    first = max(0, min(at - height // 3, len(lines) - height))
    text = Text("\n", no_wrap=True).join(lines[first : first + height])
    text.no_wrap = True
    return text


def _heading(session: Session, address: int) -> str:
    """The function that *address* is in, and its source line."""
    is_problem_state = session.cpu.problem_state
    named = session.symbols.nearest(address, is_problem_state=is_problem_state)
    line = session.symbols.line(address, is_problem_state=is_problem_state)
    name = "" if named is None else f"<{named.symbol.name}>"
    return f"{name} {line or ''}".strip()


def _source(session: Session, address: int, sources: SourceTexts) -> list[Text]:
    """The text of the source line of *address*, if there is one."""
    line = session.symbols.line(address, is_problem_state=session.cpu.problem_state)
    text = "" if line is None else sources.text(line)
    return [] if line is None or not text else [Text(f"{line.line:>6} {text}", "green")]


def _line(session: Session, address: int, code: bytes) -> Text:
    is_next = address == session.cpu.instruction_address
    stops = {point.on.address for point in session.stops if isinstance(point.on, AtAddress) and point.is_enabled}
    if code:
        said = instruction_text(code, address, session.symbols, is_problem_state=session.cpu.problem_state)
    else:
        said = "(no instruction there)"
    text = Text("*" if address in stops else " ", "bold red")
    text.append(f"{'>' if is_next else ' '}{address:08x} ", "bold" if is_next else "dim")
    text.append(said, "bold black on green" if is_next else "")
    return text


def start(session: Session, instructions: int) -> int:
    """Where so many *instructions* before the next one begin, or fewer.

    Instructions have different lengths, so that one can only go through them forward: from the beginning of the
    function where that is known, else from the farthest place from which they lead to the next one.
    """
    here = session.cpu.instruction_address
    named = session.symbols.nearest(here, is_problem_state=session.cpu.problem_state)
    if named is not None and named.offset <= _FARTHEST:
        places = [here - named.offset]
    else:
        places = [here - distance for distance in range(instructions * _LONGEST, 0, -2)]
    for place in places:
        before = _through(session, place, here)
        if before:
            return before[-instructions:][0] if instructions else here
    return here


def _through(session: Session, place: int, here: int) -> list[int]:
    """The addresses of the instructions from *place* on that lead to *here*; none if they do not."""
    if place < 0 or place >= here:
        return []
    try:
        code = session.look(place, here - place)
    except NoStorageError:
        return []
    found, at = [], 0
    while at < len(code):
        if not any(code[at : at + 2]):
            # Nothing is executed there: it is no instruction.
            return []
        found.append(place + at)
        at += instruction_length(code[at])
    return found if at == len(code) else []
