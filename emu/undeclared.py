# SPDX-License-Identifier: GPL-2.0-or-later
"""Finding what has been forgotten in the declarations of state (:mod:`emu.state`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import Enum

import numpy as np

from emu.state import elements, fields_of, has_section, is_container, sections


def undeclared(owner: object) -> list[str]:
    """What is wrong with the declarations of *owner* and of all objects that belong to its state.

    That is every attribute that is neither a field nor excluded, every one that is declared and not there, and every
    object without a declaration, as ``Class.attribute: what is wrong``.
    """
    found: set[str] = set()
    seen: set[int] = set()
    waiting = [owner]
    while waiting:
        looked_at = waiting.pop()
        if id(looked_at) in seen:
            continue
        seen.add(id(looked_at))
        present = set(_attributes(looked_at))
        declared = {name for field in fields_of(looked_at) for name in field.attributes}
        excluded = {name for section in sections(looked_at) for name in section.excluded}
        wrong = {
            "not declared": present - declared - excluded,
            "declared and not there": (declared | excluded) - present,
            "both a field and excluded": declared & excluded,
        }
        found.update(f"{_attribute_name(looked_at, name)}: {what}" for what, names in wrong.items() for name in names)
        for field in fields_of(looked_at):
            value = getattr(looked_at, field.name, None) if field.attributes == (field.name,) else None
            for part in (value, *elements(value)):
                if has_section(part):
                    waiting.append(part)
                elif not _is_known(part):
                    found.add(f"{_attribute_name(looked_at, field.name)}: {type(part).__name__} declares no state")
    return sorted(found)


def _is_known(value: object) -> bool:
    """Whether *value* is something that needs no declaration; what cannot be plain data is found when it is made."""
    plain = (type(None), bool, int, float, str, bytes, bytearray, memoryview, np.ndarray, np.generic, Enum)
    return isinstance(value, plain) or is_container(value) or is_dataclass(value)


def _attributes(owner: object) -> Iterator[str]:
    """The names of the attributes that *owner* has of its own."""
    yield from getattr(owner, "__dict__", ())
    for kind in type(owner).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in {"__dict__", "__weakref__"} and hasattr(owner, name):
                yield name


def _attribute_name(owner: object, name: str) -> str:
    return f"{type(owner).__name__}.{name}"
