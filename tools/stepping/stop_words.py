# SPDX-License-Identifier: GPL-2.0-or-later
"""What a stop waits for, as it is typed behind ``b``."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from emu.bits import MASK_64
from emu.input_files.sizes import parse_address
from emu.page_states import Content, Usage
from emu.running.stopping.classes import mnemonics_of
from emu.running.stopping.kinds import (
    INTERRUPTION_CLASSES,
    AtAddress,
    AtInstructionCount,
    AtInterruption,
    AtMnemonic,
    AtTarget,
    AtTime,
    ConsoleText,
    ContentChange,
    ControlRegisterChange,
    FirstTouch,
    PageStateChange,
    PswMaskChange,
    StopSpace,
    StorageAccess,
    StorageKeyChange,
    When,
)
from tools.stepping import addresses
from tools.stepping.commands import CommandError, count
from tools.stepping.expressions import ExpressionError, parse_condition

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.debugging.session import Session
    from emu.running.stopping.kinds import StopOn

HELP: Final = (
    (
        "b ADDR",
        "before the instruction at ADDR: hexadecimal, or a symbol; where it is the target of an EXECUTE: b target",
    ),
    ("b real|absolute ADDR", "the same, by an address of that kind"),
    ("b target ADDR", "before an EXECUTE of the instruction at ADDR; every EXECUTE is slower then"),
    (
        "b MNEMONIC",
        "before an instruction such as essa; or one of a class: keys, dat, timing, control-registers, privileged ...",
    ),
    ("b mnemonic WORD", "the same for words that mean something else here, too"),
    (
        "b CLASS [CODE,...] [before]",
        (
            "behind an interruption, or before it is taken; program, svc, external, io, machine-check, restart, or "
            "interruption for any"
        ),
    ),
    (
        "b page ADDR|any [STATE]",
        "ESSA changes the state of that page: to stable, unused, volatile, potentially-volatile",
    ),
    (
        "b page ADDR|any [CONTENT]",
        "the host changes where that page is: resident, preserved (evicted), zero (discarded)",
    ),
    ("b key [ADDR]", "a storage key is set to another value"),
    ("b touch [ADDR]", "a page is touched for the first time"),
    ("b cr N [MASK]", "bits of a control register change"),
    ("b psw [MASK]", "bits of the PSW change"),
    (
        "b store|fetch|access AREA",
        (
            "an access to ADDR, ADDR.LEN or ADDR-END, by the address that an operand has; 'real' or 'absolute' behind "
            "it says what ADDR is, and is needed for what interruptions store into the low core"
        ),
    ),
    ("b console TEXT", "the guest has written TEXT"),
    ("b instruction N", "N instructions have ended"),
    ("b time N", "virtual time is N units"),
    ("b when CONDITION", "asked before each instruction, which is slow"),
    ("... if CONDITION", "only if that holds: gr2 == 0x1000, m3 == 1 and cc != 0, mem(gr15, 8) > 5"),
    ("... count N", "only from the N-th time on"),
)
"""How stops are typed, and what they are."""

_TAIL: Final = re.compile(r"(?P<head>.*?)(?:\s+count\s+(?P<count>\S+))?(?:\s+if\s+(?P<condition>.+))?")
_COUNT_LAST: Final = re.compile(r"(?P<head>.*)\s+count\s+(?P<count>\S+)")
_USAGES: Final = {
    "stable": Usage.STABLE,
    "unused": Usage.UNUSED,
    "volatile": Usage.VOLATILE,
    "potentially-volatile": Usage.POTENTIALLY_VOLATILE,
}
_CONTENTS: Final = {
    "resident": Content.RESIDENT,
    "preserved": Content.PRESERVED,
    "evicted": Content.PRESERVED,
    "zero": Content.ZERO,
    "discarded": Content.ZERO,
}
_SPACES: Final = {"real": StopSpace.REAL, "absolute": StopSpace.ABSOLUTE}
_ACCESSES: Final = {"store": (True, False), "fetch": (False, True), "access": (True, True)}
_LAST_CODES: Final = {
    "interruption": MASK_64,
    "program": 0xFFFF,
    "svc": 0xFF,
    "external": 0xFFFF,
    "machine-check": MASK_64,
    "restart": 0,
}
"""Of these classes of interruptions; a subsystem-identification word has 32 bits."""
_ANY: Final = ("", "any")
_NAME: Final = "b"


def parse_stop(session: Session, text: str) -> StopOn:
    """What *text* waits for.

    :raises CommandError: if that is nothing.
    """
    times = 1
    if last := _COUNT_LAST.fullmatch(text):
        text, times = last["head"], count(f"{_NAME}: count", last["count"])
    matched = _TAIL.fullmatch(text)
    assert matched is not None, "every text matches"
    if matched["count"]:
        times = count(f"{_NAME}: count", matched["count"])
    try:
        on = _parse(session, matched["head"].strip())
        if matched["condition"]:
            on = replace(on, condition=parse_condition(matched["condition"], partial(_symbol, session)))
        counted: StopOn = replace(on, count=times)
    except (ExpressionError, ValueError) as reason:
        raise CommandError(f"{_NAME}: {reason}") from None
    return counted


def _symbol(session: Session, name: str) -> int | None:
    found = session.symbols.addresses(name)
    return found[0] if len(found) == 1 else None


def _parse(session: Session, text: str) -> StopOn:
    word, _, rest = text.partition(" ")
    rest = rest.strip()
    parser = _WORDS.get(word)
    if parser is not None:
        return parser(session, word, rest)
    if rest:
        raise ValueError(f"expected an address, or a word that 'help b' lists, and not {text!r}")
    if not word.startswith("*") and not _is_number(word):
        try:
            return AtMnemonic(mnemonics_of(word))
        except ValueError:
            pass
    return AtAddress(addresses.address(session, _NAME, word.removeprefix("*")))


def _is_number(word: str) -> bool:
    try:
        parse_address(word)
    except ValueError:
        return False
    return True


def _address(session: Session, word: str, rest: str) -> StopOn:
    return AtAddress(addresses.address(session, _NAME, rest), _SPACES[word])


def _target(session: Session, _: str, rest: str) -> StopOn:
    return AtTarget(addresses.address(session, _NAME, rest))


def _mnemonic(_: Session, __: str, rest: str) -> StopOn:
    return AtMnemonic(mnemonics_of(rest))


def _interruption(_: Session, word: str, rest: str) -> StopOn:
    words = rest.split()
    before = "before" in words
    typed = [part for part in words if part != "before"]
    codes = [parse_address(each) for part in typed for each in part.split(",") if each]
    if typed and not codes:
        raise ValueError(f"expected codes parted by commas, not {' '.join(typed)!r}")
    last = _LAST_CODES.get(word, 0xFFFF_FFFF)
    if any(code > last for code in codes):
        raise ValueError(f"expected codes of {word} up to {last:x}, not {max(codes):x}")
    kind = None if word == "interruption" else word
    return AtInterruption(kind, frozenset(codes) or None, before)


def _page_and_word(session: Session, rest: str) -> tuple[int | None, str]:
    words = rest.split()
    if len(words) > 2:
        raise ValueError(f"expected a page and a state, not {rest!r}")
    first, second = (*words, "", "")[:2]
    return (None if first in _ANY else addresses.page(session, _NAME, first)), second


def _page(session: Session, _: str, rest: str) -> StopOn:
    page, state = _page_and_word(session, rest)
    if state in _CONTENTS:
        return ContentChange(page, _CONTENTS[state])
    if state and state not in _USAGES:
        raise ValueError(f"expected one of {', '.join((*_USAGES, *_CONTENTS))}, not {state!r}")
    return PageStateChange(page, _USAGES.get(state))


def _key(session: Session, _: str, rest: str) -> StopOn:
    return StorageKeyChange(_page_and_word(session, rest)[0])


def _touch(session: Session, _: str, rest: str) -> StopOn:
    return FirstTouch(_page_and_word(session, rest)[0])


def _control_register(_: Session, word: str, rest: str) -> StopOn:
    words = [*([word[2:]] if word != "cr" else []), *rest.split()]
    if not words or not words[0].isdecimal() or len(words) > 2:
        raise ValueError(f"expected the number of a control register, and bits, not {rest!r}")
    number = int(words[0])
    return ControlRegisterChange(number, _bits(words[1])) if len(words) > 1 else ControlRegisterChange(number)


def _psw(_: Session, __: str, rest: str) -> StopOn:
    return PswMaskChange(_bits(rest)) if rest else PswMaskChange()


def _bits(text: str) -> int:
    """Those of a doubleword that count."""
    bits = parse_address(text)
    if not bits:
        raise ValueError("expected bits of which at least one is one, not 0")
    return bits


def _storage(session: Session, word: str, rest: str) -> StopOn:
    *head, last = rest.split() or [""]
    space = _SPACES.get(last) if head else None
    first, length = addresses.area(session, _NAME, " ".join(head) if space else rest, default=1)
    stores, fetches = _ACCESSES[word]
    return StorageAccess(first, first + length - 1, space or StopSpace.LOGICAL, stores=stores, fetches=fetches)


def _console(_: Session, __: str, rest: str) -> StopOn:
    quoted = len(rest) > 1 and rest[0] == rest[-1] and rest[0] in "\"'"
    return ConsoleText((rest[1:-1] if quoted else rest).encode())


def _instructions(_: Session, __: str, rest: str) -> StopOn:
    return AtInstructionCount(_decimal(rest))


def _time(_: Session, __: str, rest: str) -> StopOn:
    return AtTime(_decimal(rest))


def _decimal(text: str) -> int:
    number = text.replace(",", "")
    if not (number.isascii() and number.isdigit()):
        raise ValueError(f"expected a decimal number, not {text!r}")
    return int(number)


def _when(session: Session, _: str, rest: str) -> StopOn:
    return When(parse_condition(rest, partial(_symbol, session)), name=f"when {rest}")


_WORDS: Final[dict[str, Callable[[Session, str, str], StopOn]]] = {
    "real": _address,
    "absolute": _address,
    "target": _target,
    "mnemonic": _mnemonic,
    "interruption": _interruption,
    **dict.fromkeys(INTERRUPTION_CLASSES, _interruption),
    "page": _page,
    "content": _page,
    "key": _key,
    "touch": _touch,
    "cr": _control_register,
    **{f"cr{number}": _control_register for number in range(16)},
    "psw": _psw,
    **dict.fromkeys(_ACCESSES, _storage),
    "console": _console,
    "instruction": _instructions,
    "time": _time,
    "when": _when,
}
