# SPDX-License-Identifier: GPL-2.0-or-later
"""What the files of compiled code are named after: all that is compiled in them."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from emu import translations
from emu.engine import tables
from emu.engine.quirks import small_buffer, sums
from emu.engine.quirks.single_stores import STORES_ONCE
from emu.engine.rules.keying import content_key, import_closure, keys
from emu.instruction_length import instruction_length
from emu.isa.storage_operands import TABLE, base_of, displacement_of, index_of, length_of
from emu.object_code import files

if TYPE_CHECKING:
    from emu.engine.units import CompilationUnit

CALLBACKS: Final = {
    "block_callback": "emu.engine.callbacks",
    "other_block_callback": "emu.engine.callbacks",
    "execute_callback": "emu.engine.callbacks",
    "fill_callback": "emu.engine.fill_callback",
    "exception_callback": "emu.engine.rules.callback",
    "lone_callback": "emu.engine.rules.lone",
    "branch_operand": "emu.engine.translation_callbacks",
    "relative_operand": "emu.engine.translation_callbacks",
    "address_result": "emu.engine.translation_callbacks",
    "condition_code_callback": "emu.engine.callbacks",
    "low_fetch_callback": "emu.engine.low_storage_callbacks",
    "low_store_callback": "emu.engine.low_storage_callbacks",
    "checked_store_callback": "emu.engine.checked_store_callback",
    "following_callback": "emu.engine.following_callback",
    "traced_block_callback": "emu.engine.traced_block_callback",
    "follow_callback": "emu.engine.traced_block_callback",
}
"""What is compiled, and the module that it is in."""
_HOW: Final = "emu.engine.compiling"
"""How it is: what these modules and this one import is what the content of the files depends on."""
_TRANSLATOR: Final = (
    "emu.engine.rules.forms",
    "emu.engine.rules.instructions",
    "emu.engine.rules.interrupting",
    "emu.engine.rules.model",
    "emu.engine.rules.resolving",
    "emu.engine.rules.service_signals",
    "emu.engine.rules.swapping",
    "emu.engine.rules.translator",
)
"""These are not compiled, nor what they import: what they make of it is."""
_OF_ACCESSES: Final = ("fill_callback", "checked_store_callback", "traced_block_callback", "follow_callback")
"""Those that the access rules are asked by."""
_OF_INSTRUCTIONS: Final = ("exception_callback", "lone_callback")
"""Those that execute compiled instructions."""
_ROOT: Final = files.PACKAGE.parent


@cache
def callback_keys() -> dict[str, str]:
    """The keys of the callbacks, by their names.

    What one callback does not depend on may change without its being compiled again.
    """
    whose = hashlib.sha256(str(_ROOT).encode()).hexdigest()[:16]
    notes = [folder / f"compiled-{whose}.json" for folder in files.folders()]
    where = files.compiler()

    def find() -> dict[str, str]:
        return {name: content_key(_ROOT, as_they_stand(_ROOT, name), translated(name, where)) for name in CALLBACKS}

    return keys(_ROOT, (*dict.fromkeys(CALLBACKS.values()), _HOW), where, find, notes)


def unit_key(unit: CompilationUnit) -> str:
    """The key of what numba makes of *unit*, without the units that it calls."""
    more = [files.compiler().encode(), *_rules(), *unit.made_of, str(unit.signature).encode()]
    return content_key(_ROOT, _closure(unit.module), more)


@cache
def _closure(module: str) -> list[Path]:
    return import_closure(_ROOT, (module, _HOW), _TRANSLATOR)


def as_they_stand(root: Path, name: str) -> list[Path]:
    """The files below *root* of what is compiled for the callback *name* without being translated first."""
    return import_closure(root, (CALLBACKS[name], _HOW), _TRANSLATOR)


@cache
def _rules() -> tuple[bytes, ...]:
    """What is translated of functions of integers."""
    from emu.engine.rules import pure

    rules: list[Callable[..., Any]] = [
        function for module in (tables, translations) for _, function in inspect.getmembers(module, inspect.isfunction)
    ]
    rules += [base_of, displacement_of, index_of, length_of]
    rules += [instruction_length, sums.code_of_sum, sums.code_of_difference, small_buffer.first_word_of_page]
    return tuple(pure.rule_source(rule).encode() for rule in rules)


def translated(name: str, where: str) -> Iterator[bytes]:
    """What else the object code of the callback *name* depends on: what is translated, and *where* it is compiled."""
    from emu.engine.rules import forms, instructions, interrupting, resolving, service_signals, swapping
    from emu.engine.rules.dispatch import chain_source

    yield where.encode()
    yield from _rules()
    if name in (*_OF_ACCESSES, *_OF_INSTRUCTIONS):
        yield from (each().encode() for each in resolving.SOURCES)
    if name in ("block_callback", "other_block_callback", "traced_block_callback"):
        yield instructions.opcodes().content()
        yield from (each.encode() for each in forms.sources())
    if name == "checked_store_callback":
        yield STORES_ONCE.tobytes()
    if name in ("traced_block_callback", "follow_callback"):
        yield TABLE.tobytes()
    if name in ("fill_callback", *_OF_INSTRUCTIONS):
        yield instructions.opcodes().content()
        yield ",".join(str(number) for number, _ in instructions.numbered()).encode()
    if name in _OF_INSTRUCTIONS:
        executed = instructions.lone() if name == "lone_callback" else instructions.numbered()
        yield from (each.source.encode() for _, each in executed)
        yield chain_source((number, each.declared) for number, each in executed).encode()
    if name == "exception_callback":
        yield swapping.source().encode()
        yield interrupting.source().encode()
        yield service_signals.source().encode()
